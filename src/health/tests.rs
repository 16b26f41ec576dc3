//! The verdict on readings of all sorts: no server told these, each could have been told by one.

use super::*;
use crate::model::{
    Column, Definition, Desired, DesiredObject, DesiredPipeline, DesiredTopic, Engine, Kind, Lifecycle, ObjectName,
    ResourceId, Role, SettingValue, Topology, UnmanagedConfig,
};
use std::collections::{BTreeMap, BTreeSet};

fn object(role: Role, table: &str, engine: &str) -> DesiredObject {
    let mut definition = Definition::new(ObjectName::new("d", table), Engine::plain(engine));
    definition.columns = vec![Column::new("n", "UInt64")];
    if role == Role::Source {
        definition.settings.insert("kafka_num_consumers".into(), SettingValue::Number("1".into()));
    }
    DesiredObject {
        role,
        definition,
        reads: Vec::new(),
        clusters: BTreeSet::new(),
        owned_elsewhere: false,
        renamed_from: None,
        renamed_columns: BTreeMap::new(),
        materialize: BTreeSet::new(),
        reshard: false,
    }
}

fn pipeline(kind: Kind, objects: Vec<DesiredObject>) -> DesiredPipeline {
    let reads = kind != Kind::OutgoingSink;
    let topics = vec!["t".to_owned()];
    DesiredPipeline {
        id: ResourceId::new(kind, "p"),
        topics: if reads { topics.clone() } else { Vec::new() },
        writes_topics: if reads { Vec::new() } else { topics },
        group: "g".into(),
        start_from: None,
        renamed_from: None,
        objects,
        backfills: Vec::new(),
        consumption: None,
        lifecycle: Lifecycle::default(),
    }
}

fn desired() -> Desired {
    let objects = vec![
        object(Role::Source, "kafka", "Kafka"),
        object(Role::Local, "rows_local", "MergeTree"),
        object(Role::Distributed, "rows", "Distributed"),
        object(Role::View, "rows_mv", "MaterializedView"),
    ];
    let topic = DesiredTopic {
        id: ResourceId::new(Kind::Topic, "t"),
        name: "t".into(),
        partitions: 1,
        replication_factor: 1,
        config: BTreeMap::new(),
        unmanaged_config: UnmanagedConfig::Report,
        lifecycle: Lifecycle::default(),
    };
    Desired {
        project: "x".into(),
        topology: Topology::Single,
        topics: vec![topic],
        pipelines: vec![pipeline(Kind::KafkaPipeline, objects)],
    }
}

const MEMBER: &str = "ClickHouse-ch1-d-kafka-1f";

/// Ten messages sent five minutes ago, all read and stored.
fn good() -> Readings {
    let at = ("t".to_owned(), 0);
    let member = Member {
        id: MEMBER.into(),
        client_id: "ClickHouse-ch1-d-kafka".into(),
        host: "/10.0.0.1".into(),
        partitions: vec![at.clone()],
    };
    let consumer = Consumer {
        member_id: MEMBER.into(),
        assigned: vec![at.clone()],
        polled_ago: Some(0),
        committed_ago: Some(299),
        read: 10,
        exceptions: Vec::new(),
    };
    let made = || TableReading { changed_ago: 900, ..TableReading::default() };
    let tables = [
        ("kafka", TableReading { consumers: vec![consumer], ..made() }),
        ("rows_local", TableReading { rows: 10, bytes: 100, newest_ago: Some(299), ..made() }),
        ("rows", made()),
        ("rows_mv", made()),
    ];
    let facts = HostFacts {
        now_ms: 1_000_000,
        hostname: "ch1".into(),
        clusters: BTreeMap::new(),
        tables: tables.into_iter().map(|(name, t)| (ObjectName::new("d", name), t)).collect(),
    };
    let topic = TopicNumbers { partitions: vec![(0, 10)], bytes: Some(700), newest_ms: Some(700_000) };
    Readings {
        kafka: KafkaReading {
            silent: None,
            client_id: "sluice".into(),
            topics: BTreeMap::from([("t".to_owned(), TopicReading::Present(topic))]),
            groups: BTreeMap::from([(
                "g".to_owned(),
                Ok(GroupReading {
                    members: vec![member],
                    committed: BTreeMap::from([(at, 10)]),
                    empty: BTreeSet::new(),
                }),
            )]),
            left_out: Vec::new(),
        },
        hosts: vec![HostReading { name: "ch1:8123".into(), facts: Ok(facts) }],
    }
}

impl Readings {
    fn table(&mut self, name: &str) -> &mut TableReading {
        self.hosts[0].facts.as_mut().unwrap().tables.get_mut(&ObjectName::new("d", name)).unwrap()
    }

    fn consumer(&mut self) -> &mut Consumer {
        &mut self.table("kafka").consumers[0]
    }

    fn group(&mut self) -> &mut GroupReading {
        self.kafka.groups.get_mut("g").unwrap().as_mut().unwrap()
    }

    fn topic(&mut self) -> &mut TopicNumbers {
        match self.kafka.topics.get_mut("t").unwrap() {
            TopicReading::Present(numbers) => numbers,
            TopicReading::Absent | TopicReading::Unknown(_) => panic!("the topic is there"),
        }
    }

    /// The group has read so many.
    fn read(&mut self, committed: u64) {
        self.group().committed.insert(("t".into(), 0), committed);
    }

    fn fails(&mut self, times: usize, ago: u64, words: &str) {
        self.consumer().exceptions = vec![Exception { ago, words: words.into() }; times];
    }
}

fn judged(desired: &Desired, readings: &Readings) -> ResourceHealth {
    judge(desired, readings, &BTreeSet::new()).resources.pop().unwrap()
}

/// Verdict and code of the first reason after a change of the good readings.
fn after(change: impl FnOnce(&mut Readings)) -> (Verdict, &'static str) {
    let mut readings = good();
    change(&mut readings);
    let found = judged(&desired(), &readings);
    (found.verdict, found.reasons[0].code())
}

#[test]
fn what_has_arrived_is_healthy_and_what_has_nothing_to_read_is_idle() {
    assert_eq!(after(|_| {}), (Verdict::Healthy, "arrived"));
    let never = |r: &mut Readings| {
        r.topic().partitions = vec![(0, 0)];
        r.group().committed.clear();
        // Consumers are made lazily.
        r.table("kafka").consumers.clear();
    };
    assert_eq!(after(never), (Verdict::Idle, "never-sent"));
    assert_eq!(after(|r| r.topic().partitions = vec![(10, 10)]), (Verdict::Idle, "emptied"));
}

#[test]
fn a_lag_that_is_young_or_moves_is_lagging_and_one_that_stands_is_stuck() {
    assert_eq!(after(|r| r.read(4)), (Verdict::Stuck, "standing"));
    let standing = after(|r| {
        r.read(4);
        r.topic().newest_ms = Some(900_000);
    });
    assert_eq!(standing, (Verdict::Stuck, "standing"));
    let young = |r: &mut Readings| {
        r.read(4);
        r.topic().newest_ms = Some(999_000);
    };
    assert_eq!(after(young), (Verdict::Lagging, "behind"));
    let moving = |r: &mut Readings| {
        r.read(4);
        r.consumer().committed_ago = Some(3);
    };
    assert_eq!(after(moving), (Verdict::Lagging, "behind"));
    let just_made = |r: &mut Readings| {
        r.read(4);
        r.table("kafka").changed_ago = 5;
    };
    assert_eq!(after(just_made), (Verdict::Lagging, "behind"));
    let nobody = |r: &mut Readings| {
        r.read(4);
        r.table("kafka").consumers.clear();
        r.group().members.clear();
    };
    assert_eq!(after(nobody), (Verdict::Stuck, "nobody-reads"));
    // A group without a place has everything before it.
    let all = |r: &mut Readings| {
        r.group().committed.clear();
        r.topic().newest_ms = Some(999_000);
    };
    let mut readings = good();
    all(&mut readings);
    let Facts::Chain(chain) = judged(&desired(), &readings).facts else { panic!("a chain") };
    assert_eq!(chain.lag, Some(10));
}

#[test]
fn exceptions_count_while_they_are_young_and_no_commit_has_followed() {
    let parse = "Code: 38. DB::Exception: Cannot parse date: x: while pushing to view d.rows_mv. (CANNOT_PARSE_DATE)";
    let failing = |times, ago, words: &'static str| {
        after(move |r| {
            r.read(4);
            r.topic().newest_ms = Some(999_000);
            r.fails(times, ago, words);
        })
    };
    assert_eq!(failing(3, 1, parse), (Verdict::Stuck, "failing"));
    assert_eq!(failing(1, 1, parse), (Verdict::Lagging, "retried"));
    assert_eq!(failing(3, 61, parse), (Verdict::Lagging, "behind"));
    for words in [
        "Code: 434. DB::Exception: Cannot parse 'x.proto' file. (CANNOT_PARSE_PROTOBUF_SCHEMA)",
        "[thrd:127.0.0.1:1/bootstrap]: 1/1 brokers are down",
        "Code: 60. DB::Exception: Table d.rows_local does not exist. (UNKNOWN_TABLE)",
    ] {
        assert_eq!(failing(3, 1, words), (Verdict::Broken, "failing"), "{words}");
    }
    // Before the last change of any of its objects: an apply may have mended it.
    let mended = |r: &mut Readings| {
        r.read(4);
        r.topic().newest_ms = Some(999_000);
        r.fails(3, 9, parse);
        r.table("rows_mv").changed_ago = 8;
    };
    assert_eq!(after(mended), (Verdict::Lagging, "behind"));
    let as_before = |r: &mut Readings| {
        mended(r);
        r.table("rows_mv").changed_ago = 9;
    };
    assert_eq!(after(as_before), (Verdict::Stuck, "failing"));
    // It has committed since: whatever it was is over.
    let over = |r: &mut Readings| {
        r.fails(3, 20, parse);
        r.consumer().committed_ago = Some(2);
    };
    assert_eq!(after(over), (Verdict::Healthy, "arrived"));
    // The partition went to another consumer, which has stored what this one could not.
    let elsewhere = |words: &'static str| {
        after(move |r| {
            r.fails(3, 1, words);
            r.consumer().committed_ago = None;
        })
    };
    assert_eq!(elsewhere(parse), (Verdict::Healthy, "arrived"));
    assert_eq!(elsewhere("[thrd:b]: 1/1 brokers are down"), (Verdict::Broken, "failing"));
    // The place of the message is told where there is one only.
    let mut readings = good();
    readings.read(4);
    readings.fails(3, 1, parse);
    let reasons = judged(&desired(), &readings).reasons;
    let [Reason::Failing { at: Some((topic, 0, 4)), cause: Cause::Message, .. }] = reasons.as_slice() else {
        panic!("{reasons:?}")
    };
    assert_eq!(topic, "t");
}

#[test]
fn a_group_read_by_others_is_stolen_and_one_held_by_the_dead_waits() {
    let stranger = |r: &mut Readings| {
        let member = &mut r.group().members[0];
        (member.id, member.client_id) = ("rdkafka-1".into(), "rdkafka".into());
    };
    assert_eq!(after(stranger), (Verdict::Broken, "stolen"));
    // Without partitions it takes nothing from anybody.
    let waiting = |r: &mut Readings| {
        let member = Member { id: "rdkafka-1".into(), client_id: "rdkafka".into(), ..Member::default() };
        r.group().members.push(member);
    };
    assert_eq!(after(waiting), (Verdict::Healthy, "arrived"));
    // A consumer of a table that was dropped a moment ago.
    let dead = |r: &mut Readings| {
        r.read(4);
        r.topic().newest_ms = Some(999_000);
        r.consumer().member_id = "ClickHouse-ch1-d-kafka-2e".into();
    };
    assert_eq!(after(dead).0, Verdict::Lagging);
    let mut readings = good();
    dead(&mut readings);
    let codes: Vec<_> = judged(&desired(), &readings).reasons.iter().map(Reason::code).collect();
    assert!(codes.contains(&"held-by-the-dead"), "{codes:?}");
    // A host that says nothing may be the one whose consumer that is.
    let silent = |r: &mut Readings| {
        stranger(r);
        r.hosts.push(HostReading { name: "ch2:8123".into(), facts: Err("connection refused".into()) });
    };
    assert_eq!(after(silent), (Verdict::Unknown, "host-silent"));
}

#[test]
fn tables_and_queues_tell_of_themselves() {
    let queue = |files, broken, errors| {
        after(move |r| r.table("rows").queue = Queue { files, broken, errors, ..Queue::default() })
    };
    assert_eq!(queue(0, 0, 7), (Verdict::Healthy, "arrived"));
    assert_eq!(queue(2, 0, 0), (Verdict::Lagging, "queue-waits"));
    assert_eq!(queue(2, 0, 1), (Verdict::Stuck, "queue-stuck"));
    assert_eq!(queue(0, 1, 0), (Verdict::Stuck, "queue-stuck"));
    assert_eq!(after(|r| r.table("rows_local").readonly = true), (Verdict::Broken, "read-only"));
    let replica = |readonly, queue, delay| {
        let exception = String::new();
        after(move |r| r.table("rows_local").replica = Some(Replica { readonly, queue, delay, exception }))
    };
    assert_eq!(replica(false, 5, 3), (Verdict::Healthy, "arrived"));
    assert_eq!(replica(false, 5, 300), (Verdict::Lagging, "replica-behind"));
    assert_eq!(replica(true, 0, 0), (Verdict::Broken, "read-only"));
    let mutation = |failed: Option<&str>| {
        let mutations = Mutations { unfinished: 1, failed: failed.map(str::to_owned) };
        after(move |r| r.table("rows_local").mutations = mutations)
    };
    assert_eq!(mutation(None), (Verdict::Healthy, "arrived"));
    assert_eq!(mutation(Some("Code: 6. no number")), (Verdict::Stuck, "mutation-fails"));
}

#[test]
fn what_is_missing_is_broken_and_what_is_silent_unknown() {
    let drop = |name: &'static str| {
        move |r: &mut Readings| {
            r.hosts[0].facts.as_mut().unwrap().tables.remove(&ObjectName::new("d", name));
        }
    };
    assert_eq!(after(drop("rows_mv")), (Verdict::Broken, "missing"));
    assert_eq!(after(|r| drop_topic(r, TopicReading::Absent)), (Verdict::Broken, "topic-absent"));
    assert_eq!(after(|r| drop_topic(r, TopicReading::Unknown("no".into()))), (Verdict::Unknown, "topic-unknown"));
    assert_eq!(after(|r| r.kafka.silent = Some("no".into())), (Verdict::Unknown, "brokers-silent"));
    assert_eq!(after(|r| r.hosts[0].facts = Err("no".into())), (Verdict::Unknown, "host-silent"));
    let forbidden = |r: &mut Readings| {
        r.kafka.groups.insert("g".into(), Err("no".into()));
    };
    assert_eq!(after(forbidden), (Verdict::Unknown, "group-unknown"));
    // Retention was faster than the group.
    let lost = |r: &mut Readings| {
        r.read(4);
        r.topic().partitions = vec![(7, 10)];
    };
    assert_eq!(after(lost), (Verdict::Broken, "lost"));
}

fn drop_topic(readings: &mut Readings, reading: TopicReading) {
    readings.kafka.topics.insert("t".into(), reading);
}

#[test]
fn offsets_without_messages_are_no_lag() {
    // The last transaction's mark stands after the last message, and no commit ever passes it.
    let marks = |r: &mut Readings| {
        r.topic().partitions = vec![(0, 11)];
        r.group().empty.insert(("t".into(), 0));
    };
    assert_eq!(after(marks), (Verdict::Healthy, "gaps"));
    let mut readings = good();
    marks(&mut readings);
    let report = judge(&desired(), &readings, &BTreeSet::new());
    assert_eq!(arrivals(&report, &ends(&readings)).into_values().collect::<Vec<_>>(), [Arrival::Arrived]);
}

#[test]
fn a_consumer_run_by_hand_is_judged_by_who_runs_it() {
    let mut desired = desired();
    let objects =
        vec![object(Role::Local, "rows_local", "MergeTree"), object(Role::Distributed, "rows", "Distributed")];
    desired.pipelines = vec![pipeline(Kind::ManualConsumer, objects)];
    let judged = |change: fn(&mut Readings)| {
        let mut readings = good();
        change(&mut readings);
        let found = judged(&desired, &readings);
        (found.verdict, found.reasons[0].code())
    };
    let runs = |r: &mut Readings| r.group().members[0].client_id = "sluice".into();
    assert_eq!(judged(runs), (Verdict::Healthy, "arrived"));
    assert_eq!(judged(|r| r.group().members.clear()), (Verdict::Healthy, "arrived"));
    let never = |r: &mut Readings| *r.group() = GroupReading::default();
    assert_eq!(judged(never), (Verdict::Idle, "never-run"));
    let gone = |r: &mut Readings| {
        r.read(4);
        r.group().members.clear();
    };
    assert_eq!(judged(gone), (Verdict::Stuck, "not-running"));
    let running = |r: &mut Readings| {
        r.read(4);
        r.group().members[0].client_id = "sluice".into();
    };
    assert_eq!(judged(running), (Verdict::Stuck, "halted"));
    let writes = |r: &mut Readings| {
        r.read(4);
        r.group().members[0].client_id = "sluice".into();
        r.table("rows_local").newest_ago = Some(1);
    };
    assert_eq!(judged(writes), (Verdict::Lagging, "consuming"));
    let young = |r: &mut Readings| {
        r.read(4);
        r.group().members[0].client_id = "sluice".into();
        r.topic().newest_ms = Some(999_000);
    };
    assert_eq!(judged(young), (Verdict::Lagging, "consuming"));
    // Somebody else's client in its group, whether something waits or not.
    assert_eq!(judged(|_| {}), (Verdict::Broken, "stolen"));
    assert_eq!(judged(|r| r.read(4)), (Verdict::Broken, "stolen"));
    let waits = |r: &mut Readings| r.group().members[0].partitions.clear();
    assert_eq!(judged(waits), (Verdict::Healthy, "arrived"));
    // This program under the name that the project gives it.
    let named = |r: &mut Readings| {
        r.kafka.client_id = "etl".into();
        r.group().members[0].client_id = "etl".into();
    };
    assert_eq!(judged(named), (Verdict::Healthy, "arrived"));
}

#[test]
fn a_sink_has_nothing_to_read() {
    let mut desired = desired();
    let objects = vec![object(Role::Sink, "kafka", "Kafka"), object(Role::Distributed, "rows", "Distributed")];
    desired.pipelines = vec![pipeline(Kind::OutgoingSink, objects)];
    let mut readings = good();
    assert_eq!(judged(&desired, &readings).verdict, Verdict::Healthy);
    let ends = ends(&readings);
    let arrivals = arrivals(&judge(&desired, &readings, &BTreeSet::new()), &ends);
    assert_eq!(arrivals.into_values().collect::<Vec<_>>(), [Arrival::Arrived]);
    readings.table("rows").queue = Queue { files: 1, errors: 1, ..Queue::default() };
    assert_eq!(judged(&desired, &readings).reasons[0].code(), "queue-stuck");
    readings.topic().partitions = vec![(0, 0)];
    readings.table("rows").queue = Queue::default();
    assert_eq!(judged(&desired, &readings).verdict, Verdict::Idle);
}

#[test]
fn rows_of_replicas_count_once_and_those_of_shards_add_up() {
    let mut readings = good();
    let facts = readings.hosts[0].facts.clone().unwrap();
    let host = |n: u32, shard: u32, replica: u32| {
        let clusters = BTreeMap::from([("c".to_owned(), (shard, replica))]);
        HostReading { name: format!("ch{n}"), facts: Ok(HostFacts { clusters, ..facts.clone() }) }
    };
    let mut desired = desired();
    for object in &mut desired.pipelines[0].objects {
        object.clusters = BTreeSet::from(["c".to_owned()]);
    }
    readings.hosts = vec![host(1, 1, 1), host(2, 1, 2), host(3, 2, 1)];
    let Facts::Chain(chain) = judged(&desired, &readings).facts else { panic!("a chain") };
    assert_eq!((chain.rows(), chain.objects), (20, (12, 12)));
}

#[test]
fn arrival_is_told_against_the_ends_of_the_first_look() {
    let arrival = |readings: &Readings, ends: &Ends| {
        arrivals(&judge(&desired(), readings, &BTreeSet::new()), ends).into_values().next().unwrap()
    };
    let readings = good();
    let ends = ends(&readings);
    assert_eq!(arrival(&readings, &ends), Arrival::Arrived);
    let mut later = good();
    // Sent after the first look: not waited for.
    later.topic().partitions = vec![(0, 12)];
    assert_eq!(arrival(&later, &ends), Arrival::Arrived);
    later.read(7);
    assert_eq!(arrival(&later, &ends), Arrival::Waiting { messages: Some(3), files: 0 });
    let mut queued = good();
    queued.table("rows").queue.files = 2;
    assert_eq!(arrival(&queued, &ends), Arrival::Waiting { messages: Some(0), files: 2 });
    let mut emptied = good();
    emptied.table("rows_local").rows = 0;
    assert_eq!(arrival(&emptied, &ends), Arrival::Nowhere);
    let mut silent = good();
    silent.kafka.silent = Some("no".into());
    assert_eq!(arrival(&silent, &ends), Arrival::Waiting { messages: None, files: 0 });
}
