//! Loading a project: the project file, the environment, every manifest. Never fails: whatever is wrong is a
//! finding.

use super::collect::{Collected, Collector, ManifestFile, reason};
use super::decode::{AnyDocument, Decoded, Origins, decode, kind_of};
use super::document::{Files, Loaded};
use super::environment::merged;
use super::finding::{FileId, Finding, Place};
use super::node::{Node, NodeKind};
use super::schema::DocumentKind;
use super::source::{Disk, FileSource, Memory, PathKind};
use super::suggest::listed;
use super::variables::{Substitution, Unset, Variables, texts_of};
use super::yaml::{Parsed, parse};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of one file. The parser is linear, so this is a matter of what a reviewer can read.
pub const MAX_FILE_BYTES: usize = 8 << 20;

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

/// A file as read.
struct ReadFile {
    text: Arc<str>,
    parsed: Parsed,
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
        let first = self.read(path, FileId(0));
        loaded.files.add(shown, Arc::clone(&first.text));
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
                let prepared = self.project(&project, origins, &mut loaded);
                vars = prepared.vars;
                let collector = Collector::new(self.source, self.directory, path);
                collected = collector.collect(prepared.manifests.as_ref(), FileId(0));
                decoded.push(prepared.decoded);
            }
            None if first.parsed.complete => {
                let at = (loaded.files.get(FileId(0)).is_some_and(|f| !f.text.is_empty())).then_some(Place {
                    file: FileId(0),
                    start: 0,
                    end: 0,
                });
                let finding =
                    Finding::error("project/no-project", "the project file has no document of kind Project", at);
                loaded.findings.push(finding.label("searched in this file").help("`sluice init` writes a starter"));
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
            let mut read = self.read(&file.path, *id);
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

    /// Reads one file; what cannot be read is a finding and an empty file.
    fn read(&self, path: &Path, file: FileId) -> ReadFile {
        let failed = |finding: Finding| ReadFile {
            text: "".into(),
            parsed: Parsed { documents: Vec::new(), findings: vec![finding], complete: false },
        };
        let start = Place { file, start: 0, end: 0 };
        let read = match self.source.kind(path) {
            Ok(PathKind::File) => self.source.read(path, MAX_FILE_BYTES + 1),
            Ok(PathKind::Folder | PathKind::Other) => {
                return failed(Finding::error("yaml/unreadable", "this is not a file", start).label("not a file"));
            }
            Err(error) => Err(error),
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                let message = format!("the file cannot be read: {}", reason(&error));
                return failed(Finding::error("yaml/unreadable", message, start).label("not read"));
            }
        };
        if bytes.len() > MAX_FILE_BYTES {
            let message = format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20);
            return failed(Finding::error("yaml/too-large", message, start).label("not read").help("split the file"));
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return encoding_fault(&error, file),
        };
        let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(&text).into();
        if let Some(at) = text.find('\0') {
            let place = Place { file, start: at, end: at + 1 };
            let finding = Finding::error("yaml/encoding", "the file holds a NUL character", place);
            let finding = finding.label("no text goes on here").help("is this a text file? save it as UTF-8");
            return ReadFile {
                text,
                parsed: Parsed { documents: Vec::new(), findings: vec![finding], complete: false },
            };
        }
        let parsed = parse(&text, file);
        ReadFile { text, parsed }
    }

    /// Puts variables into a document and decodes it.
    fn finish(&self, mut node: Node, origins: Origins<'_>, variables: &Variables<'_>) -> Decoded {
        let mut findings = Vec::new();
        let substitution = Substitution { variables, unset: Unset::Report, file: origins.file, text: origins.text };
        substitution.apply(&mut node, &mut findings);
        let mut decoded = decode(node, origins);
        findings.append(&mut decoded.findings);
        Decoded { findings, ..decoded }
    }

    /// The project: environment chosen, variables known, everything checked.
    fn project(&self, project: &Node, origins: Origins<'_>, loaded: &mut Loaded) -> Prepared {
        let spec = project.get("spec");
        let environments = spec.and_then(|s| s.entry("environments"));
        let selected = self.options.environment.as_deref().filter(|name| {
            let names: Vec<&str> =
                environments.map_or(&[][..], |e| e.value.entries()).iter().map(|e| e.name.as_str()).collect();
            let known = names.contains(name);
            if !known {
                loaded.findings.push(unknown_environment(name, &names, environments.map(|e| e.place(origins.file))));
            }
            known
        });
        loaded.environment = selected.map(str::to_owned);

        let mut node = selected.map_or_else(|| project.clone(), |name| merged(project, name));
        let mut findings = Vec::new();
        let nothing = BTreeMap::new();
        let (given, process) = (&self.options.vars, &self.options.process_env);
        let apply = |node: &mut Node, vars: &BTreeMap<String, String>, unset: Unset, findings: &mut Vec<Finding>| {
            let variables = &Variables::new(vec![given, vars, process]);
            Substitution { variables, unset, file: origins.file, text: origins.text }.apply(node, findings);
        };
        // `vars` see only what comes from outside, so that their order means nothing.
        if let Some(vars) = part(&mut node, &["spec", "vars"]) {
            apply(vars, &nothing, Unset::Report, &mut findings);
        }
        let vars = texts_of(node.get("spec").and_then(|s| s.get("vars")));
        self.other_environments(&mut node, &vars, &apply, &mut findings);
        apply(&mut node, &vars, Unset::Report, &mut findings);

        let manifests = node.get("spec").and_then(|s| s.get("manifests")).cloned();
        let mut decoded = decode(node, origins);
        if selected.is_some() {
            // What the environment hides is checked too, and its own values under their own names.
            let mut plain = project.clone();
            self.other_environments(&mut plain, &vars, &apply, &mut findings);
            apply(&mut plain, &vars, Unset::LeaveUnknown, &mut findings);
            let hidden = decode(plain, origins).findings;
            let news: Vec<Finding> =
                decoded.findings.iter().filter(|f| !hidden.iter().any(|h| same(h, f))).cloned().collect();
            decoded.findings = hidden.into_iter().chain(news).collect();
        }
        let mut all: Vec<Finding> = Vec::new();
        for finding in findings.into_iter().chain(decoded.findings) {
            if !all.iter().any(|f| same(f, &finding)) {
                all.push(finding);
            }
        }
        Prepared { decoded: Decoded { findings: all, ..decoded }, vars, manifests }
    }

    /// Puts variables into `spec.environments`, each with its own `vars`. What is not set stays unknown there: an
    /// environment that is not selected may need variables of another machine.
    fn other_environments(
        &self,
        project: &mut Node,
        vars: &BTreeMap<String, String>,
        apply: &dyn Fn(&mut Node, &BTreeMap<String, String>, Unset, &mut Vec<Finding>),
        findings: &mut Vec<Finding>,
    ) {
        let Some(Node { kind: NodeKind::Mapping(environments), .. }) = part(project, &["spec", "environments"]) else {
            return;
        };
        for environment in environments {
            let mut own = vars.clone();
            if let Some(node) = part(&mut environment.value, &["vars"]) {
                apply(node, &BTreeMap::new(), Unset::LeaveUnknown, findings);
                own.extend(texts_of(Some(node)));
            }
            apply(&mut environment.value, &own, Unset::LeaveUnknown, findings);
        }
    }
}

struct Prepared {
    decoded: Decoded,
    vars: BTreeMap<String, String>,
    manifests: Option<Node>,
}

fn same(a: &Finding, b: &Finding) -> bool {
    (a.place, a.code) == (b.place, b.code) && (a.place.is_some() || a.message == b.message)
}

/// The part of a tree under some names.
fn part<'a>(node: &'a mut Node, names: &[&str]) -> Option<&'a mut Node> {
    let Some((name, rest)) = names.split_first() else { return Some(node) };
    match &mut node.kind {
        NodeKind::Mapping(entries) => part(&mut entries.iter_mut().find(|e| e.name == *name)?.value, rest),
        NodeKind::Scalar(_) | NodeKind::Sequence(_) => None,
    }
}

fn unknown_environment(name: &str, known: &[&str], place: Option<Place>) -> Finding {
    let finding =
        Finding::error("project/unknown-environment", format!("the project has no environment `{name}`"), place);
    let help = match known {
        [] => "the project has no `spec.environments`".to_owned(),
        known => format!("known environments: {}", listed(known.iter().copied())),
    };
    finding.label("declared here").help(help).did_you_mean(name, known.iter().copied())
}

/// A file that is no UTF-8: its readable beginning is kept, so that the place can be shown.
fn encoding_fault(error: &std::string::FromUtf8Error, file: FileId) -> ReadFile {
    let good = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let line_end = bytes[good..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| good + n);
    let text = String::from_utf8_lossy(&bytes[..line_end]).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let at = good.saturating_sub(if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
    let place = Place { file, start: at, end: (at + char::REPLACEMENT_CHARACTER.len_utf8()).min(text.len()) };
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let message = if utf16 { "the file is UTF-16" } else { "the file is not valid UTF-8" };
    let finding = Finding::error("yaml/encoding", message, place).label("this byte is no part of a text");
    let findings = vec![finding.help("save the file as UTF-8")];
    ReadFile { text: text.into(), parsed: Parsed { documents: Vec::new(), findings, complete: false } }
}

/// Puts documents where they belong, and finds the ones that are declared twice.
fn place(decoded: Vec<Decoded>, loaded: &mut Loaded) {
    let mut first: BTreeMap<(DocumentKind, String), Place> = BTreeMap::new();
    let mut project: Option<Place> = None;
    for Decoded { document, kind, name, mut findings } in decoded {
        loaded.findings.append(&mut findings);
        let twice = match (kind, &name) {
            (Some(DocumentKind::Project), Some((_, at))) => match project {
                Some(before) => {
                    let finding = Finding::error("project/second", "a second document of kind Project", *at);
                    let finding = finding.label("one project has one").also(before, "the first one");
                    loaded.findings.push(finding.help("merge the two, or use `spec.environments`"));
                    true
                }
                None => {
                    project = Some(*at);
                    false
                }
            },
            (Some(kind), Some((name, at))) => match first.get(&(kind, name.clone())) {
                Some(before) => {
                    let message = format!("{} `{name}` is declared twice", kind.as_str());
                    let finding = Finding::error("manifest/duplicate", message, *at).label("declared again");
                    loaded.findings.push(finding.also(*before, "first declared here"));
                    true
                }
                None => {
                    first.insert((kind, name.clone()), *at);
                    false
                }
            },
            (Some(_) | None, _) => false,
        };
        match document {
            _ if twice => {}
            Some(AnyDocument::Project(document)) => loaded.project = Some(*document),
            Some(AnyDocument::Topic(document)) => loaded.topics.push(*document),
            Some(AnyDocument::KafkaPipeline(document)) => loaded.pipelines.push(*document),
            None => match (kind, name) {
                (Some(kind), Some((name, _))) => loaded.unread.documents.push((kind, name)),
                (Some(_) | None, _) => loaded.unread.anything = true,
            },
        }
    }
    loaded.topics.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.pipelines.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.findings.sort_by(|a, b| (a.place, a.code, &a.message).cmp(&(b.place, b.code, &b.message)));
}
