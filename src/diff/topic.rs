//! A topic against what the brokers say.

use crate::model::live::{LiveKafka, LiveTopic, TopicFact};
use crate::model::{ConfigSource, DesiredTopic, UnmanagedConfig};
use serde::{Deserialize, Serialize};

/// One topic's differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDiff {
    /// The topic.
    pub desired: DesiredTopic,
    /// How it stands.
    pub state: TopicState,
    /// Keys that others pinned and that are to be shown, with their values.
    pub unmanaged: Vec<(String, String)>,
}

/// How a topic stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicState {
    /// It does not exist.
    Missing,
    /// It exists with its topic id; what differs.
    Present {
        /// Topic id.
        id: String,
        /// What differs; empty when nothing does.
        changes: Vec<TopicChange>,
    },
    /// It could not be read.
    Unknown(String),
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TopicChange {
    /// Number of partitions.
    Partitions {
        /// Live.
        old: u32,
        /// Desired.
        new: u32,
    },
    /// Replicas, of one partition at least.
    ReplicationFactor {
        /// Live, of each partition by its number.
        old: Vec<usize>,
        /// Desired.
        new: u16,
    },
    /// A key to pin.
    Set {
        /// Key.
        key: String,
        /// Effective value now.
        old: Option<String>,
        /// Whether the old value is pinned on the topic or inherited.
        pinned: bool,
        /// Desired value.
        new: String,
    },
    /// A key to unpin.
    Unset {
        /// Key.
        key: String,
        /// Value pinned now.
        old: Option<String>,
    },
}

/// Set by reassignments and by other tools while they run; pruning them would break those.
const THROTTLES: [&str; 2] = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"];

pub(super) fn diff(desired: &DesiredTopic, live: &LiveKafka) -> TopicDiff {
    let (state, unmanaged) = match live.topics.get(&desired.name) {
        None => (TopicState::Unknown("it was not asked for".into()), Vec::new()),
        Some(TopicFact::Absent) => (TopicState::Missing, Vec::new()),
        Some(TopicFact::Unknown(why)) => (TopicState::Unknown(why.clone()), Vec::new()),
        Some(TopicFact::Present(topic)) => {
            let changes = changes(desired, topic);
            (TopicState::Present { id: topic.id.clone(), changes }, unmanaged(desired, topic))
        }
    };
    TopicDiff { desired: desired.clone(), state, unmanaged }
}

fn changes(desired: &DesiredTopic, live: &LiveTopic) -> Vec<TopicChange> {
    let mut changes = Vec::new();
    let partitions = u32::try_from(live.replicas.len()).unwrap_or(u32::MAX);
    if partitions != desired.partitions {
        changes.push(TopicChange::Partitions { old: partitions, new: desired.partitions });
    }
    let wanted = usize::from(desired.replication_factor);
    if live.replicas.iter().any(|has| *has != wanted) {
        let old = live.replicas.clone();
        changes.push(TopicChange::ReplicationFactor { old, new: desired.replication_factor });
    }
    for (key, new) in &desired.config {
        let entry = live.config.get(key);
        let old = entry.and_then(|e| e.value.clone());
        let pinned = entry.is_some_and(|e| e.source == ConfigSource::Topic);
        // An inherited value that happens to be equal is not pinned: it would change with the broker's.
        if !pinned || !old.as_deref().is_some_and(|old| same_value(old, new)) {
            changes.push(TopicChange::Set { key: key.clone(), old, pinned, new: new.clone() });
        }
    }
    if desired.unmanaged_config == UnmanagedConfig::Remove {
        let foreign = foreign(desired, live).map(|(key, old)| TopicChange::Unset { key, old });
        changes.extend(foreign);
    }
    changes
}

fn unmanaged(desired: &DesiredTopic, live: &LiveTopic) -> Vec<(String, String)> {
    match desired.unmanaged_config {
        UnmanagedConfig::Report => {
            foreign(desired, live).map(|(k, v)| (k, v.unwrap_or_else(|| "(hidden)".into()))).collect()
        }
        UnmanagedConfig::Ignore | UnmanagedConfig::Remove => Vec::new(),
    }
}

/// Keys pinned on the topic that the manifest does not name, throttles left out.
fn foreign<'a>(desired: &'a DesiredTopic, live: &'a LiveTopic) -> impl Iterator<Item = (String, Option<String>)> + 'a {
    let pinned = live.config.iter().filter(|(_, e)| e.source == ConfigSource::Topic && !e.read_only);
    pinned
        .filter(|(key, _)| !desired.config.contains_key(*key) && !THROTTLES.contains(&key.as_str()))
        .map(|(key, entry)| (key.clone(), entry.value.clone()))
}

/// Lists keep their order but not their spaces: `delete, compact` is `delete,compact`.
fn same_value(live: &str, desired: &str) -> bool {
    live == desired || {
        let parts = |t: &str| t.split(',').map(|p| p.trim().to_owned()).collect::<Vec<_>>();
        parts(live) == parts(desired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConfigEntry, Kind, Lifecycle, ResourceId};
    use std::collections::{BTreeMap, BTreeSet};

    fn desired(config: &[(&str, &str)], unmanaged_config: UnmanagedConfig) -> DesiredTopic {
        DesiredTopic {
            id: ResourceId::new(Kind::Topic, "t"),
            name: "t".into(),
            partitions: 3,
            replication_factor: 1,
            config: config.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            unmanaged_config,
            lifecycle: Lifecycle::default(),
        }
    }

    fn live(replicas: &[usize], config: &[(&str, &str, ConfigSource)]) -> LiveKafka {
        let entry = |v: &str, source| ConfigEntry { value: Some(v.into()), source, read_only: false };
        let config = config.iter().map(|(k, v, s)| ((*k).into(), entry(v, *s))).collect();
        let topic = LiveTopic { id: "id".into(), replicas: replicas.to_vec(), config };
        LiveKafka {
            cluster_id: String::new(),
            brokers: 1,
            names: BTreeSet::new(),
            topics: BTreeMap::from([("t".to_owned(), TopicFact::Present(topic))]),
            groups: BTreeMap::new(),
            follows: BTreeMap::new(),
            ends: BTreeMap::new(),
            starts: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    fn changes_of(diff: TopicDiff) -> Vec<TopicChange> {
        match diff.state {
            TopicState::Present { changes, .. } => changes,
            TopicState::Missing | TopicState::Unknown(_) => panic!("the topic is there"),
        }
    }

    #[test]
    fn an_inherited_value_that_is_equal_is_still_to_be_pinned() {
        let wanted = desired(&[("retention.ms", "1")], UnmanagedConfig::Report);
        let pinned = live(&[1, 1, 1], &[("retention.ms", "1", ConfigSource::Topic)]);
        assert_eq!(changes_of(super::diff(&wanted, &pinned)), []);
        let inherited = live(&[1, 1, 1], &[("retention.ms", "1", ConfigSource::Default)]);
        assert!(matches!(
            changes_of(super::diff(&wanted, &inherited)).as_slice(),
            [TopicChange::Set { pinned: false, .. }]
        ));
    }

    #[test]
    fn partitions_and_replicas_are_counted_for_every_partition() {
        let found = changes_of(super::diff(&desired(&[], UnmanagedConfig::Report), &live(&[1, 3], &[])));
        assert_eq!(
            found,
            [TopicChange::Partitions { old: 2, new: 3 }, TopicChange::ReplicationFactor { old: vec![1, 3], new: 1 }]
        );
    }

    #[test]
    fn foreign_keys_are_reported_ignored_or_removed_and_throttles_never() {
        let facts = [
            ("segment.ms", "5", ConfigSource::Topic),
            ("flush.ms", "9", ConfigSource::Broker),
            (THROTTLES[0], "*", ConfigSource::Topic),
        ];
        let of = |mode| super::diff(&desired(&[], mode), &live(&[1, 1, 1], &facts));
        assert_eq!(of(UnmanagedConfig::Report).unmanaged, [("segment.ms".to_owned(), "5".to_owned())]);
        assert_eq!(of(UnmanagedConfig::Ignore).unmanaged, []);
        assert_eq!(
            changes_of(of(UnmanagedConfig::Remove)),
            [TopicChange::Unset { key: "segment.ms".into(), old: Some("5".into()) }]
        );
    }
}
