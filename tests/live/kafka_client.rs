//! The Kafka client against a real broker.

#![cfg(test)]

use sluice::client::kafka::{
    Absence, KafkaError, KafkaReader, KafkaSettings, KafkaWriter, NewTopic, Producer, Record, Request, TopicError,
    Watermark,
};
use sluice::model::ConfigSource;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(20);

fn bootstrap() -> String {
    crate::fixture::shared().kafka_brokers.clone()
}

fn settings() -> KafkaSettings {
    KafkaSettings::new(bootstrap())
}

fn writer() -> KafkaWriter {
    KafkaWriter::connect(&settings()).unwrap()
}

/// A name no other test and no earlier run has.
fn unique(stem: &str) -> String {
    format!("kafka-client.{stem}.{}", uuid::Uuid::new_v4().simple())
}

fn topic(name: &str, partitions: u32) -> NewTopic {
    NewTopic { name: name.to_owned(), partitions, replication_factor: 1, config: BTreeMap::new() }
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

/// The keys pinned on a topic.
async fn pinned(reader: &KafkaReader, topic: &str) -> BTreeMap<String, String> {
    let mut answers = reader.describe_configs(&names(&[topic])).await.unwrap();
    let entries = answers.remove(topic).unwrap().unwrap();
    assert!(entries.len() > 20, "every key is told, pinned or not");
    entries.into_iter().filter(|(_, e)| e.source == ConfigSource::Topic).map(|(k, e)| (k, e.value.unwrap())).collect()
}

async fn created(writer: &KafkaWriter, new: &NewTopic) -> String {
    writer.create_retrying(new, SOON).await.unwrap();
    writer.await_present(&new.name, new.partitions, SOON).await.unwrap().id
}

fn reason(error: KafkaError) -> TopicError {
    let KafkaError::Topic { source, .. } = error else { panic!("not about the topic: {error:?}") };
    source
}

#[tokio::test]
async fn a_topic_is_created_seen_and_described() {
    let (writer, name) = (writer(), unique("create"));
    let reader = writer.reader();
    let new = NewTopic { config: pairs(&[("retention.ms", "86400000")]), ..topic(&name, 3) };

    let only_asked = writer.create_topics(std::slice::from_ref(&new), true).await.unwrap();
    assert_eq!(only_asked, BTreeMap::from([(name.clone(), Ok(()))]));
    assert_eq!(reader.describe_topics(&names(&[&name])).await.unwrap()[&name], Err(TopicError::NotFound));

    assert_eq!(writer.create_topics(std::slice::from_ref(&new), false).await.unwrap()[&name], Ok(()));
    let seen = writer.await_present(&name, 3, SOON).await.unwrap();
    assert_eq!((seen.replicas, seen.leaderless, seen.internal), (vec![1, 1, 1], vec![], false));
    assert_eq!(seen.id.len(), 22);
    let cluster = reader.cluster().await.unwrap();
    assert_eq!(cluster.topics[&name], [1, 1, 1]);
    assert_eq!(cluster.id.len(), 22);
    assert!(cluster.brokers.values().all(|b| b.contains(':')) && !cluster.brokers.is_empty());
    assert_eq!(pinned(&reader, &name).await, new.config);

    let again = writer.create_topics(std::slice::from_ref(&new), false).await.unwrap();
    assert!(matches!(&again[&name], Err(TopicError::Exists(words)) if words.contains("already exists")), "{again:?}");
}

#[tokio::test]
async fn some_topics_are_created_while_others_are_refused() {
    let (writer, good, bad) = (writer(), unique("good"), unique("bad"));
    let many = NewTopic { replication_factor: 99, ..topic(&unique("replicas"), 1) };
    let key = NewTopic { config: pairs(&[("retention.mss", "1")]), ..topic(&bad, 1) };
    let none = topic(&unique("none"), 0);
    let results = writer.create_topics(&[topic(&good, 1), many.clone(), key, none.clone()], false).await.unwrap();
    assert_eq!(results[&good], Ok(()));
    assert!(matches!(&results[&bad], Err(TopicError::InvalidConfig(w)) if w.contains("retention.mss")), "{results:?}");
    let Err(TopicError::Other { code, message }) = &results[&many.name] else { panic!("{results:?}") };
    assert!(code == "INVALID_REPLICATION_FACTOR" && message.contains("99"), "{code} {message}");
    assert!(matches!(&results[&none.name], Err(TopicError::Other { .. })), "{results:?}");
}

#[tokio::test]
async fn keys_are_set_and_unset_and_others_are_kept() {
    let (writer, name) = (writer(), unique("config"));
    let config = pairs(&[("retention.ms", "1000000"), ("cleanup.policy", "delete"), ("segment.ms", "600000")]);
    created(&writer, &NewTopic { config, ..topic(&name, 1) }).await;

    let (set, unset) =
        (pairs(&[("retention.ms", "2000000"), ("max.message.bytes", "5000")]), BTreeSet::from(["segment.ms".into()]));
    writer.reader().validate_config(&name, &set, &unset).await.unwrap();
    assert_eq!(pinned(&writer.reader(), &name).await["retention.ms"], "1000000");
    writer.alter_config(&name, &set, &unset).await.unwrap();
    let expected = pairs(&[("cleanup.policy", "delete"), ("max.message.bytes", "5000"), ("retention.ms", "2000000")]);
    assert_eq!(pinned(&writer.reader(), &name).await, expected);
}

#[tokio::test]
async fn a_refused_change_of_config_changes_nothing_and_says_why() {
    let (writer, name) = (writer(), unique("refused"));
    created(&writer, &topic(&name, 1)).await;
    let none = BTreeSet::new();

    let unknown = pairs(&[("retention.ms", "5000"), ("retention.mss", "1")]);
    let key = reason(writer.alter_config(&name, &unknown, &none).await.unwrap_err());
    assert!(matches!(&key, TopicError::InvalidConfig(w) if w.contains("retention.mss")), "{key:?}");
    let value = writer.alter_config(&name, &pairs(&[("retention.ms", "soon")]), &none).await.unwrap_err();
    let value = reason(value);
    assert!(matches!(&value, TopicError::InvalidConfig(w) if w.contains("soon")), "{value:?}");
    assert_eq!(pinned(&writer.reader(), &name).await, BTreeMap::new());

    let missing = writer.alter_config(&unique("missing"), &pairs(&[("retention.ms", "1")]), &none).await.unwrap_err();
    assert_eq!(reason(missing), TopicError::NotFound);
}

#[tokio::test]
async fn a_topic_grows_and_does_not_shrink() {
    let (writer, name) = (writer(), unique("grow"));
    created(&writer, &topic(&name, 1)).await;
    writer.grow(&name, 4).await.unwrap();
    assert_eq!(writer.await_present(&name, 4, SOON).await.unwrap().replicas, [1; 4]);
    let early = writer.await_present(&name, 5, Duration::from_millis(200)).await.unwrap_err();
    assert!(early.to_string().contains("it has 4 of 5 partitions"), "{early}");
    let refused = reason(writer.grow(&name, 2).await.unwrap_err());
    assert!(matches!(&refused, TopicError::Other { code, .. } if code == "INVALID_PARTITIONS"), "{refused:?}");
}

#[tokio::test]
async fn a_deleted_topic_comes_back_only_as_another() {
    let (writer, name) = (writer(), unique("recreate"));
    let first = created(&writer, &topic(&name, 2)).await;
    let early = writer.await_absent(&name, &first, Duration::from_millis(200)).await;
    assert!(matches!(early, Err(KafkaError::StillPresent { .. })), "{early:?}");

    writer.delete_topic(&name).await.unwrap();
    assert_eq!(writer.await_absent(&name, &first, SOON).await.unwrap(), Absence::Gone);
    // Looking for it has not brought it back.
    let gone = writer.await_present(&name, 2, Duration::from_millis(500)).await;
    assert!(matches!(gone, Err(KafkaError::NotReady { .. })), "{gone:?}");

    let second = created(&writer, &topic(&name, 1)).await;
    assert_ne!(first, second);
    assert_eq!(writer.await_absent(&name, &first, SOON).await.unwrap(), Absence::Replaced(second));
    let exists = writer.create_retrying(&topic(&name, 1), Duration::from_millis(300)).await.unwrap_err();
    assert!(matches!(reason(exists), TopicError::Exists(_)));
}

#[tokio::test]
async fn a_missing_topic_is_reported_alone_and_not_created() {
    let (writer, there, missing) = (writer(), unique("there"), unique("missing"));
    let reader = writer.reader();
    created(&writer, &topic(&there, 1)).await;
    let both = names(&[&there, &missing, &there]);

    let topics = reader.describe_topics(&both).await.unwrap();
    assert!(topics[&there].is_ok());
    assert_eq!(topics[&missing], Err(TopicError::NotFound));
    let configs = reader.describe_configs(&both).await.unwrap();
    assert!(configs[&there].as_ref().unwrap().len() > 20);
    assert_eq!(configs[&missing], Err(TopicError::NotFound));
    let marks = reader.watermarks(&BTreeMap::from([(there.clone(), 1), (missing.clone(), 1)])).await.unwrap();
    assert_eq!(marks[&there], Ok(vec![Watermark { low: 0, high: 0 }]));
    assert_eq!(marks[&missing], Err(TopicError::NotFound));
    let alone = reader.watermarks(&BTreeMap::from([(missing.clone(), 2)])).await.unwrap();
    assert_eq!(alone[&missing], Err(TopicError::NotFound));
    assert_eq!(reason(writer.delete_topic(&missing).await.unwrap_err()), TopicError::NotFound);
    assert_eq!(reason(writer.grow(&missing, 3).await.unwrap_err()), TopicError::NotFound);
    assert!(!reader.cluster().await.unwrap().topics.contains_key(&missing));
}

#[tokio::test]
async fn nothing_is_asked_for_nothing() {
    let reader = KafkaReader::connect(&settings()).unwrap();
    assert!(reader.describe_topics(&[]).await.unwrap().is_empty());
    assert!(reader.describe_configs(&[]).await.unwrap().is_empty());
    assert!(reader.watermarks(&BTreeMap::new()).await.unwrap().is_empty());
    assert_eq!(reader.requests().total(), 0);
    reader.cluster().await.unwrap();
    assert_eq!((reader.requests().of(Request::Metadata), reader.requests().total()), (1, 1));
}

#[tokio::test]
async fn messages_are_written_and_counted() {
    let (writer, name) = (writer(), unique("produce"));
    created(&writer, &topic(&name, 3)).await;
    let producer = Producer::connect(&settings()).unwrap();
    let record = |i: u32| Record {
        topic: name.clone(),
        key: i.is_multiple_of(2).then(|| i.to_be_bytes().to_vec()),
        payload: format!("message {i}").into_bytes(),
    };
    assert_eq!(producer.send((0..25_000).map(record)).await.unwrap(), 25_000);
    let marks = writer.reader().watermarks(&BTreeMap::from([(name.clone(), 3)])).await.unwrap();
    let marks = marks[&name].as_ref().unwrap();
    assert_eq!((marks.len(), marks.iter().map(|m| m.span()).sum::<u64>()), (3, 25_000));
}

#[tokio::test]
async fn more_than_fits_into_memory_is_written() {
    let (writer, name) = (writer(), unique("bulk"));
    created(&writer, &topic(&name, 1)).await;
    let producer = Producer::connect(&settings()).unwrap();
    let record = |_| Record { topic: name.clone(), key: None, payload: vec![b'x'; 900_000] };
    assert_eq!(producer.send((0..90).map(record)).await.unwrap(), 90);
    writer.delete_topic(&name).await.unwrap();
}

#[tokio::test]
async fn a_message_to_no_topic_is_reported() {
    let missing = unique("missing");
    let producer = Producer::connect(&settings()).unwrap();
    let record = Record { topic: missing.clone(), key: None, payload: b"x".to_vec() };
    match producer.send([record]).await {
        Err(KafkaError::Delivery { topic, reason, delivered: 0, failed: 1 }) => {
            assert_eq!(topic, missing);
            assert!(reason.contains("Unknown topic"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_message_too_large_is_reported() {
    let (writer, name) = (writer(), unique("large"));
    created(&writer, &NewTopic { config: pairs(&[("max.message.bytes", "2000")]), ..topic(&name, 1) }).await;
    let producer = Producer::connect(&settings()).unwrap();
    let record = |size| Record { topic: name.clone(), key: None, payload: vec![b'x'; size] };
    for size in [10_000, 70_000_000] {
        match producer.send([record(size)]).await {
            Err(KafkaError::Delivery { reason, delivered: 0, failed: 1, .. }) => {
                assert!(reason.contains("too large"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn brokers_that_do_not_answer_are_named_in_time() {
    // Nobody listens at port 1; a listener that never answers is the other kind of silence.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (servers, cause) in
        [("127.0.0.1:1".to_owned(), "refused"), (format!("127.0.0.1:{}", silent.local_addr().unwrap().port()), "")]
    {
        let settings = KafkaSettings { timeout: Duration::from_secs(1), ..KafkaSettings::new(&servers) };
        let writer = KafkaWriter::connect(&settings).unwrap();
        let began = Instant::now();
        for _ in 0..2 {
            let error = writer.reader().cluster().await.unwrap_err();
            let KafkaError::Unreachable { servers: named, last, .. } = &error else { panic!("{error:?}") };
            assert!(*named == servers && last.contains(cause), "{error}");
        }
        let error = writer.reader().describe_configs(&names(&["t"])).await.unwrap_err();
        assert!(matches!(error, KafkaError::Unreachable { .. }), "{error:?}");
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_thousand_topics_are_read_in_three_requests() {
    let writer = writer();
    let stem = unique("many");
    let topics: Vec<NewTopic> = (0..1000).map(|i| topic(&format!("{stem}.{i}"), 1)).collect();
    let results = writer.create_topics(&topics, false).await.unwrap();
    assert!(results.len() == 1000 && results.values().all(Result::is_ok));
    writer.await_present(&topics[999].name, 1, SOON).await.unwrap();
    let names: Vec<String> = topics.iter().map(|t| t.name.clone()).collect();

    let reader = KafkaReader::connect(&settings()).unwrap();
    let began = Instant::now();
    let cluster = reader.cluster().await.unwrap();
    let metadata = began.elapsed();
    let configs = reader.describe_configs(&names).await.unwrap();
    let all = began.elapsed();
    assert!(names.iter().all(|n| cluster.topics.contains_key(n) && configs[n].is_ok()));
    assert_eq!((reader.requests().of(Request::DescribeConfigs), reader.requests().total()), (2, 3));
    let described = reader.describe_topics(&names).await.unwrap();
    assert!(described.len() == 1000 && described.values().all(Result::is_ok));
    println!("metadata {metadata:?}, with configs {all:?}, with descriptions {:?}", began.elapsed());
    let deleted = writer.delete_topics(&names).await.unwrap();
    assert!(deleted.len() == 1000 && deleted.values().all(Result::is_ok));
}

/// A broker with SASL PLAIN and the standard authorizer, where `alice` may do nothing. Not every fixture has one.
#[tokio::test]
#[ignore = "needs a second broker with an authorizer: SLUICE_TEST_KAFKA_SASL, see `login`"]
async fn a_forbidden_topic_is_not_an_absent_one() {
    let (admin, name) = (KafkaWriter::connect(&login("admin", "adminsecret")).unwrap(), unique("forbidden"));
    created(&admin, &topic(&name, 1)).await;
    let alice = KafkaWriter::connect(&login("alice", "alicesecret")).unwrap();
    let reader = alice.reader();
    let asked = names(&[&name]);
    assert!(!reader.cluster().await.unwrap().topics.contains_key(&name));

    let is_forbidden = |e: &TopicError| assert!(matches!(e, TopicError::Forbidden(_)), "{e:?}");
    is_forbidden(reader.describe_topics(&asked).await.unwrap()[&name].as_ref().unwrap_err());
    is_forbidden(reader.describe_configs(&asked).await.unwrap()[&name].as_ref().unwrap_err());
    is_forbidden(reader.watermarks(&BTreeMap::from([(name.clone(), 1)])).await.unwrap()[&name].as_ref().unwrap_err());
    is_forbidden(
        alice
            .create_topics(&[topic(&unique("new"), 1)], true)
            .await
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_ref()
            .unwrap_err(),
    );
    is_forbidden(&reason(alice.grow(&name, 2).await.unwrap_err()));
    is_forbidden(&reason(alice.delete_topic(&name).await.unwrap_err()));
    let set = pairs(&[("retention.ms", "1000")]);
    is_forbidden(&reason(alice.alter_config(&name, &set, &BTreeSet::new()).await.unwrap_err()));
    is_forbidden(&reason(alice.await_absent(&name, "", SOON).await.unwrap_err()));
}

#[tokio::test]
#[ignore = "needs a second broker with an authorizer: SLUICE_TEST_KAFKA_SASL, see `login`"]
async fn a_refused_login_is_told_at_once_and_without_the_password() {
    let began = Instant::now();
    for request in 0..2 {
        let reader = KafkaReader::connect(&login("admin", "wrongsecret")).unwrap();
        let error = match request {
            0 => reader.cluster().await.unwrap_err(),
            _ => reader.describe_configs(&names(&["t"])).await.unwrap_err(),
        };
        assert!(matches!(&error, KafkaError::Login { reason, .. } if reason.contains("Invalid username")), "{error}");
        assert!(!format!("{error} {error:?}").contains("wrongsecret"));
    }
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[expect(clippy::disallowed_methods, reason = "until the fixture starts a broker, the environment names one")]
fn login(user: &str, password: &str) -> KafkaSettings {
    let servers =
        std::env::var("SLUICE_TEST_KAFKA_SASL").expect("SLUICE_TEST_KAFKA_SASL names a broker with SASL PLAIN");
    let mut settings = KafkaSettings::new(servers);
    let properties = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", user),
        ("sasl.password", password),
    ];
    settings.properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    settings
}
