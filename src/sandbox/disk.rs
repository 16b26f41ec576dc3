//! The room's only users of the file calls that the core may not make.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::SandboxError;

const MEGABYTE: u64 = 1024 * 1024;

/// The whole file as text; bytes that are not UTF-8 are replaced (logs may hold any).
#[expect(clippy::disallowed_methods, reason = "the sandbox reads its own files and /proc")]
pub(super) fn read(path: &Path) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// The names in a folder, sorted.
#[expect(clippy::disallowed_methods, reason = "the sandbox lists its own folders")]
pub(super) fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Bytes in all files below a folder; what cannot be read, or goes meanwhile, counts nothing.
#[expect(clippy::disallowed_methods, reason = "the sandbox measures its own folders")]
pub(super) fn size(dir: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let below = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    };
    entries.flatten().map(below).sum()
}

/// Writes a file that only its owner may read (it may hold a password), whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), SandboxError> {
    let part = path.with_extension("part");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&part, path)
    };
    write().map_err(SandboxError::io("write", path))
}

/// Makes a folder and those above it, open to their owner only, and gives its absolute path.
pub(super) fn make_dir(path: &Path) -> Result<PathBuf, SandboxError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| path.canonicalize())
        .map_err(SandboxError::io("make the folder", path))
}

/// Removes a file or a folder with all in it; fine if there is none.
pub(super) fn remove(path: &Path) -> Result<(), SandboxError> {
    let gone = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match gone {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SandboxError::io("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Fails unless `needed_mb` are free where `path` is.
pub(super) fn require_free(path: &Path, needed_mb: u64, flag: &'static str) -> Result<(), SandboxError> {
    let space = rustix::fs::statvfs(path).map_err(|error| SandboxError::io("measure", path)(error.into()))?;
    let free_mb = space.f_bavail.saturating_mul(space.f_frsize) / MEGABYTE;
    if free_mb >= needed_mb {
        return Ok(());
    }
    Err(SandboxError::DiskFull { path: path.to_owned(), free_mb, needed_mb, flag })
}

/// Opens the lock file at `path` and locks it, telling `waiting` once if that takes a while.
///
/// Whoever removes the folder removes the lock file too, so the one locked may be gone by then: it
/// counts only while it is still the one at `path`.
pub(super) fn lock(path: &Path, waiting: impl Fn()) -> Result<File, SandboxError> {
    loop {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(SandboxError::io("open", path))?;
        if file.try_lock().is_err() {
            waiting();
            file.lock().map_err(SandboxError::io("lock", path))?;
        }
        let ours = file.metadata().map_err(SandboxError::io("read", path))?.ino();
        if fs::metadata(path).is_ok_and(|data| data.ino() == ours) {
            return Ok(file);
        }
    }
}

/// Whether nobody holds a lock on the file, or there is none.
pub(super) fn unlocked(path: &Path) -> bool {
    File::open(path).map_or(true, |file| file.try_lock().is_ok())
}

/// The last `count` lines of a text that are not blank.
pub(super) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_gigabyte_is_an_error_that_names_place_and_flag() {
        let dir = tempfile::tempdir().unwrap();
        let error = require_free(dir.path(), u64::MAX / MEGABYTE, "--dir").unwrap_err();
        assert!(matches!(error, SandboxError::DiskFull { .. }));
        assert!(error.to_string().contains("make room, or choose another place with --dir"));
        require_free(dir.path(), 0, "--dir").unwrap();
    }

    #[test]
    fn a_lock_is_exclusive_and_told_of() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = lock(&path, || panic!("nobody holds it")).unwrap();
        assert!(!unlocked(&path));
        std::thread::scope(|scope| {
            let (told, heard) = std::sync::mpsc::channel();
            let second = scope.spawn(|| lock(&path, move || told.send(()).unwrap()).unwrap());
            heard.recv().unwrap();
            assert!(!second.is_finished());
            drop(held);
            second.join().unwrap();
        });
        assert!(unlocked(&path));
    }

    #[test]
    fn a_lock_file_removed_while_waiting_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = lock(&path, || ()).unwrap();
        std::thread::scope(|scope| {
            let (told, heard) = std::sync::mpsc::channel();
            let second = scope.spawn(|| lock(&path, move || told.send(()).unwrap()).unwrap());
            heard.recv().unwrap();
            remove(&path).unwrap();
            drop(held);
            let locked = second.join().unwrap();
            assert_eq!(locked.metadata().unwrap().ino(), fs::metadata(&path).unwrap().ino());
        });
    }

    #[test]
    fn what_is_written_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("users.xml");
        write(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap(), "secret");
        assert_eq!(names(dir.path()).unwrap(), ["users.xml"]);
    }

    #[test]
    fn the_tail_has_no_blank_lines() {
        assert_eq!(tail("a\n\nb \n c\n\n", 2), "b\n c");
        assert_eq!(tail("", 2), "");
    }
}
