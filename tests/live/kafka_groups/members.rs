//! Members that Kafka tables of ClickHouse leave behind, and their removal while messages keep coming.

use super::{group_once, left_behind, topic, writer};
use crate::fixture::project::{ask, by_hand, until};
use crate::fixture::{guarded, shared, unique};
use sluice::client::kafka::{GroupState, KafkaError, KafkaSettings, KafkaWriter, Producer, Record, Removal};
use sluice::model::TableConsumer;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// The session of a dead member lasts 45 s; whoever resumes within this has not waited for its end.
const LONG_BEFORE: Duration = Duration::from_secs(15);

/// Creates a Kafka table and a view from it into `database.rows`.
async fn chain(database: &str, table: &str, topic: &str, group: &str, settings: &str) {
    let kafka = format!(
        "CREATE TABLE {database}.{table} (n UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = '{}', \
         kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_format = 'JSONEachRow', \
         kafka_flush_interval_ms = 500{settings}",
        shared().kafka_brokers
    );
    by_hand(0, &kafka).await;
    view(database, table).await;
}

async fn view(database: &str, table: &str) {
    by_hand(
        0,
        &format!(
            "CREATE MATERIALIZED VIEW {database}.{table}_view TO {database}.rows AS \
             SELECT n, _topic AS topic FROM {database}.{table}"
        ),
    )
    .await;
}

async fn database() -> String {
    let database = unique("members");
    by_hand(0, &format!("CREATE DATABASE {database}")).await;
    by_hand(0, &format!("CREATE TABLE {database}.rows (n UInt64, topic String) ENGINE = MergeTree ORDER BY n")).await;
    database
}

async fn table(database: &str, table: &str, consumers: u32, client_id: Option<&str>) -> TableConsumer {
    TableConsumer {
        host: ask("SELECT FQDN()").await,
        database: database.to_owned(),
        table: table.to_owned(),
        consumers,
        client_id: client_id.map(str::to_owned),
    }
}

/// Writes 0, 1, 2, … until told to stop; says how many.
async fn numbers(topic: String, mut stop: oneshot::Receiver<()>) -> u64 {
    let producer = Producer::connect(&KafkaSettings::new(&shared().kafka_brokers)).unwrap();
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    let mut sent = 0;
    while stop.try_recv() == Err(oneshot::error::TryRecvError::Empty) {
        pace.tick().await;
        let record =
            |n: u64| Record { topic: topic.clone(), key: None, payload: format!("{{\"n\":{n}}}").into_bytes() };
        producer.send((sent..sent + 20).map(record)).await.unwrap();
        sent += 20;
    }
    sent
}

#[tokio::test]
async fn a_chain_made_anew_resumes_once_its_dead_member_is_removed() {
    let (writer, group) = (writer(), unique("left-behind"));
    let reader = writer.reader();
    let (first, second) = (topic(&writer, "orders", 2).await, topic(&writer, "others", 1).await);
    let database = database().await;
    chain(&database, "orders", &first, &group, "").await;
    chain(&database, "others", &second, &group, "").await;
    let (stop, stopped) = oneshot::channel();
    let producing = tokio::spawn(numbers(first.clone(), stopped));
    until(&format!("SELECT count() > 0 FROM {database}.rows"), "1").await;

    let orders = table(&database, "orders", 1, None).await;
    let both = group_once(&reader, &group, |g| g.state == GroupState::Stable && g.members.len() == 2).await;
    let (dead, others): (Vec<_>, Vec<_>) = both.members.into_iter().partition(|m| orders.belongs(&m.client_id));
    assert_eq!((dead.len(), others.len()), (1, 1), "{dead:?} {others:?}");
    let (dead, other) = (&dead[0], &others[0]);
    assert_eq!(dead.partitions, [(first.clone(), 0), (first.clone(), 1)]);
    let consumer_of = |table| {
        format!("SELECT consumer_id FROM system.kafka_consumers WHERE database = '{database}' AND table = '{table}'")
    };
    assert_eq!(ask(&consumer_of("orders")).await, dead.member_id);
    assert_eq!(ask(&consumer_of("others")).await, other.member_id);

    by_hand(0, &format!("DROP TABLE {database}.orders_view SYNC")).await;
    by_hand(0, &format!("DROP TABLE {database}.orders SYNC")).await;
    let rows = ask(&format!("SELECT count() FROM {database}.rows")).await;
    let ids = async || -> Vec<String> {
        reader.group(&group).await.unwrap().members.into_iter().map(|m| m.member_id).collect()
    };
    assert!(ids().await.contains(&dead.member_id), "it does not leave by itself");

    let removal = writer.remove_members(&group, std::slice::from_ref(&dead.member_id)).await.unwrap();
    assert_eq!(removal, Removal::Done { removed: vec![dead.member_id.clone()], gone: Vec::new() });
    assert_eq!(ids().await, std::slice::from_ref(&other.member_id), "the other table's member stays");
    let again = writer.remove_members(&group, std::slice::from_ref(&dead.member_id)).await.unwrap();
    assert_eq!(again, Removal::Done { removed: Vec::new(), gone: vec![dead.member_id.clone()] });

    let began = Instant::now();
    chain(&database, "orders", &first, &group, "").await;
    until(&format!("SELECT count() > {rows} FROM {database}.rows"), "1").await;
    let pause = began.elapsed();
    println!("resumed after {pause:?}");
    assert!(pause < LONG_BEFORE, "resumed after {pause:?}");

    stop.send(()).unwrap();
    let sent = producing.await.unwrap();
    until(&format!("SELECT uniqExact(n) FROM {database}.rows"), &sent.to_string()).await;
    let facts = ask(&format!("SELECT count(), max(n), any(topic) FROM {database}.rows")).await;
    assert_eq!(facts, format!("{sent}\t{}\t{first}", sent - 1), "no number twice");
    by_hand(0, &format!("DROP DATABASE {database}")).await;
}

/// What the server calls its consumers, in every way it does.
#[tokio::test]
async fn consumers_are_known_by_their_names() {
    let (writer, group) = (writer(), unique("names"));
    let topic = topic(&writer, "names", 1).await;
    let database = database().await;
    let named = ", kafka_client_id = '{database}.{table}'";
    chain(&database, "plain", &topic, &group, "").await;
    chain(&database, "two", &topic, &group, ", kafka_num_consumers = 2").await;
    chain(&database, "named", &topic, &group, named).await;
    chain(&database, "own", &topic, &group, ", kafka_client_id = 'mine-{cluster}', kafka_num_consumers = 2").await;
    // Made by CREATE OR REPLACE before they have a view: no consumer has been started that could be left behind.
    for (table, settings) in
        [("replaced", ""), ("replaced_named", named), ("replaced_two", ", kafka_num_consumers = 2")]
    {
        let sql = format!(
            "CREATE OR REPLACE TABLE {database}.{table} (n UInt64) ENGINE = Kafka SETTINGS kafka_broker_list = '{}', \
             kafka_topic_list = '{topic}', kafka_group_name = '{group}', kafka_format = 'JSONEachRow'{settings}",
            shared().kafka_brokers
        );
        by_hand(0, &sql).await;
        view(&database, table).await;
    }
    let cluster = ask("SELECT getMacro('cluster')").await;
    let mine = format!("mine-{cluster}");
    let tables = [
        table(&database, "plain", 1, None).await,
        table(&database, "two", 2, None).await,
        table(&database, "named", 1, Some("{database}.{table}")).await,
        table(&database, "own", 2, Some(&mine)).await,
        table(&database, "replaced", 1, None).await,
        table(&database, "replaced_named", 1, Some("{database}.{table}")).await,
        table(&database, "replaced_two", 2, None).await,
    ];
    let expected: BTreeMap<&str, u32> = tables.iter().map(|t| (t.table.as_str(), t.consumers)).collect();
    let count: u32 = expected.values().sum();
    let group = group_once(&writer.reader(), &group, |g| g.members.len() == count as usize).await;
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for member in &group.members {
        let owners: Vec<&TableConsumer> = tables.iter().filter(|t| t.belongs(&member.client_id)).collect();
        assert_eq!(owners.len(), 1, "{} belongs to {owners:?}", member.client_id);
        *found.entry(owners[0].table.as_str()).or_default() += 1;
        assert!(seen.insert(&member.client_id), "{} twice", member.client_id);
        assert!(member.member_id.starts_with(&format!("{}-", member.client_id)), "{member:?}");
    }
    assert_eq!(found, expected);
    by_hand(0, &format!("DROP DATABASE {database}")).await;
}

/// On a broker that wants a SASL login.
#[tokio::test]
async fn members_are_removed_with_a_login() {
    let login = guarded::login(guarded::brokers(), "admin", "adminsecret");
    let (writer, group) = (KafkaWriter::connect(&login).unwrap(), unique("login"));
    let (reader, topic) = (writer.reader(), topic(&writer, "login", 1).await);
    let member = left_behind(&login, &reader, &group, &topic).await;

    let wrong = KafkaWriter::connect(&guarded::login(guarded::brokers(), "admin", "wrongsecret")).unwrap();
    let error = wrong.remove_members(&group, std::slice::from_ref(&member)).await.unwrap_err();
    assert!(matches!(&error, KafkaError::Login { reason, .. } if reason.contains("Invalid username")), "{error}");
    assert!(!format!("{error} {error:?}").contains("wrongsecret"));

    let removal = writer.remove_members(&group, &[member.clone(), "nobody".to_owned()]).await.unwrap();
    assert_eq!(removal, Removal::Done { removed: vec![member], gone: vec!["nobody".to_owned()] });
    assert_eq!(reader.group(&group).await.unwrap().members, []);
    let absent = writer.remove_members(&unique("absent"), &["nobody".to_owned()]).await.unwrap();
    assert_eq!(absent, Removal::Done { removed: Vec::new(), gone: vec!["nobody".to_owned()] });
}
