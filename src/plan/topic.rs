//! What happens to one topic.

use super::build::Draft;
use super::step::KafkaAction;
use super::{Blocked, Change, Hazard, Note, Policy, ResourcePlan, Verb};
use crate::diff::{TopicChange, TopicDiff, TopicState};
use crate::model::live::{LiveKafka, TopicFact};
use crate::model::{Deletion, DesiredTopic, Presence};
use std::collections::{BTreeMap, BTreeSet};

/// The topic's part of the plan, with its steps.
pub(super) fn plan(diff: &TopicDiff, live: &LiveKafka, policy: &Policy) -> (ResourcePlan, Draft) {
    let topic = &diff.desired;
    let mut draft = Draft::default();
    let mut plan = ResourcePlan::keep(topic.id.clone());
    plan.notes = diff.unmanaged.iter().map(|(k, v)| Note::Unmanaged { key: k.clone(), value: v.clone() }).collect();
    match (&diff.state, topic.lifecycle.state) {
        (TopicState::Unknown(why), _) => plan.block(Blocked::TopicUnknown(why.clone())),
        (TopicState::Missing, Presence::Absent) => {}
        (TopicState::Present { id, .. }, Presence::Absent) => {
            delete(topic, id, &mut plan, &mut draft);
            if plan.verb == Verb::Delete {
                lost(topic, live, &mut plan);
            }
        }
        (TopicState::Missing, Presence::Present) => {
            plan.blocked = unfit(topic, live);
            plan.verb = Verb::Create;
            draft.step(&topic.id, create(topic), []);
        }
        (TopicState::Present { id, .. }, Presence::Present) if policy.recreate.contains(&topic.id) => {
            plan.blocked = unfit(topic, live);
            plan.verb = Verb::Recreate;
            let delete = KafkaAction::DeleteTopic { name: topic.name.clone(), id: id.clone() };
            draft.step(&topic.id, delete, [Hazard::RecreatesTopic]);
            lost(topic, live, &mut plan);
            draft.step(&topic.id, create(topic), []);
        }
        (TopicState::Present { changes, .. }, Presence::Present) => change(topic, changes, live, &mut plan, &mut draft),
    }
    if let Some(words) = live.refused.get(&topic.name) {
        plan.block(Blocked::RefusedByBrokers(words.clone()));
    }
    (plan, draft)
}

/// Topics that are deleted and made again.
pub(super) fn recreated(topics: &[TopicDiff], policy: &Policy) -> BTreeSet<String> {
    let again = |d: &&TopicDiff| {
        let wanted = policy.recreate.contains(&d.desired.id) && policy.includes(&d.desired.id);
        let present = matches!(d.state, TopicState::Present { .. }) && d.desired.lifecycle.state == Presence::Present;
        wanted && present
    };
    topics.iter().filter(again).map(|d| d.desired.name.clone()).collect()
}

/// What is lost with the messages of a topic.
fn lost(topic: &DesiredTopic, live: &LiveKafka, plan: &mut ResourcePlan) {
    let Some(ends) = live.ends.get(&topic.name) else { return };
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let messages = ends.iter().map(|(low, high)| count(high - low)).sum();
    let read = |partition: usize, low: i64| {
        let key = (topic.name.clone(), u32::try_from(partition).unwrap_or(u32::MAX));
        let places = live.groups.values().filter_map(|g| g.get(&key)).copied();
        places.min().unwrap_or(low)
    };
    let unread = ends.iter().enumerate().map(|(p, (low, high))| count(high - read(p, *low).clamp(*low, *high))).sum();
    plan.notes.push(Note::MessagesLost { messages, unread });
}

fn create(topic: &DesiredTopic) -> KafkaAction {
    KafkaAction::CreateTopic {
        name: topic.name.clone(),
        partitions: topic.partitions,
        replication_factor: topic.replication_factor,
        config: topic.config.clone(),
    }
}

fn delete(topic: &DesiredTopic, id: &str, plan: &mut ResourcePlan, draft: &mut Draft) {
    match topic.lifecycle.deletion {
        Deletion::Forbid => plan.block(Blocked::DeletionForbidden),
        // Nothing on the brokers says whose a topic is: there is nothing to take off.
        Deletion::Orphan => {}
        Deletion::Allow => {
            plan.verb = Verb::Delete;
            let action = KafkaAction::DeleteTopic { name: topic.name.clone(), id: id.to_owned() };
            draft.step(&topic.id, action, [Hazard::DeletesData]);
        }
    }
}

/// Why the brokers could not carry the topic as declared.
fn unfit(topic: &DesiredTopic, live: &LiveKafka) -> Vec<Blocked> {
    let mut blocked = Vec::new();
    if usize::from(topic.replication_factor) > live.brokers {
        blocked.push(Blocked::TooFewBrokers { brokers: live.brokers, replicas: topic.replication_factor });
    }
    blocked.extend(min_isr(topic, live));
    // Kafka keeps metrics by names in which the two characters are one, and refuses the second topic.
    let folded = topic.name.replace('.', "_");
    let collides = |name: &&String| **name != topic.name && name.replace('.', "_") == folded;
    blocked.extend(live.names.iter().find(collides).cloned().map(Blocked::NameCollision));
    blocked
}

/// `min.insync.replicas` as it will be: from the manifest, else what the topic has or inherits.
fn min_isr(topic: &DesiredTopic, live: &LiveKafka) -> Option<Blocked> {
    const KEY: &str = "min.insync.replicas";
    let inherited = || match live.topics.get(&topic.name) {
        Some(TopicFact::Present(live)) => live.config.get(KEY).and_then(|e| e.value.clone()),
        Some(TopicFact::Absent | TopicFact::Unknown(_)) | None => None,
    };
    let min_isr: u64 = topic.config.get(KEY).cloned().or_else(inherited)?.parse().ok()?;
    let replicas = topic.replication_factor;
    (min_isr > u64::from(replicas)).then_some(Blocked::MinInsyncReplicas { min_isr, replicas })
}

fn change(topic: &DesiredTopic, changes: &[TopicChange], live: &LiveKafka, plan: &mut ResourcePlan, draft: &mut Draft) {
    if changes.is_empty() {
        return;
    }
    plan.verb = Verb::Change;
    plan.blocked.extend(min_isr(topic, live));
    let (mut set, mut unset, mut hazards) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for change in changes {
        let of_change = hazards_of(change);
        match change {
            TopicChange::Partitions { old, new } if new < old => {
                plan.block(Blocked::FewerPartitions { live: *old, desired: *new });
            }
            TopicChange::Partitions { old, new } => {
                let grow = KafkaAction::GrowTopic { name: topic.name.clone(), from: *old, to: *new };
                draft.step(&topic.id, grow, of_change.clone());
            }
            TopicChange::ReplicationFactor { old, new } => {
                plan.block(Blocked::ReplicationFactor { live: old.clone(), desired: *new });
            }
            TopicChange::Set { key, new, .. } => {
                set.insert(key.clone(), new.clone());
                hazards.extend(of_change.clone());
            }
            TopicChange::Unset { key, .. } => {
                unset.insert(key.clone());
            }
        }
        plan.changes.push(Change::Topic { change: change.clone(), hazards: of_change });
    }
    if !set.is_empty() || !unset.is_empty() {
        hazards.dedup();
        draft.step(&topic.id, KafkaAction::AlterTopic { name: topic.name.clone(), set, unset }, hazards);
    }
}

fn hazards_of(change: &TopicChange) -> Vec<Hazard> {
    match change {
        TopicChange::Partitions { old, new } if new > old => vec![Hazard::ChangesKeyMapping],
        TopicChange::Set { key, old: Some(old), new, .. } if shortens(key, old, new) => vec![Hazard::ShortensRetention],
        TopicChange::Partitions { .. }
        | TopicChange::ReplicationFactor { .. }
        | TopicChange::Set { .. }
        | TopicChange::Unset { .. } => Vec::new(),
    }
}

/// Whether messages go earlier: a smaller limit (-1 is none), or deletion where there was only compaction.
fn shortens(key: &str, old: &str, new: &str) -> bool {
    let limit = |text: &str| text.parse::<i64>().ok().map(|n| if n < 0 { i64::MAX } else { n });
    match key {
        "retention.ms" | "retention.bytes" => {
            matches!((limit(old), limit(new)), (Some(old), Some(new)) if new < old)
        }
        "cleanup.policy" => {
            new.contains("delete") && !old.contains("delete") || new.contains("compact") && !old.contains("compact")
        }
        _ => false,
    }
}
