//! The demonstration: the COVID project, its rows, and the proof that every one of them arrived.

mod arrival;
mod rows;

pub(super) use arrival::{Arrival, TABLES, await_rows, stored};
pub(super) use rows::{Rows, rows};

use std::io;
use std::path::{Path, PathBuf};

/// Folder of the project inside a sandbox's.
pub(super) const FOLDER: &str = "demo";

/// The project as it stands in the repository.
const MANIFESTS: [(&str, &str); 6] = [
    ("sluice.yaml", include_str!("../../../manifests/sluice.yaml")),
    ("topics.yaml", include_str!("../../../manifests/topics.yaml")),
    ("covid_new_cases.yaml", include_str!("../../../manifests/covid_new_cases.yaml")),
    ("covid_cumulative.yaml", include_str!("../../../manifests/covid_cumulative.yaml")),
    ("covid_alerts.yaml", include_str!("../../../manifests/covid_alerts.yaml")),
    ("covid_manual.yaml", include_str!("../../../manifests/covid_manual.yaml")),
];

/// Writes the project into a folder, where it can be looked at and changed; returns its project file.
///
/// # Errors
/// The folder cannot be written.
#[expect(clippy::disallowed_methods, reason = "the project is there for the user to play with")]
pub(super) fn write_project(folder: &Path) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in MANIFESTS {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(folder.join(MANIFESTS[0].0))
}

/// Takes the project away again, and its folder where nothing else is in it.
///
/// # Errors
/// A file cannot be removed.
pub(super) fn remove_project(folder: &Path) -> io::Result<()> {
    for (name, _) in MANIFESTS {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    // What somebody else put there stays, and with it the folder.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_manifest_of_the_project_is_part_of_the_demonstration() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        #[expect(clippy::disallowed_methods, reason = "the test compares with the repository")]
        let entries = std::fs::read_dir(folder).unwrap();
        let there: BTreeSet<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        let written = MANIFESTS.map(|(name, _)| name.to_owned()).into_iter().collect();
        assert_eq!(there, written);
    }
}
