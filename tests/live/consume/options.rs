//! Where a run begins, how much it waits for, and how it is asked to stop.

use super::world::World;
use crate::fixture::shared;
use rustix::process::Signal;
use std::time::Duration;

/// Waits for the next full second, which is given as text.
#[expect(clippy::disallowed_methods, reason = "a run is to begin at a time of this test")]
async fn next_second() -> String {
    let now = || jiff::Timestamp::now().as_second();
    let then = now() + 1;
    while now() < then {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    jiff::Timestamp::from_second(then).expect("a time").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_begins_at_a_time_or_at_the_end_where_nothing_was_consumed() {
    let (timed, latest) = (World::new(shared(), 2, "timeout: 1s").await, World::new(shared(), 2, "timeout: 1s").await);
    for world in [&timed, &latest] {
        world.numbers(0..100, Duration::ZERO).await;
    }
    let then = next_second().await;
    timed.numbers(100..250, Duration::ZERO).await;
    let (status, said) = timed.once(&["--from", &then]).await;
    assert!(status.success() && said.contains("messages   150"), "{said}");
    assert_eq!(timed.ask("SELECT count(), min(n), max(n) FROM $.t").await, "150\t100\t249");

    let (status, said) = latest.once(&["--from", "latest"]).await;
    assert!(status.success() && said.contains("messages   0"), "{said}");
    latest.numbers(100..120, Duration::ZERO).await;
    // From now on the group knows where it is, whatever is asked for.
    let (status, said) = latest.once(&["--from", "earliest"]).await;
    assert!(status.success() && said.contains("messages   20"), "{said}");
    assert_eq!(latest.ask("SELECT count(), min(n), max(n) FROM $.t").await, "20\t100\t119");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_messages_are_inserted_without_waiting_for_more() {
    let world = World::new(shared(), 1, "batchSize: 1000\n  timeout: 10m").await;
    let running = world.follow_as(&["--batch-size", "5"]);
    world.numbers(0..5, Duration::ZERO).await;
    world.until("SELECT count() FROM $.t", "5").await;
    world.numbers(5..8, Duration::ZERO).await;
    world.numbers(8..10, Duration::ZERO).await;
    world.until("SELECT count(), uniqExact(batch_id) FROM $.t", "10\t2").await;
    // What waits is not begun: it is left to the next run.
    world.numbers(10..11, Duration::ZERO).await;
    assert!(running.stop().await.success());
    assert_eq!(world.ask("SELECT count() FROM $.t").await, "10");
    let (status, said) = world.once(&[]).await;
    assert!(status.success() && said.contains("messages   1 in"), "{said}");
    world.assert_each_once(11).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_finishes_what_is_in_flight() {
    let world = World::new(shared(), 1, "timeout: 100ms").await;
    world.tell("CREATE MATERIALIZED VIEW $.slow (x UInt8) ENGINE = Null AS SELECT sleep(2) AS x FROM $.t_local").await;
    let in_flight =
        "SELECT count() > 0 FROM clusterAllReplicas('dwh_test', system.processes) WHERE query LIKE 'INSERT INTO $.t %'";
    world.numbers(0..20, Duration::ZERO).await;
    let once = world.start_once(&[]);
    world.until(in_flight, "1").await;
    // It has an end that it did not reach in its own time.
    assert_eq!(once.signal(Signal::INT).await.code(), Some(130));
    world.assert_each_once(20).await;
    let follows = world.follow(None);
    world.numbers(20..40, Duration::ZERO).await;
    world.until(in_flight, "1").await;
    // There is no other way to end it.
    assert_eq!(follows.signal(Signal::INT).await.code(), Some(0));
    world.tell("DROP TABLE $.slow").await;
    let (status, said) = world.once(&[]).await;
    assert!(status.success() && !said.contains("repeated"), "{said}");
    world.assert_each_once(40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_table_fills_the_memory_so_far_and_no_further() {
    const MIB: u64 = 1 << 20;
    let world = World::new(shared(), 1, "timeout: 1s").await;
    world.tell("CREATE MATERIALIZED VIEW $.slow (x UInt8) ENGINE = Null AS SELECT sleep(3) AS x FROM $.t_local").await;
    let padding = "x".repeat(500_000);
    let large = |n: u64| format!("{{\"n\":{n},\"day\":\"2026-01-01\",\"padding\":\"{padding}\"}}").into_bytes();
    let count = 220;
    world.send((0..count).map(large)).await;
    let (status, said) = world.once(&["--format", "json"]).await;
    assert!(status.success(), "{said}");
    let json =
        said.lines().skip_while(|line| *line != "{").take_while(|line| *line != "}").collect::<Vec<_>>().join("\n");
    let json: serde_json::Value = serde_json::from_str(&format!("{json}}}")).expect("figures");
    let held = json["batch_memory_bytes"].as_u64().expect("a number");
    // 64 MiB, and what one look may add: 4 MiB of messages, in a buffer that doubles as it grows.
    assert!((48 * MIB..=88 * MIB).contains(&held), "{} MiB: {said}", held / MIB);
    world.assert_each_once(count).await;
}
