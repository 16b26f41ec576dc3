//! What the plan needs to know of consumer groups: read only where a group begins or changes, or its topic goes.

use crate::client::kafka::{KafkaError, KafkaReader};
use crate::diff::{ChangeSet, HostState, PipelineDiff, TopicDiff};
use crate::model::{DesiredBackfill, LiveClickHouse, LiveKafka, Presence, Role, StartFrom, TopicFact};
use crate::plan::Policy;
use std::collections::BTreeMap;

/// Reads offsets of the groups that begin or change into the live state.
pub(super) async fn read(
    changes: &ChangeSet,
    clickhouse: &LiveClickHouse,
    kafka: &mut LiveKafka,
    policy: &Policy,
    reader: &KafkaReader,
) -> Result<(), KafkaError> {
    let goes =
        |t: &&TopicDiff| policy.recreate.contains(&t.desired.id) || t.desired.lifecycle.state == Presence::Absent;
    let lost: Vec<String> = changes.topics.iter().filter(goes).map(|t| t.desired.name.clone()).collect();
    let loses = |p: &PipelineDiff| p.desired.topics.iter().any(|t| lost.contains(t));
    let begins: Vec<&PipelineDiff> = changes.pipelines.iter().filter(|p| begins(p, clickhouse) || loses(p)).collect();
    if begins.is_empty() && lost.is_empty() {
        return Ok(());
    }
    let known = reader.cluster().await?.topics;
    let mut counts = BTreeMap::new();
    for topic in begins.iter().flat_map(|p| &p.desired.topics).chain(&lost) {
        if let Some(partitions) = known.get(topic) {
            counts.insert(topic.clone(), u32::try_from(partitions.len()).unwrap_or(u32::MAX));
        }
    }
    for (topic, marks) in reader.watermarks(&counts).await? {
        match marks {
            Ok(marks) => {
                let signed = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
                kafka.ends.insert(topic, marks.iter().map(|m| (signed(m.low), signed(m.high))).collect());
            }
            Err(error) => drop(kafka.topics.insert(topic, TopicFact::Unknown(error.to_string()))),
        }
    }
    for pipeline in begins {
        let desired = &pipeline.desired;
        let of: BTreeMap<String, u32> =
            counts.iter().filter(|(t, _)| desired.topics.contains(t)).map(|(t, n)| (t.clone(), *n)).collect();
        let own = reader.committed_after(&desired.group, &of).await?;
        kafka.groups.insert(desired.group.clone(), own.positions);
        let mut groups = pipeline.reading_groups(clickhouse);
        groups.extend(own.follows.clone());
        kafka.follows.extend(own.follows.map(|before| (desired.group.clone(), before)));
        groups.remove(&desired.group);
        for group in groups {
            let committed = reader.committed(&group, &of).await?;
            kafka.groups.insert(group, committed);
        }
        let starts = match desired.start_from {
            Some(StartFrom::At(time)) => {
                let found = reader.offsets_at(time, &of).await?;
                let places = found.into_iter().filter_map(|(topic, offsets)| Some((topic, offsets.ok()?)));
                places.flat_map(|(topic, offsets)| numbered(&topic, offsets.into_iter())).collect()
            }
            Some(StartFrom::Latest) => {
                let ends = kafka.ends.iter().filter(|(topic, _)| desired.topics.contains(topic));
                let high = |(low, high): &(i64, i64)| u64::try_from((*high).max(*low)).unwrap_or(0);
                ends.flat_map(|(topic, marks)| numbered(topic, marks.iter().map(high))).collect()
            }
            Some(StartFrom::Earliest | StartFrom::Keep) | None => BTreeMap::new(),
        };
        kafka.starts.insert(desired.group.clone(), starts);
    }
    Ok(())
}

fn numbered(topic: &str, offsets: impl Iterator<Item = u64>) -> Vec<((String, u32), i64)> {
    let place = |(partition, offset)| {
        let partition = u32::try_from(partition).unwrap_or(u32::MAX);
        ((topic.to_owned(), partition), i64::try_from(offset).unwrap_or(i64::MAX))
    };
    offsets.enumerate().map(place).collect()
}

/// Whether a group of the pipeline reads its first message with this plan, or another group than before.
fn begins(pipeline: &PipelineDiff, live: &LiveClickHouse) -> bool {
    let source = pipeline.objects.iter().find(|o| o.desired.role == Role::Source);
    let missing = source.is_some_and(|s| s.hosts.values().any(|state| matches!(state, HostState::Missing)));
    if fills(pipeline) {
        return true;
    }
    let changed = pipeline.reading_groups(live).iter().any(|group| *group != pipeline.desired.group);
    changed || missing && pipeline.desired.start_from.is_some()
}

/// Whether a new target may be filled with what the group has read, or with what came by it.
fn fills(pipeline: &PipelineDiff) -> bool {
    let missing = |b: &DesiredBackfill| {
        let local = pipeline.objects.iter().find(|o| o.desired.definition.name == b.local);
        local.is_some_and(|o| o.hosts.values().any(|state| matches!(state, HostState::Missing)))
    };
    pipeline.desired.backfills.iter().any(missing)
}
