//! One engine's process: its files written, started, stopped, its last words.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::install::Installation;
use super::process::Process;
use super::shape::Kind;
use super::state::{self, Member, State};
use super::wait::Wait;
use super::{Lifetime, SandboxError, clickhouse, disk, kafka};

const RUNNER: &str = include_str!("runner.py");
/// Held by an engine, and by all that it started, until the last of them is gone.
const ALIVE: &str = "alive.lock";
const OUTPUT: &str = "output.log";
const LOGS: [&str; 2] = ["engine.log", OUTPUT];
const SHOWN_LINES: usize = 20;
/// What an engine's own lock may take to be free once its process is gone.
const RELEASED_WITHIN: Duration = Duration::from_secs(10);

/// Writes the folders and configurations of all engines, and the script that runs them, into `dir`.
pub(super) fn prepare(dir: &Path, state: &State) -> Result<(), SandboxError> {
    disk::write(&dir.join(state::RUNNER), RUNNER)?;
    let engines = state.engines();
    let password = state.password();
    for engine in &engines {
        let folder = disk::make_dir(&dir.join(engine.name()))?;
        match engine.kind {
            Kind::ClickHouse { http, tcp } => {
                let config = clickhouse::config(engine.number, http, tcp, &engines, password.as_ref());
                disk::write(&folder.join("config.xml"), &config)?;
                disk::write(&folder.join("users.xml"), &clickhouse::users(password.as_ref()))?;
            }
            Kind::Kafka { client, controller } => {
                let properties = kafka::properties(engine.number, client, controller, &engines);
                disk::write(&folder.join("server.properties"), &properties)?;
            }
        }
    }
    Ok(())
}

/// Starts an engine and notes its process in `member`. With the lifetime of the parent, the child's
/// stdin is what keeps it alive: dropping the returned value ends the engine.
pub(super) fn start(
    dir: &Path,
    installation: &Installation,
    cluster_id: &str,
    lifetime: Lifetime,
    member: &mut Member,
) -> Result<Child, SandboxError> {
    let folder = dir.join(member.engine.name());
    let mut command = runner(dir, installation);
    command.current_dir(&folder).arg(match lifetime {
        Lifetime::Detached => "detached",
        Lifetime::WithParent => "attached",
    });
    match member.engine.kind {
        Kind::ClickHouse { .. } => command.arg("clickhouse").arg(&installation.extension),
        Kind::Kafka { .. } => command.arg("kafka").arg(&installation.java).arg(&installation.jars).arg(cluster_id),
    };
    let child = spawn(&mut command, lifetime, &folder.join(OUTPUT))?;
    member.process = Process::of(child.id());
    Ok(child)
}

/// Starts the process that removes a sandbox's files once its parent and all engines are gone.
pub(super) fn start_reaper(dir: &Path, installation: &Installation, state: &State) -> Result<Child, SandboxError> {
    let mut command = runner(dir, installation);
    command.current_dir(dir).arg("reaper").args(state.engines().iter().map(super::shape::Engine::name));
    spawn(&mut command, Lifetime::WithParent, Path::new("/dev/null"))
}

fn runner(dir: &Path, installation: &Installation) -> Command {
    let mut command = Command::new(&installation.python);
    // Nothing of the caller's environment: neither its secrets, nor options for Python and Java, nor
    // its time zone belong in servers that may outlive it.
    command.env_clear().env("TZ", "UTC").env("LC_ALL", "C.UTF-8");
    command.arg("-I").arg(dir.join(state::RUNNER));
    command
}

fn spawn(command: &mut Command, lifetime: Lifetime, output: &Path) -> Result<Child, SandboxError> {
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(output)
        .map_err(SandboxError::io("write", output))?;
    let errors = log.try_clone().map_err(SandboxError::io("write", output))?;
    let stdin = match lifetime {
        Lifetime::Detached => Stdio::null(),
        Lifetime::WithParent => Stdio::piped(),
    };
    command
        .stdin(stdin)
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(errors))
        .spawn()
        .map_err(SandboxError::io("run", command.get_program()))
}

/// Ends processes together: asks them all, waits for `grace`, kills the rest, and returns once the
/// engines have let go of their ports and files. Fails for one that would not end.
pub(super) fn stop(dir: &Path, running: &[(String, Process)], grace: Duration) -> Result<(), SandboxError> {
    for (_, process) in running {
        process.signal(Signal::TERM);
    }
    let mut waiting = Wait::new(grace);
    for (name, process) in running {
        while process.runs() && waiting.pause() {}
        let released = || disk::unlocked(&dir.join(name).join(ALIVE));
        if !process.end_within(Duration::ZERO) || !Wait::new(RELEASED_WITHIN).until(released) {
            return Err(SandboxError::WouldNotEnd { engine: name.clone(), pid: process.pid });
        }
    }
    Ok(())
}

/// The last lines of an engine's logs.
pub(super) fn last_words(dir: &Path, name: &str) -> String {
    let logs = LOGS.map(|log| disk::read(&dir.join(name).join(log)).unwrap_or_default());
    let text = disk::tail(&logs.join("\n"), SHOWN_LINES);
    if text.is_empty() { "(nothing was logged)".to_owned() } else { text }
}
