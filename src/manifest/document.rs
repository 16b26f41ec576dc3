//! What loading gives: the files, the documents in them, and what is wrong.

use super::consumer::ManualConsumerSpec;
use super::envelope::{LifecycleSpec, Metadata};
use super::finding::{FileId, Finding};
use super::pipeline::KafkaPipelineSpec;
use super::project::ProjectSpec;
use super::schema::DocumentKind;
use super::sink::OutgoingSinkSpec;
use super::spans::Spans;
use super::topic::TopicSpec;
use std::path::PathBuf;
use std::sync::Arc;

/// One document, decoded.
#[derive(Debug, Clone)]
pub struct Document<S> {
    /// Name and description.
    pub metadata: Metadata,
    /// Guards.
    pub lifecycle: LifecycleSpec,
    /// What is asked for.
    pub spec: S,
    /// Where each part was written.
    pub spans: Spans,
    /// Folder of the project file: paths in the document are relative to it.
    pub directory: PathBuf,
    /// Whether there are findings about its form. It says less than its author wrote; of all but the
    /// Project nothing but fields with unknown names is missing.
    pub flawed: bool,
}

/// A whole project as loaded.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Every file that was read; the project file first.
    pub files: Files,
    /// The project, merged with the environment.
    pub project: Option<Document<ProjectSpec>>,
    /// The environment that was asked for and exists.
    pub environment: Option<String>,
    /// Topics by name.
    pub topics: Vec<Document<TopicSpec>>,
    /// Pipelines by name.
    pub pipelines: Vec<Document<KafkaPipelineSpec>>,
    /// Outgoing sinks by name.
    pub sinks: Vec<Document<OutgoingSinkSpec>>,
    /// Manual consumers by name.
    pub consumers: Vec<Document<ManualConsumerSpec>>,
    /// What is wrong: by file, position and code; findings without a place first.
    pub findings: Vec<Finding>,
    /// What the manifests declare but could not be read.
    pub unread: Unread,
}

impl Loaded {
    /// Whether the manifests may declare a resource: it is there, or it is in a part that could not be read. A
    /// reference to such a resource is no finding.
    pub fn may_declare(&self, kind: DocumentKind, name: &str) -> bool {
        let there = match kind {
            DocumentKind::Project => self.project.iter().any(|d| d.metadata.name == name),
            DocumentKind::Topic => self.topics.iter().any(|d| d.metadata.name == name),
            DocumentKind::KafkaPipeline => self.pipelines.iter().any(|d| d.metadata.name == name),
            DocumentKind::OutgoingSink => self.sinks.iter().any(|d| d.metadata.name == name),
            DocumentKind::ManualConsumer => self.consumers.iter().any(|d| d.metadata.name == name),
        };
        there || self.unread.anything || self.unread.documents.iter().any(|(k, n)| *k == kind && n == name)
    }
}

/// What could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Documents with a kind and a name but with faults in the rest.
    pub documents: Vec<(DocumentKind, String)>,
    /// A file, or a document without a readable kind or name: it could be anything.
    pub anything: bool,
}

/// The files of a project by number.
#[derive(Debug, Clone, Default)]
pub struct Files {
    list: Vec<SourceText>,
}

/// One file.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// Path as shown: relative to the folder of the project file, with `/`.
    pub path: String,
    /// What it holds, without a byte order mark. Empty when it could not be read.
    pub text: Arc<str>,
}

impl Files {
    /// Adds a file and numbers it.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        self.list.push(SourceText { path: path.into(), text: text.into() });
        FileId(self.list.len() - 1)
    }

    /// The file with a number.
    pub fn get(&self, file: FileId) -> Option<&SourceText> {
        self.list.get(file.0)
    }

    /// All files with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceText)> {
        self.list.iter().enumerate().map(|(number, file)| (FileId(number), file))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Line and column of a byte, both from 1; columns count characters.
    pub fn line_column(&self, file: FileId, at: usize) -> Option<(usize, usize)> {
        let text = &self.get(file)?.text;
        let before = text.get(..at.min(text.len()))?;
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }
}
