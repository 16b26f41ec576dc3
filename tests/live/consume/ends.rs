//! Where a run ends that has an end, and members that come and go while others stop.

use super::world::{World, number};
use crate::fixture::shared;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Sends numbers in a transaction, whose mark is the last offset of each partition they went to.
fn in_a_transaction(topic: &str, numbers: std::ops::Range<u64>) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &shared().kafka_brokers).set("transactional.id", topic);
    let producer: BaseProducer = config.create().expect("a producer");
    let time = Duration::from_secs(60);
    producer.init_transactions(time).expect("transactions");
    producer.begin_transaction().expect("a transaction");
    for n in numbers {
        let (key, payload) = (n.to_string(), number(n));
        producer.send(BaseRecord::to(topic).key(&key).payload(&payload)).map_err(|(e, _)| e).expect("it is taken");
    }
    producer.commit_transaction(time).expect("a commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_behind_the_last_message_whatever_stands_there() {
    let world = World::of_two_topics(shared(), 2, "timeout: 100ms").await;
    world.numbers(0..100, Duration::ZERO).await;
    let other = format!("{}_other", world.name);
    tokio::task::spawn_blocking(move || in_a_transaction(&other, 100..200)).await.expect("they are sent");
    // Each of them sees partitions that the other one reads to their ends.
    let both = async { tokio::join!(world.once(&[]), world.once(&[])) };
    let (one, two) = tokio::time::timeout(Duration::from_secs(90), both).await.expect("both come to an end");
    assert!(one.0.success() && two.0.success(), "{}{}", one.1, two.1);
    world.assert_each_once(200).await;
    let again = tokio::time::timeout(Duration::from_secs(60), world.once(&[])).await.expect("it comes to an end");
    assert!(again.0.success() && again.1.contains("messages   0"), "{}", again.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_while_the_group_is_divided_anew_is_no_failure() {
    let world = World::new(shared(), 4, "batchSize: 50").await;
    let over = AtomicBool::new(false);
    let coming_and_going = async {
        let mut running = world.follow(None);
        for round in 0..6u64 {
            world.more_than(world.count().await).await;
            let next = world.follow(None);
            // The newcomer joins within these.
            tokio::time::sleep(Duration::from_millis(round * 80)).await;
            let status = running.stop().await;
            assert!(status.success(), "round {round}: {status}");
            running = next;
        }
        over.store(true, Ordering::Release);
        running
    };
    let (last, count) = tokio::join!(coming_and_going, world.flow(0, || over.load(Ordering::Acquire)));
    world.assert_each_once(count).await;
    assert!(last.stop().await.success());
}
