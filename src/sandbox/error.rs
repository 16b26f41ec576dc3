//! Everything that can go wrong with a sandbox, each with its cure.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a sandbox could not be started, found or removed.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Another operating system: processes are watched through `/proc`.
    #[error("the sandbox runs on Linux only; elsewhere, point sluice at servers of your own")]
    Unsupported,
    /// Numbers nobody can start.
    #[error("a sandbox has 1 to 16 ClickHouse nodes and 1 or 3 brokers, not {nodes} and {brokers}")]
    BadShape {
        /// ClickHouse nodes asked for.
        nodes: u16,
        /// Brokers asked for.
        brokers: u16,
    },
    /// There is no such program.
    #[error("{python} was not found: install Python 3.10 or newer, or name another one with --python")]
    NoPython {
        /// The name that was looked for.
        python: String,
    },
    /// It is there, but does not run.
    #[error("{python} does not run:\n{output}\nInstall Python 3.10 or newer, or name another one with --python")]
    BrokenPython {
        /// The name that was tried.
        python: String,
        /// What it printed, the last lines.
        output: String,
    },
    /// The packages need a newer one.
    #[error("{python} is Python {found}, and 3.10 or newer is needed: name another one with --python")]
    OldPython {
        /// The name that was tried.
        python: String,
        /// Its version.
        found: String,
    },
    /// Debian packs the module apart.
    #[error("{python} has no venv module: install it (on Debian and Ubuntu: apt install {package}), then try again")]
    NoVenv {
        /// The name that was tried.
        python: String,
        /// The Debian package that holds it.
        package: String,
    },
    /// A package client failed.
    #[error(
        "{what} failed; its last lines:\n{output}\nCheck that this machine reaches its package indexes (pip heeds \
         HTTPS_PROXY and PIP_INDEX_URL, the jars come from Maven), then try again: what is half done is thrown away"
    )]
    Install {
        /// Which step.
        what: &'static str,
        /// What it printed, the last lines.
        output: String,
    },
    /// A package client did not come to an end.
    #[error("{what} was stopped after {}; the network may be stuck: try again", in_words(.after))]
    InstallTooLong {
        /// Which step.
        what: &'static str,
        /// When it was stopped.
        after: Duration,
    },
    /// No room for what is to come.
    #[error("{} has {free_mb} MB free, and {needed_mb} MB are needed: make room, or choose another place with {flag}", .path.display())]
    DiskFull {
        /// Where room is missing.
        path: PathBuf,
        /// What is free.
        free_mb: u64,
        /// What is needed.
        needed_mb: u64,
        /// What moves the folder elsewhere.
        flag: &'static str,
    },
    /// A given port is in use.
    #[error("port {port} on 127.0.0.1 is taken: free it, or choose another with {flag}")]
    PortTaken {
        /// The port.
        port: u16,
        /// What changes it.
        flag: &'static str,
    },
    /// The given first port leaves no room for the others.
    #[error("{count} ports from {first} on do not exist: choose a lower one with {flag}")]
    PortRange {
        /// The first port.
        first: u16,
        /// How many are needed.
        count: u16,
        /// What changes it.
        flag: &'static str,
    },
    /// None could be found.
    #[error("no free port found on 127.0.0.1: stop what holds them, or give ports with --kafka-port and --http-port")]
    NoPort,
    /// Somebody else's folder.
    #[error("{} is not a sandbox (no sandbox.json of ours in it) and not empty: name another folder with --dir", .path.display())]
    NotASandbox {
        /// The folder.
        path: PathBuf,
    },
    /// There is nothing to show or to stop.
    #[error("there is no sandbox in {}: start one with `sandbox up`, or name its folder with --dir", .path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// Written by another version of this program, or with other engines.
    #[error("the sandbox in {} was made by another version ({found}; this one makes {ours}): remove it with \
             `sandbox down`{}, then start it again", .path.display(), if *.readable { "" } else { " of that version" })]
    OtherVersion {
        /// The folder.
        path: PathBuf,
        /// What the state file says.
        found: String,
        /// What this program writes.
        ours: String,
        /// Whether this version can still stop it.
        readable: bool,
    },
    /// It runs already, but otherwise than asked.
    #[error("a sandbox with {running} runs in {}, and {asked} was asked for: stop it first with `sandbox down`, or \
             name another folder with --dir", .path.display())]
    OtherShape {
        /// The folder.
        path: PathBuf,
        /// What runs.
        running: String,
        /// What was asked.
        asked: String,
    },
    /// Another process owns the running one.
    #[error("the sandbox in {} belongs to a process that still runs: name another folder with --dir", .path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// An engine's process ended before or while it was needed.
    #[error("{engine} ended while it was starting; the last lines of its log:\n{log}")]
    Died {
        /// `node-1`, `broker-1`, …
        engine: String,
        /// The last lines of its logs.
        log: String,
    },
    /// It lives, but does not answer in time.
    #[error("{engine} does not answer after {}: {reason}\nThe last lines of its log:\n{log}\nOn a slow machine, allow \
             more time or fewer nodes", in_words(.within))]
    NotReady {
        /// `node-1`, `broker-1`, …
        engine: String,
        /// The time it had.
        within: Duration,
        /// What the last attempt said.
        reason: String,
        /// The last lines of its logs.
        log: String,
    },
    /// A process refuses to end.
    #[error("{engine} (process {pid}) did not end in time: end it by hand, then try again")]
    WouldNotEnd {
        /// `node-1`, `broker-1`, …
        engine: String,
        /// Its process id.
        pid: i32,
    },
    /// There is no such node or broker.
    #[error("this sandbox has no {engine}")]
    NoEngine {
        /// The name asked for.
        engine: String,
    },
    /// It runs already.
    #[error("{engine} runs already: stop it first")]
    StillRuns {
        /// Its name.
        engine: String,
    },
    /// The operating system refused a file or a process.
    #[error("could not {doing} {}{}", .path.display(), cure(.source))]
    Io {
        /// The verb, as `write`.
        doing: &'static str,
        /// The file, folder or program.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file of ours is not what we wrote.
    #[error("{} cannot be read: end the processes it names, then remove the folder by hand", .path.display())]
    BadState {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: serde_json::Error,
    },
}

fn cure(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::NOSPC.raw_os_error() => {
            ": the disk is full; a sandbox needs about 2 GB for its engines and 0.5 GB for its data"
        }
        Some(_) | None => "",
    }
}

fn in_words(time: &Duration) -> String {
    if *time < Duration::from_secs(120) {
        format!("{:.0} s", time.as_secs_f64())
    } else {
        format!("{} min", time.as_secs() / 60)
    }
}

impl SandboxError {
    /// For `map_err`: an I/O error with what was being done to which path.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_what_is_needed() {
        let full = io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        let error = SandboxError::io("write", "/x/y")(full);
        assert!(error.to_string().starts_with("could not write /x/y: the disk is full; a sandbox needs about 2 GB"));
    }
}
