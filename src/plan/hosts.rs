//! What hosts mean for one pipeline: those that were not read, those that are new, and those that share its partitions.

use super::{Blocked, Note, Policy};
use crate::diff::{HostState, PipelineDiff};
use crate::model::{Census, LiveClickHouse, LiveKafka, Presence, Role, SettingValue, TopicFact};
use std::collections::BTreeSet;

/// Hosts that it needs and nobody may do without.
pub(super) fn unread(diff: &PipelineDiff, census: &Census, policy: &Policy) -> Vec<Blocked> {
    let clusters: BTreeSet<&String> = diff.objects.iter().flat_map(|o| &o.desired.clusters).collect();
    let needed = census.unread.iter().filter(|u| u.clusters.iter().any(|c| clusters.contains(c)));
    let blocks = needed.filter(|u| !policy.leaves_out(&u.name));
    blocks.map(|u| Blocked::HostUnread { host: u.name.clone(), why: u.why.clone() }).collect()
}

/// Says which hosts have nothing of it.
pub(super) fn new(diff: &PipelineDiff) -> Option<Note> {
    let new: Vec<usize> = joined(diff).into_iter().collect();
    (diff.desired.lifecycle.state == Presence::Present && !new.is_empty()).then_some(Note::NewOn { hosts: new })
}

/// Hosts that have nothing of it, where others have: they joined, or came back empty.
pub(super) fn joined(diff: &PipelineDiff) -> BTreeSet<usize> {
    let own = || diff.objects.iter().filter(|o| !o.desired.owned_elsewhere);
    let all: BTreeSet<usize> = own().flat_map(|o| o.hosts.keys().copied()).collect();
    let stands = |host: &usize| own().any(|o| o.hosts.get(host).is_some_and(|s| !matches!(s, HostState::Missing)));
    let (old, new): (BTreeSet<usize>, BTreeSet<usize>) = all.into_iter().partition(stands);
    if old.is_empty() { BTreeSet::new() } else { new }
}

/// Servers on which Kafka tables wait for each other: those that this makes are more than the shared pool has threads for.
pub(super) fn few_broker_threads(diff: &PipelineDiff, live: &LiveClickHouse) -> Option<Note> {
    let source = diff.objects.iter().find(|o| o.desired.role == Role::Source)?;
    let setting = |key: &str| source.desired.definition.settings.get(key).and_then(SettingValue::plain);
    let own = match setting("kafka_thread_per_consumer") {
        Some("1" | "true") => setting("kafka_num_consumers").and_then(|n| n.parse().ok()).unwrap_or(1),
        Some(_) | None => 1,
    };
    let makes = source.hosts.iter().filter(|(_, state)| matches!(state, HostState::Missing)).map(|(host, _)| *host);
    let after = makes.filter_map(|host| {
        let server = live.hosts.get(host)?;
        let tasks = server.broker_tasks.saturating_add(own);
        (server.broker_threads > 0 && tasks > server.broker_threads).then_some((tasks, server.broker_threads, host))
    });
    let after: Vec<(u32, u32, usize)> = after.collect();
    let (tasks, threads, _) = *after.iter().max()?;
    Some(Note::FewBrokerThreads { hosts: after.iter().map(|(_, _, host)| *host).collect(), tasks, threads })
}

/// Consumers of all hosts that find no partition. One on each host cannot be fewer and is not worth a word.
pub(super) fn idle_consumers(diff: &PipelineDiff, kafka: &LiveKafka) -> Option<Note> {
    let source = diff.objects.iter().find(|o| o.desired.role == Role::Source)?;
    let consumers = source.desired.definition.settings.get("kafka_num_consumers")?.plain()?.parse::<u64>().ok()?;
    let partitions = |topic: &String| match kafka.topics.get(topic)? {
        TopicFact::Present(found) => u64::try_from(found.replicas.len()).ok(),
        TopicFact::Absent | TopicFact::Unknown(_) => None,
    };
    let partitions: u64 = diff.desired.topics.iter().map(partitions).sum::<Option<u64>>()?;
    let hosts = source.hosts.len();
    let all = consumers.saturating_mul(u64::try_from(hosts).ok()?);
    (consumers > 1 && partitions > 0 && all > partitions).then_some(Note::IdleConsumers {
        hosts,
        consumers,
        partitions,
    })
}
