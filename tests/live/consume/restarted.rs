//! The servers go away and come back while messages flow.

use super::world::World;
use crate::fixture::private;
use sluice::sandbox::{Clients, Sandbox};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Consumes numbers while something is done to the servers, and expects each of them once.
async fn restarted(nodes: u16, restart: impl FnOnce(&Sandbox, &Clients) + Send + 'static) {
    let sandbox = Arc::new(private(nodes, 1));
    let world = World::new(sandbox.endpoints(), 3, "batchSize: 100").await;
    let running = world.follow(None);
    // It is in the middle of its work.
    world.numbers(0..1000, Duration::ZERO).await;
    world.until("SELECT uniqExact(n) FROM $.t", "1000").await;
    let (servers, over) = (Arc::clone(&sandbox), AtomicBool::new(false));
    let restarting = async {
        let done = tokio::task::spawn_blocking(move || {
            restart(&servers, &Clients::new(None).expect("a runtime for the probe"));
        });
        done.await.expect("the servers are back");
        over.store(true, Ordering::Release);
    };
    let flowing = world.flow(1000, || over.load(Ordering::Acquire));
    let (count, ()) = tokio::join!(flowing, restarting);
    world.assert_each_once(count).await;
    assert!(running.stop().await.success());
    world.assert_each_once(count).await;
    tokio::task::spawn_blocking(move || drop(sandbox)).await.expect("the sandbox ends");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_clickhouse_nodes_cost_no_message() {
    let restart = |servers: &Sandbox, clients: &Clients| {
        for node in [0, 1] {
            servers.kill_node(node).expect("the node is killed");
            std::thread::sleep(Duration::from_millis(500));
            servers.start_node(node, clients).expect("the node starts");
        }
    };
    restarted(2, restart).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_broker_costs_no_message() {
    let restart = |servers: &Sandbox, clients: &Clients| {
        servers.kill_broker(0).expect("the broker is killed");
        servers.start_broker(0, clients).expect("the broker starts");
    };
    restarted(1, restart).await;
}
