//! Documents to their places in what is loaded; the ones declared twice are found here.

use super::decode::{AnyDocument, Decoded};
use super::document::Loaded;
use super::finding::{Finding, Place};
use super::schema::DocumentKind;
use std::collections::BTreeMap;

/// Puts documents where they belong, sorts everything, and finds the ones that are declared twice.
pub fn place(decoded: Vec<Decoded>, loaded: &mut Loaded) {
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
            Some(AnyDocument::OutgoingSink(document)) => loaded.sinks.push(*document),
            Some(AnyDocument::ManualConsumer(document)) => loaded.consumers.push(*document),
            None => match (kind, name) {
                (Some(kind), Some((name, _))) => loaded.unread.documents.push((kind, name)),
                (Some(_) | None, _) => loaded.unread.anything = true,
            },
        }
    }
    loaded.topics.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.pipelines.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.sinks.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.consumers.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    loaded.findings.sort_by(|a, b| (a.place, a.code, &a.message).cmp(&(b.place, b.code, &b.message)));
}
