//! Where files come from: a disk, or memory for tests and fuzzing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

/// What a path leads to, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A pipe, a socket or a device: never opened.
    Other,
}

/// Reads files and lists folders.
pub trait FileSource: Sync {
    /// What a path leads to.
    ///
    /// # Errors
    /// When there is nothing, or it may not be looked at.
    fn kind(&self, path: &Path) -> io::Result<PathKind>;

    /// Names in a folder, in any order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// The first `limit` bytes of a file.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;

    /// The one path of what may have many, by links.
    ///
    /// # Errors
    /// When there is nothing, or links lead in a circle.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
}

/// The files of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSource for Disk {
    fn kind(&self, path: &Path) -> io::Result<PathKind> {
        let meta = path.metadata()?;
        Ok(match (meta.is_file(), meta.is_dir()) {
            (true, _) => PathKind::File,
            (false, true) => PathKind::Folder,
            (false, false) => PathKind::Other,
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        #[expect(clippy::disallowed_methods, reason = "loading lists the folders of the manifests")]
        let entries = std::fs::read_dir(folder)?;
        entries.map(|e| e.map(|e| e.file_name().to_string_lossy().into_owned())).collect()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(limit as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }
}

/// Files that exist only in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Memory {
    /// Files by path, with what they hold.
    pub fn new<P: AsRef<Path>, T: AsRef<[u8]>>(files: impl IntoIterator<Item = (P, T)>) -> Self {
        let file = |(path, bytes): (P, T)| (plain(path.as_ref()), bytes.as_ref().to_vec());
        Self { files: files.into_iter().map(file).collect() }
    }

    fn below(&self, folder: &Path) -> BTreeSet<String> {
        let folder = plain(folder);
        let inside = self.files.keys().filter_map(|path| path.strip_prefix(&folder).ok());
        inside
            .filter_map(|rest| rest.components().next())
            .map(|first| first.as_os_str().to_string_lossy().into_owned())
            .collect()
    }
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl FileSource for Memory {
    fn kind(&self, path: &Path) -> io::Result<PathKind> {
        if self.files.contains_key(&plain(path)) {
            return Ok(PathKind::File);
        }
        if self.below(path).is_empty() { Err(missing()) } else { Ok(PathKind::Folder) }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Ok(self.below(folder).into_iter().collect())
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(&plain(path)).ok_or_else(missing)?;
        Ok(bytes[..bytes.len().min(limit)].to_vec())
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(plain(path))
    }
}

/// A path without `.` and `..`, as far as its letters tell.
pub fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                let inside = matches!(out.components().next_back(), Some(Component::Normal(_)));
                if inside {
                    out.pop();
                } else {
                    out.push("..");
                }
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => out.push(part),
        }
    }
    out
}
