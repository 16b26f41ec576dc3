//! `kind: Topic`.

use super::value::Scalar;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicSpec {
    /// Name at the brokers. Default: `metadata.name`.
    #[serde(default)]
    pub topic_name: Option<String>,
    /// Number of partitions. Can grow, never shrink.
    pub partitions: u32,
    /// Replicas of each partition.
    pub replication_factor: u16,
    /// Config keys to pin on the topic, e.g. `retention.ms`.
    #[serde(default)]
    pub config: BTreeMap<String, Scalar>,
    /// What each field of a message means. Documentation only.
    #[serde(default)]
    pub schema_description: BTreeMap<String, String>,
    /// What to do with keys pinned on the topic that `config` does not name. Default: `report`.
    #[serde(default)]
    pub unmanaged_config: UnmanagedSpec,
}

/// What to do with config keys that others pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum UnmanagedSpec {
    /// Show them in the plan, leave them.
    #[default]
    Report,
    /// Leave them, say nothing.
    Ignore,
    /// Unpin them. Throttle keys are never touched.
    Remove,
}
