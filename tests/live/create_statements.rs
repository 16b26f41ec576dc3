//! The reader of CREATE statements against what a real server prints and what its system tables say.

use serde::Deserialize;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings, ClickHouseWriter, Execute};
use sluice::model::{DefaultKind, Definition, Engine, Fragment, ObjectName, parse_create};
use std::time::Duration;
use uuid::Uuid;

/// `{cluster}` stands for a cluster the server knows.
const STATEMENTS: &[&str] = &[
    r"CREATE TABLE src (a Int64, b String, d Date) ENGINE = Null",
    r"CREATE TABLE target (a Int64, b String) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE plain (a Int64) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE wide (id UInt64, `comment` String DEFAULT 'x' COMMENT 'it''s' CODEC(ZSTD(3)) TTL d + INTERVAL 1 DAY, d Date, mt UInt8 MATERIALIZED id + 1, al String ALIAS concat(`comment`, 'z'), ep UInt8 EPHEMERAL, ep2 String EPHEMERAL 'x' COMMENT 'e') ENGINE = MergeTree ORDER BY id COMMENT 'hello'",
    r"CREATE TABLE types (n Nested(a Int8, b String), t Tuple(a Int8, `b c` Array(Nullable(String))), e Enum8('a' = 1, 'b,)' = 2), j JSON(max_dynamic_paths = 10, a.b UInt32, SKIP c), ag AggregateFunction(quantiles(0.5, 0.9), Float64), m Map(String, Array(Tuple(Int8, String))), lc LowCardinality(Nullable(String)), dec Decimal(10, 3), dt DateTime64(3, 'UTC'), fs FixedString(16), v Variant(UInt8, String), dy Dynamic(max_types = 5)) ENGINE = MergeTree ORDER BY tuple()",
    r"CREATE TABLE statistics (a Int32 STATISTICS(tdigest, minmax), b String SETTINGS (min_compress_block_size = 1000)) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE codecs (a Int32 CODEC(Delta, LZ4), b Array(UInt8) CODEC(NONE), c DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD), d String CODEC(ZSTD) COMMENT 'c' TTL c + INTERVAL 1 DAY) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE indexes (a UInt64, d Date, type String, INDEX ix1 (a, d) TYPE minmax GRANULARITY 4, INDEX ix2 type TYPE bloom_filter(0.01), INDEX ix3 lower(type) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 1, INDEX `ix 4` a + 1 TYPE set(100) GRANULARITY 2) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE projections (a UInt64, d Date, PROJECTION p1 (SELECT d, sum(a) GROUP BY d), PROJECTION `p 2` (SELECT * ORDER BY d), PROJECTION p3 INDEX d TYPE basic) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE constraints (a UInt64, d Date, CONSTRAINT c1 CHECK a > 0, CONSTRAINT c2 ASSUME d > '2020-01-01' AND a != 3) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE keys (date Date, `comment` UInt32, ttl Date, settings UInt8) ENGINE = MergeTree PARTITION BY toYYYYMM(date) PRIMARY KEY (date, `comment`) ORDER BY (date, `comment`, ttl) SAMPLE BY `comment` TTL date + toIntervalDay(1) SETTINGS index_granularity = 1000, min_bytes_for_wide_part = '10' COMMENT 'x'",
    r"CREATE TABLE key_comment (`comment` UInt32) ENGINE = MergeTree ORDER BY `comment`",
    r"CREATE TABLE key_ttl (`ttl` UInt32, d Date) ENGINE = MergeTree PARTITION BY `ttl` ORDER BY `ttl` SAMPLE BY `ttl` TTL d + INTERVAL 1 DAY",
    r"CREATE TABLE key_settings (settings UInt32, d Date) ENGINE = MergeTree PARTITION BY settings ORDER BY settings SETTINGS index_granularity = 2",
    r"CREATE TABLE key_desc (a Int8, b Int8) ENGINE = MergeTree ORDER BY (a DESC, b) SETTINGS allow_experimental_reverse_key = 1",
    r"CREATE TABLE key_inside (a Int8 PRIMARY KEY, b Int8) ENGINE = SummingMergeTree((b))",
    r"CREATE TABLE key_expressions (a UInt64, s String) ENGINE = MergeTree PARTITION BY (a % 10, length(s)) ORDER BY (a, -a, s LIKE 'x%', [a, 1], cityHash64(s)) PRIMARY KEY (a, -a) SAMPLE BY a",
    r"CREATE TABLE ttl_many (d Date, k UInt8, v UInt8, settings UInt8) ENGINE = MergeTree ORDER BY k TTL d + INTERVAL 1 MONTH DELETE WHERE v > 5, d + INTERVAL 1 YEAR GROUP BY k SET settings = max(settings), d + INTERVAL 2 DAY RECOMPRESS CODEC(ZSTD(5)) SETTINGS index_granularity = 100 COMMENT 'c'",
    r"CREATE TABLE ttl_delete (ttl Date, k UInt8) ENGINE = MergeTree ORDER BY k TTL ttl + INTERVAL 1 DAY DELETE COMMENT 'c'",
    r"CREATE TABLE replacing (a Int8, v UInt64, gone UInt8) ENGINE = ReplacingMergeTree(v, gone) ORDER BY a",
    r"CREATE TABLE collapsing (a Int8, sign Int8, ver UInt8) ENGINE = VersionedCollapsingMergeTree(sign, ver) ORDER BY a",
    r"CREATE TABLE summing (a Int8, b Int8, c Int8) ENGINE = SummingMergeTree((b, c)) ORDER BY a",
    r"CREATE TABLE aggregating (a Int8, s SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY a",
    r"CREATE TABLE kafka_settings (a Int8, b String) ENGINE = Kafka SETTINGS kafka_broker_list = 'x:1', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow', kafka_num_consumers = 1e0, kafka_max_block_size = '65536', kafka_sasl_password = 'abc'",
    r"CREATE TABLE kafka_args (a Int8) ENGINE = Kafka('x:1', 't', 'g', 'JSONEachRow') COMMENT 'it\'s\n\\ [sluice p KafkaPipeline/x]'",
    r"CREATE TABLE memory (a Int8) ENGINE = Memory SETTINGS max_rows_to_keep = 10 COMMENT 'x'",
    r"CREATE TABLE buffer (a Int64) ENGINE = Buffer(currentDatabase(), plain, 1, 10, 100, 10000, 1000000, 10000000, 100000000)",
    r"CREATE TABLE merged (a Int64) ENGINE = Merge(currentDatabase(), '^pla')",
    r#"CREATE TABLE `odd ``name' "x` (`a b` Int8, `c``d` Int8, `e\\f` Int8, `ü` String, `1` Int8, `x.y` Int8) ENGINE = MergeTree ORDER BY (`a b`, `c``d`, `x.y`)"#,
    r"CREATE TABLE log (a Int8 DEFAULT if(1, 2, 3), b String DEFAULT concat('COMMENT \'x\'', ' CODEC(', ')'), c Array(String) DEFAULT arrayMap(x -> concat(x, ' TTL '), ['a'])) ENGINE = Log",
    r"CREATE TABLE defaults (a UInt8, b UInt8 DEFAULT CASE WHEN a = 1 THEN 2 ELSE a END, c Bool DEFAULT a IN (1, 2) AND NOT (a IS NULL), d Int8 DEFAULT -1, e Tuple(Int8, String) DEFAULT (1, 'x'), f Int8 DEFAULT e.1, g DateTime MATERIALIZED now() - INTERVAL 1 DAY, h Date ALIAS toDate(g) COMMENT 'ALIAS', i String DEFAULT a ? 'y' : 'n', comment UInt8, j UInt8 DEFAULT comment COMMENT 'comment', k UInt8 DEFAULT comment + comment CODEC(LZ4)) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE uuid_default (id UUID DEFAULT generateUUIDv4(), ip IPv4, p Point, i Int256) ENGINE = MergeTree ORDER BY id",
    r"CREATE TABLE skip_settings (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS storage_policy = 'default', merge_with_ttl_timeout = 3600, ratio_of_defaults_for_sparse_serialization = 0.95, enable_mixed_granularity_parts = true",
    r"CREATE TABLE commented (`comment` Int64) ENGINE = Memory",
    r"CREATE MATERIALIZED VIEW mv TO target COMMENT 'mvc' AS SELECT a, b FROM src WHERE a > 1",
    r"CREATE MATERIALIZED VIEW mv_columns TO target (a Int64, b String) AS SELECT a, b FROM src",
    r"CREATE MATERIALIZED VIEW mv_union TO target AS WITH x AS (SELECT a, b FROM src) SELECT a, b FROM x UNION ALL SELECT 1, 'COMMENT'",
    r"CREATE MATERIALIZED VIEW mv_brackets TO target AS (SELECT a, b FROM src)",
    r"CREATE MATERIALIZED VIEW mv_settings TO commented AS SELECT a AS comment FROM src ORDER BY comment SETTINGS max_threads = 1",
    r"CREATE MATERIALIZED VIEW mv_definer TO target DEFINER = default SQL SECURITY DEFINER AS SELECT a, b FROM src",
    r"CREATE MATERIALIZED VIEW mv_none TO target SQL SECURITY NONE COMMENT 'c' AS SELECT a, b FROM src",
    r"CREATE MATERIALIZED VIEW mv_refresh REFRESH EVERY 1 HOUR OFFSET 5 MINUTE RANDOMIZE FOR 1 MINUTE SETTINGS refresh_retries = 2 APPEND TO target EMPTY AS SELECT 1 AS a, '' AS b",
    r"CREATE MATERIALIZED VIEW mv_after REFRESH AFTER 1 DAY DEPENDS ON mv_refresh TO target EMPTY AS SELECT 1 AS a, '' AS b",
    r"CREATE MATERIALIZED VIEW mv_convert TO target AS SELECT k.a::Int64 AS a, CASE WHEN k.b = 'COMMENT' THEN 'x' ELSE k.b END AS b FROM src AS k WHERE toDate(k.d) IS NOT NULL GROUP BY ALL HAVING count() > 0",
    r"CREATE VIEW v AS SELECT a FROM plain",
    r"CREATE VIEW v_comment (a Int64) COMMENT 'c' AS SELECT a FROM plain",
    r"CREATE VIEW v_parameter AS SELECT a FROM plain WHERE a = {x:Int64}",
    r"CREATE TABLE statements (a Int8) ENGINE = MergeTree ORDER BY ()",
    r"CREATE TABLE order_default (`order` Int8, `by` Int8, `primary` Int8, `index` Int8, `projection` Int8, `constraint` Int8, `engine` Int8) ENGINE = MergeTree ORDER BY (`order`) PARTITION BY `by`",
    r"CREATE TABLE no_order (a Int8)",
    r"CREATE TABLE dist (a Int64) ENGINE = Distributed({cluster}, currentDatabase(), plain, xxHash64(a), 'default') SETTINGS fsync_after_insert = 1, background_insert_batch = true COMMENT 'd'",
    r"CREATE TABLE dist_short (a Int64) ENGINE = Distributed('{cluster}', currentDatabase(), 'plain')",
    r"CREATE TABLE index_type (a Int8, type Int8, INDEX i a + type TYPE minmax, INDEX j (a, type) TYPE set(0)) ENGINE = MergeTree ORDER BY type",
    r"CREATE TABLE projection_settings (a Int8, PROJECTION p (SELECT a ORDER BY a) WITH SETTINGS (index_granularity = 100)) ENGINE = MergeTree ORDER BY a",
    r"CREATE TABLE window (a DateTime) ENGINE = MergeTree ORDER BY toStartOfInterval(a, INTERVAL 1 HOUR) PARTITION BY toYYYYMM(a)",
    r"CREATE TABLE ttl_codec (ttl DateTime, codec UInt8, x UInt8 DEFAULT codec + codec CODEC(LZ4) TTL ttl + INTERVAL codec DAY) ENGINE = MergeTree ORDER BY codec TTL ttl + INTERVAL 1 DAY TO DISK 'default', ttl WHERE codec = 1",
];

#[derive(Debug, Deserialize)]
struct TableRow {
    name: String,
    create_table_query: String,
    engine: String,
    comment: String,
    partition_key: String,
    sorting_key: String,
    primary_key: String,
    sampling_key: String,
    as_select: String,
    target_database: String,
    target_table: String,
}

#[derive(Debug, Deserialize)]
struct ColumnRow {
    name: String,
    r#type: String,
    default_kind: String,
    default_expression: String,
    compression_codec: String,
    comment: String,
}

#[derive(Debug, Deserialize)]
struct IndexRow {
    name: String,
    type_full: String,
    expr: String,
    granularity: u64,
}

#[derive(Debug, Deserialize)]
struct ProjectionRow {
    name: String,
    query: String,
}

fn url() -> String {
    crate::fixture::shared().clickhouse_urls[0].clone()
}

async fn run(database: &str, sql: &str) {
    let settings = vec![("database".to_owned(), database.to_owned())];
    let options = Execute { timeout: Duration::from_secs(30), query_id: format!("test-{}", Uuid::new_v4()), settings };
    let writer = ClickHouseWriter::connect(&url(), &ClickHouseSettings::default()).unwrap();
    writer.execute(sql, &options).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
}

#[tokio::test]
async fn every_statement_of_the_server_is_read_and_nothing_is_lost() {
    let reader = ClickHouseReader::connect(&url(), &ClickHouseSettings::default()).unwrap();
    let clusters = reader.text("SELECT cluster FROM system.clusters ORDER BY cluster LIMIT 1").await.unwrap();
    let database = format!("cr_{}", Uuid::new_v4().simple());
    run("default", &format!("CREATE DATABASE {database}")).await;
    for statement in STATEMENTS {
        run(&database, &statement.replace("{cluster}", clusters.trim())).await;
    }
    let tables: Vec<TableRow> = rows(&reader, &database, "tables", "database", "name").await;
    assert!(tables.len() >= STATEMENTS.len() && STATEMENTS.len() >= 50);
    for table in &tables {
        compare(&reader, &database, table).await;
    }
    run("default", &format!("DROP DATABASE {database}")).await;
}

#[tokio::test]
async fn temporary_objects_are_read() {
    let mut session = ClickHouseReader::connect(&url(), &ClickHouseSettings::default()).unwrap().session();
    for sql in [
        "CREATE TEMPORARY TABLE cr_t (a decimal(10), c UInt8 DEFAULT 1+1 CODEC(ZSTD), INDEX i a TYPE minmax) ENGINE = MergeTree ORDER BY a COMMENT 'x'",
        "CREATE TEMPORARY TABLE cr_k (a Int8) ENGINE = Kafka SETTINGS kafka_broker_list = 'x:1', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow'",
        "CREATE TEMPORARY VIEW cr_v AS SELECT lcase(toString(k.a)) AS b FROM cr_k AS k",
    ] {
        session.execute(sql).await.unwrap();
    }
    let sql = "SELECT create_table_query AS text FROM system.tables WHERE is_temporary AND name LIKE 'cr\\_%' ORDER BY name FORMAT TSVRaw";
    let texts = session.text(sql).await.unwrap();
    let definitions: Vec<Definition> = texts.lines().map(|text| parse_create(text).unwrap()).collect();
    let [kafka, table, view] = definitions.as_slice() else { panic!("{texts}") };
    assert_eq!((&kafka.name, kafka.settings.len()), (&ObjectName::new("", "cr_k"), 4));
    assert_eq!(table.columns[0].data_type, Fragment::new("Decimal(10, 0)"));
    assert_eq!((table.indexes.len(), table.comment.as_str()), (1, "x"));
    assert_eq!(view.query, Some(Fragment::new("SELECT lower(toString(k.a)) AS b FROM cr_k AS k")));
    session.close().await.unwrap();
}

async fn rows<T: serde::de::DeserializeOwned>(
    reader: &ClickHouseReader,
    database: &str,
    of: &str,
    by: &str,
    order: &str,
) -> Vec<T> {
    let sql = format!("SELECT * FROM system.{of} WHERE {by} = '{database}' ORDER BY {order}");
    reader.rows(&sql).await.unwrap()
}

async fn compare(reader: &ClickHouseReader, database: &str, table: &TableRow) {
    let text = &table.create_table_query;
    let definition = parse_create(text).unwrap_or_else(|e| panic!("{text}\n{e}"));
    assert_eq!(definition.name, ObjectName::new(database, &table.name), "{text}");
    assert_eq!((&definition.comment, &definition.engine.name), (&table.comment, &table.engine), "{text}");
    same_key(definition.partition_by.as_ref(), &table.partition_key, text);
    // VersionedCollapsingMergeTree adds its version column to the sorting key.
    let sorting_key = match definition.engine.name.starts_with("VersionedCollapsing") {
        true => &table.primary_key,
        false => &table.sorting_key,
    };
    same_key(definition.order_by.as_ref().or(definition.primary_key.as_ref()), sorting_key, text);
    same_key(definition.primary_key.as_ref().or(definition.order_by.as_ref()), &table.primary_key, text);
    same_key(definition.sample_by.as_ref(), &table.sampling_key, text);
    if definition.engine.name == Engine::VIEW {
        let target = ObjectName::new(&table.target_database, &table.target_table);
        assert_eq!(definition.target, Some(target), "{text}");
    }
    assert_eq!(definition.query, (!table.as_select.is_empty()).then(|| Fragment::new(&table.as_select)), "{text}");

    let of = table.name.replace('\\', "\\\\").replace('\'', "\\'");
    let filter = format!("{database}' AND table = '{of}");
    let columns: Vec<ColumnRow> = rows(reader, &filter, "columns", "database", "position").await;
    same_columns(&definition, &columns);
    let indexes: Vec<IndexRow> =
        rows(reader, &format!("{filter}' AND creation = 'Explicit"), "data_skipping_indices", "database", "name").await;
    let mut sorted = definition.indexes.clone();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(sorted.len(), indexes.len(), "{text}");
    for (index, row) in sorted.iter().zip(&indexes) {
        assert_eq!((&index.name, index.index_type.as_str()), (&row.name, row.type_full.as_str()), "{text}");
        assert_eq!(index.granularity.unwrap_or(1), row.granularity, "{text}");
        assert!(index.expression.same_key(&Fragment::new(&row.expr)), "{text}\n{row:?}");
    }
    let projections: Vec<ProjectionRow> = rows(reader, &filter, "projections", "database", "name").await;
    let mut sorted = definition.projections.clone();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(sorted.len(), projections.len(), "{text}");
    for (projection, row) in sorted.iter().zip(&projections) {
        assert_eq!(projection.name, row.name, "{text}");
        // The system table shows neither the INDEX form nor settings.
        let own = projection.query.as_str();
        assert!(own.contains(&row.query) || own.starts_with("INDEX"), "{text}\n{row:?}");
    }
}

fn same_columns(definition: &Definition, rows: &[ColumnRow]) {
    // A view with parameters has no columns in its text before it is called.
    if definition.columns.is_empty() && definition.query.is_some() {
        return;
    }
    assert_eq!(definition.columns.len(), rows.len(), "{}", definition.name);
    for (column, row) in definition.columns.iter().zip(rows) {
        let context = format!("{}: {row:?}", definition.name);
        assert_eq!((&column.name, &column.comment), (&row.name, &row.comment), "{context}");
        assert!(column.data_type.same(&Fragment::new(&row.r#type)), "{context}");
        let kind = column.default.as_ref().map(|(kind, _)| kind.as_str()).unwrap_or_default();
        assert_eq!(kind, row.default_kind, "{context}");
        match &column.default {
            Some((_, Some(value))) => assert!(value.same(&Fragment::new(&row.default_expression)), "{context}"),
            // The text says EPHEMERAL alone, the table what that means.
            Some((DefaultKind::Ephemeral, None)) => assert!(row.default_expression.contains("default"), "{context}"),
            Some((_, None)) | None => assert_eq!(row.default_expression, "", "{context}"),
        }
        let codec = column.codec.as_ref().map(|codec| format!("CODEC({codec})")).unwrap_or_default();
        assert_eq!(codec, row.compression_codec, "{context}");
    }
}

/// The system table strips `tuple(…)` and DESC, the text keeps them.
fn same_key(key: Option<&Fragment>, row: &str, text: &str) {
    let key = key.map(Fragment::as_str).unwrap_or_default().replace(" DESC", "");
    let bare = key.strip_prefix("tuple(").and_then(|k| k.strip_suffix(')')).unwrap_or(&key);
    let bare = Fragment::new(bare);
    assert!(bare.same_key(&Fragment::new(row)) || Fragment::new(key).same_key(&Fragment::new(row)), "{text}\n{row}");
}
