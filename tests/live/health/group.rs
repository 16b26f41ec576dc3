//! The group of a chain: read by somebody else, and ends that no message has.

use super::*;
use crate::fixture::project::{produce, until};
use crate::fixture::shared;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

#[tokio::test]
async fn a_group_that_another_consumer_reads_with() {
    let (project, name) = applied("stolen", 1, "").await;
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &shared().kafka_brokers)
        .set("group.id", format!("clickhouse-{name}-consumer"))
        // Members are given their partitions in the order of their ids: this one comes first.
        .set("client.id", "A-thief");
    let report = stolen(&project, &name, &config).await;
    let reason = [&format!("clickhouse-{name}-consumer"), "A-thief at 127.0.0.1", &format!("{name}[0]")];
    says(&report, "stolen", &reason, "stop the other consumer");
    produce(&name, [row(1)]).await;
    once(&project, Verdict::Healthy, "arrived").await;
    project.clean().await;
}

#[tokio::test]
async fn marks_of_transactions_are_no_lag() {
    let (project, name) = applied("marks", 1, "").await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &shared().kafka_brokers).set("transactional.id", &name);
    let (topic, rows) = (name.clone(), [row(1), row(2)]);
    let sent = tokio::task::spawn_blocking(move || {
        let producer: BaseProducer = config.create().unwrap();
        let time = Duration::from_secs(30);
        producer.init_transactions(time).unwrap();
        producer.begin_transaction().unwrap();
        for row in &rows {
            producer.send(BaseRecord::<(), _>::to(&topic).payload(row)).map_err(|(e, _)| e).unwrap();
        }
        producer.commit_transaction(time).unwrap();
    });
    sent.await.unwrap();
    until(&format!("SELECT count() FROM {name}.rows"), "2").await;
    // Two messages and a mark: three offsets, of which the group passes two.
    let report = once(&project, Verdict::Healthy, "gaps").await;
    says(&report, "gaps", &["1 offset without messages"], "");
    assert_eq!(lag(&report), Some(0));
    project.clean().await;
}
