//! Topics: their names, alone and beside each other, and their replicas.

use super::super::topic::broker_name;
use super::scene::{Scene, stays};
use super::topic_name::{self, in_metrics};
use crate::manifest::{Document, Finding, Loaded, Place, TopicSpec};
use std::collections::BTreeMap;

/// Where a topic's name at the brokers is written.
fn named_at(document: &Document<TopicSpec>) -> &'static str {
    if document.spec.topic_name.is_some() { "spec.topicName" } else { "metadata.name" }
}

/// The name rules of Kafka, and names that belong to it.
pub(super) fn name(document: &Document<TopicSpec>, findings: &mut Vec<Finding>) {
    let (name, path) = (broker_name(document), named_at(document));
    if let Some((what, at)) = topic_name::fault(name) {
        let place = document.spans.within(path, at.start, at.end);
        let finding = Finding::error("topic/name", format!("the topic name {what}"), place).label("Kafka refuses it");
        findings.push(finding.help(topic_name::HELP));
    } else if name.starts_with("__") {
        let message = format!("`{name}` is a name of Kafka's own topics");
        let finding = Finding::error("topic/internal", message, document.spans.at(path)).label("begins with `__`");
        findings.push(finding.help("sluice never creates, changes or deletes internal topics: take another name"));
    }
}

/// Names that two topics cannot both have.
pub(super) fn together(loaded: &Loaded, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<String, &Document<TopicSpec>> = BTreeMap::new();
    for document in &loaded.topics {
        let name = broker_name(document);
        let Some(first) = seen.get(&in_metrics(name)) else {
            seen.insert(in_metrics(name), document);
            continue;
        };
        let other = broker_name(first);
        let (code, message, help) = if name == other {
            let names = (&first.metadata.name, &document.metadata.name);
            let message = format!("Topic/{} and Topic/{} are one topic, `{name}`", names.0, names.1);
            ("topic/declared-twice", message, "keep one of them, or give one another `topicName`")
        } else {
            let message = format!("the topics `{other}` and `{name}` cannot both exist");
            ("topic/name-collision", message, "Kafka's metrics write `.` as `_`, so it refuses the second: rename one")
        };
        let finding = Finding::error(code, message, document.spans.at(named_at(document))).label("named here");
        findings.push(finding.also(first.spans.at(named_at(first)), "and here").help(help));
    }
}

/// `min.insync.replicas` against the replicas there are.
pub(super) fn replicas(document: &Document<TopicSpec>, findings: &mut Vec<Finding>) {
    const KEY: &str = "min.insync.replicas";
    let Some(written) = document.spec.config.get(KEY) else { return };
    let Ok(least) = written.text.parse::<u32>() else { return };
    let replicas = u32::from(document.spec.replication_factor);
    let place = document.spans.at(&format!("spec.config.{KEY}"));
    let also = document.spans.at("spec.replicationFactor");
    if least > replicas {
        let message = format!("{KEY} is {least}, but a partition has {replicas} replica{}", plural(replicas));
        let finding =
            Finding::error("topic/min-isr", message, place).label("never reached: every write with acks=all fails");
        findings
            .push(finding.also(also, "replicas").help(format!("lower it to {}", replicas.saturating_sub(1).max(1))));
    } else if least == replicas && replicas > 1 {
        let message = format!("{KEY} is the replication factor: one broker down stops every write with acks=all");
        let finding = Finding::warning("topic/min-isr-is-all", message, place).label("needs every replica");
        findings.push(
            finding.also(also, "replicas").help(format!("{} keeps data safe and lets a broker restart", replicas - 1)),
        );
    }
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Only closed segments are deleted.
pub(super) fn segments(document: &Document<TopicSpec>, findings: &mut Vec<Finding>) {
    let number = |key: &str| document.spec.config.get(key).and_then(|v| v.text.parse::<i64>().ok());
    let (Some(retention), Some(segment)) = (number("retention.ms"), number("segment.ms")) else { return };
    if retention >= 0 && retention < segment {
        let message = format!("retention.ms ({retention}) is shorter than segment.ms ({segment})");
        let place = document.spans.at("spec.config.retention.ms");
        let finding = Finding::warning("topic/retention-below-segment", message, place)
            .label("a segment is deleted only after it is closed")
            .also(document.spans.at("spec.config.segment.ms"), "closed after this time");
        findings.push(finding.help("with little data, messages stay longer than retention.ms: lower segment.ms too"));
    }
}

/// The topics a pipeline reads: names, each once, and none that is to go.
pub(super) fn read(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for topic in &scene.topics {
        if topic.document.is_none() {
            external_name(scene, topic.name, &topic.path, findings);
        }
        if let Some(first) = seen.insert(topic.name, &topic.path) {
            let message = format!("the topic `{}` is named twice", topic.name);
            let finding = Finding::error("pipeline/topic-twice", message, scene.at(&topic.path)).label("named again");
            findings.push(finding.also(scene.at(first), "named here"));
        }
    }
}

/// The name of a topic that is not managed.
pub(super) fn external_name(scene: &Scene<'_>, name: &str, path: &str, findings: &mut Vec<Finding>) {
    let Some((what, at)) = topic_name::fault(name) else { return };
    let place: Place = scene.within(&format!("{path}.external"), at.start, at.end);
    let finding = Finding::error("pipeline/topic-name", format!("the topic name {what}"), place);
    let finding = finding.label("no topic can have this name");
    findings.push(finding.help(if name.contains(',') { "name several topics in `topics`" } else { topic_name::HELP }));
}

/// Whether a topic's manifest asks for the topic.
pub(super) fn is_there(document: &Document<TopicSpec>) -> bool {
    stays(document.lifecycle)
}
