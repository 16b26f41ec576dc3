//! The servers go away and come back.

use super::world::World;
use crate::fixture::private;
use sluice::sandbox::Clients;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_killed_in_between_cost_no_message() {
    let sandbox = Arc::new(private(2, 1));
    let world = World::new(sandbox.endpoints(), 3, "batchSize: 100").await;
    let running = world.follow(None);
    let numbers = 60_000;
    let servers = Arc::clone(&sandbox);
    let restarting = tokio::task::spawn_blocking(move || {
        let clients = Clients::new(None).expect("a runtime for the probe");
        for node in [0, 1] {
            std::thread::sleep(Duration::from_millis(1500));
            servers.kill_node(node).expect("the node is killed");
            std::thread::sleep(Duration::from_millis(500));
            servers.start_node(node, &clients).expect("the node starts");
        }
        servers.kill_broker(0).expect("the broker is killed");
        servers.start_broker(0, &clients).expect("the broker starts");
    });
    let (restarted, ()) = tokio::join!(restarting, world.numbers(0..numbers, Duration::from_millis(150)));
    restarted.expect("the servers are back");
    world.assert_each_once(numbers).await;
    assert!(running.stop().await.success());
    world.assert_each_once(numbers).await;
    tokio::task::spawn_blocking(move || drop(sandbox)).await.expect("the sandbox ends");
}
