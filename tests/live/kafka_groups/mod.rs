//! Consumer groups against real brokers: what the client reads of them and changes in them.

mod members;
mod offsets;
mod sealed;

use crate::fixture::{shared, unique};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use sluice::client::kafka::{Group, GroupState, KafkaReader, KafkaSettings, KafkaWriter, NewTopic};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// What any broker does within.
const SOON: Duration = Duration::from_secs(60);

fn settings() -> KafkaSettings {
    KafkaSettings::new(&shared().kafka_brokers)
}

fn writer() -> KafkaWriter {
    KafkaWriter::connect(&settings()).unwrap()
}

/// A topic of its own whose messages are never too old.
async fn topic(writer: &KafkaWriter, stem: &str, partitions: u32) -> String {
    let config = BTreeMap::from([("retention.ms".to_owned(), "-1".to_owned())]);
    let new = NewTopic { name: unique(stem), partitions, replication_factor: 1, config };
    writer.create_retrying(&new, SOON).await.unwrap();
    writer.await_present(&new.name, partitions, SOON).await.unwrap();
    new.name
}

/// Offsets by partition of one topic.
fn at(topic: &str, offsets: &[(u32, i64)]) -> BTreeMap<(String, u32), i64> {
    offsets.iter().map(|(partition, offset)| ((topic.to_owned(), *partition), *offset)).collect()
}

/// Waits until a group is as wanted.
async fn group_once(reader: &KafkaReader, name: &str, wanted: impl Fn(&Group) -> bool) -> Group {
    let begin = Instant::now();
    loop {
        // A broker that has just started may need longer for its first group than one request takes.
        let last = match reader.group(name).await {
            Ok(group) if wanted(&group) => return group,
            last => last,
        };
        assert!(begin.elapsed() < SOON, "{name} is {last:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A consumer that stays in its group when it is dropped, as ClickHouse's do: it has a name in the group, and such
/// consumers do not say goodbye.
fn consumer(settings: &KafkaSettings, group: &str, topic: &str) -> StreamConsumer {
    use secrecy::ExposeSecret as _;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.bootstrap_servers).set("group.id", group).set("client.id", "reader");
    config.set("group.instance.id", "one").set("auto.offset.reset", "earliest");
    for (key, value) in &settings.properties {
        config.set(key, value.expose_secret());
    }
    let consumer: StreamConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    consumer
}

/// The id of the member that such a consumer became; the consumer is gone by then.
async fn left_behind(settings: &KafkaSettings, reader: &KafkaReader, group: &str, topic: &str) -> String {
    let consumer = consumer(settings, group, topic);
    let joined = group_once(reader, group, |g| g.state == GroupState::Stable && g.members.len() == 1);
    let found = tokio::select! {
        found = joined => found,
        message = consumer.recv() => panic!("a message in an empty topic: {message:?}"),
    };
    drop(consumer);
    let still = reader.group(group).await.unwrap();
    assert_eq!((still.state, &still.members), (GroupState::Stable, &found.members), "it should have stayed");
    found.members[0].member_id.clone()
}
