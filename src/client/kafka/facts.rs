//! What goes in and comes out of the client.

use super::error::TopicError;
use std::collections::BTreeMap;

/// One answer for each topic asked for, by name.
pub type PerTopic<T> = BTreeMap<String, Result<T, TopicError>>;

/// The cluster as one metadata request tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Cluster id; empty when the brokers tell none.
    pub id: String,
    /// Brokers alive: `host:port` by node id.
    pub brokers: BTreeMap<i32, String>,
    /// Every topic the principal may describe, internal ones included: replicas of each partition, by partition
    /// number. While a reassignment runs, the replicas being added count. A topic that is not in here may still
    /// exist: `describe_topics` tells absent from forbidden.
    pub topics: BTreeMap<String, Vec<usize>>,
}

/// A topic as a request by name tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDescription {
    /// Topic id (KIP-516) in URL-safe base64, as Kafka's own tools print it; empty from brokers without ids.
    pub id: String,
    /// Replicas of each partition, by partition number.
    pub replicas: Vec<usize>,
    /// Partitions that have no leader at the moment.
    pub leaderless: Vec<u32>,
    /// Kafka's own, such as `__consumer_offsets`.
    pub internal: bool,
}

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Name.
    pub name: String,
    /// Number of partitions.
    pub partitions: u32,
    /// Replicas of each partition.
    pub replication_factor: u16,
    /// Config keys to pin.
    pub config: BTreeMap<String, String>,
}

/// Where the messages of a partition begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// Offset of the oldest message kept.
    pub low: u64,
    /// Offset the next message will get.
    pub high: u64,
}

impl Watermark {
    /// Offsets between both. More than the messages kept, where compaction or transactions left gaps.
    pub fn span(self) -> u64 {
        self.high.saturating_sub(self.low)
    }
}
