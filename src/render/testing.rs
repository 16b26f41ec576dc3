//! Plans made by hand that hold every variant a plan can hold, and names for the variants.

use crate::diff::{Attribute, AttributeChange, TopicChange};
use crate::model::{
    Census, Column, Definition, Engine, EngineArg, Fragment, HostRemark, Kind, ObjectName, Owner, ResourceId,
    SecretRef, SettingValue, Topology, Unread, UnreadHost,
};
use crate::plan::{
    Action, Blocked, Change, Hazard, Header, Host, KafkaAction, Note, Obstacle, Plan, Reach, ResourcePlan, Step,
    TableAction, Verb,
};
use std::collections::{BTreeMap, BTreeSet};

/// A function that names variants and does not compile while one is missing, and the list of the names.
macro_rules! variants {
    ($name:ident, $all:ident, $of:ident: $($variant:ident)*) => {
        pub fn $name(value: &$of) -> &'static str {
            match value { $($of::$variant { .. } => stringify!($variant),)* }
        }
        pub const $all: &[&str] = &[$(stringify!($variant)),*];
    };
}
variants!(verb_name, VERBS, Verb: Keep Create Change Rebuild Recreate Delete Forget Blocked);
variants!(change_name, CHANGES, Change: Topic Make Unmake Adopt Attribute);
variants!(topic_change_name, TOPIC_CHANGES, TopicChange: Partitions ReplicationFactor Set Unset);
variants!(blocked_name, BLOCKED, Blocked: FewerPartitions ReplicationFactor TooFewBrokers MinInsyncReplicas NameCollision
    RefusedByBrokers TopicUnknown NeedsRecreate Foreign ObjectUnknown Refused DeletionForbidden ReadByStranger
    HostUnread NoHosts CannotRebuild DoesNotFit);
variants!(note_name, NOTES, Note: Unmanaged NewOn FewBrokerThreads IdleConsumers BackgroundInsert Backfills MembersStay MessagesLost GroupStarts GroupContinues
    OffsetsKept NotManaged NoLongerDeclared KeptOld
    SecretUnknown Beyond);
variants!(kafka_action_name, KAFKA_ACTIONS, KafkaAction: CreateTopic GrowTopic AlterTopic DeleteTopic RemoveMembers
    SetOffsets ForgetOffsets DeleteGroup AwaitBackfill);
variants!(table_action_name, TABLE_ACTIONS, TableAction: CreateDatabase Create CreateFillingView Fill Comment Alter ModifyQuery
    Flush Copy StartMerges Exchange Rename Drop);
variants!(hazard_name, HAZARDS, Hazard: DeletesData RecreatesTopic ChangesKeyMapping ShortensRetention PausesIngestion
    BreaksReaders ReplaysMessages SkipsMessages MayDuplicate CopiesData ReshardsNewRowsOnly MissesRows);
variants!(attribute_name, ATTRIBUTES, Attribute: Kind Comment Column ColumnOrder Engine PartitionBy OrderBy PrimaryKey
    SampleBy Ttl Setting Index Projection Constraint Query Target);

pub fn topic_id(name: &str) -> ResourceId {
    ResourceId::new(Kind::Topic, name)
}

pub fn pipeline_id(name: &str) -> ResourceId {
    ResourceId::new(Kind::KafkaPipeline, name)
}

pub fn object(name: &str) -> ObjectName {
    ObjectName::parse(name).unwrap()
}

fn text(map: &[(&str, &str)]) -> BTreeMap<String, String> {
    map.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

pub fn header(topology: Topology) -> Header {
    let host = |n: usize| Host { name: format!("ch{n}:8123"), version: "26.9.2".into() };
    Header {
        project: "covid19".into(),
        environment: Some("prod".into()),
        kafka: "kafka:9092".into(),
        cluster_id: "MkU3OEVBNTcwNTJENDM2Qk".into(),
        topology,
        hosts: (1..=4).map(host).collect(),
        census: Census::default(),
        left_out: BTreeSet::new(),
        undeclared: BTreeSet::new(),
    }
}

pub fn resource(id: ResourceId, verb: Verb) -> ResourcePlan {
    ResourcePlan { id, verb, impact: None, changes: Vec::new(), blocked: Vec::new(), notes: Vec::new() }
}

pub fn step(resource: &ResourceId, action: impl Into<Action>, hosts: &[usize], hazards: &[Hazard]) -> Step {
    let action = action.into();
    let timeout = action.timeout();
    let (hosts, hazards) = (hosts.iter().copied().collect(), hazards.to_vec());
    Step { resource: resource.clone(), action, hosts, reach: Reach::EachHost, needs: BTreeSet::new(), hazards, timeout }
}

/// A plan that carries one of each: verb, change, note, action, hazard.
pub fn whole() -> Plan {
    let per_host = Topology::PerHost { cluster: "dwh_test".into() };
    let mut plan = Plan { header: header(per_host), resources: Vec::new(), steps: Vec::new() };
    topics(&mut plan);
    new_pipeline(&mut plan);
    again(&mut plan);
    super::testing_evolution::evolved(&mut plan);
    others(&mut plan);
    plan
}

fn topics(plan: &mut Plan) {
    let (new, grown, again, old) =
        (topic_id("alerts"), topic_id("cases_1min"), topic_id("remade"), topic_id("unwanted"));
    plan.resources.push(resource(new.clone(), Verb::Create));
    let create = |name: &str| KafkaAction::CreateTopic {
        name: name.into(),
        partitions: 3,
        replication_factor: 1,
        config: text(&[("retention.ms", "86400000")]),
    };
    plan.steps.push(step(&new, create("alerts"), &[], &[]));

    let partitions = TopicChange::Partitions { old: 3, new: 6 };
    let shorter = TopicChange::Set {
        key: "retention.ms".into(),
        old: Some("604800000".into()),
        pinned: false,
        new: "86400000".into(),
    };
    let unset = TopicChange::Unset { key: "segment.ms".into(), old: Some("5".into()) };
    plan.resources.push(ResourcePlan {
        changes: vec![
            Change::Topic { change: partitions, hazards: vec![Hazard::ChangesKeyMapping] },
            Change::Topic { change: shorter, hazards: vec![Hazard::ShortensRetention] },
            Change::Topic { change: unset, hazards: vec![] },
        ],
        ..resource(grown.clone(), Verb::Change)
    });
    let grow = KafkaAction::GrowTopic { name: "cases_1min".into(), from: 3, to: 6 };
    plan.steps.push(step(&grown, grow, &[], &[Hazard::ChangesKeyMapping]));
    let alter = KafkaAction::AlterTopic {
        name: "cases_1min".into(),
        set: text(&[("retention.ms", "86400000")]),
        unset: BTreeSet::from(["segment.ms".into()]),
    };
    plan.steps.push(step(&grown, alter, &[], &[Hazard::ShortensRetention]));

    plan.resources.push(resource(again.clone(), Verb::Recreate));
    let delete = |name: &str| KafkaAction::DeleteTopic { name: name.into(), id: "xyzzy".into() };
    plan.steps.push(step(&again, delete("remade"), &[], &[Hazard::RecreatesTopic]));
    plan.steps.push(step(&again, create("remade"), &[], &[]));
    plan.resources.push(resource(old.clone(), Verb::Delete));
    plan.steps.push(step(&old, delete("unwanted"), &[], &[Hazard::DeletesData]));
    let crowded = Note::IdleConsumers { hosts: 4, consumers: 2, partitions: 6 };
    let few = Note::FewBrokerThreads { hosts: vec![0, 1], tasks: 17, threads: 16 };
    let unmanaged = Note::Unmanaged { key: "flush.ms".into(), value: "9".into() };
    plan.resources.push(ResourcePlan {
        notes: vec![unmanaged, Note::NewOn { hosts: vec![3] }, crowded, few],
        ..resource(topic_id("kept"), Verb::Keep)
    });
}

fn kafka_table() -> Definition {
    let secret = SettingValue::Secret(SecretRef::FromEnv("KAFKA_PASSWORD".into()));
    Definition {
        columns: vec![Column::new("date", "String")],
        settings: BTreeMap::from([
            ("kafka_format".to_owned(), SettingValue::Text("JSONEachRow".into())),
            ("kafka_sasl_password".to_owned(), secret),
        ]),
        comment: "[sluice covid19 KafkaPipeline/new]".into(),
        ..Definition::new(object("otus_kafka.new_kafka"), Engine::plain("Kafka"))
    }
}

fn view() -> Definition {
    Definition {
        query: Some(Fragment::new(
            "SELECT toDate(k.date) AS date, k.location_key AS location_key, k.new_confirmed AS new_confirmed \
             FROM otus_kafka.new_kafka AS k WHERE k.date != ''",
        )),
        target: Some(object("raw.new")),
        ..Definition::new(object("raw.new_mv"), Engine::plain(Engine::VIEW))
    }
}

fn new_pipeline(plan: &mut Plan) {
    let id = pipeline_id("new");
    let make = |object_name: &str, engine: &str, hosts: &[usize]| Change::Make {
        object: object(object_name),
        engine: engine.into(),
        hosts: hosts.to_vec(),
    };
    let all = [0, 1, 2, 3];
    plan.resources.push(ResourcePlan {
        changes: vec![make("otus_kafka.new_kafka", "Kafka", &all), make("raw.new_mv", Engine::VIEW, &[0, 1, 3])],
        notes: vec![Note::BackgroundInsert { hosts: vec![1, 2] }],
        ..resource(id.clone(), Verb::Create)
    });
    plan.steps.push(step(&id, TableAction::CreateDatabase { name: "raw".into() }, &[2], &[]));
    plan.steps.push(step(&id, TableAction::Create(Box::new(kafka_table())), &all, &[]));
    plan.steps.push(step(&id, TableAction::Create(Box::new(view())), &[0, 1, 3], &[]));
}

fn again(plan: &mut Plan) {
    let id = pipeline_id("again");
    let unmake = |name: &str, hazards: &[Hazard]| Change::Unmake {
        object: object(name),
        hosts: vec![0, 1, 2, 3],
        hazards: hazards.to_vec(),
    };
    let mut changes = attributes();
    changes.extend([
        unmake("raw.again_mv", &[Hazard::PausesIngestion]),
        unmake("raw.again", &[Hazard::BreaksReaders]),
        unmake("raw.again_local", &[Hazard::DeletesData]),
    ]);
    plan.resources.push(ResourcePlan {
        changes,
        notes: vec![Note::OffsetsKept { group: "clickhouse-again-consumer".into() }],
        ..resource(id.clone(), Verb::Recreate)
    });
    let all = [0, 1, 2, 3];
    let drop = |name: &str, is_view, sync| TableAction::Drop { name: object(name), is_view, sync };
    plan.steps.push(step(&id, drop("raw.again_mv", true, false), &all, &[Hazard::PausesIngestion]));
    plan.steps.push(step(&id, TableAction::Flush { name: object("raw.again") }, &all, &[]));
    plan.steps.push(step(&id, drop("raw.again", false, false), &all, &[Hazard::BreaksReaders]));
    plan.steps.push(step(&id, drop("raw.again_local", false, true), &all, &[Hazard::DeletesData]));
    let engine = Engine { name: "Distributed".into(), args: vec![EngineArg::Text("dwh_test".into())] };
    let table = Definition::new(object("raw.again"), engine);
    plan.steps.push(step(&id, TableAction::Create(Box::new(table)), &all, &[]));
}

/// One change of each attribute, and one that an old server tells a secret with.
pub fn attributes() -> Vec<Change> {
    let change =
        |object_name: &str, attribute, old: Option<&str>, new: Option<&str>, hosts: &[usize]| Change::Attribute {
            object: object(object_name),
            change: AttributeChange { attribute, old: old.map(Into::into), new: new.map(Into::into) },
            hosts: hosts.to_vec(),
        };
    let all: &[usize] = &[0, 1, 2, 3];
    let local = |attribute, old, new| change("raw.again_local", attribute, old, new, all);
    let view = |attribute, old, new| change("raw.again_mv", attribute, old, new, all);
    let source = |attribute, old, new| change("otus_kafka.again_kafka", attribute, old, new, all);
    let name = || String::from("n");
    let secret = Some("<secret fromEnv KAFKA_PASSWORD>");
    vec![
        local(Attribute::Column("new_tested".into()), None, Some("Int32")),
        change("raw.again_local", Attribute::Column("date".into()), Some("String"), Some("Date"), &[2]),
        local(Attribute::ColumnOrder, Some("a, b"), Some("b, a")),
        local(
            Attribute::Engine,
            Some("ReplicatedMergeTree('/clickhouse/tables/{shard}/raw/again_local', '{replica}')"),
            Some("ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/raw/again_local', '{replica}', version)"),
        ),
        local(Attribute::PartitionBy, None, Some("toYYYYMM(date)")),
        local(Attribute::OrderBy, Some("date, location_key"), Some("location_key, date")),
        local(Attribute::PrimaryKey, Some("date"), None),
        local(Attribute::SampleBy, None, Some("date")),
        local(Attribute::Ttl, None, Some("date + toIntervalDay(90)")),
        local(Attribute::Index(name()), None, Some("a TYPE minmax GRANULARITY 1")),
        local(Attribute::Projection(name()), Some("SELECT a"), None),
        local(Attribute::Constraint(name()), None, Some("CHECK a > 0")),
        local(Attribute::Comment, Some("old"), Some("new")),
        source(Attribute::Setting("kafka_max_block_size".into()), Some("65536"), Some("131072")),
        source(Attribute::Setting("kafka_sasl_password".into()), Some("hunter2"), secret),
        source(Attribute::Setting("kafka_sasl_username".into()), Some("hunter2"), secret),
        view(
            Attribute::Query,
            Some("SELECT k.date AS date, k.a AS a FROM otus_kafka.again_kafka AS k"),
            Some("SELECT toDate(k.date) AS date, k.a AS a FROM otus_kafka.again_kafka AS k WHERE k.a != ''"),
        ),
        view(Attribute::Target, Some("raw.old"), Some("raw.again")),
        change("raw.other", Attribute::Kind, Some("MergeTree"), Some(Engine::VIEW), all),
    ]
}

fn others(plan: &mut Plan) {
    let (taken, forgotten, stuck) = (pipeline_id("taken"), pipeline_id("forgotten"), pipeline_id("stuck"));
    let owner = Owner { project: "covid19".into(), resource: "KafkaPipeline/before".into() };
    let adopt = |name: &str, from| Change::Adopt { object: object(name), from, hosts: vec![0, 1, 2, 3] };
    plan.resources.push(ResourcePlan {
        changes: vec![adopt("raw.taken", None), adopt("raw.taken_local", Some(owner))],
        ..resource(taken.clone(), Verb::Change)
    });
    let comment = |name: &str, comment: &str, adopts| TableAction::Comment {
        name: object(name),
        comment: comment.into(),
        adopts,
    };
    let marked = comment("raw.taken", "[sluice covid19 KafkaPipeline/taken]", true);
    plan.steps.push(step(&taken, marked, &[0, 1, 2, 3], &[]));
    plan.resources.push(resource(forgotten.clone(), Verb::Forget));
    plan.steps.push(step(&forgotten, comment("raw.forgotten", "", false), &[0], &[]));
    plan.resources.push(ResourcePlan { blocked: vec![Blocked::NeedsRecreate], ..resource(stuck, Verb::Blocked) });
    let beside = Note::NotManaged {
        object: object("mart.v"),
        engine: "View".into(),
        of: object("raw.kept"),
        reads: true,
        writes: false,
        hosts: vec![0, 1, 2, 3],
    };
    let writer = Note::NotManaged {
        object: object("mart.mv"),
        engine: Engine::VIEW.into(),
        of: object("raw.kept_local"),
        reads: false,
        writes: true,
        hosts: vec![2],
    };
    let forgotten =
        Note::NoLongerDeclared { object: object("raw.before"), engine: "Distributed".into(), hosts: vec![0, 1, 2, 3] };
    let secret = |here| Note::SecretUnknown {
        object: object("otus_kafka.kept_kafka"),
        secrets: vec!["<secret fromEnv KAFKA_PASSWORD>".into()],
        here,
    };
    let beyond =
        Note::Beyond { object: object("raw.kept_mv"), clause: "SQL SECURITY NONE".into(), hosts: vec![0, 1, 2, 3] };
    let notes = vec![beside, writer, forgotten, beyond, secret(true), secret(false)];
    plan.resources.push(ResourcePlan { notes, ..resource(pipeline_id("kept"), Verb::Keep) });
}

/// A plan in which every reason stands in the way.
pub fn obstructed() -> Plan {
    let unread = |host: &str, why| Blocked::HostUnread { host: host.into(), why };
    let replication = TopicChange::ReplicationFactor { old: vec![3, 3, 3, 3, 2, 3, 3, 2], new: 3 };
    let topic = ResourcePlan {
        changes: vec![Change::Topic { change: replication, hazards: vec![] }],
        blocked: vec![
            Blocked::FewerPartitions { live: 6, desired: 3 },
            Blocked::ReplicationFactor { live: vec![3, 3, 3, 3, 2, 3, 3, 2], desired: 3 },
            Blocked::TooFewBrokers { brokers: 1, replicas: 2 },
            Blocked::MinInsyncReplicas { min_isr: 2, replicas: 1 },
            Blocked::NameCollision("a.b".into()),
            Blocked::RefusedByBrokers("Invalid value -2 for configuration retention.ms.".into()),
            Blocked::TopicUnknown("Broker: Topic authorization failed".into()),
        ],
        ..resource(topic_id("a_b"), Verb::Blocked)
    };
    let owner = Owner { project: "other".into(), resource: "KafkaPipeline/theirs".into() };
    let why = "Connection refused (os error 111)".into();
    let rebuild = |why| Blocked::CannotRebuild { object: object("raw.t"), why };
    let pipeline = ResourcePlan {
        blocked: vec![
            Blocked::NeedsRecreate,
            Blocked::Foreign { object: object("raw.theirs"), owner },
            Blocked::ObjectUnknown { object: object("raw.t"), host: 2, why },
            Blocked::Refused { object: object("raw.t_mv"), why: "Unknown expression identifier `x` (code 47)".into() },
            Blocked::DeletionForbidden,
            Blocked::ReadByStranger { object: object("raw.t"), reader: object("mart.v") },
            Blocked::NoHosts("storage".into()),
            Blocked::NoHosts(String::new()),
            unread("ch5:8123", Unread::Silent("connection refused".into())),
            unread("ch6:9000", Unread::NotListed { perhaps: vec![] }),
            unread("ch7:9000", Unread::NotListed { perhaps: vec!["proxy:80".into()] }),
            rebuild(Obstacle::KeeperPath),
            rebuild(Obstacle::Replicas),
            rebuild(Obstacle::InTheWay { table: object("raw.t__sluice_next"), host: 1 }),
            rebuild(Obstacle::Gone { table: object("raw.t__sluice_next"), host: 1 }),
            rebuild(Obstacle::HalfMoved { left: vec![1, 2] }),
            rebuild(Obstacle::OtherHosts { cluster: "storage".into(), host: 1 }),
            rebuild(Obstacle::Renamed),
            rebuild(Obstacle::NoExchange { database: "raw".into(), host: 1 }),
            rebuild(Obstacle::NoSpace { host: 1, bytes: 2_000_000, free: 1_000_000 }),
            Blocked::DoesNotFit { object: object("raw.t"), column: "n".into(), rows: 12, host: 3 },
        ],
        ..resource(pipeline_id("stuck"), Verb::Blocked)
    };
    let on_cluster = Topology::OnCluster { cluster: "dwh_test".into() };
    Plan { header: header(on_cluster), resources: vec![topic, pipeline], steps: Vec::new() }
}

/// A plan whose every text tries to be something else.
pub fn hostile() -> Plan {
    let evil = "x\u{1b}[2K\rPlan: 0 to create\n-- DROP TABLE t;\u{202e}`'";
    let id = pipeline_id("evil");
    let name = ObjectName::new("raw", evil);
    let change = AttributeChange { attribute: Attribute::Comment, old: Some(evil.into()), new: Some(evil.into()) };
    let table = Definition { comment: evil.into(), ..Definition::new(name.clone(), Engine::plain("Null")) };
    let header = Header {
        project: evil.into(),
        environment: Some(evil.into()),
        kafka: evil.into(),
        cluster_id: evil.into(),
        topology: Topology::Single,
        hosts: vec![Host { name: evil.into(), version: evil.into() }],
        census: Census {
            unread: vec![UnreadHost { name: evil.into(), why: Unread::Silent(evil.into()), clusters: BTreeSet::new() }],
            remarks: vec![HostRemark::OnNoCluster { host: evil.into() }],
        },
        left_out: BTreeSet::new(),
        undeclared: BTreeSet::new(),
    };
    let attribute = Change::Attribute { object: name.clone(), change, hosts: vec![0] };
    let owner = Owner { project: evil.into(), resource: evil.into() };
    let adopt = Change::Adopt { object: name.clone(), from: Some(owner), hosts: vec![0] };
    let create = KafkaAction::CreateTopic {
        name: evil.into(),
        partitions: 1,
        replication_factor: 1,
        config: text(&[(evil, evil)]),
    };
    let pipeline = ResourcePlan {
        changes: vec![attribute, adopt],
        blocked: vec![Blocked::ObjectUnknown { object: name.clone(), host: 0, why: evil.into() }],
        notes: vec![Note::OffsetsKept { group: evil.into() }],
        ..resource(id.clone(), Verb::Blocked)
    };
    let topic = topic_id(evil);
    let resources = vec![resource(topic.clone(), Verb::Create), pipeline];
    let steps = vec![
        step(&topic, create, &[], &[Hazard::DeletesData]),
        step(&id, TableAction::Create(Box::new(table)), &[0], &[]),
        step(&id, TableAction::Drop { name, is_view: false, sync: false }, &[0], &[]),
    ];
    Plan { header, resources, steps }
}
