//! A tree to a typed document, with every finding on the way.

use super::check::{Checker, is_null};
use super::document::Document;
use super::envelope::{API_VERSION, LifecycleSpec, Metadata};
use super::finding::{FileId, Finding, Place};
use super::node::{Node, NodeKind, Origin};
use super::pipeline::KafkaPipelineSpec;
use super::project::ProjectSpec;
use super::schema::{DocumentKind, KINDS};
use super::shape::Shape;
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

/// Kinds of later versions: told apart from typing errors.
const LATER: [&str; 2] = ["OutgoingSink", "ManualConsumer"];

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
        Err(finding) => return Decoded { document: None, kind: None, name, findings: finding.into_iter().collect() },
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
    // What a Topic or a pipeline lost would come back as findings about the rest of it. The project is kept:
    // without it nothing else could be looked at.
    let usable = !lossy || kind == DocumentKind::Project;
    let document = value.filter(|_| usable).and_then(|value| {
        let place = Placed { spans, directory: origins.directory, flawed: !findings.is_empty() };
        match kind {
            DocumentKind::Project => typed(value, place, &mut findings).map(AnyDocument::Project),
            DocumentKind::Topic => typed(value, place, &mut findings).map(AnyDocument::Topic),
            DocumentKind::KafkaPipeline => typed(value, place, &mut findings).map(AnyDocument::KafkaPipeline),
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

/// The kind, or what is wrong with it; `Err(None)` when an unset variable was reported already.
fn head(root: &Node, origins: Origins<'_>) -> Result<DocumentKind, Option<Finding>> {
    let known = || KINDS.into_iter().map(DocumentKind::as_str);
    let listed = || known().collect::<Vec<_>>().join(", ");
    let NodeKind::Mapping(entries) = &root.kind else {
        let place = root.shown(origins.text, None, origins.file);
        let finding = Finding::error("manifest/wrong-type", "a document must be a map", place);
        return Err(Some(finding.label("expected apiVersion, kind, metadata and spec")));
    };
    let Some(kind) = root.entry("kind").filter(|e| !is_null(&e.value)) else {
        let first = root.entry("kind").or(entries.first());
        let place =
            first.map_or(Place { file: origins.file, start: root.start, end: root.end }, |e| e.place(origins.file));
        let finding = Finding::error("manifest/missing-field", "missing field `kind`", place);
        let near = entries.iter().find(|e| nearest(&e.name, ["kind"]).is_some());
        return Err(Some(match near {
            Some(near) if near.name != "kind" => Finding::error(
                "manifest/unknown-field",
                format!("unknown field `{}`", near.name),
                near.place(origins.file),
            )
            .label("no such field in a document")
            .help("did you mean `kind`?"),
            Some(_) | None => finding.label("a document without a kind").help(format!("known kinds: {}", listed())),
        }));
    };
    if let Some(found) = kind_of(root) {
        return Ok(found);
    }
    let place = kind.value.shown(origins.text, Some((kind.start, kind.end)), origins.file);
    let Some(scalar) = kind.value.scalar() else {
        return Err(Some(Finding::error("manifest/kind", "`kind` must be one word", place).label("not a word")));
    };
    Err(match scalar.origin {
        Origin::Unknown => None,
        Origin::Substituted => Some(
            Finding::error("manifest/kind", "unknown kind (after variables are put in)", place)
                .label("no such kind")
                .help(format!("known kinds: {}", listed())),
        ),
        Origin::Written if LATER.contains(&scalar.text.as_str()) => Some(
            Finding::error(
                "manifest/kind",
                format!("this version of sluice does not have the kind `{}` yet", scalar.text),
                place,
            )
            .label("not yet")
            .help(format!("remove the document, or keep it out of `spec.manifests`; known kinds: {}", listed())),
        ),
        Origin::Written => Some(
            Finding::error("manifest/kind", format!("unknown kind `{}`", scalar.text), place)
                .label("no such kind")
                .help(format!("known kinds: {}", listed()))
                .did_you_mean(&scalar.text, known()),
        ),
    })
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
