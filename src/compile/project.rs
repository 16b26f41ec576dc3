//! The project: connections and what its resources inherit.

use crate::manifest::{
    DdlMode, Document, Finding, Loaded, MaybeSecret, ProjectSpec, ProjectState, SecretSource, TopicSpec,
};
use crate::model::{ClickHouseConnection, KafkaConnection, SecretRef, StateTopic, Topology, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What every resource of the project is compiled with.
pub(super) struct Project<'a> {
    pub name: String,
    pub topology: Topology,
    pub kafka: KafkaConnection,
    pub clickhouse: ClickHouseConnection,
    /// How the ClickHouse servers reach Kafka.
    pub kafka_brokers: String,
    pub kafka_database: String,
    /// Type by column name.
    pub conversions: BTreeMap<String, String>,
    pub engine: String,
    /// Where the project remembers; none where it does not.
    pub state: Option<StateTopic>,
    /// All that was read, and what could not be.
    pub loaded: &'a Loaded,
    /// Topics by `metadata.name`.
    pub topics: BTreeMap<&'a str, &'a Document<TopicSpec>>,
}

pub(super) fn compile<'a>(
    document: &'a Document<ProjectSpec>,
    loaded: &'a Loaded,
    findings: &mut Vec<Finding>,
) -> Option<Project<'a>> {
    let spec = &document.spec;
    let mut required = |value: &Option<String>, path: &str, what: &str| {
        // A project with faults in its form may well name it.
        if value.as_deref().is_none_or(str::is_empty) && !document.flawed {
            let finding =
                Finding::error("project/missing-connection", format!("{what} is not given"), document.spans.at(path));
            findings.push(finding.help(format!("set `{path}` in the project file or in the environment")));
        }
        value.clone()
    };
    let bootstrap_servers =
        required(&spec.kafka.bootstrap_servers, "spec.kafka.bootstrapServers", "the address of Kafka");
    let url = required(&spec.clickhouse.url, "spec.clickhouse.url", "the address of ClickHouse");
    let topology = topology(document, findings);
    let password = spec.clickhouse.password.as_ref().and_then(|p| password(p, document, findings));
    let directory = &document.directory;
    let properties = spec.kafka.properties.iter().map(|(k, v)| (k.clone(), value(v, directory))).collect();
    let (bootstrap_servers, url) = (bootstrap_servers?, url?);
    Some(Project {
        name: document.metadata.name.clone(),
        topology,
        kafka_brokers: spec.clickhouse.kafka_brokers.clone().unwrap_or_else(|| bootstrap_servers.clone()),
        kafka: KafkaConnection { bootstrap_servers, cluster_id: spec.kafka.cluster_id.clone(), properties },
        clickhouse: ClickHouseConnection {
            url,
            user: spec.clickhouse.user.clone().unwrap_or_else(|| "default".into()),
            password,
            ca_certificate: spec.clickhouse.ca_certificate.as_ref().map(|p| beside(directory, p)),
            hosts: spec.clickhouse.hosts.0.clone(),
        },
        kafka_database: spec.defaults.kafka_database.clone().unwrap_or_else(|| "kafka".into()),
        conversions: conversions(document, findings),
        engine: spec.defaults.engine.clone().unwrap_or_else(|| "MergeTree".into()),
        state: state(document),
        loaded,
        topics: loaded.topics.iter().map(|t| (t.metadata.name.as_str(), t)).collect(),
    })
}

fn state(document: &Document<ProjectSpec>) -> Option<StateTopic> {
    let (name, replication_factor) = match &document.spec.state {
        Some(ProjectState::None) => return None,
        Some(ProjectState::Topic(topic)) => (topic.topic.clone(), topic.replication_factor),
        None => (None, None),
    };
    let name = name.unwrap_or_else(|| StateTopic::default_name(&document.metadata.name));
    Some(StateTopic { name, replication_factor: replication_factor.unwrap_or(1) })
}

fn topology(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) -> Topology {
    let spec = &document.spec.clickhouse;
    match (&spec.cluster, spec.ddl) {
        (None, None) => Topology::Single,
        (None, Some(_)) => {
            let message = "`ddl` says how statements reach the hosts of a cluster, but no cluster is named";
            let finding =
                Finding::warning("project/ddl-without-cluster", message, document.spans.at("spec.clickhouse.ddl"));
            findings.push(finding.help("name `spec.clickhouse.cluster`, or leave `ddl` out for a single server"));
            Topology::Single
        }
        (Some(cluster), Some(DdlMode::PerHost)) => Topology::PerHost { cluster: cluster.clone() },
        (Some(cluster), Some(DdlMode::OnCluster) | None) => Topology::OnCluster { cluster: cluster.clone() },
    }
}

fn password(written: &MaybeSecret, document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) -> Option<Value> {
    match written {
        MaybeSecret::Secret(source) => Some(Value::Secret(secret(source, &document.directory))),
        MaybeSecret::Plain(scalar) if scalar.text.is_empty() => None,
        MaybeSecret::Plain(_) => {
            let place = document.spans.at("spec.clickhouse.password");
            let finding = Finding::error("project/plain-password", "a password does not belong into a manifest", place);
            findings.push(finding.secret().help("use {fromEnv: CLICKHOUSE_PASSWORD} or {fromFile: PATH}"));
            None
        }
    }
}

fn conversions(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) -> BTreeMap<String, String> {
    let mut by_name = BTreeMap::new();
    for (data_type, names) in &document.spec.defaults.conversions {
        for (i, name) in names.iter().enumerate() {
            if let Some(other) = by_name.insert(name.clone(), data_type.clone()) {
                let place = document.spans.at(&format!("spec.defaults.conversions.{data_type}[{i}]"));
                let message = format!("columns named `{name}` are to become {other} and {data_type}");
                findings.push(Finding::error("project/conversion-twice", message, place));
            }
        }
    }
    by_name
}

/// A value with its secret's path made absolute.
pub(super) fn value(written: &MaybeSecret, directory: &Path) -> Value {
    match written {
        MaybeSecret::Plain(scalar) => Value::Plain(scalar.text.clone()),
        MaybeSecret::Secret(source) => Value::Secret(secret(source, directory)),
    }
}

pub(super) fn secret(source: &SecretSource, directory: &Path) -> SecretRef {
    match source {
        SecretSource::FromEnv(name) => SecretRef::FromEnv(name.clone()),
        SecretSource::FromFile(path) => SecretRef::FromFile(beside(directory, path)),
    }
}

fn beside(directory: &Path, path: &str) -> String {
    directory.join(path).to_string_lossy().into_owned()
}
