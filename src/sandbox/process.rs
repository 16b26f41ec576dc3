//! Processes by id, never mistaken for another one that got the same id later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use serde::{Deserialize, Serialize};

use super::disk;
use super::wait::Wait;

/// How long a killed process may take to vanish (it may be in the middle of a write).
const KILLED_WITHIN: Duration = Duration::from_secs(10);
/// Fields of `/proc/<pid>/stat` behind the command name: the state is the first, the start time the
/// 20th.
const START_FIELD: usize = 19;

/// A process, told apart from later ones with the same id by when it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    /// Its id.
    pub(super) pid: i32,
    /// When it started, in clock ticks since the machine did.
    pub(super) started: u64,
}

/// What is known of a process that was started once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It runs.
    Running,
    /// It ended.
    Dead,
    /// Another process has its id now.
    Stale,
}

impl Process {
    /// The process that has this id now, if any.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        stat(&proc_file(pid)).map(|(_, started)| Self { pid, started })
    }

    /// Whether it runs. One that ended and was not waited for yet is dead.
    pub(super) fn condition(self) -> Condition {
        match stat(&proc_file(self.pid)) {
            None => Condition::Dead,
            Some((_, started)) if started != self.started => Condition::Stale,
            Some(('Z' | 'X', _)) => Condition::Dead,
            Some(_) => Condition::Running,
        }
    }

    /// Whether it runs.
    pub(super) fn runs(self) -> bool {
        self.condition() == Condition::Running
    }

    /// Sends a signal if the process still runs.
    pub(super) fn signal(self, signal: Signal) {
        if self.runs()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // It may end in between: then there is nothing left to do.
            let _ = rustix::process::kill_process(pid, signal);
        }
    }

    /// Waits for its end, then kills it; whether it ended.
    pub(super) fn end_within(self, grace: Duration) -> bool {
        let gone = || !self.runs();
        if Wait::new(grace).until(gone) {
            return true;
        }
        self.signal(Signal::KILL);
        Wait::new(KILLED_WITHIN).until(gone)
    }
}

/// What tells this start of the machine from others; process ids mean nothing in another one.
pub(super) fn boot() -> String {
    disk::read(Path::new("/proc/sys/kernel/random/boot_id")).unwrap_or_default().trim().to_owned()
}

fn proc_file(pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/stat"))
}

/// State letter and start time. The command name before them may hold blanks and parentheses.
fn stat(path: &Path) -> Option<(char, u64)> {
    let text = disk::read(path).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = fields.first()?.chars().next()?;
    Some((state, fields.get(START_FIELD)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_recycled_id_is_stale_and_is_sent_nothing() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert_eq!(process.condition(), Condition::Running);
        let other = Process { started: process.started + 1, ..process };
        assert_eq!(other.condition(), Condition::Stale);
        assert!(other.end_within(Duration::ZERO));
        assert!(child.try_wait().unwrap().is_none(), "a process that is not ours was killed");
        assert!(process.end_within(Duration::ZERO));
        // Not waited for yet: a zombie is dead, too.
        assert_eq!(process.condition(), Condition::Dead);
        child.wait().unwrap();
        assert_eq!(process.condition(), Condition::Dead);
    }

    #[test]
    fn a_command_name_may_hold_anything() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stat");
        disk::write(&path, "7 (a ) R 1) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21").unwrap();
        assert_eq!(stat(&path), Some(('S', 4711)));
    }
}
