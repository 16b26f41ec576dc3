//! The error policy: fields that go with the mode, and a place of its own for errors.

use super::super::hub::error_columns;
use super::scene::Scene;
use super::topics;
use super::words::{Known, known_columns};
use crate::manifest::{ErrorMode, Finding, TopicRef};
use std::collections::BTreeMap;

/// Fields that the mode would ignore.
pub(super) fn places(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let errors = &scene.source().errors;
    let mut ignored = |field: &str, mode: &str, what: &str| {
        let place = scene.key(&format!("spec.source.errors.{field}"));
        let now = match errors.mode {
            ErrorMode::Stop => "stop",
            ErrorMode::Skip => "skip",
            ErrorMode::Stream => "stream",
        };
        let message = format!("`errors.{field}` {what}, but the mode is `{now}`");
        let finding = Finding::error("pipeline/errors-ignored", message, place).label("would be ignored");
        findings.push(finding.help(format!("set `mode: {mode}`, or leave `{field}` out")));
    };
    if errors.mode != ErrorMode::Stream {
        let given = [
            (errors.table.is_some(), "table", "says where errors are kept"),
            (errors.topic.is_some(), "topic", "says where errors are sent"),
            (errors.ttl.is_some(), "ttl", "is for the table of the errors"),
            (errors.filter.is_some(), "where", "says what else is kept as an error"),
        ];
        given.into_iter().filter(|g| g.0).for_each(|(_, field, what)| ignored(field, "stream", what));
    }
    if errors.max.is_some() && errors.mode != ErrorMode::Skip {
        ignored("max", "skip", "limits how many messages are skipped");
    }
    if errors.ttl.is_some() && errors.mode == ErrorMode::Stream && errors.topic.is_some() && errors.table.is_none() {
        let place = scene.key("spec.source.errors.ttl");
        let message = "`errors.ttl` is for the table of the errors, but they go to a topic only";
        let finding = Finding::error("pipeline/errors-ignored", message, place).label("would be ignored");
        findings.push(finding.help("name `errors.table` too, or set `retention.ms` on the topic"));
    }
}

/// Errors must not come back as messages, nor go to a topic that is not there.
pub(super) fn topic(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let Some(written) = scene.source().errors.topic.as_ref().filter(|_| scene.streams()) else { return };
    let path = "spec.source.errors.topic";
    let (name, document) = match written {
        TopicRef::External(name) => (name.as_str(), None),
        TopicRef::Managed(name) => match scene.project.topics.get(name.as_str()) {
            Some(document) => (super::super::topic::broker_name(document), Some(*document)),
            None => return,
        },
    };
    if document.is_none() {
        topics::external_name(scene, name, path, findings);
    }
    if let Some(read) = scene.topics.iter().find(|t| t.name == name) {
        let message = format!("the errors of `{name}` go to `{name}` itself");
        let finding = Finding::error("pipeline/errors-loop", message, scene.at(path)).label("read again as messages");
        findings.push(finding.also(scene.at(&read.path), "read here").help("use a topic of its own for errors"));
    }
    if let Some(document) = document.filter(|d| !topics::is_there(d)) {
        let message =
            format!("Topic/{} is `state: absent`, but the errors of this pipeline go there", document.metadata.name);
        findings.push(Finding::error("pipeline/absent-topic", message, scene.at(path)));
    }
}

/// The TTL of the error table is over its own columns.
pub(super) fn columns(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let Some(ttl) = scene.source().errors.ttl.as_ref().filter(|_| scene.streams()) else { return };
    let columns = error_columns();
    let known = Known {
        names: columns.iter().map(|c| c.name.as_str()).collect(),
        computed: BTreeMap::new(),
        of: "the table of the errors".into(),
    };
    known_columns(scene, ttl, "spec.source.errors.ttl", &known, findings);
}
