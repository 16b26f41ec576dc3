//! `sandbox.json`: what runs in a sandbox's folder, for processes that come later.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::process::{self, Condition, Process};
use super::shape::{CLUSTER, Engine, Kind};
use super::{CLICKHOUSE_VERSION, Endpoints, KAFKA_VERSION, Lifetime, SandboxError, clickhouse, disk};

/// Version of the file's form.
const FORMAT: u32 = 1;
pub(super) const FILE: &str = "sandbox.json";
pub(super) const LOCK: &str = "sandbox.lock";
pub(super) const RUNNER: &str = "runner.py";

/// The file's content. Written before the engines start, and whenever a process comes or goes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    sluice_sandbox: u32,
    kafka: String,
    clickhouse: String,
    /// The start of the machine in which the process ids mean something.
    boot: String,
    lifetime: StoredLifetime,
    /// Who started it, for a lifetime that ends with that process.
    pub(super) owner: Option<Process>,
    pub(super) cluster_id: String,
    /// In the clear, in a file for its owner only: who asks for the running sandbox needs it.
    password: Option<StoredPassword>,
    pub(super) members: Vec<Member>,
}

/// An engine with the process that is it now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Member {
    #[serde(flatten)]
    pub(super) engine: Engine,
    /// None while it is stopped.
    pub(super) process: Option<Process>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum StoredLifetime {
    Detached,
    WithParent,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct StoredPassword(String);

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl State {
    /// The state of engines that were not started yet.
    pub(super) fn new(engines: Vec<Engine>, lifetime: Lifetime, password: Option<&SecretString>) -> Self {
        let (lifetime, owner) = match lifetime {
            Lifetime::Detached => (StoredLifetime::Detached, None),
            Lifetime::WithParent => (StoredLifetime::WithParent, Process::of(std::process::id())),
        };
        Self {
            sluice_sandbox: FORMAT,
            kafka: KAFKA_VERSION.to_owned(),
            clickhouse: CLICKHOUSE_VERSION.to_owned(),
            boot: process::boot(),
            lifetime,
            owner,
            cluster_id: cluster_id(),
            password: password.map(|password| StoredPassword(password.expose_secret().to_owned())),
            members: engines.into_iter().map(|engine| Member { engine, process: None }).collect(),
        }
    }

    /// Reads the state of the sandbox in `dir`; none if there is no state file.
    ///
    /// Fails where the file is of another version of this program, or broken.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, SandboxError> {
        /// What every version of the file has.
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            sluice_sandbox: Option<u32>,
        }
        let path = dir.join(FILE);
        let text = match disk::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SandboxError::io("read", path)(error)),
        };
        let broken = |source| SandboxError::BadState { path: path.clone(), source };
        let head: Head = serde_json::from_str(&text).map_err(broken)?;
        match head.sluice_sandbox {
            Some(FORMAT) => serde_json::from_str(&text).map(Some).map_err(broken),
            // A file of that name, but not ours.
            None => Err(SandboxError::NotASandbox { path: dir.to_owned() }),
            Some(format) => Err(SandboxError::OtherVersion {
                path: dir.to_owned(),
                found: format!("state format {format}"),
                ours: format!("state format {FORMAT}"),
                readable: false,
            }),
        }
    }

    /// Fails if the engines are not of the versions that this program installs.
    pub(super) fn check_versions(&self, dir: &Path) -> Result<(), SandboxError> {
        let words = |kafka: &str, clickhouse: &str| format!("Kafka {kafka} and ClickHouse {clickhouse}");
        let found = words(&self.kafka, &self.clickhouse);
        let ours = words(KAFKA_VERSION, CLICKHOUSE_VERSION);
        if found == ours {
            return Ok(());
        }
        Err(SandboxError::OtherVersion { path: dir.to_owned(), found, ours, readable: true })
    }

    /// Writes the state into `dir`.
    pub(super) fn write(&self, dir: &Path) -> Result<(), SandboxError> {
        let path = dir.join(FILE);
        let text =
            serde_json::to_string_pretty(self).map_err(|error| SandboxError::io("write", &path)(error.into()))?;
        disk::write(&path, &text)
    }

    /// How long the engines live.
    pub(super) fn lifetime(&self) -> Lifetime {
        match self.lifetime {
            StoredLifetime::Detached => Lifetime::Detached,
            StoredLifetime::WithParent => Lifetime::WithParent,
        }
    }

    /// Versions of Kafka and ClickHouse.
    pub(super) fn versions(&self) -> (&str, &str) {
        (&self.kafka, &self.clickhouse)
    }

    /// The password of the ClickHouse user.
    pub(super) fn password(&self) -> Option<SecretString> {
        self.password.as_ref().map(|password| SecretString::from(password.0.clone()))
    }

    /// All the engines.
    pub(super) fn engines(&self) -> Vec<Engine> {
        self.members.iter().map(|member| member.engine.clone()).collect()
    }

    /// What became of a process of this sandbox. After a restart of the machine none is left, whatever
    /// has its id now.
    pub(super) fn condition(&self, process: Process) -> Condition {
        if self.boot == process::boot() {
            return process.condition();
        }
        match process.condition() {
            Condition::Dead => Condition::Dead,
            Condition::Running | Condition::Stale => Condition::Stale,
        }
    }

    /// The processes that still run, with their engines' names.
    pub(super) fn running(&self) -> Vec<(String, Process)> {
        let mut running = Vec::new();
        for member in &self.members {
            if let Some(process) = member.process
                && self.condition(process) == Condition::Running
            {
                running.push((member.engine.name(), process));
            }
        }
        running
    }

    /// Where the engines listen.
    pub(super) fn endpoints(&self) -> Endpoints {
        let mut brokers = Vec::new();
        let mut urls = Vec::new();
        for member in &self.members {
            match member.engine.kind {
                Kind::ClickHouse { http, .. } => urls.push(format!("http://127.0.0.1:{http}")),
                Kind::Kafka { client, .. } => brokers.push(format!("127.0.0.1:{client}")),
            }
        }
        Endpoints {
            kafka_brokers: brokers.join(","),
            clickhouse_urls: urls,
            cluster: CLUSTER.to_owned(),
            user: clickhouse::user(self.password().as_ref()).to_owned(),
            password: self.password(),
        }
    }

    /// Everything the sandbox made in `dir`, and nothing that others may have put there.
    pub(super) fn made(&self, dir: &Path) -> Vec<PathBuf> {
        let folders = self.members.iter().map(|member| dir.join(member.engine.name()));
        // The state file last: while it is there, an interrupted removal can be repeated.
        folders.chain([RUNNER, LOCK, FILE].map(|name| dir.join(name))).collect()
    }
}

/// An id as Kafka wants it: 22 characters of its base 64. Hexadecimal digits are a part of that.
fn cluster_id() -> String {
    let mut id = uuid::Uuid::new_v4().simple().to_string();
    id.truncate(22);
    // The last character carries two bits only; `g` is one of those with zeros in the other four.
    id.replace_range(21.., "g");
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let node = Engine { number: 1, kind: Kind::ClickHouse { http: 8123, tcp: 9000 } };
        let broker = Engine { number: 1, kind: Kind::Kafka { client: 9092, controller: 9093 } };
        State::new(vec![node, broker], Lifetime::Detached, Some(&SecretString::from("hunter2")))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = state();
        state.members[0].process = Process::of(std::process::id());
        state.write(dir.path()).unwrap();
        let back = State::read(dir.path()).unwrap().unwrap();
        assert_eq!(format!("{back:?}"), format!("{state:?}"));
        assert_eq!(back.password().unwrap().expose_secret(), "hunter2");
        assert_eq!(back.running(), [("node-1".to_owned(), Process::of(std::process::id()).unwrap())]);
        let endpoints = back.endpoints();
        assert_eq!(endpoints.kafka_brokers, "127.0.0.1:9092");
        assert_eq!(endpoints.clickhouse_urls, ["http://127.0.0.1:8123"]);
        assert!(State::read(&dir.path().join("none")).unwrap().is_none());
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", state()).contains("hunter2"));
    }

    #[test]
    fn after_a_restart_of_the_machine_a_living_id_is_stale() {
        let mut state = state();
        let this = Process::of(std::process::id()).unwrap();
        assert_eq!(state.condition(this), Condition::Running);
        state.boot = "another".to_owned();
        assert_eq!(state.condition(this), Condition::Stale);
    }

    #[test]
    fn files_of_others_and_of_other_versions_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        let read = || State::read(dir.path()).unwrap_err();
        disk::write(&path, "{\"name\": 1}").unwrap();
        assert!(matches!(read(), SandboxError::NotASandbox { .. }));
        disk::write(&path, "{\"sluiceSandbox\": 2}").unwrap();
        assert!(matches!(read(), SandboxError::OtherVersion { readable: false, .. }));
        disk::write(&path, "{").unwrap();
        assert!(matches!(read(), SandboxError::BadState { .. }));
        let mut older = state();
        older.check_versions(dir.path()).unwrap();
        older.kafka = "3.9.0".to_owned();
        let error = older.check_versions(dir.path()).unwrap_err().to_string();
        assert!(error.contains("(Kafka 3.9.0 and ClickHouse"), "{error}");
        assert!(error.contains("remove it with `sandbox down`, then start it again"), "{error}");
    }
}
