//! `kind: Project`: connections, environments, defaults. One per repository.

use super::value::{MaybeSecret, Scalar, StringList, word_or_map};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Connections, environments, defaults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectSpec {
    /// Files and folders with the other manifests, relative to this file.
    pub manifests: Vec<String>,
    /// How sluice reaches Kafka.
    #[serde(default)]
    pub kafka: KafkaSpec,
    /// How sluice reaches ClickHouse.
    #[serde(default)]
    pub clickhouse: ClickHouseSpec,
    /// Where the project remembers what was applied, and who may apply. `none`: nowhere. Default: a topic.
    #[serde(default)]
    pub state: Option<ProjectState>,
    /// What every resource inherits unless it says otherwise.
    #[serde(default)]
    pub defaults: DefaultsSpec,
    /// Variables for `${NAME}`.
    #[serde(default)]
    pub vars: BTreeMap<String, Scalar>,
    /// What differs by environment: merged over the rest with `--env`.
    #[serde(default)]
    pub environments: BTreeMap<String, EnvironmentSpec>,
}

/// One environment: the same fields, all optional.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvironmentSpec {
    /// Merged over `spec.kafka`.
    #[serde(default)]
    pub kafka: KafkaSpec,
    /// Merged over `spec.clickhouse`.
    #[serde(default)]
    pub clickhouse: ClickHouseSpec,
    /// Replaces `spec.state`.
    #[serde(default)]
    pub state: Option<ProjectState>,
    /// Merged over `spec.defaults`.
    #[serde(default)]
    pub defaults: DefaultsSpec,
    /// Merged over `spec.vars`.
    #[serde(default)]
    pub vars: BTreeMap<String, Scalar>,
}

/// How sluice reaches Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KafkaSpec {
    /// `host:port` list. Required.
    #[serde(default)]
    pub bootstrap_servers: Option<String>,
    /// Guard: refuse a cluster with another id.
    #[serde(default)]
    pub cluster_id: Option<String>,
    /// Any librdkafka property.
    #[serde(default)]
    pub properties: BTreeMap<String, MaybeSecret>,
}

/// How sluice reaches ClickHouse.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClickHouseSpec {
    /// HTTP interface of one server. Required.
    #[serde(default)]
    pub url: Option<String>,
    /// User name. Default: `default`.
    #[serde(default)]
    pub user: Option<String>,
    /// Password, by reference only.
    #[serde(default)]
    pub password: Option<MaybeSecret>,
    /// PEM file with the authority that signed the servers' certificates, relative to this file.
    #[serde(default)]
    pub ca_certificate: Option<String>,
    /// Cluster as in `system.clusters`. Left out: a single server, no Distributed tables.
    #[serde(default)]
    pub cluster: Option<String>,
    /// How DDL reaches the hosts of the cluster. Default: `onCluster`.
    #[serde(default)]
    pub ddl: Option<DdlMode>,
    /// HTTP URLs of all hosts. Default: derived from `system.clusters`.
    #[serde(default)]
    pub hosts: StringList,
    /// How the ClickHouse servers reach Kafka. Default: `kafka.bootstrapServers`.
    #[serde(default)]
    pub kafka_brokers: Option<String>,
}

/// How DDL reaches the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DdlMode {
    /// Distributed DDL: `… ON CLUSTER …` sent to one host.
    OnCluster,
    /// Each host gets each statement by itself.
    PerHost,
}

/// Where the project remembers what was applied, and who may apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectState {
    /// Nowhere.
    None,
    /// In a compacted topic.
    Topic(StateTopic),
}

word_or_map!(
    ProjectState,
    "`none` or {topic, replicationFactor}",
    |word| (word == "none").then_some(ProjectState::None),
    StateTopic => ProjectState::Topic
);

impl JsonSchema for ProjectState {
    fn schema_name() -> Cow<'static, str> {
        "ProjectState".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let topic = generator.subschema_for::<StateTopic>();
        json_schema!({"anyOf": [{"const": "none"}, topic]})
    }
}

/// The state topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateTopic {
    /// Name. Default: `_sluice.<project>`.
    #[serde(default)]
    pub topic: Option<String>,
    /// Replicas. Default: 1.
    #[serde(default)]
    pub replication_factor: Option<u16>,
}

/// What every resource inherits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultsSpec {
    /// Database of Kafka-engine tables. Default: `kafka`.
    #[serde(default)]
    pub kafka_database: Option<String>,
    /// Column names by type: a `String` column with such a name becomes `Date` or `DateTime`.
    #[serde(default)]
    pub conversions: BTreeMap<String, Vec<String>>,
    /// Engine of targets that name none. Default: `MergeTree`.
    #[serde(default)]
    pub engine: Option<String>,
}
