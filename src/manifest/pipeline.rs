//! `kind: KafkaPipeline`: topics, the Kafka-engine table that reads them, and the graph of targets behind it.

use super::target::{ColumnSpec, TargetSpec};
use super::value::{MaybeSecret, word_or_map};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Topic(s) -> Kafka table -> views -> tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KafkaPipelineSpec {
    /// The name this pipeline had before: its objects are renamed or made under their new names, its rows and its
    /// place in the topic are kept. Without an effect once that is done.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// The topic to read.
    #[serde(default)]
    pub topic: Option<TopicRef>,
    /// Several topics to read as one stream.
    #[serde(default)]
    pub topics: Vec<TopicRef>,
    /// The Kafka-engine table.
    #[serde(default)]
    pub source: SourceSpec,
    /// Where the rows go.
    pub targets: Vec<TargetSpec>,
}

/// A topic: a Topic resource of the project by name, or one that sluice does not manage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicRef {
    /// `metadata.name` of a Topic.
    Managed(String),
    /// Name at the brokers.
    External(String),
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ExternalTopic {
    /// Name at the brokers of a topic that sluice does not manage.
    external: String,
}

word_or_map!(
    TopicRef,
    "the name of a Topic, or {external: NAME}",
    |word| Some(TopicRef::Managed(word.to_owned())),
    ExternalTopic => |t| TopicRef::External(t.external)
);

impl JsonSchema for TopicRef {
    fn schema_name() -> Cow<'static, str> {
        "TopicRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let external = generator.subschema_for::<ExternalTopic>();
        json_schema!({"anyOf": [{"type": "string"}, external]})
    }
}

/// The Kafka-engine table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSpec {
    /// `database.table`. Default: `<defaults.kafkaDatabase>.<name>_kafka`.
    #[serde(default)]
    pub table: Option<String>,
    /// Columns on the wire. Default: derived from the columns of the targets that read the source.
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Message format. Default: `JSONEachRow`.
    #[serde(default)]
    pub format: Option<String>,
    /// Schema of formats that need one.
    #[serde(default)]
    pub schema: Option<FormatSchema>,
    /// Schema registry URL, for AvroConfluent.
    #[serde(default)]
    pub registry: Option<MaybeSecret>,
    /// Consumer group. Default: `clickhouse-<name>-consumer`.
    #[serde(default)]
    pub group: Option<String>,
    /// Consumers on each host. Default: 1.
    #[serde(default)]
    pub consumers: Option<u32>,
    /// Where the consumer group begins while it has no offsets: `earliest`, `latest`, `keep` (where the group stood
    /// that this table read with before) or a time (RFC 3339, or milliseconds since 1970). Set before the table
    /// exists. Default: the first message kept.
    #[serde(default)]
    pub start_from: Option<String>,
    /// What happens to messages that cannot be parsed or converted.
    #[serde(default)]
    pub errors: ErrorsSpec,
    /// Any Kafka-engine or format setting.
    #[serde(default)]
    pub settings: BTreeMap<String, MaybeSecret>,
    /// Named collection that holds the connection.
    #[serde(default)]
    pub collection: Option<Collection>,
    /// Cluster whose hosts consume, if not the project's.
    #[serde(default)]
    pub cluster: Option<String>,
}

/// Schema of a format.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FormatSchema {
    /// Schema file in the servers' format schema folder.
    pub file: String,
    /// Message type in it.
    pub message: String,
}

/// A named collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: String,
    /// Keys given beside it, over its own.
    pub overrides: BTreeMap<String, MaybeSecret>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CollectionFields {
    /// Name of the collection.
    name: String,
    /// Keys given beside it, over its own.
    #[serde(default)]
    overrides: BTreeMap<String, MaybeSecret>,
}

word_or_map!(
    Collection,
    "the name of a named collection, or {name, overrides}",
    |word| Some(Collection { name: word.to_owned(), overrides: BTreeMap::new() }),
    CollectionFields => |c| Collection { name: c.name, overrides: c.overrides }
);

impl JsonSchema for Collection {
    fn schema_name() -> Cow<'static, str> {
        "Collection".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fields = generator.subschema_for::<CollectionFields>();
        json_schema!({"anyOf": [{"type": "string"}, fields]})
    }
}

/// What happens to messages that cannot be parsed or converted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorsSpec {
    /// The policy. Default: `stop`.
    #[serde(default)]
    pub mode: ErrorMode,
    /// `skip`: at most so many broken messages in one block. Default: 1000.
    #[serde(default)]
    pub max: Option<u64>,
    /// `stream`: `database.table` of the errors. Default: `<name>_errors` in the database of the first target,
    /// unless `topic` is given.
    #[serde(default)]
    pub table: Option<String>,
    /// `stream`: topic that gets the errors as JSON.
    #[serde(default)]
    pub topic: Option<TopicRef>,
    /// `stream`: TTL of the error table, an expression over its columns. Default: none.
    #[serde(default)]
    pub ttl: Option<String>,
    /// `stream`: what else counts as an error, an expression over the wire columns.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
}

/// The error policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ErrorMode {
    /// The pipeline stops at the message until somebody acts.
    #[default]
    Stop,
    /// Broken messages are thrown away, up to `max` in a block.
    Skip,
    /// Broken messages are kept in a table or a topic, and the pipeline goes on.
    Stream,
}
