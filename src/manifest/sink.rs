//! `kind: OutgoingSink`: a Kafka-engine table that writes, a Distributed table over it, and views that feed it.

use super::pipeline::{Collection, FormatSchema, TopicRef};
use super::value::{MaybeSecret, word_or_map};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// INSERT -> topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutgoingSinkSpec {
    /// The name this sink had before: its tables are made under their new names when everything that was queued is
    /// sent. Without an effect once that is done.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// The topic to write.
    pub topic: TopicRef,
    /// `database.table` of the Kafka table: an INSERT into it on any host is published when it returns. Default:
    /// `<defaults.kafkaDatabase>.<name>_outgoing`.
    #[serde(default)]
    pub table: Option<String>,
    /// Columns of a message.
    pub columns: Vec<SinkColumnSpec>,
    /// Message format. Default: `JSONEachRow`.
    #[serde(default)]
    pub format: Option<String>,
    /// Schema of formats that need one.
    #[serde(default)]
    pub schema: Option<FormatSchema>,
    /// Schema registry URL, for AvroConfluent.
    #[serde(default)]
    pub registry: Option<MaybeSecret>,
    /// Consumer group that the Kafka engine wants of every table; nobody reads with it. Default:
    /// `clickhouse-<name>-outgoing`.
    #[serde(default)]
    pub group: Option<String>,
    /// Any Kafka-engine or format setting.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
    /// Named collection that holds the connection.
    #[serde(default)]
    pub collection: Option<Collection>,
    /// The Distributed table over the Kafka tables of all hosts, or `none`. Default: one named `<table>_dist` where there
    /// is a cluster.
    #[serde(default)]
    pub distributed: Option<SinkDistribution>,
    /// Views that publish what is inserted into other tables.
    #[serde(default)]
    pub feeds: Vec<FeedSpec>,
    /// Cluster whose hosts publish, if not the project's.
    #[serde(default)]
    pub cluster: Option<String>,
}

/// A column of an outgoing message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SinkColumnSpec {
    /// Name.
    pub name: String,
    /// ClickHouse type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Column comment.
    #[serde(default)]
    pub comment: Option<String>,
}

/// A view that publishes. It stands on every host and writes into the Kafka table of the same host, not through the
/// Distributed one: nothing is queued on a disk in between, and the INSERT that fires it fails where it cannot publish.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedSpec {
    /// `database.view` of the view.
    pub view: String,
    /// Its SELECT, over tables with their databases. It fires on the first one, where rows are inserted into it: name the
    /// local table, not the Distributed one.
    pub select: String,
}

/// The Distributed table of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkDistribution {
    /// None.
    None,
    /// As described.
    Over(SinkDistributedSpec),
}

/// A Distributed table over Kafka tables.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SinkDistributedSpec {
    /// `database.table`. Default: `<table>_dist`.
    #[serde(default)]
    pub table: Option<String>,
    /// Integer expression that chooses the host that publishes a row. Default: `rand()`.
    #[serde(default)]
    pub sharding_key: Option<String>,
    /// Storage policy of its queue.
    #[serde(default)]
    pub policy: Option<String>,
    /// Settings of the Distributed engine.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
}

word_or_map!(
    SinkDistribution,
    "`none` or {table, shardingKey, policy, settings}",
    |word| (word == "none").then_some(SinkDistribution::None),
    SinkDistributedSpec => SinkDistribution::Over
);

impl JsonSchema for SinkDistribution {
    fn schema_name() -> Cow<'static, str> {
        "SinkDistribution".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let over = generator.subschema_for::<SinkDistributedSpec>();
        json_schema!({"anyOf": [{"const": "none"}, over]})
    }
}
