//! Consumer groups and their members.

use super::scene::{Scene, stays};
use crate::manifest::{Collection, Finding};
use crate::model::Kind;
use std::collections::BTreeMap;

/// A group has a name.
pub(super) fn group(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    if scene.group.trim().is_empty() {
        let place = scene.at("spec.source.group");
        let finding = Finding::error("pipeline/group", "a consumer group needs a name", place).label("empty");
        findings.push(finding.help("leave `group` out for one that is named after the resource"));
    }
}

/// As many consumers as there can be work for.
pub(super) fn consumers(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let Some(consumers) = scene.source().consumers else { return };
    let path = "spec.source.consumers";
    if consumers == 0 {
        let message = "a Kafka table has at least one consumer";
        findings.push(Finding::error("pipeline/consumers", message, scene.at(path)).label("the server refuses 0"));
        return;
    }
    let known: Option<Vec<_>> = scene.topics.iter().map(|t| t.document).collect();
    let Some(topics) = known.filter(|t| !t.is_empty()) else { return };
    let partitions = topics.iter().fold(0u32, |sum, t| sum.saturating_add(t.spec.partitions));
    if consumers > partitions && partitions > 0 {
        let message = format!(
            "{consumers} consumers on each host for {partitions} partition{}",
            if partitions == 1 { "" } else { "s" }
        );
        let finding = Finding::warning("pipeline/idle-consumers", message, scene.at(path))
            .label(format!("at least {} of them have nothing to read", consumers - partitions));
        let finding = match topics.as_slice() {
            [one] => finding.also(one.spans.at("spec.partitions"), "partitions"),
            _ => finding,
        };
        findings.push(
            finding.help("the partitions are shared by the consumers of all hosts; idle ones still hold threads"),
        );
    }
}

/// Resources that take messages from each other.
pub(super) fn shared(scenes: &[Scene<'_>], findings: &mut Vec<Finding>) {
    // A named collection may lead to another Kafka.
    let mut seen: BTreeMap<(&str, Option<&str>), &Scene<'_>> = BTreeMap::new();
    // Nobody reads with the group of a table that writes.
    let reading = scenes.iter().filter(|s| s.kind() != Kind::OutgoingSink);
    for scene in reading.filter(|s| stays(s.document.lifecycle) && !s.group.trim().is_empty()) {
        let collection: Option<&Collection> = scene.source().collection.as_ref();
        let key = (scene.group.as_str(), collection.map(|c| c.name.as_str()));
        let Some(first) = seen.get(&key) else {
            seen.insert(key, scene);
            continue;
        };
        let common = scene.topics.iter().find(|t| first.topics.iter().any(|o| o.name == t.name));
        let message =
            format!("{} and {} share the consumer group `{}`", first.chain.id(), scene.chain.id(), scene.group);
        let place = |s: &Scene<'_>| {
            let written = s.document.spans.has("spec.source.group");
            s.at(if written { "spec.source.group" } else { "metadata.name" })
        };
        let finding = match common {
            Some(topic) => Finding::error("pipeline/shared-group", message, place(scene))
                .label(format!("each of them gets only some messages of `{}`", topic.name)),
            None => Finding::warning("pipeline/shared-group", message, place(scene))
                .label("every change of one makes the other stop and rejoin"),
        };
        findings.push(finding.also(place(first), "the same group").help("give each of them a group of its own"));
    }
}
