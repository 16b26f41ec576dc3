//! How a project reaches its servers, secrets by reference.

use super::secret::SecretRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A plain value, or a reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value.
    Plain(String),
    /// Where it is found.
    Secret(SecretRef),
}

/// The brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaConnection {
    /// `host:port` list.
    pub bootstrap_servers: String,
    /// The only cluster id to work with, if the project names one.
    pub cluster_id: Option<String>,
    /// librdkafka properties.
    pub properties: BTreeMap<String, Value>,
}

/// The ClickHouse servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickHouseConnection {
    /// HTTP interface of one server.
    pub url: String,
    /// User name.
    pub user: String,
    /// Password.
    pub password: Option<Value>,
    /// PEM file of the authority that signed the servers' certificates.
    pub ca_certificate: Option<String>,
    /// HTTP URLs of all hosts; empty: derived from `system.clusters`.
    pub hosts: Vec<String>,
}

/// The topic in which a project remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTopic {
    /// Its name.
    pub name: String,
    /// Replicas of its one partition.
    pub replication_factor: u16,
}

impl StateTopic {
    /// How it is called where the project does not say.
    pub fn default_name(project: &str) -> String {
        format!("_sluice.{project}")
    }
}

/// How DDL reaches the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Topology {
    /// One server, no cluster.
    Single,
    /// A cluster; each host gets each statement by itself.
    PerHost {
        /// Its name in `system.clusters`.
        cluster: String,
    },
    /// A cluster; `… ON CLUSTER …` goes to one host.
    OnCluster {
        /// Its name in `system.clusters`.
        cluster: String,
    },
}

impl Topology {
    /// The cluster, if there is one.
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Topology::Single => None,
            Topology::PerHost { cluster } | Topology::OnCluster { cluster } => Some(cluster),
        }
    }
}
