//! The engines of a sandbox: their names, folders, ports, and who belongs to which cluster.

use serde::{Deserialize, Serialize};

use super::ports::Picker;
use super::{Options, SandboxError};

/// Cluster of all the nodes, one shard each.
pub(super) const CLUSTER: &str = "dwh_test";
const MOST_NODES: u16 = 16;

/// One engine: a process of its own in a folder of its own, both called by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Engine {
    /// Counted from 1 within its kind.
    pub(super) number: u16,
    /// What it is and where it listens.
    pub(super) kind: Kind,
}

/// What an engine is, with the ports it listens on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Kind {
    /// A ClickHouse server.
    ClickHouse {
        /// For clients.
        http: u16,
        /// For the other nodes.
        tcp: u16,
    },
    /// A Kafka broker that is a controller too.
    Kafka {
        /// For clients and the other brokers.
        client: u16,
        /// For the quorum.
        controller: u16,
    },
}

impl Engine {
    /// Its name, which is also its folder: `node-1`, `broker-1`, …
    pub(super) fn name(&self) -> String {
        match self.kind {
            Kind::ClickHouse { .. } => node_name(self.number),
            Kind::Kafka { .. } => broker_name(self.number),
        }
    }

    /// The port clients use.
    pub(super) fn client_port(&self) -> u16 {
        match self.kind {
            Kind::ClickHouse { http, .. } => http,
            Kind::Kafka { client, .. } => client,
        }
    }

    /// Every port it listens on.
    pub(super) fn ports(&self) -> [u16; 2] {
        match self.kind {
            Kind::ClickHouse { http, tcp } => [http, tcp],
            Kind::Kafka { client, controller } => [client, controller],
        }
    }
}

/// Name of the ClickHouse node with this number.
pub(super) fn node_name(number: u16) -> String {
    format!("node-{number}")
}

/// Name of the broker with this number.
pub(super) fn broker_name(number: u16) -> String {
    format!("broker-{number}")
}

/// Fails for numbers of engines that cannot be started.
pub(super) fn check(options: &Options) -> Result<(), SandboxError> {
    let (nodes, brokers) = (options.nodes, options.brokers);
    if (1..=MOST_NODES).contains(&nodes) && (brokers == 1 || brokers == 3) {
        return Ok(());
    }
    Err(SandboxError::BadShape { nodes, brokers })
}

/// The engines that were asked for, on ports that are free now. Nodes first, then brokers.
pub(super) fn lay_out(options: &Options) -> Result<Vec<Engine>, SandboxError> {
    let mut picker = Picker::new();
    let (nodes, brokers) = (options.nodes, options.brokers);
    // Given ports first: a free one must not take their place.
    let given_http = options.ports.http.map(|first| picker.given(first, nodes, "--http-port")).transpose()?;
    let given_client = options.ports.kafka.map(|first| picker.given(first, brokers, "--kafka-port")).transpose()?;
    let https = given_http.map_or_else(|| picker.several(nodes), Ok)?;
    let clients = given_client.map_or_else(|| picker.several(brokers), Ok)?;
    let mut engines = Vec::new();
    for (number, http) in (1..).zip(https) {
        engines.push(Engine { number, kind: Kind::ClickHouse { http, tcp: picker.free()? } });
    }
    for (number, client) in (1..).zip(clients) {
        engines.push(Engine { number, kind: Kind::Kafka { client, controller: picker.free()? } });
    }
    Ok(engines)
}

/// Clusters by name, each with the TCP ports of its shards: all nodes; the first half (`ingest`); the
/// second half, with the middle one (`storage`). One node alone is in each.
pub(super) fn clusters(engines: &[Engine]) -> [(&'static str, Vec<u16>); 3] {
    let mut tcp = Vec::new();
    for engine in engines {
        match engine.kind {
            Kind::ClickHouse { tcp: port, .. } => tcp.push(port),
            Kind::Kafka { .. } => {}
        }
    }
    let half = tcp.len() / 2;
    let ingest = tcp[..half.max(1).min(tcp.len())].to_vec();
    let storage = tcp[half..].to_vec();
    [(CLUSTER, tcp), ("ingest", ingest), ("storage", storage)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Ports;

    #[test]
    fn clusters_split_the_nodes_in_halves() {
        let nodes = |count: u16| -> Vec<Engine> {
            let node = |number| Engine { number, kind: Kind::ClickHouse { http: number, tcp: 100 + number } };
            let broker = Engine { number: 1, kind: Kind::Kafka { client: 9, controller: 10 } };
            (1..=count).map(node).chain([broker]).collect()
        };
        let all = |count| clusters(&nodes(count)).map(|(_, ports)| ports);
        assert_eq!(all(1), [vec![101], vec![101], vec![101]]);
        assert_eq!(all(2), [vec![101, 102], vec![101], vec![102]]);
        assert_eq!(all(3), [vec![101, 102, 103], vec![101], vec![102, 103]]);
        assert_eq!(all(4), [vec![101, 102, 103, 104], vec![101, 102], vec![103, 104]]);
    }

    #[test]
    fn given_ports_count_up_and_the_rest_is_free() {
        let first = Picker::new().free().unwrap();
        let options = Options { nodes: 2, ports: Ports { http: Some(first), kafka: None }, ..Options::new("d", "c") };
        let engines = lay_out(&options).unwrap();
        let ports: Vec<u16> = engines.iter().map(Engine::client_port).collect();
        assert_eq!(ports[..2], [first, first + 1]);
        let names: Vec<String> = engines.iter().map(Engine::name).collect();
        assert_eq!(names, ["node-1", "node-2", "broker-1"]);
    }

    #[test]
    fn impossible_numbers_are_refused() {
        for (nodes, brokers) in [(0, 1), (17, 1), (1, 0), (1, 2), (1, 4)] {
            let options = Options { nodes, brokers, ..Options::new("d", "c") };
            assert!(matches!(check(&options), Err(SandboxError::BadShape { .. })), "{nodes} {brokers}");
        }
        check(&Options { nodes: 16, brokers: 3, ..Options::new("d", "c") }).unwrap();
    }
}
