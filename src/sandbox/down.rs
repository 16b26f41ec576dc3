//! `down`: from a folder to nothing running and nothing left.

use std::path::Path;
use std::time::Duration;

use super::state::{self, State};
use super::{SandboxError, disk, engine};

/// The data go anyway: enough for an orderly end, no more.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Whether the folder itself goes too, if nothing of others is in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It stays, with its lock, for engines to come.
    Folder,
    /// It goes.
    Nothing,
}

/// Stops the sandbox in `dir` by process id and removes what it made there; the folder too, unless
/// others have put files in it. Returns a line for each thing done.
///
/// A process that got the id of an engine later is left alone. Fails for a folder without a sandbox of
/// ours, and where a process would not end; then what is left can be stopped by calling this again.
pub fn down(dir: &Path) -> Result<Vec<String>, SandboxError> {
    let absent = || SandboxError::Absent { path: dir.to_owned() };
    let dir = dir.canonicalize().map_err(|_| absent())?;
    if !dir.join(state::FILE).exists() {
        let empty = disk::names(&dir).is_ok_and(|names| names.is_empty());
        return Err(if empty { absent() } else { SandboxError::NotASandbox { path: dir } });
    }
    let lock = disk::lock(&dir.join(state::LOCK), || ())?;
    // Gone while we waited for the lock: another `down` did the work.
    let state = State::read(&dir)?.ok_or_else(absent)?;
    let mut done: Vec<String> =
        state.running().iter().map(|(name, process)| format!("stopped {name} (process {})", process.pid)).collect();
    clear(&dir, &state, Keep::Nothing)?;
    drop(lock);
    done.push(if dir.exists() {
        format!("removed the sandbox's files from {}", dir.display())
    } else {
        format!("removed {}", dir.display())
    });
    Ok(done)
}

/// Stops what runs and removes what was made.
pub(super) fn clear(dir: &Path, state: &State, keep: Keep) -> Result<(), SandboxError> {
    engine::stop(dir, &state.running(), GRACE)?;
    for path in state.made(dir) {
        if keep == Keep::Nothing || !path.ends_with(state::LOCK) {
            disk::remove(&path)?;
        }
    }
    if keep == Keep::Nothing && disk::names(dir).is_ok_and(|names| names.is_empty()) {
        disk::remove(dir)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Lifetime;
    use super::super::process::Process;
    use super::super::shape::{Engine, Kind};
    use super::*;
    use std::process::Command;

    fn sandbox(dir: &Path, process: Option<Process>) {
        let node = Engine { number: 1, kind: Kind::ClickHouse { http: 1, tcp: 2 } };
        let mut state = State::new(vec![node], Lifetime::Detached, None);
        state.members[0].process = process;
        state.write(dir).unwrap();
        disk::make_dir(&dir.join("node-1/data")).unwrap();
    }

    #[test]
    fn engines_are_stopped_and_the_folder_goes() {
        let parent = tempfile::tempdir().unwrap();
        let dir = disk::make_dir(&parent.path().join("s")).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        sandbox(&dir, Process::of(child.id()));
        let done = down(&dir).unwrap();
        assert_eq!(done, [format!("stopped node-1 (process {})", child.id()), format!("removed {}", dir.display())]);
        assert!(child.try_wait().unwrap().is_some());
        assert!(!dir.exists());
    }

    #[test]
    fn files_and_processes_of_others_stay() {
        let parent = tempfile::tempdir().unwrap();
        let dir = disk::make_dir(&parent.path().join("s")).unwrap();
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let recycled = Process::of(child.id()).map(|process| Process { started: process.started - 1, ..process });
        sandbox(&dir, recycled);
        disk::write(&dir.join("notes.txt"), "mine").unwrap();
        let done = down(&dir).unwrap();
        assert_eq!(done, [format!("removed the sandbox's files from {}", dir.display())]);
        assert_eq!(disk::names(&dir).unwrap(), ["notes.txt"]);
        assert!(child.try_wait().unwrap().is_none(), "a process that is not ours was killed");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_folder_that_is_no_sandbox_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(down(dir.path()), Err(SandboxError::Absent { .. })));
        disk::write(&dir.path().join("thesis.tex"), "").unwrap();
        assert!(matches!(down(dir.path()), Err(SandboxError::NotASandbox { .. })));
        disk::write(&dir.path().join(state::FILE), "{\"other\": true}").unwrap();
        assert!(matches!(down(dir.path()), Err(SandboxError::NotASandbox { .. })));
        assert!(dir.path().join("thesis.tex").exists());
    }
}
