//! A tree to a typed document, with every finding on the way.

use super::check::{Checker, is_null};
use super::consumer::ManualConsumerSpec;
use super::document::Document;
use super::envelope::{API_VERSION, LifecycleSpec, Metadata};
use super::finding::{FileId, Finding, Place};
use super::node::{Entry, Node, NodeKind, Origin};
use super::pipeline::KafkaPipelineSpec;
use super::project::ProjectSpec;
use super::schema::{DocumentKind, KINDS};
use super::shape::Shape;
use super::sink::OutgoingSinkSpec;
use super::spans::Spans;
use super::suggest::nearest;
use super::topic::TopicSpec;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::sync::Arc;

/// A document of any kind.
pub enum AnyDocument {
    /// `kind: Project`
    Project(Box<Document<ProjectSpec>>),
    /// `kind: Topic`
    Topic(Box<Document<TopicSpec>>),
    /// `kind: KafkaPipeline`
    KafkaPipeline(Box<Document<KafkaPipelineSpec>>),
    /// `kind: OutgoingSink`
    OutgoingSink(Box<Document<OutgoingSinkSpec>>),
    /// `kind: ManualConsumer`
    ManualConsumer(Box<Document<ManualConsumerSpec>>),
}

/// What became of one document.
pub struct Decoded {
    /// The document, if it could be read.
    pub document: Option<AnyDocument>,
    /// Its kind, if it has a known one.
    pub kind: Option<DocumentKind>,
    /// Its name, if it has one, and where.
    pub name: Option<(String, Place)>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
}

/// Where a document stands.
#[derive(Clone, Copy)]
pub struct Origins<'a> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'a Arc<str>,
    /// Folder of the project file.
    pub directory: &'a Path,
}

#[derive(Deserialize)]
struct Whole<S> {
    metadata: Metadata,
    #[serde(default)]
    lifecycle: LifecycleSpec,
    spec: S,
}

/// The kind a document claims, if it is one that can be read.
pub fn kind_of(node: &Node) -> Option<DocumentKind> {
    let word = node.get("kind")?.text()?;
    KINDS.into_iter().find(|k| k.as_str() == word)
}

/// Decodes one document whose variables are put in.
pub fn decode(mut root: Node, origins: Origins<'_>) -> Decoded {
    let name = name_of(&root, origins);
    let (kind, finding) = match head(&root, origins) {
        Ok(kind) => (kind, api_version(&root, origins)),
        Err(findings) => return Decoded { document: None, kind: None, name, findings },
    };
    if let Some(finding) = finding {
        return Decoded { document: None, kind: Some(kind), name, findings: vec![finding] };
    }
    let mut checker =
        Checker { file: origins.file, text: origins.text, kind: kind.as_str(), findings: Vec::new(), lossy: false };
    let value = checker.document(Shape::of(kind), &mut root);
    let Checker { mut findings, lossy, .. } = checker;
    let name = name.or_else(|| name_of(&root, origins));
    let spans = Spans::new(origins.file, Arc::clone(origins.text), Arc::new(root));
    // What another document lost would come back as findings about the rest of it. The project is kept:
    // without it nothing else could be looked at.
    let usable = !lossy || kind == DocumentKind::Project;
    let document = value.filter(|_| usable).and_then(|value| {
        let place = Placed { spans, directory: origins.directory, flawed: !findings.is_empty() };
        match kind {
            DocumentKind::Project => typed(value, place, &mut findings).map(AnyDocument::Project),
            DocumentKind::Topic => typed(value, place, &mut findings).map(AnyDocument::Topic),
            DocumentKind::KafkaPipeline => typed(value, place, &mut findings).map(AnyDocument::KafkaPipeline),
            DocumentKind::OutgoingSink => typed(value, place, &mut findings).map(AnyDocument::OutgoingSink),
            DocumentKind::ManualConsumer => typed(value, place, &mut findings).map(AnyDocument::ManualConsumer),
        }
    });
    Decoded { document, kind: Some(kind), name, findings }
}

struct Placed<'a> {
    spans: Spans,
    directory: &'a Path,
    flawed: bool,
}

fn typed<S: DeserializeOwned>(
    value: serde_yaml::Value,
    place: Placed<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Box<Document<S>>> {
    match serde_path_to_error::deserialize::<_, Whole<S>>(value) {
        Ok(Whole { metadata, lifecycle, spec }) => {
            let Placed { spans, directory, flawed } = place;
            Some(Box::new(Document { metadata, lifecycle, spec, spans, directory: directory.to_owned(), flawed }))
        }
        // The shape lets through only what decodes; this is for the day they disagree. The decoder's own words
        // may quote a value, so they stay out.
        Err(error) => {
            let path = error.path().to_string();
            let finding =
                Finding::error("manifest/wrong-type", format!("`{path}` cannot be read"), place.spans.at(&path));
            findings.push(finding.label("not what belongs here"));
            None
        }
    }
}

/// The kind, or what is wrong with it: nothing when an unset variable was reported already.
fn head(root: &Node, origins: Origins<'_>) -> Result<DocumentKind, Vec<Finding>> {
    let NodeKind::Mapping(entries) = &root.kind else {
        let place = root.shown(origins.text, None, origins.file);
        let finding = Finding::error("manifest/wrong-type", "a document must be a map", place);
        return Err(vec![finding.label("expected apiVersion, kind, metadata and spec")]);
    };
    match root.entry("kind") {
        None => Err(vec![without_kind(entries, origins)]),
        Some(kind) if is_null(&kind.value) => Err(vec![no_kind(kind.place(origins.file))]),
        Some(kind) => kind_of(root).ok_or_else(|| unknown_kind(kind, origins)),
    }
}

fn known_kinds() -> String {
    format!("known kinds: {}", KINDS.map(DocumentKind::as_str).join(", "))
}

fn no_kind(place: Place) -> Finding {
    Finding::error("manifest/missing-field", "missing field `kind`", place)
        .label("a document without a kind")
        .help(known_kinds())
}

fn without_kind(entries: &[Entry], origins: Origins<'_>) -> Finding {
    if let Some(near) = entries.iter().find(|e| nearest(&e.name, ["kind"]).is_some()) {
        let message = format!("unknown field `{}`", near.name);
        let finding = Finding::error("manifest/unknown-field", message, near.place(origins.file));
        return finding.label("no such field in a document").help("did you mean `kind`?");
    }
    no_kind(entries.first().map_or(Place { file: origins.file, start: 0, end: 0 }, |e| e.place(origins.file)))
}

fn unknown_kind(kind: &Entry, origins: Origins<'_>) -> Vec<Finding> {
    let place = kind.value.shown(origins.text, Some((kind.start, kind.end)), origins.file);
    let Some(scalar) = kind.value.scalar() else {
        return vec![Finding::error("manifest/kind", "`kind` must be one word", place).label("not a word")];
    };
    let word = scalar.text.as_str();
    let finding = |message: String| Finding::error("manifest/kind", message, place).help(known_kinds());
    match scalar.origin {
        Origin::Unknown => Vec::new(),
        Origin::Substituted => {
            vec![finding("unknown kind (after variables are put in)".into()).label("no such kind")]
        }
        Origin::Written => {
            let finding = finding(format!("unknown kind `{word}`")).label("no such kind");
            vec![finding.did_you_mean(word, KINDS.map(DocumentKind::as_str))]
        }
    }
}

/// What is wrong with the version, if it is given at all: a missing one is found with the other fields.
fn api_version(root: &Node, origins: Origins<'_>) -> Option<Finding> {
    let version = root.entry("apiVersion").filter(|e| !is_null(&e.value))?;
    let good = version.value.scalar().is_some_and(|s| s.text == API_VERSION || s.origin == Origin::Unknown);
    if good {
        return None;
    }
    let place = version.value.shown(origins.text, Some((version.start, version.end)), origins.file);
    let finding = Finding::error("manifest/api-version", "unknown `apiVersion`", place);
    Some(finding.label("not a version this program reads").help(format!("write `apiVersion: {API_VERSION}`")))
}

fn name_of(root: &Node, origins: Origins<'_>) -> Option<(String, Place)> {
    let name = root.get("metadata")?.entry("name")?;
    let scalar = name.value.scalar().filter(|s| s.origin != Origin::Unknown && !is_null(&name.value))?;
    let place = name.value.shown(origins.text, Some((name.start, name.end)), origins.file);
    Some((scalar.text.clone(), place))
}
