//! Loading a project: the project file, the environment, every manifest. Never fails: whatever is wrong is a
//! finding.

use super::assemble::place;
use super::collect::{Collected, Collector, ManifestFile, reason};
use super::decode::{Decoded, Origins, decode, kind_of};
use super::document::Loaded;
use super::file::{ReadFile, read};
use super::finding::{FileId, Finding};
use super::node::Node;
use super::prepare::prepare;
use super::schema::DocumentKind;
use super::source::{Disk, FileSource, Memory};
use super::variables::{Substitution, Unset, Variables};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to load and with which variables.
#[derive(Clone, Default)]
pub struct LoadOptions {
    /// The project file.
    pub project_file: PathBuf,
    /// The environment to merge over the project.
    pub environment: Option<String>,
    /// Variables of `--var`: they win over all others.
    pub vars: BTreeMap<String, String>,
    /// The process environment: used when nothing else sets a variable.
    pub process_env: BTreeMap<String, String>,
}

/// Loads a project from disk.
pub fn load(options: &LoadOptions) -> Loaded {
    load_from(&Disk, options)
}

/// Loads a project from texts, by path; the project file is `options.project_file`, or else the first of them.
pub fn load_texts(files: &[(&str, &str)], options: &LoadOptions) -> Loaded {
    let mut options = options.clone();
    if options.project_file.as_os_str().is_empty() {
        options.project_file = files.first().map(|(path, _)| PathBuf::from(path)).unwrap_or_default();
    }
    load_from(&Memory::new(files.iter().copied()), &options)
}

/// Loads a project from any source of files.
pub fn load_from(source: &dyn FileSource, options: &LoadOptions) -> Loaded {
    let directory = options.project_file.parent().map(Path::to_owned).unwrap_or_default();
    let loader = Loader { source, options, directory: &directory };
    loader.run()
}

struct Loader<'a> {
    source: &'a dyn FileSource,
    options: &'a LoadOptions,
    directory: &'a Path,
}

impl Loader<'_> {
    fn run(&self) -> Loaded {
        let mut loaded = Loaded::default();
        let path = &self.options.project_file;
        let shown = path.file_name().map_or_else(|| "sluice.yaml".to_owned(), |n| n.to_string_lossy().into_owned());
        if let Err(error) = self.source.kind(path) {
            let finding = Finding::error(
                "project/not-found",
                format!("cannot read the project file `{shown}`: {}", reason(&error)),
                None,
            );
            loaded.findings.push(finding.help("run `sluice init` to write one, or name the file"));
            loaded.unread.anything = true;
            return loaded;
        }
        let first = read(self.source, path, FileId(0));
        loaded.files.add(shown.clone(), Arc::clone(&first.text));
        loaded.unread.anything |= !first.parsed.complete;
        loaded.findings.extend(first.parsed.findings);

        let (mut projects, mut others) = (Vec::new(), Vec::new());
        for document in first.parsed.documents {
            let is_project = kind_of(&document) == Some(DocumentKind::Project);
            if is_project { projects.push(document) } else { others.push(document) }
        }
        let mut projects = projects.into_iter();
        let origins = Origins { file: FileId(0), text: &first.text, directory: self.directory };
        let mut decoded = Vec::new();
        let (mut vars, mut collected) = (BTreeMap::new(), Collected::default());
        match projects.next() {
            Some(project) => {
                let prepared = prepare(&project, origins, self.options);
                loaded.environment = prepared.environment;
                vars = prepared.vars;
                let collector = Collector::new(self.source, self.directory, path);
                collected = collector.collect(prepared.manifests.as_ref(), FileId(0));
                decoded.push(prepared.decoded);
            }
            // A document that is none by its kind was perhaps meant to be the project: one finding is enough.
            None if first.parsed.complete && others.iter().all(|node| kind_of(node).is_some()) => {
                let finding = Finding::error(
                    "project/no-project",
                    format!("there is no document of kind Project in {shown}"),
                    None,
                );
                loaded.findings.push(finding.help("`sluice init` writes a starter"));
            }
            None => {}
        }
        loaded.unread.anything |= collected.incomplete;
        loaded.findings.append(&mut collected.findings);

        let layers = Variables::new(vec![&self.options.vars, &vars, &self.options.process_env]);
        let rest = projects.chain(others);
        decoded.extend(rest.map(|node| self.finish(node, origins, &layers)));
        self.manifests(&collected.files, &layers, &mut loaded, &mut decoded);
        place(decoded, &mut loaded);
        loaded
    }

    /// Reads and decodes the manifest files, side by side where there are many.
    fn manifests(
        &self,
        files: &[ManifestFile],
        layers: &Variables<'_>,
        loaded: &mut Loaded,
        decoded: &mut Vec<Decoded>,
    ) {
        // Below this a thread costs more than it saves.
        const ALONE: usize = 16;
        let numbered: Vec<(FileId, &ManifestFile)> =
            files.iter().enumerate().map(|(number, file)| (FileId(number + 1), file)).collect();
        let one = |(id, file): &(FileId, &ManifestFile)| {
            let mut read = read(self.source, &file.path, *id);
            let origins = Origins { file: *id, text: &read.text, directory: self.directory };
            let documents = std::mem::take(&mut read.parsed.documents);
            let decoded: Vec<Decoded> = documents.into_iter().map(|node| self.finish(node, origins, layers)).collect();
            (read, decoded)
        };
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(numbered.len() / ALONE).max(1);
        let share = numbered.len().div_ceil(workers).max(1);
        let results: Vec<(ReadFile, Vec<Decoded>)> = if workers == 1 {
            numbered.iter().map(one).collect()
        } else {
            std::thread::scope(|scope| {
                let running: Vec<_> = numbered
                    .chunks(share)
                    .map(|part| scope.spawn(|| part.iter().map(one).collect::<Vec<_>>()))
                    .collect();
                let joined = running.into_iter().map(|t| t.join().unwrap_or_else(|p| std::panic::resume_unwind(p)));
                joined.flatten().collect()
            })
        };
        for ((_, file), (read, mut documents)) in numbered.iter().zip(results) {
            loaded.files.add(file.shown.clone(), read.text);
            loaded.findings.extend(read.parsed.findings);
            loaded.unread.anything |= !read.parsed.complete;
            decoded.append(&mut documents);
        }
    }

    /// Puts variables into a document and decodes it.
    fn finish(&self, mut node: Node, origins: Origins<'_>, variables: &Variables<'_>) -> Decoded {
        let mut findings = Vec::new();
        let substitution = Substitution {
            variables,
            unset: Unset::Report,
            file: origins.file,
            text: origins.text,
            out_of_reach: &BTreeSet::new(),
        };
        substitution.apply(&mut node, &mut findings);
        let mut decoded = decode(node, origins);
        findings.append(&mut decoded.findings);
        Decoded { findings, ..decoded }
    }
}
