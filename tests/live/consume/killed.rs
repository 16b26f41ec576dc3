//! Killed at random while messages flow.

use super::world::{Running, World};
use crate::fixture::shared;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Messages that flow at least, for each kill.
const NUMBERS: u64 = 2000;
/// Longest life of a process: joining the group takes about a fifth of it.
const LIFE_MS: u32 = 900;
/// Longest life after rows have come.
const MORE_MS: u32 = 300;

/// `SLUICE_KILLS`, or as many as a moment has room for.
#[expect(clippy::disallowed_methods, reason = "whoever has the time asks for more kills")]
fn kills() -> u32 {
    std::env::var("SLUICE_KILLS").map_or(8, |kills| kills.parse().expect("a number of kills"))
}

async fn killed(instances: usize) {
    let kills = kills();
    let world = World::new(shared(), 4, "batchSize: 100").await;
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut up_to = |ms: u32| Duration::from_millis(u64::from(random.next_u32() % ms));
    let names: Vec<String> = (0..instances).map(|i| format!("i{i}")).collect();
    let mut running: Vec<Running> = names.iter().map(|name| world.follow(Some(name))).collect();
    let (begin, over) = (Instant::now(), AtomicBool::new(false));
    let killing = async {
        let (mut seen, mut in_between) = (0, 0);
        for kill in 0..kills {
            // Half of them at a time that nobody chose, half of them a moment after rows have come.
            if kill % 2 == 0 {
                tokio::time::sleep(up_to(LIFE_MS) / u32::try_from(instances).expect("few")).await;
            } else {
                world.more_than(seen).await;
                tokio::time::sleep(up_to(MORE_MS)).await;
            }
            let which = usize::try_from(up_to(1000).as_millis()).expect("few") % instances;
            running[which].kill();
            running[which] = world.follow(Some(&names[which]));
            let there = world.count().await;
            in_between += u32::from(there > seen);
            seen = there;
        }
        over.store(true, Ordering::Release);
        in_between
    };
    let least = u64::from(kills) * NUMBERS;
    let flowing = async {
        world.numbers(0..least, Duration::from_millis(200)).await;
        world.flow(least, || over.load(Ordering::Acquire)).await
    };
    let (in_between, count) = tokio::join!(killing, flowing);
    world.assert_each_once(count).await;
    let took = begin.elapsed();
    eprintln!(
        "{instances} instance(s): {count} messages, {kills} kills, {in_between} of them after new rows, {took:?}"
    );
    for process in running {
        assert!(process.stop().await.success(), "it does not stop");
    }
    world.assert_each_once(count).await;
    assert!(in_between >= kills / 3, "most kills hit a consumer that was doing nothing: {in_between}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_that_is_killed_consumes_each_message_once() {
    killed(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_that_are_killed_consume_each_message_once() {
    killed(2).await;
}
