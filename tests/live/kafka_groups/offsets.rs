//! Groups and their offsets: read, set, deleted, refused.

use super::{SOON, at, left_behind, settings, topic, writer};
use crate::fixture::{guarded, unique};
use rdkafka::producer::{FutureProducer, FutureRecord};
use sluice::client::kafka::{Committed, Group, GroupError, GroupState, KafkaError, KafkaWriter, Request, TopicError};
use std::collections::BTreeMap;

fn reason(error: KafkaError) -> GroupError {
    let KafkaError::Group { source, .. } = error else { panic!("not about the group: {error:?}") };
    source
}

#[tokio::test]
async fn an_absent_group_is_a_value() {
    let (writer, name) = (writer(), unique("absent"));
    let (reader, topic) = (writer.reader(), topic(&writer, "absent", 2).await);
    let both = BTreeMap::from([(topic.clone(), 2), (unique("no-topic"), 1)]);
    assert_eq!(reader.group(&name).await, Ok(Group { state: GroupState::Absent, members: Vec::new() }));
    assert_eq!(reader.committed(&name, &both).await, Ok(BTreeMap::new()));
    writer.delete_group(&name).await.unwrap();
    writer.delete_group_offsets(&name, &both).await.unwrap();
    assert_eq!(reader.group(&name).await.unwrap().state, GroupState::Absent);
}

#[tokio::test]
async fn offsets_are_set_read_changed_and_deleted() {
    let (writer, group) = (writer(), unique("offsets"));
    let reader = writer.reader();
    let (one, two) = (topic(&writer, "offsets-one", 3).await, topic(&writer, "offsets-two", 1).await);
    let all = BTreeMap::from([(one.clone(), 3), (two.clone(), 1)]);

    let mut wanted = at(&one, &[(0, 5), (2, 0)]);
    wanted.extend(at(&two, &[(0, i64::MAX)]));
    writer.set_offsets(&group, &wanted).await.unwrap();
    assert_eq!(reader.committed(&group, &all).await.as_ref(), Ok(&wanted));
    assert_eq!(reader.group(&group).await, Ok(Group { state: GroupState::Empty, members: Vec::new() }));
    // Only the topics asked for, and only the partitions of each.
    assert_eq!(reader.committed(&group, &BTreeMap::from([(one.clone(), 2)])).await, Ok(at(&one, &[(0, 5)])));

    writer.set_offsets(&group, &at(&one, &[(0, 7), (1, 1)])).await.unwrap();
    wanted.extend(at(&one, &[(0, 7), (1, 1)]));
    assert_eq!(reader.committed(&group, &all).await.as_ref(), Ok(&wanted), "others stay");

    writer.set_offsets_after(&group, &wanted, Some("the-one-before")).await.unwrap();
    let after = Committed { positions: wanted.clone(), follows: Some("the-one-before".into()) };
    assert_eq!(reader.committed_after(&group, &all).await, Ok(after));
    writer.set_offsets(&group, &wanted).await.unwrap();
    let after = Committed { positions: wanted.clone(), follows: None };
    assert_eq!(reader.committed_after(&group, &all).await, Ok(after), "the next commit forgets it");

    let gone = BTreeMap::from([(one.clone(), 3), (unique("no-topic"), 2)]);
    writer.delete_group_offsets(&group, &gone).await.unwrap();
    writer.delete_group_offsets(&group, &gone).await.unwrap();
    assert_eq!(reader.committed(&group, &all).await, Ok(at(&two, &[(0, i64::MAX)])));

    let missing = unique("no-topic");
    let error = writer.set_offsets(&group, &at(&missing, &[(0, 1)])).await.unwrap_err();
    assert!(
        matches!(&error, KafkaError::Topic { topic, source: TopicError::NotFound, .. } if *topic == missing),
        "{error:?}"
    );

    writer.delete_group(&group).await.unwrap();
    assert_eq!(reader.committed(&group, &all).await, Ok(BTreeMap::new()));
    assert_eq!(reader.group(&group).await.unwrap().state, GroupState::Absent);
}

#[tokio::test]
async fn a_group_with_members_is_not_changed() {
    let (writer, group) = (writer(), unique("live"));
    let (reader, topic) = (writer.reader(), topic(&writer, "live", 2).await);
    writer.set_offsets(&group, &at(&topic, &[(0, 3)])).await.unwrap();
    let member = left_behind(&settings(), &reader, &group, &topic).await;

    let all = BTreeMap::from([(topic.clone(), 2)]);
    assert_eq!(reason(writer.set_offsets(&group, &at(&topic, &[(0, 0)])).await.unwrap_err()), GroupError::Live);
    assert_eq!(reason(writer.delete_group(&group).await.unwrap_err()), GroupError::Live);
    assert_eq!(reason(writer.delete_group_offsets(&group, &all).await.unwrap_err()), GroupError::Live);
    assert_eq!(reader.committed(&group, &all).await, Ok(at(&topic, &[(0, 3)])));

    let found = reader.group(&group).await.unwrap().members.remove(0);
    assert_eq!((found.member_id, found.client_id.as_str()), (member.clone(), "reader"));
    assert_eq!(found.partitions, [(topic.clone(), 0), (topic.clone(), 1)]);
    assert!(found.host.contains("127.0.0.1"), "{}", found.host);

    writer.remove_members(&group, &[member]).await.unwrap();
    writer.set_offsets(&group, &at(&topic, &[(0, 0)])).await.unwrap();
    assert_eq!(reader.committed(&group, &all).await, Ok(at(&topic, &[(0, 0)])));
}

#[tokio::test]
async fn many_groups_are_one_request() {
    let (writer, stem) = (writer(), unique("many"));
    let topic = topic(&writer, "many", 1).await;
    let names: Vec<String> = (0..40).map(|i| format!("{stem}-{i}")).collect();
    for name in &names[..3] {
        writer.set_offsets(name, &at(&topic, &[(0, 1)])).await.unwrap();
    }
    let before = writer.requests();
    let asked: Vec<String> = names.iter().chain(&names).cloned().collect();
    let found = writer.reader().groups(&asked).await.unwrap();
    let states = names.iter().map(|name| found[name].as_ref().unwrap().state);
    let expected = (0..40).map(|i| if i < 3 { GroupState::Empty } else { GroupState::Absent });
    assert!(states.eq(expected), "{found:#?}");
    assert!(writer.reader().groups(&[]).await.unwrap().is_empty());
    let after = writer.requests();
    assert_eq!((after.of(Request::DescribeGroups), after.total() - before.total()), (1, 1));
}

#[tokio::test]
async fn a_point_in_time_is_an_offset() {
    let writer = writer();
    let (reader, name) = (writer.reader(), topic(&writer, "time", 2).await);
    let mut config = rdkafka::ClientConfig::new();
    config.set("bootstrap.servers", &settings().bootstrap_servers);
    let producer: FutureProducer = config.create().unwrap();
    for time in [1_000, 2_000, 3_000] {
        let record = FutureRecord::<str, str>::to(&name).partition(0).payload("x").timestamp(time);
        producer.send(record, SOON).await.unwrap();
    }
    let topics = BTreeMap::from([(name.clone(), 2)]);
    // The second partition is empty: its next message is the first one.
    for (time, first) in [(-5, 0), (0, 0), (1_000, 0), (1_001, 1), (3_000, 2), (3_001, 3), (i64::MAX, 3)] {
        assert_eq!(reader.offsets_at(time, &topics).await.unwrap()[&name], Ok(vec![first, 0]), "{time}");
    }
    let missing = unique("no-topic");
    let both = BTreeMap::from([(name.clone(), 1), (missing.clone(), 1)]);
    let found = reader.offsets_at(2_000, &both).await.unwrap();
    assert_eq!((&found[&name], &found[&missing]), (&Ok(vec![1]), &Err(TopicError::NotFound)));
    assert!(reader.offsets_at(0, &BTreeMap::new()).await.unwrap().is_empty());
}

/// On a broker with an authorizer, where `alice` may do nothing.
#[tokio::test]
async fn a_forbidden_group_is_not_an_absent_one() {
    let login = |user, password| KafkaWriter::connect(&guarded::login(guarded::brokers(), user, password)).unwrap();
    let (admin, alice, group) = (login("admin", "adminsecret"), login("alice", "alicesecret"), unique("forbidden"));
    let topic = topic(&admin, "forbidden", 1).await;
    admin.set_offsets(&group, &at(&topic, &[(0, 1)])).await.unwrap();

    let topics = BTreeMap::from([(topic.clone(), 1)]);
    let is_forbidden = |error| {
        let reason = reason(error);
        assert!(matches!(reason, GroupError::Forbidden(_)), "{reason:?}");
    };
    is_forbidden(alice.reader().group(&group).await.unwrap_err());
    is_forbidden(alice.reader().committed(&group, &topics).await.unwrap_err());
    is_forbidden(alice.set_offsets(&group, &at(&topic, &[(0, 0)])).await.unwrap_err());
    is_forbidden(alice.delete_group(&group).await.unwrap_err());
    is_forbidden(alice.delete_group_offsets(&group, &topics).await.unwrap_err());
    is_forbidden(alice.remove_members(&group, &["anybody".to_owned()]).await.unwrap_err());
    assert_eq!(admin.reader().committed(&group, &topics).await, Ok(at(&topic, &[(0, 1)])));
}
