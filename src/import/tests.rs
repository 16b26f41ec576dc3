//! Typical chains as their owners find them written.

use super::{Imported, Usual, Wanted, import, with};
use crate::compile::compile;
use crate::diff::{Attribute, HostState, diff};
use crate::manifest::{LoadOptions, Loaded, load_texts};
use crate::model::{
    Canonical, Census, ConfigEntry, ConfigSource, Definition, EngineArg, Fragment, Live, LiveClickHouse, LiveHost,
    LiveKafka, LiveObject, LiveTopic, ObjectName, TopicFact, parse_create,
};
use std::collections::{BTreeMap, BTreeSet};

const KAFKA: &str = "ENGINE = Kafka SETTINGS kafka_broker_list = 'kafka:9092', kafka_topic_list";

/// One host with these objects; every topic that a table names has two partitions.
fn live(statements: &[&str]) -> Live {
    let parsed = |text: &&str| parse_create(text).unwrap_or_else(|e| panic!("{text}: {e}")).arguments_as_settings();
    let definitions: Vec<Definition> = statements.iter().map(parsed).collect();
    let reads = |view: &Definition, table: &ObjectName| view.query.as_ref().is_some_and(|q| q.names(table));
    let object = |d: &Definition| {
        let readers = definitions.iter().filter(|v| v.is_view() && reads(v, &d.name)).map(|v| v.name.clone());
        (d.name.clone(), LiveObject { definition: d.clone(), uuid: "u".into(), readers: readers.collect() })
    };
    let host = LiveHost {
        name: "ch1".into(),
        clusters: BTreeMap::from([("dwh".to_owned(), (1, 1))]),
        databases: definitions.iter().map(|d| d.name.database.clone()).collect(),
        objects: definitions.iter().map(object).collect(),
        ..LiveHost::default()
    };
    let topics: BTreeSet<String> = definitions.iter().flat_map(super::source::topics).collect();
    let entry = |source| ConfigEntry { value: Some("86400000".into()), source, read_only: false };
    let config = [("retention.ms", ConfigSource::Topic), ("segment.ms", ConfigSource::Broker)];
    let topic = LiveTopic {
        id: String::new(),
        replicas: vec![1, 1],
        config: config.map(|(key, source)| (key.to_owned(), entry(source))).into(),
    };
    let kafka = LiveKafka {
        cluster_id: String::new(),
        brokers: 1,
        names: topics.clone(),
        topics: topics.into_iter().map(|t| (t, TopicFact::Present(topic.clone()))).collect(),
        groups: BTreeMap::new(),
        follows: BTreeMap::new(),
        ends: BTreeMap::new(),
        starts: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    Live { kafka, clickhouse: LiveClickHouse { hosts: vec![host], census: Census::default() } }
}

fn project(clickhouse: &str) -> Loaded {
    let text = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: p}}\nspec:\n  manifests: [m.yaml]\n  \
         kafka: {{bootstrapServers: 'kafka:9092'}}\n  clickhouse: {{url: 'http://ch1:8123'{clickhouse}}}\n  state: none\n"
    );
    load_texts(&[("sluice.yaml", &text), ("m.yaml", "")], &LoadOptions::default())
}

fn found(statements: &[&str], clickhouse: &str) -> (Imported, Live, Loaded) {
    let (live, base) = (live(statements), project(clickhouse));
    (of(&live, &base), live, base)
}

fn of(live: &Live, base: &Loaded) -> Imported {
    let topology = compile(base).0.unwrap().desired.topology;
    let usual = Usual { project: "p".into(), kafka_database: "kafka".into(), engine: "MergeTree".into() };
    let wanted = Wanted { all: true, ..Wanted::default() };
    import(live, base, &topology, &usual, &wanted)
}

/// The manifests, which compile to what is there and to nothing else.
fn written(statements: &[&str], clickhouse: &str) -> String {
    let (imported, live, base) = found(statements, clickhouse);
    let text = imported.text();
    let (compiled, findings) = compile(&with(&base, &text));
    let compiled = compiled.unwrap_or_else(|| panic!("{findings:#?}\n{text}"));
    let changes = diff(&compiled.desired, &live, &Canonical::new());
    for object in changes.pipelines.iter().flat_map(|p| &p.objects) {
        for state in object.hosts.values() {
            let same = matches!(state, HostState::Unmarked { .. })
                && state.changes().iter().all(|c| c.attribute == Attribute::Comment);
            assert!(same, "{}: {state:#?}\n{text}", object.desired.definition.name);
        }
    }
    assert_eq!(imported.odd, [], "{text}");
    text
}

#[test]
fn a_chain_made_by_hand_on_a_cluster() {
    let kafka = format!(
        "CREATE TABLE otus.cases_kafka (`date` String, `key` String, `n` Int32) {KAFKA} = 'cases_1min', \
         kafka_group_name = 'cases', kafka_format = 'JSONEachRow', kafka_num_consumers = 1, kafka_skip_broken_messages = 1000"
    );
    insta::assert_snapshot!(written(
        &[
            &kafka,
            "CREATE TABLE raw.cases_local (`date` Date, `key` LowCardinality(String), `n` Int32 CODEC(Delta(4), LZ4), \
             INDEX ix date TYPE minmax GRANULARITY 4, PROJECTION p (SELECT * ORDER BY n)) ENGINE = MergeTree \
             PARTITION BY toYYYYMM(date) PRIMARY KEY date ORDER BY (date, key) TTL date + toIntervalDay(90) \
             SETTINGS index_granularity = 8192 COMMENT 'Cases of the day'",
            "CREATE TABLE raw.cases (`date` Date, `key` LowCardinality(String), `n` Int32) \
             ENGINE = Distributed('dwh', 'raw', 'cases_local', xxHash64(key))",
            "CREATE MATERIALIZED VIEW raw.cases_mv TO raw.cases (`date` Date, `key` String, `n` Int32) AS \
             SELECT toDate(date) AS date, key, n FROM otus.cases_kafka WHERE key != ''",
        ],
        ", cluster: dwh, ddl: perHost"
    ));
}

#[test]
fn a_cascade_on_one_server() {
    let kafka = format!(
        "CREATE TABLE kafka.orders_kafka (`id` UInt64, `at` String, `price` Float64) {KAFKA} = 'orders,returns', \
         kafka_group_name = 'clickhouse-orders-consumer', kafka_format = 'JSONEachRow'"
    );
    insta::assert_snapshot!(written(
        &[
            &kafka,
            "CREATE TABLE shop.orders (`id` UInt64, `at` String, `price` Decimal(18, 2), `came` DateTime DEFAULT now()) \
             ENGINE = ReplacingMergeTree(came) ORDER BY id SETTINGS index_granularity = 8192",
            "CREATE MATERIALIZED VIEW shop.orders_mv TO shop.orders (`id` UInt64) AS SELECT src.id AS id, src.at AS at, \
             CAST(src.price, 'Decimal(18, 2)') AS price FROM kafka.orders_kafka AS src WHERE src.id > 0",
            "CREATE TABLE shop.daily (`day` Date, `sum` Decimal(38, 2)) ENGINE = SummingMergeTree ORDER BY day",
            "CREATE MATERIALIZED VIEW shop.to_daily TO shop.daily (`day` Date) AS SELECT toDate(at) AS day, sum(price) AS sum \
             FROM shop.orders AS o GROUP BY day",
        ],
        ""
    ));
}

#[test]
fn a_sink_with_feeds() {
    insta::assert_snapshot!(written(
        &[
            "CREATE TABLE kafka.alerts_outgoing (`level` Int32, `text` String) \
             ENGINE = Kafka('kafka:9092', 'alerts', 'nobody', 'JSONEachRow')",
            "CREATE TABLE kafka.alerts_outgoing_dist (`level` Int32, `text` String) \
             ENGINE = Distributed('dwh', 'kafka', 'alerts_outgoing', rand())",
            "CREATE MATERIALIZED VIEW raw.alerts_feed TO kafka.alerts_outgoing (`level` Int32) AS \
             SELECT level, text FROM raw.events WHERE level > 3",
        ],
        ", cluster: dwh, ddl: perHost"
    ));
}

#[test]
fn a_collection_with_a_secret_beside_it() {
    let (imported, ..) = found(
        &[
            "CREATE TABLE kafka.k_kafka (`a` String) ENGINE = Kafka(brokers, kafka_sasl_password = '[HIDDEN]') \
             SETTINGS kafka_topic_list = 't', kafka_group_name = 'g', kafka_flush_interval_ms = 500",
            "CREATE TABLE d.t (`a` String, `n` Nullable(String) DEFAULT '$x: #1') ENGINE = MergeTree ORDER BY tuple()",
            "CREATE MATERIALIZED VIEW d.t_mv TO d.t (`a` String) AS SELECT src.a AS a FROM kafka.k_kafka AS src",
        ],
        "",
    );
    assert_eq!(imported.odd, []);
    insta::assert_snapshot!(imported.text());
    assert_eq!(imported.secrets, BTreeSet::from(["K_KAFKA_KAFKA_SASL_PASSWORD".to_owned()]));
}

#[test]
fn two_chains_that_fill_one_table() {
    let kafka = |name: &str| {
        format!(
            "CREATE TABLE kafka.{name} (`a` String) {KAFKA} = '{name}', kafka_group_name = 'g', kafka_format = 'CSV'"
        )
    };
    let view = |name: &str| {
        format!("CREATE MATERIALIZED VIEW d.{name}_mv TO d.t (`a` String) AS SELECT a FROM kafka.{name} LIMIT 5")
    };
    insta::assert_snapshot!(written(
        &[
            &kafka("one"),
            &kafka("two"),
            &view("one"),
            &view("two"),
            "CREATE TABLE d.t (`a` String) ENGINE = MergeTree ORDER BY (a, length(a))",
        ],
        ""
    ));
}

#[test]
fn what_most_hosts_have_is_written_and_paths_of_replicas_name_no_table() {
    let kafka = format!(
        "CREATE TABLE kafka.r_kafka (`a` String) {KAFKA} = 'r', kafka_group_name = 'clickhouse-r-consumer', \
         kafka_format = 'JSONEachRow'"
    );
    let mut live = live(&[
        &kafka,
        "CREATE TABLE d.r_local (`a` String) ENGINE = ReplicatedMergeTree('/t/{shard}/d/r/u1', '{replica}') ORDER BY a",
        "CREATE TABLE d.r (`a` String) ENGINE = Distributed('dwh', 'd', 'r_local', rand())",
        "CREATE MATERIALIZED VIEW d.r_mv TO d.r (`a` String) AS SELECT src.a AS a FROM kafka.r_kafka AS src",
    ]);
    let local = ObjectName::new("d", "r_local");
    for uuid in ["u1", "u2", "u3"] {
        let mut host = live.clickhouse.hosts[0].clone();
        let object = host.objects.get_mut(&local).unwrap();
        object.uuid = uuid.into();
        object.definition.engine.args[0] = EngineArg::Text(format!("/t/{{shard}}/d/r/{uuid}"));
        live.clickhouse.hosts.push(host);
    }
    live.clickhouse.hosts.remove(0);
    live.clickhouse.hosts[0].objects.get_mut(&local).unwrap().definition.ttl = Some(Fragment::new("now()"));
    let imported = of(&live, &project(", cluster: dwh, ddl: perHost"));
    assert_eq!(imported.odd, []);
    let text = imported.text();
    assert!(text.contains("engine: ReplicatedMergeTree('/t/{shard}/d/r/{uuid}', '{replica}')\n"), "{text}");
    assert!(!text.contains("ttl"), "{text}");
}

#[test]
fn what_belongs_to_nobody_here_is_left_out_and_listed() {
    let mark = "COMMENT '[sluice other KafkaPipeline/x]'";
    let kafka = format!("CREATE TABLE kafka.x_kafka (`a` String) {KAFKA} = 'x', kafka_group_name = 'g' {mark}");
    let (imported, ..) = found(
        &[
            &kafka,
            "CREATE TABLE d.x (`a` String) ENGINE = MergeTree ORDER BY a",
            "CREATE MATERIALIZED VIEW d.x_mv TO d.x (`a` String) AS SELECT a FROM kafka.x_kafka",
            "CREATE TABLE d.other (`a` String) ENGINE = Log",
            "CREATE VIEW d.plain (`a` String) AS SELECT a FROM d.other",
        ],
        "",
    );
    let odd: Vec<String> = imported.odd.iter().map(|o| format!("{} | {} | {}", o.object, o.what, o.why)).collect();
    assert_eq!(
        odd,
        [
            "d.other | Log, left out | no chain from a Kafka table leads to it",
            "d.plain | View, left out | no chain from a Kafka table leads to it",
            "kafka.x_kafka | left out | it belongs to KafkaPipeline/x of the project other",
        ]
    );
    // The topic is nobody's: it can be ours.
    assert_eq!(imported.files.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["topics.yaml"]);
}

#[test]
fn a_name_cannot_end_the_comment_that_it_stands_in() {
    let file = super::File {
        name: String::new(),
        about: vec!["a\nkind: Topic".into()],
        subjects: BTreeSet::new(),
        documents: vec!["x: 1\n".into()],
    };
    assert_eq!(file.text(), "# a kind: Topic\nx: 1\n");
}
