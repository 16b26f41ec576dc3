//! Servers that were restarted have not drifted.

use super::{drift, project, record};
use crate::fixture::private;
use sluice::sandbox::Clients;

const NODES: u16 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_has_drifted_after_a_restart_of_every_server() {
    let sandbox = private(NODES, 1);
    let endpoints = sandbox.endpoints();
    let (kafka, urls) = (&endpoints.kafka_brokers, endpoints.clickhouse_urls.join(","));
    let project = project("restarted")
        .var("KAFKA_BROKERS", kafka)
        .var("CLICKHOUSE_URL", &endpoints.clickhouse_urls[0])
        .var("CLICKHOUSE_URLS", &urls);
    project.apply().await;
    let applied = record(&project.compiled().desired);
    assert_eq!(drift(&project, &applied).await.as_applied(), applied.len());

    // Starting waits for the answer of what it starts, on a runtime of its own.
    let restarted = std::thread::spawn(move || {
        let clients = Clients::new(None).expect("a runtime for the probe");
        (0..NODES).for_each(|node| sandbox.stop_node(node).expect("the node stops"));
        sandbox.stop_broker(0).expect("the broker stops");
        sandbox.start_broker(0, &clients).expect("the broker starts");
        (0..NODES).for_each(|node| sandbox.start_node(node, &clients).expect("the node starts"));
        sandbox
    });
    let _sandbox = tokio::task::spawn_blocking(|| restarted.join().expect("all are restarted")).await.unwrap();
    assert_eq!(drift(&project, &applied).await.as_applied(), applied.len());
    project.assert_converged().await;
}
