//! What hosts mean for one pipeline: those that were not read, those that are new, and those that share its partitions.

use super::{Blocked, Note, Policy};
use crate::diff::{HostState, PipelineDiff};
use crate::model::{Census, LiveKafka, Presence, Role, TopicFact};
use std::collections::BTreeSet;

/// Hosts that it needs and nobody may do without.
pub(super) fn unread(diff: &PipelineDiff, census: &Census, policy: &Policy) -> Vec<Blocked> {
    let clusters: BTreeSet<&String> = diff.objects.iter().flat_map(|o| &o.desired.clusters).collect();
    let needed = census.unread.iter().filter(|u| u.clusters.iter().any(|c| clusters.contains(c)));
    let blocks = needed.filter(|u| !policy.leaves_out(&u.name));
    blocks.map(|u| Blocked::HostUnread { host: u.name.clone(), why: u.why.clone() }).collect()
}

/// Hosts that have nothing of it, where others have: they joined, or came back empty.
pub(super) fn new(diff: &PipelineDiff) -> Option<Note> {
    if diff.desired.lifecycle.state == Presence::Absent {
        return None;
    }
    let own = || diff.objects.iter().filter(|o| !o.desired.owned_elsewhere);
    let all: BTreeSet<usize> = own().flat_map(|o| o.hosts.keys().copied()).collect();
    let stands = |host: &usize| own().any(|o| o.hosts.get(host).is_some_and(|s| !matches!(s, HostState::Missing)));
    let (old, new): (Vec<usize>, Vec<usize>) = all.into_iter().partition(stands);
    (!old.is_empty() && !new.is_empty()).then_some(Note::NewOn { hosts: new })
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
