//! Killed a hundred times at random while messages flow.

use super::world::{Running, World};
use crate::fixture::shared;
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::time::Duration;
use tokio::time::Instant;

const NUMBERS: u64 = 200_000;
const KILLS: usize = 100;
/// Longest life of a process: joining the group takes about a fifth of it.
const LIFE_MS: u32 = 900;

async fn killed(instances: usize) {
    let world = World::new(shared(), 4, "batchSize: 100").await;
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    eprintln!("{}: seed {seed:?}", world.name);
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let names: Vec<String> = (0..instances).map(|i| format!("i{i}")).collect();
    let mut running: Vec<Running> = names.iter().map(|name| world.follow(Some(name))).collect();
    let begin = Instant::now();
    let killing = async {
        let (mut kills, mut in_between) = (0, 0);
        let mut seen = 0;
        while kills < KILLS {
            // All of them are killed by and by, at times that nobody chose.
            let life = Duration::from_millis(u64::from(random.next_u32() % LIFE_MS));
            tokio::time::sleep(life / u32::try_from(instances).expect("few")).await;
            let which = random.next_u32() as usize % instances;
            running[which].kill();
            running[which] = world.follow(Some(&names[which]));
            kills += 1;
            let there: u64 = world.ask("SELECT count() FROM $.t").await.parse().expect("a number");
            in_between += usize::from(there > seen && there < NUMBERS);
            seen = there;
        }
        in_between
    };
    let pause = Duration::from_millis(200);
    let (in_between, ()) = tokio::join!(killing, world.numbers(0..NUMBERS, pause));
    world.assert_each_once(NUMBERS).await;
    let took = begin.elapsed();
    eprintln!("{instances} instance(s): {KILLS} kills, {in_between} of them with rows since the one before, {took:?}");
    for process in running {
        assert!(process.stop().await.success(), "it does not stop");
    }
    world.assert_each_once(NUMBERS).await;
    assert!(in_between > KILLS / 4, "most kills hit a consumer that was doing nothing: {in_between}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_instance_killed_a_hundred_times_consumes_each_message_once() {
    killed(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_killed_a_hundred_times_consume_each_message_once() {
    killed(2).await;
}
