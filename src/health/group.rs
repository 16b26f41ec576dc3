//! A consumer group: where it stands, and who is in it that should not be.

use super::facts::PartitionLag;
use super::reading::{GroupReading, HostFacts, Member, Readings, TopicReading};
use super::reason::Reason;
use crate::model::{Definition, DesiredPipeline, TableConsumer};
use std::collections::BTreeSet;

/// Every partition of the pipeline's topics with the group's place; what could not be read goes into `reasons`.
pub(super) fn partitions(
    pipeline: &DesiredPipeline,
    readings: &Readings,
    reasons: &mut Vec<Reason>,
) -> Option<Vec<PartitionLag>> {
    if let Some(words) = &readings.kafka.silent {
        reasons.push(Reason::BrokersSilent { words: words.clone() });
        return None;
    }
    let nobody = GroupReading::default();
    let group = match readings.kafka.groups.get(&pipeline.group) {
        Some(Ok(group)) => group,
        Some(Err(words)) => {
            reasons.push(Reason::GroupUnknown { group: pipeline.group.clone(), words: words.clone() });
            return None;
        }
        None => &nobody,
    };
    let (mut found, mut whole) = (Vec::new(), true);
    for topic in &pipeline.topics {
        match readings.kafka.topics.get(topic) {
            Some(TopicReading::Present(numbers)) => {
                found.extend(numbers.partitions.iter().zip(0..).map(|((first, next), partition)| {
                    let at = (topic.clone(), partition);
                    let reader = group.members.iter().find(|m| m.partitions.contains(&at));
                    PartitionLag {
                        topic: topic.clone(),
                        partition,
                        first: *first,
                        next: *next,
                        committed: group.committed.get(&at).copied(),
                        empty: group.empty.contains(&at),
                        reader: reader.map(|m| m.client_id.clone()),
                    }
                }));
            }
            Some(TopicReading::Absent) => {
                reasons.push(Reason::TopicAbsent { topic: topic.clone() });
                whole = false;
            }
            Some(TopicReading::Unknown(words)) => {
                reasons.push(Reason::TopicUnknown { topic: topic.clone(), words: words.clone() });
                whole = false;
            }
            None => {
                let words = "it was not asked about".to_owned();
                reasons.push(Reason::TopicUnknown { topic: topic.clone(), words });
                whole = false;
            }
        }
    }
    whole.then_some(found)
}

/// Members with partitions that are no consumers of the pipeline's Kafka tables, and partitions that consumers hold which
/// are gone. Only where every host has told of its consumers can that be known.
pub(super) fn strangers(
    pipeline: &DesiredPipeline,
    source: &Definition,
    readings: &Readings,
    behind: &[PartitionLag],
) -> Vec<Reason> {
    let Some(Ok(group)) = readings.kafka.groups.get(&pipeline.group) else { return Vec::new() };
    let hosts: Vec<&HostFacts> = readings.hosts.iter().filter_map(|h| h.facts.as_ref().ok()).collect();
    if hosts.len() < readings.hosts.len() {
        return Vec::new();
    }
    let consumers = hosts.iter().filter_map(|h| h.tables.get(&source.name)).flat_map(|t| &t.consumers);
    let alive: BTreeSet<&str> = consumers.map(|c| c.member_id.as_str()).filter(|id| !id.is_empty()).collect();
    let belongs = |m: &Member| hosts.iter().any(|h| consumer(source, h).belongs(&m.client_id));
    let (mut foreign, mut dead) = (Vec::new(), Vec::new());
    for member in group.members.iter().filter(|m| !m.partitions.is_empty() && !alive.contains(m.id.as_str())) {
        match belongs(member) {
            false => foreign.push(member.clone()),
            true => dead.extend(member.partitions.iter().cloned()),
        }
    }
    let waits = |at: &(String, u32)| behind.iter().any(|p| p.topic == at.0 && p.partition == at.1 && p.lag() > 0);
    dead.retain(waits);
    let mut reasons = Vec::new();
    if !foreign.is_empty() {
        reasons.push(Reason::Stolen { group: pipeline.group.clone(), members: foreign });
    }
    if !dead.is_empty() {
        reasons.push(Reason::HeldByTheDead { partitions: dead });
    }
    reasons
}

/// Members with partitions that are no `sluice consume`; of the others how many there are.
pub(super) fn runners(pipeline: &DesiredPipeline, readings: &Readings) -> (usize, Option<Reason>) {
    let Some(Ok(group)) = readings.kafka.groups.get(&pipeline.group) else { return (0, None) };
    let (ours, others): (Vec<&Member>, Vec<&Member>) =
        group.members.iter().partition(|m| m.client_id == readings.kafka.client_id);
    let members: Vec<Member> = others.into_iter().filter(|m| !m.partitions.is_empty()).cloned().collect();
    let stolen = (!members.is_empty()).then(|| Reason::Stolen { group: pipeline.group.clone(), members });
    (ours.len(), stolen)
}

fn consumer(source: &Definition, host: &HostFacts) -> TableConsumer {
    let text = |key: &str| source.settings.get(key)?.plain().map(str::to_owned);
    TableConsumer {
        host: host.hostname.clone(),
        database: source.name.database.clone(),
        table: source.name.table.clone(),
        consumers: text("kafka_num_consumers").and_then(|n| n.parse().ok()).unwrap_or(1),
        client_id: text("kafka_client_id"),
    }
}
