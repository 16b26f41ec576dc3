//! `kind: ManualConsumer`: topics, and the tables that `sluice consume` fills from them.

use super::pipeline::TopicRef;
use super::target::{ColumnSpec, ConstraintSpec, Distribution, IndexSpec, ProjectionSpec};
use super::value::MaybeSecret;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Topic(s) -> `sluice consume` -> table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManualConsumerSpec {
    /// The name this consumer had before: its tables are renamed with their rows. Without an effect once that is done.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// The topic to read.
    #[serde(default)]
    pub topic: Option<TopicRef>,
    /// Several topics to read as one stream.
    #[serde(default)]
    pub topics: Vec<TopicRef>,
    /// Columns on the wire. Default: derived from the columns of the target.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Message format. Default: `JSONEachRow`.
    #[serde(default)]
    pub format: Option<String>,
    /// Settings of the format, as ClickHouse names them.
    #[serde(default)]
    pub format_settings: BTreeMap<String, MaybeSecret>,
    /// Consumer group. Default: `sluice-<name>`.
    #[serde(default)]
    pub group: Option<String>,
    /// Most messages of one insert. Default: 100.
    #[serde(default)]
    pub batch_size: Option<u32>,
    /// Longest time a message waits for others to be inserted with: `500ms`, `120s`, `2m`, `1h`. Default: `120s`.
    #[serde(default)]
    pub timeout: Option<String>,
    /// What becomes of a message that cannot be parsed or converted. Default: `deadLetter`.
    #[serde(default)]
    pub on_bad_message: OnBadMessageSpec,
    /// Where bad messages are kept.
    #[serde(default)]
    pub dead_letters: Option<DeadLettersSpec>,
    /// The table that is filled.
    pub target: ConsumerTargetSpec,
}

/// What becomes of a message that cannot be parsed or converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnBadMessageSpec {
    /// It is kept in the table of dead letters, and the consumer goes on.
    #[default]
    DeadLetter,
    /// It is counted and passed over.
    Skip,
    /// The consumer stops before it.
    Stop,
}

/// Where bad messages are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadLettersSpec {
    /// `database.table`. Several consumers may share one. Default: `<target.table>_dead_letters`.
    #[serde(default)]
    pub table: Option<String>,
    /// TTL, an expression over its columns. Default: none.
    #[serde(default)]
    pub ttl: Option<String>,
}

/// The table that a consumer fills. To the declared columns `batch_id`, `kafka_partition`, `kafka_offset`,
/// `processing_time` and `consumer_group_id` are added.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumerTargetSpec {
    /// `database.table`: on a cluster the Distributed table, on a single server the table itself.
    pub table: String,
    /// The name the table had before, as `database.table`: it is renamed with its rows. Without an effect once that is
    /// done.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// Columns of the table.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Which rows, an expression over the columns on the wire.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// Engine of the local table with its arguments. Default: that of the project, or `MergeTree`.
    #[serde(default)]
    pub engine: Option<String>,
    /// Partition key.
    #[serde(default)]
    pub partition_by: Option<String>,
    /// Sorting key.
    #[serde(default)]
    pub order_by: Option<String>,
    /// Primary key, where it is shorter than the sorting key.
    #[serde(default)]
    pub primary_key: Option<String>,
    /// Sampling key.
    #[serde(default)]
    pub sample_by: Option<String>,
    /// Table TTL.
    #[serde(default)]
    pub ttl: Option<String>,
    /// Settings of the local table. `non_replicated_deduplication_window` is 10000 where nothing else is written.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
    /// Data skipping indexes.
    #[serde(default)]
    pub indexes: Vec<IndexSpec>,
    /// Projections.
    #[serde(default)]
    pub projections: Vec<ProjectionSpec>,
    /// Constraints.
    #[serde(default)]
    pub constraints: Vec<ConstraintSpec>,
    /// The Distributed table, or `none`.
    #[serde(default)]
    pub distributed: Option<Distribution>,
    /// Name of the local table.
    #[serde(default)]
    pub names: ConsumerNamesSpec,
    /// Cluster whose hosts keep the rows, if not the project's.
    #[serde(default)]
    pub cluster: Option<String>,
}

/// Names of the objects of a consumer's target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsumerNamesSpec {
    /// `database.table` of the local table. Default: `<table>_local`.
    #[serde(default)]
    pub local: Option<String>,
}
