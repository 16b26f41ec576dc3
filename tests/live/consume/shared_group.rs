//! Several instances that come and go by themselves, and a stop in good order.

use super::world::World;
use crate::fixture::shared;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_join_and_leave_share_the_messages() {
    let world = World::new(shared(), 6, "batchSize: 50").await;
    let coming_and_going = async {
        let first = world.follow(None);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let second = world.follow(None);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let third = world.follow(None);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(first.stop().await.success());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(second.stop().await.success());
        third
    };
    let (third, ()) = tokio::join!(coming_and_going, world.numbers(0..60_000, Duration::from_millis(120)));
    world.assert_each_once(60_000).await;
    assert!(third.stop().await.success());
    // Nothing was left for a later run, and nothing comes twice.
    let (status, said) = world.once(&["--format", "json"]).await;
    assert!(status.success() && said.contains("\"messages\": 0"), "{said}");
    world.assert_each_once(60_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_at_the_ends_and_the_table_wins_over_a_group_that_forgot() {
    let world = World::new(shared(), 3, "batchSize: 100").await;
    world.numbers(0..5000, Duration::ZERO).await;
    let (status, said) = world.once(&[]).await;
    assert!(status.success() && said.contains("messages   5,000"), "{said}");
    world.assert_each_once(5000).await;
    let group = world.ask("SELECT any(consumer_group_id) FROM $.t").await;
    let brokers = &shared().kafka_brokers;
    let kafka = sluice::client::kafka::KafkaWriter::connect(&sluice::client::kafka::KafkaSettings::new(brokers));
    kafka.expect("the brokers").delete_group(&group).await.expect("the group is deleted");
    world.numbers(5000..6000, Duration::ZERO).await;
    let (status, said) = world.once(&["--from", "latest"]).await;
    assert!(status.success() && said.contains("messages   1,000"), "{said}");
    world.assert_each_once(6000).await;
}
