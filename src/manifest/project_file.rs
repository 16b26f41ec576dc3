//! Finding the project file.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Names of a project file, the preferred one first.
pub const PROJECT_FILES: [&str; 2] = ["sluice.yaml", "sluice.yml"];

/// There is no project file.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("no sluice.yaml in {} or any folder above it: run `sluice init` here, or name the file", start.display())]
pub struct NoProject {
    /// Where the search began.
    pub start: PathBuf,
}

/// The project file that governs a folder: `sluice.yaml` or `sluice.yml` there or in the nearest folder above.
///
/// # Errors
/// When there is none up to the root.
pub fn find_project(start: &Path) -> Result<PathBuf, NoProject> {
    let candidates = start.ancestors().flat_map(|folder| PROJECT_FILES.map(|name| folder.join(name)));
    let mut found = candidates.filter(|path| path.is_file());
    found.next().ok_or_else(|| NoProject { start: start.to_owned() })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test makes the files it looks for")]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_above_wins() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(dir.path().join("sluice.yml"), "").unwrap();
        assert_eq!(find_project(&inner).unwrap(), dir.path().join("sluice.yml"));
        std::fs::write(dir.path().join("a/sluice.yaml"), "").unwrap();
        std::fs::write(dir.path().join("a/sluice.yml"), "").unwrap();
        assert_eq!(find_project(&inner).unwrap(), dir.path().join("a/sluice.yaml"));
    }

    #[test]
    fn without_a_file_the_error_says_where_it_looked() {
        let start = Path::new("/nowhere/at/all");
        let error = find_project(start).unwrap_err();
        assert!(error.to_string().starts_with("no sluice.yaml in /nowhere/at/all"), "{error}");
    }
}
