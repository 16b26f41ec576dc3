//! Which files `spec.manifests` names.

use super::finding::{FileId, Finding, Place};
use super::node::{Node, NodeKind, Origin};
use super::source::{FileSource, PathKind, plain};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files of one project: more of them is a wrong path (`manifests: [/]`).
pub const MAX_FILES: usize = 20_000;
/// Folders inside of folders.
const MAX_LEVELS: usize = 64;

/// A manifest file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown.
    pub shown: String,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Collected {
    /// Files in order: as listed in the project, folders sorted by path.
    pub files: Vec<ManifestFile>,
    /// What is wrong with the list.
    pub findings: Vec<Finding>,
    /// Whether something listed could not be looked at.
    pub incomplete: bool,
}

/// Collects the manifest files of a project.
pub struct Collector<'a> {
    source: &'a dyn FileSource,
    directory: &'a Path,
    seen: BTreeSet<PathBuf>,
    /// Manifest files met so far, those met before included.
    met: usize,
    out: Collected,
}

impl<'a> Collector<'a> {
    /// A collector for a project file, which is itself never collected.
    pub fn new(source: &'a dyn FileSource, directory: &'a Path, project_file: &Path) -> Self {
        let seen = source.canonical(project_file).into_iter().collect();
        Self { source, directory, seen, met: 0, out: Collected::default() }
    }

    /// Collects everything that the list names.
    pub fn collect(mut self, manifests: Option<&Node>, file: FileId) -> Collected {
        let items = match manifests.map(|m| &m.kind) {
            Some(NodeKind::Sequence(items)) => items.as_slice(),
            // Reported by the type check.
            Some(NodeKind::Scalar(_) | NodeKind::Mapping(_)) | None => &[],
        };
        for item in items {
            let place = Place { file, start: item.start, end: item.end };
            let written = item.scalar().filter(|s| s.origin != Origin::Unknown);
            match written {
                Some(scalar) => self.entry(&scalar.text, place),
                None => self.out.incomplete = true,
            }
        }
        self.out
    }

    fn entry(&mut self, written: &str, place: Place) {
        let relative = plain(Path::new(written));
        let path = self.directory.join(&relative);
        match self.source.kind(&path) {
            Ok(PathKind::File) => self.file(path, &relative),
            Ok(PathKind::Folder) => {
                let (met, findings) = (self.met, self.out.findings.len());
                self.folder(&path, &relative, &mut Vec::new(), place);
                if self.met == met && self.out.findings.len() == findings {
                    let finding = Finding::warning("project/no-manifests", "no manifest files in this folder", place);
                    let finding = finding.label("nothing here ends in .yaml or .yml");
                    self.out
                        .findings
                        .push(finding.help("hidden files are skipped; a folder is searched with all folders in it"));
                }
            }
            Ok(PathKind::Other) => {
                let finding = Finding::error("project/manifests", "neither a file nor a folder", place);
                self.fail(finding.label("a pipe, a socket or a device"));
            }
            Err(error) => {
                let message = format!("`{}` cannot be read: {}", shown(&relative), reason(&error));
                let finding = Finding::error("project/manifests", message, place).label("listed here");
                self.fail(finding.help("paths are relative to the folder of the project file"));
            }
        }
    }

    fn fail(&mut self, finding: Finding) {
        self.out.findings.push(finding);
        self.out.incomplete = true;
    }

    fn file(&mut self, path: PathBuf, relative: &Path) {
        self.met += 1;
        // A file that is listed twice, or also lies in a listed folder, is one file.
        let canonical = self.source.canonical(&path).unwrap_or_else(|_| path.clone());
        if self.seen.insert(canonical) {
            self.out.files.push(ManifestFile { path, shown: shown(relative) });
        }
    }

    fn folder(&mut self, path: &Path, relative: &Path, above: &mut Vec<PathBuf>, place: Place) {
        let loops = self.source.canonical(path).map(|canonical| {
            let loops = above.contains(&canonical) || above.len() >= MAX_LEVELS;
            above.push(canonical);
            loops
        });
        let listed = match loops {
            Ok(true) => {
                let message = format!("the folder `{}` leads back to a folder it lies in", shown(relative));
                let finding = Finding::error("project/directory-loop", message, place).label("searched from here");
                self.fail(finding.help("remove the link, or list the folders one by one"));
                above.pop();
                return;
            }
            Ok(false) => self.source.list(path),
            Err(error) => {
                above.push(path.to_owned());
                Err(error)
            }
        };
        match listed {
            Ok(mut names) => {
                names.sort();
                names.retain(|name| !name.starts_with('.'));
                names.iter().for_each(|name| self.member(&path.join(name), &relative.join(name), above, place));
            }
            Err(error) => {
                let reason = reason(&error);
                let message = format!("cannot list the folder `{}`: {reason}", shown(relative));
                self.fail(Finding::error("project/manifests", message, place).label("searched from here"));
            }
        }
        above.pop();
    }

    fn member(&mut self, path: &Path, relative: &Path, above: &mut Vec<PathBuf>, place: Place) {
        if self.out.files.len() >= MAX_FILES {
            if !self.out.findings.iter().any(|f| f.code == "project/too-many-files") {
                let finding =
                    Finding::error("project/too-many-files", format!("more than {MAX_FILES} manifest files"), place);
                self.fail(finding.label("searched from here").help("list folders that hold only manifests"));
            }
            return;
        }
        let manifest = relative.extension().is_some_and(|e| e == "yaml" || e == "yml");
        match self.source.kind(path) {
            Ok(PathKind::Folder) => self.folder(path, relative, above, place),
            Ok(PathKind::File) if manifest => self.file(path.to_owned(), relative),
            Ok(PathKind::File | PathKind::Other) => {}
            Err(error) if manifest => {
                let reason = reason(&error);
                let message = format!("`{}` cannot be read: {reason}", shown(relative));
                self.fail(Finding::error("project/manifests", message, place).label("searched from here"));
            }
            // A link to nothing that would be no manifest either.
            Err(_) => {}
        }
    }
}

/// A path as shown: with `/` on every system.
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    if text.is_empty() { ".".to_owned() } else { text }
}

/// Why a path cannot be used, in words that do not depend on the system.
pub fn reason(error: &std::io::Error) -> String {
    let is = |kind: std::io::ErrorKind| error.kind() == kind;
    if is(std::io::ErrorKind::NotFound) {
        "there is no such file or folder".to_owned()
    } else if is(std::io::ErrorKind::PermissionDenied) {
        "permission denied".to_owned()
    } else {
        error.to_string()
    }
}
