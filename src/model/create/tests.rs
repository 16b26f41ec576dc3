//! Texts a 26.9 server printed, read and printed again: what comes back unchanged was not lost.

use super::super::definition::{Column, DefaultKind, Definition, Engine, EngineArg};
use super::super::name::ObjectName;
use super::super::quote::{backquoted, literal, object};
use super::super::setting::SettingValue;
use super::super::token::Fragment;
use super::{CreateError, parse_create};

const CANONICAL: &[&str] = &[
    r"CREATE TABLE db.key_single_desc (`a` String) ENGINE = MergeTree ORDER BY a DESC SETTINGS allow_experimental_reverse_key = 1, index_granularity = 8192",
    r"CREATE TABLE db.ttl_volume (`a` String, `d` Date, `volume` Int8) ENGINE = MergeTree ORDER BY a TTL d TO VOLUME 'default', d + 1 WHERE a IN ('x'), d + 3 GROUP BY a SET volume = max(volume) SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.aggregating (`a` Int8, `s` SimpleAggregateFunction(sum, UInt64)) ENGINE = AggregatingMergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.buffer (`a` Int64) ENGINE = Buffer('db', 'plain', 1, 10, 100, 10000, 1000000, 10000000, 100000000)",
    r"CREATE TABLE db.codecs (`a` Int32 CODEC(Delta(4), LZ4), `b` Array(UInt8) CODEC(NONE), `c` DateTime DEFAULT now() CODEC(DoubleDelta, ZSTD(1)), `d` String COMMENT 'c' CODEC(ZSTD(1)) TTL c + toIntervalDay(1)) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.collapsing (`a` Int8, `sign` Int8, `ver` UInt8) ENGINE = VersionedCollapsingMergeTree(sign, ver) ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.commented (`comment` Int64) ENGINE = Memory",
    r"CREATE TABLE db.constraints (`a` UInt64, `d` Date, CONSTRAINT c1 CHECK a > 0, CONSTRAINT c2 ASSUME (d > '2020-01-01') AND (a != 3)) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.defaults (`a` UInt8, `b` UInt8 DEFAULT multiIf(a = 1, 2, a), `c` Bool DEFAULT (a IN (1, 2)) AND (NOT (a IS NULL)), `d` Int8 DEFAULT -1, `e` Tuple(Int8, String) DEFAULT (1, 'x'), `f` Int8 DEFAULT e.1, `g` DateTime MATERIALIZED now() - toIntervalDay(1), `h` Date ALIAS toDate(g) COMMENT 'ALIAS', `i` String DEFAULT if(a, 'y', 'n'), `comment` UInt8, `j` UInt8 DEFAULT comment COMMENT 'comment', `k` UInt8 DEFAULT comment + comment CODEC(LZ4)) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.dist (`a` Int64) ENGINE = Distributed('dwh_test', 'db', 'plain', xxHash64(a), 'default') SETTINGS fsync_after_insert = 1, background_insert_batch = true COMMENT 'd'",
    r"CREATE TABLE db.dist_short (`a` Int64) ENGINE = Distributed('dwh_test', 'db', 'plain')",
    r"CREATE TABLE db.index_type (`a` Int8, `type` Int8, INDEX i a + type TYPE minmax GRANULARITY 1, INDEX j (a, type) TYPE set(0) GRANULARITY 1) ENGINE = MergeTree ORDER BY type SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.indexes (`a` UInt64, `d` Date, `type` String, INDEX ix1 (a, d) TYPE minmax GRANULARITY 4, INDEX ix2 type TYPE bloom_filter(0.01) GRANULARITY 1, INDEX ix3 lower(type) TYPE ngrambf_v1(3, 256, 2, 0) GRANULARITY 1, INDEX `ix 4` a + 1 TYPE set(100) GRANULARITY 2) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.kafka_args (`a` Int8) ENGINE = Kafka('x:1', 't', 'g', 'JSONEachRow') COMMENT 'it\'s\n\\ [sluice p KafkaPipeline/x]'",
    r"CREATE TABLE db.kafka_settings (`a` Int8, `b` String) ENGINE = Kafka SETTINGS kafka_broker_list = 'x:1', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow', kafka_num_consumers = 1., kafka_max_block_size = '65536', kafka_sasl_password = '[HIDDEN]'",
    r"CREATE TABLE db.key_comment (`comment` UInt32) ENGINE = MergeTree ORDER BY comment SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.key_desc (`a` Int8, `b` Int8) ENGINE = MergeTree ORDER BY tuple(a DESC, b) SETTINGS allow_experimental_reverse_key = 1, index_granularity = 8192",
    r"CREATE TABLE db.key_expressions (`a` UInt64, `s` String) ENGINE = MergeTree PARTITION BY (a % 10, length(s)) PRIMARY KEY (a, -a) ORDER BY (a, -a, s LIKE 'x%', [a, 1], cityHash64(s)) SAMPLE BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.key_inside (`a` Int8, `b` Int8) ENGINE = SummingMergeTree((b)) PRIMARY KEY tuple(a) ORDER BY tuple(a) SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.key_settings (`settings` UInt32, `d` Date) ENGINE = MergeTree PARTITION BY settings ORDER BY settings SETTINGS index_granularity = 2",
    r"CREATE TABLE db.key_ttl (`ttl` UInt32, `d` Date) ENGINE = MergeTree PARTITION BY ttl ORDER BY ttl SAMPLE BY ttl TTL d + toIntervalDay(1) SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.keys (`date` Date, `comment` UInt32, `ttl` Date, `settings` UInt8) ENGINE = MergeTree PARTITION BY toYYYYMM(date) PRIMARY KEY (date, comment) ORDER BY (date, comment, ttl) SAMPLE BY comment TTL date + toIntervalDay(1) SETTINGS index_granularity = 1000, min_bytes_for_wide_part = '10' COMMENT 'x'",
    r"CREATE TABLE db.log (`a` Int8 DEFAULT if(1, 2, 3), `b` String DEFAULT concat('COMMENT \'x\'', ' CODEC(', ')'), `c` Array(String) DEFAULT arrayMap(x -> concat(x, ' TTL '), ['a'])) ENGINE = Log",
    r"CREATE TABLE db.memory (`a` Int8) ENGINE = Memory SETTINGS max_rows_to_keep = 10 COMMENT 'x'",
    r"CREATE TABLE db.merged (`a` Int64) ENGINE = Merge('db', '^pla')",
    r"CREATE MATERIALIZED VIEW db.mv TO db.target (`a` Int64, `b` String) COMMENT 'mvc' AS SELECT a, b FROM db.src WHERE a > 1",
    r"CREATE MATERIALIZED VIEW db.mv_after REFRESH AFTER 1 DAY DEPENDS ON db.mv_refresh TO db.target (`a` UInt8, `b` String) DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS a, '' AS b",
    r"CREATE MATERIALIZED VIEW db.mv_brackets TO db.target (`a` Int64, `b` String) AS SELECT a, b FROM db.src",
    r"CREATE MATERIALIZED VIEW db.mv_columns TO db.target (`a` Int64, `b` String) AS SELECT a, b FROM db.src",
    r"CREATE MATERIALIZED VIEW db.mv_convert TO db.target (`a` Int64, `b` String) AS SELECT CAST(k.a, 'Int64') AS a, multiIf(k.b = 'COMMENT', 'x', k.b) AS b FROM db.src AS k WHERE toDate(k.d) IS NOT NULL GROUP BY ALL HAVING count() > 0",
    r"CREATE MATERIALIZED VIEW db.mv_definer TO db.target (`a` Int64, `b` String) DEFINER = default SQL SECURITY DEFINER AS SELECT a, b FROM db.src",
    r"CREATE MATERIALIZED VIEW db.mv_none TO db.target (`a` Int64, `b` String) SQL SECURITY NONE COMMENT 'c' AS SELECT a, b FROM db.src",
    r"CREATE MATERIALIZED VIEW db.mv_refresh REFRESH EVERY 1 HOUR OFFSET 5 MINUTE RANDOMIZE FOR 1 MINUTE SETTINGS refresh_retries = 2 APPEND TO db.target (`a` UInt8, `b` String) DEFINER = default SQL SECURITY DEFINER AS SELECT 1 AS a, '' AS b",
    r"CREATE MATERIALIZED VIEW db.mv_settings TO db.commented (`comment` Int64) AS SELECT a AS comment FROM db.src ORDER BY comment ASC SETTINGS max_threads = 1",
    r"CREATE MATERIALIZED VIEW db.mv_union TO db.target (`a` Int64, `b` String) AS WITH x AS (SELECT a, b FROM db.src) SELECT a, b FROM x UNION ALL WITH x AS (SELECT a, b FROM db.src) SELECT 1, 'COMMENT'",
    r"CREATE TABLE db.no_order (`a` Int8) ENGINE = MergeTree ORDER BY tuple() SETTINGS index_granularity = 8192",
    r#"CREATE TABLE db.`odd \`name' "x` (`a b` Int8, `c\`d` Int8, `e\\f` Int8, `ü` String, `1` Int8, `x.y` Int8) ENGINE = MergeTree ORDER BY (`a b`, `c\`d`, `x.y`) SETTINGS index_granularity = 8192"#,
    r"CREATE TABLE db.order_default (`order` Int8, `by` Int8, `primary` Int8, `index` Int8, `projection` Int8, `constraint` Int8, `engine` Int8) ENGINE = MergeTree PARTITION BY by ORDER BY (order) SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.plain (`a` Int64) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.projection_settings (`a` Int8, PROJECTION p (SELECT a ORDER BY a) WITH SETTINGS (index_granularity = 100)) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.projections (`a` UInt64, `d` Date, PROJECTION p1 (SELECT d, sum(a) GROUP BY d), PROJECTION `p 2` (SELECT * ORDER BY d), PROJECTION p3 INDEX d TYPE basic) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.replacing (`a` Int8, `v` UInt64, `gone` UInt8) ENGINE = ReplacingMergeTree(v, gone) ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.skip_settings (`a` Int8) ENGINE = MergeTree ORDER BY a SETTINGS storage_policy = 'default', merge_with_ttl_timeout = 3600, ratio_of_defaults_for_sparse_serialization = 0.95, enable_mixed_granularity_parts = true, index_granularity = 8192",
    r"CREATE TABLE db.src (`a` Int64, `b` String, `d` Date) ENGINE = `Null`",
    r"CREATE TABLE db.statements (`a` Int8) ENGINE = MergeTree ORDER BY tuple() SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.statistics (`a` Int32 STATISTICS(tdigest, minmax), `b` String SETTINGS (min_compress_block_size = 1000)) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.summing (`a` Int8, `b` Int8, `c` Int8) ENGINE = SummingMergeTree((b, c)) ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.target (`a` Int64, `b` String) ENGINE = MergeTree ORDER BY a SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.ttl_codec (`ttl` DateTime, `codec` UInt8, `x` UInt8 DEFAULT codec + codec CODEC(LZ4) TTL ttl + toIntervalDay(codec)) ENGINE = MergeTree ORDER BY codec TTL ttl + toIntervalDay(1) TO DISK 'default', ttl WHERE codec = 1 SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.ttl_delete (`ttl` Date, `k` UInt8) ENGINE = MergeTree ORDER BY k TTL ttl + toIntervalDay(1) SETTINGS index_granularity = 8192 COMMENT 'c'",
    r"CREATE TABLE db.ttl_many (`d` Date, `k` UInt8, `v` UInt8, `settings` UInt8) ENGINE = MergeTree ORDER BY k TTL d + toIntervalMonth(1) WHERE v > 5, d + toIntervalYear(1) GROUP BY k SET settings = max(settings), d + toIntervalDay(2) RECOMPRESS CODEC(ZSTD(5)) SETTINGS index_granularity = 100 COMMENT 'c'",
    r"CREATE TABLE db.types (`n.a` Array(Int8), `n.b` Array(String), `t` Tuple(a Int8, `b c` Array(Nullable(String))), `e` Enum8('a' = 1, 'b,)' = 2), `j` JSON(max_dynamic_paths = 10, `a.b` UInt32, SKIP c), `ag` AggregateFunction(quantiles(0.5, 0.9), Float64), `m` Map(String, Array(Tuple(Int8, String))), `lc` LowCardinality(Nullable(String)), `dec` Decimal(10, 3), `dt` DateTime64(3, 'UTC'), `fs` FixedString(16), `v` Variant(String, UInt8), `dy` Dynamic(max_types = 5)) ENGINE = MergeTree ORDER BY tuple() SETTINGS index_granularity = 8192",
    r"CREATE TABLE db.uuid_default (`id` UUID DEFAULT generateUUIDv4(), `ip` IPv4, `p` Point, `i` Int256) ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192",
    r"CREATE VIEW db.v (`a` Int64) AS SELECT a FROM db.plain",
    r"CREATE VIEW db.v_comment (`a` Int64) COMMENT 'c' AS SELECT a FROM db.plain",
    r"CREATE VIEW db.v_parameter AS SELECT a FROM db.plain WHERE a = {x:Int64}",
    r"CREATE TABLE db.wide (`id` UInt64, `comment` String DEFAULT 'x' COMMENT 'it\'s' CODEC(ZSTD(3)) TTL d + toIntervalDay(1), `d` Date, `mt` UInt8 MATERIALIZED id + 1, `al` String ALIAS concat(comment, 'z'), `ep` UInt8 EPHEMERAL, `ep2` String EPHEMERAL 'x' COMMENT 'e') ENGINE = MergeTree ORDER BY id SETTINGS index_granularity = 8192 COMMENT 'hello'",
    r"CREATE TABLE db.window (`a` DateTime) ENGINE = MergeTree PARTITION BY toYYYYMM(a) ORDER BY toStartOfInterval(a, toIntervalHour(1)) SETTINGS index_granularity = 8192",
    r"CREATE TEMPORARY TABLE tk (`a` Int8) ENGINE = Kafka SETTINGS kafka_broker_list = 'x:1', kafka_topic_list = 't', kafka_group_name = 'g', kafka_format = 'JSONEachRow'",
    r"CREATE TEMPORARY TABLE tt (`a` Decimal(10, 0), `c` UInt8 DEFAULT 1 + 1 CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY a COMMENT 'x'",
];

/// Parts that are not printed: what a definition has of them is in the next test.
const LEFT_OUT: &[&str] = &[
    " DEFINER = default SQL SECURITY DEFINER",
    " SQL SECURITY NONE",
    " STATISTICS(tdigest, minmax)",
    " SETTINGS (min_compress_block_size = 1000)",
    " REFRESH EVERY 1 HOUR OFFSET 5 MINUTE RANDOMIZE FOR 1 MINUTE SETTINGS refresh_retries = 2 APPEND",
    " REFRESH AFTER 1 DAY DEPENDS ON db.mv_refresh",
];

#[test]
fn clauses_that_no_manifest_asks_for_are_kept_as_they_are_written() {
    let beyond = |text: &str| parsed(text).beyond;
    let table = "CREATE TABLE db.t (`a` Int32 STATISTICS(tdigest, minmax), `b` String SETTINGS (min_compress_block_size = 1000)) ENGINE = MergeTree ORDER BY a";
    let expected = ["column a STATISTICS(tdigest, minmax)", "column b SETTINGS (min_compress_block_size = 1000)"];
    assert_eq!(beyond(table), expected);
    let view = |more: &str| format!("CREATE MATERIALIZED VIEW db.v TO db.t (`a` Int64) {more} AS SELECT a FROM db.s");
    assert_eq!(beyond(&view("DEFINER = joe SQL SECURITY DEFINER")), [""; 0]);
    assert_eq!(beyond(&view("SQL SECURITY NONE")), ["SQL SECURITY NONE"]);
    let refreshed = "CREATE MATERIALIZED VIEW db.v REFRESH EVERY 1 HOUR APPEND TO db.t (`a` Int64) AS SELECT 1 AS a";
    assert_eq!(parsed(refreshed).refresh.map(|r| r.to_string()).as_deref(), Some("EVERY 1 HOUR APPEND"));
}

fn parsed(text: &str) -> Definition {
    parse_create(text).unwrap_or_else(|e| panic!("{text}\n{e}"))
}

/// Prints a definition as the server does; settings in the order of `source`.
fn printed(d: &Definition, source: &str) -> String {
    let clause =
        |word: &str, value: &Option<Fragment>| value.as_ref().map(|v| format!(" {word} {v}")).unwrap_or_default();
    let mut list: Vec<String> = d.columns.iter().map(printed_column).collect();
    list.extend(d.indexes.iter().map(|i| {
        let granularity = i.granularity.map(|g| format!(" GRANULARITY {g}")).unwrap_or_default();
        format!("INDEX {} {} TYPE {}{granularity}", backquoted(&i.name), i.expression, i.index_type)
    }));
    list.extend(d.constraints.iter().map(|c| {
        let word = if c.assume { "ASSUME" } else { "CHECK" };
        format!("CONSTRAINT {} {word} {}", backquoted(&c.name), c.expression)
    }));
    list.extend(d.projections.iter().map(|p| {
        let select = p.query.as_str().starts_with("SELECT");
        let (open, close) = if select { ("(", ")") } else { ("", "") };
        format!("PROJECTION {} {open}{}{close}", backquoted(&p.name), p.query)
    }));
    let list = if list.is_empty() { String::new() } else { format!(" ({})", list.join(", ")) };
    let mut settings: Vec<_> = d.settings.iter().collect();
    settings.sort_by_key(|(name, _)| source.find(&format!("{name} = ")));
    let settings: Vec<String> = settings
        .into_iter()
        .map(|(name, value)| match value {
            SettingValue::Text(text) => format!("{name} = {}", literal(text)),
            SettingValue::Number(number) => format!("{name} = {number}"),
            SettingValue::Secret(_) => panic!("no server prints a reference"),
        })
        .collect();
    let settings = if settings.is_empty() { String::new() } else { format!(" SETTINGS {}", settings.join(", ")) };
    let comment = if d.comment.is_empty() { String::new() } else { format!(" COMMENT {}", literal(&d.comment)) };
    let name = match d.name.database.as_str() {
        "" => backquoted(&d.name.table),
        _ => object(&d.name),
    };
    let temporary = if d.name.database.is_empty() { "TEMPORARY " } else { "" };
    if let Some(query) = &d.query {
        let kind = if d.is_view() { "MATERIALIZED VIEW" } else { "VIEW" };
        let target = d.target.as_ref().map(|t| format!(" TO {}", object(t))).unwrap_or_default();
        return format!("CREATE {temporary}{kind} {name}{target}{list}{comment} AS {query}");
    }
    format!(
        "CREATE {temporary}TABLE {name}{list} ENGINE = {}{}{}{}{}{}{settings}{comment}",
        d.engine,
        clause("PARTITION BY", &d.partition_by),
        clause("PRIMARY KEY", &d.primary_key),
        clause("ORDER BY", &d.order_by),
        clause("SAMPLE BY", &d.sample_by),
        clause("TTL", &d.ttl),
    )
}

fn printed_column(c: &Column) -> String {
    let default = match &c.default {
        Some((kind, Some(value))) => format!(" {} {value}", kind.as_str()),
        Some((kind, None)) => format!(" {}", kind.as_str()),
        None => String::new(),
    };
    let comment = if c.comment.is_empty() { String::new() } else { format!(" COMMENT {}", literal(&c.comment)) };
    let codec = c.codec.as_ref().map(|codec| format!(" CODEC({codec})")).unwrap_or_default();
    let ttl = c.ttl.as_ref().map(|ttl| format!(" TTL {ttl}")).unwrap_or_default();
    format!("{} {}{default}{comment}{codec}{ttl}", backquoted(&c.name), c.data_type)
}

#[test]
fn nothing_is_lost() {
    assert!(CANONICAL.len() >= 50);
    for text in CANONICAL {
        let kept = LEFT_OUT.iter().fold((*text).to_owned(), |text, part| text.replace(part, ""));
        let again = printed(&parsed(text), text);
        assert!(Fragment::new(&again).same(&Fragment::new(&kept)), "\n{again}\n{kept}");
    }
}

#[test]
fn every_part_is_where_it_belongs() {
    let creates = |text: &str, name: &str| text.split(' ').take(4).any(|word| word == format!("db.{name}"));
    let find = |name: &str| parsed(CANONICAL.iter().find(|text| creates(text, name)).expect(name));
    let keys = find("keys");
    let fragment = |text: &str| Some(Fragment::new(text));
    assert_eq!(keys.partition_by, fragment("toYYYYMM(date)"));
    assert_eq!(keys.primary_key, fragment("(date, comment)"));
    assert_eq!(keys.order_by, fragment("(date, comment, ttl)"));
    assert_eq!(keys.sample_by, fragment("comment"));
    assert_eq!(keys.ttl, fragment("date + toIntervalDay(1)"));
    assert_eq!(keys.comment, "x");
    assert_eq!(keys.settings["min_bytes_for_wide_part"], SettingValue::Text("10".into()));
    assert_eq!(keys.settings["index_granularity"], SettingValue::Number("1000".into()));

    let wide = find("wide");
    let comment = &wide.columns[1];
    assert_eq!((comment.name.as_str(), comment.data_type.as_str()), ("comment", "String"));
    assert_eq!(comment.default, Some((DefaultKind::Default, fragment("'x'"))));
    assert_eq!((&comment.codec, &comment.ttl), (&fragment("ZSTD(3)"), &fragment("d + toIntervalDay(1)")));
    assert_eq!(comment.comment, "it's");
    let kinds: Vec<_> =
        wide.columns[3..].iter().map(|c| c.default.clone().map(|(kind, value)| (kind, value.is_some()))).collect();
    let some = |kind, value| Some((kind, value));
    assert_eq!(
        kinds,
        [
            some(DefaultKind::Materialized, true),
            some(DefaultKind::Alias, true),
            some(DefaultKind::Ephemeral, false),
            some(DefaultKind::Ephemeral, true)
        ]
    );

    let types = find("types");
    assert_eq!(types.columns[2].data_type.as_str(), "Tuple(a Int8, `b c` Array(Nullable(String)))");
    assert_eq!(types.columns.len(), 13);
    assert_eq!(find("src").engine, Engine::plain("Null"));
    let dist = find("dist").engine;
    let text = |t: &str| EngineArg::Text(t.into());
    let key = EngineArg::Expression(Fragment::new("xxHash64(a)"));
    assert_eq!(dist.args, [text("dwh_test"), text("db"), text("plain"), key, text("default")]);
    assert_eq!(find("dist").settings["background_insert_batch"], SettingValue::Number("true".into()));
    assert_eq!(find("ttl_codec").order_by, fragment("codec"));
    assert_eq!(find("index_type").indexes[0].expression.as_str(), "a + type");

    let view = find("mv");
    assert!(view.is_view() && view.engine == Engine::plain(Engine::VIEW));
    assert_eq!(view.target, Some(ObjectName::new("db", "target")));
    assert_eq!(view.query, fragment("SELECT a, b FROM db.src WHERE a > 1"));
    assert_eq!((view.comment.as_str(), view.columns.len()), ("mvc", 2));
    assert!(!find("v").is_view() && find("v").query.is_some());
    assert_eq!(parsed(CANONICAL[CANONICAL.len() - 1]).name, ObjectName::new("", "tt"));
}

#[test]
fn older_forms_and_optional_words_are_read() {
    let expected =
        parsed("CREATE MATERIALIZED VIEW db.v TO db.t (`a` Int8) COMMENT 'x' AS SELECT a, 'COMMENT' FROM db.s");
    for text in [
        "CREATE MATERIALIZED VIEW db.v TO db.t (`a` Int8) AS (SELECT a, 'COMMENT' FROM db.s) COMMENT 'x'",
        "CREATE MATERIALIZED VIEW db.v TO db.t (`a` Int8) AS SELECT a, 'COMMENT' FROM db.s COMMENT 'x'",
        "CREATE MATERIALIZED VIEW db.v UUID '0f9385a9' ON CLUSTER c TO db.t (`a` Int8) COMMENT 'x' AS SELECT a, 'COMMENT' FROM db.s",
        "CREATE MATERIALIZED VIEW IF NOT EXISTS db.v TO db.t (`a` Int8) DEFINER = `joe` SQL SECURITY INVOKER COMMENT 'x' AS SELECT a, 'COMMENT' FROM db.s",
    ] {
        assert_eq!(Definition { beyond: Vec::new(), ..parsed(text) }, expected, "{text}");
    }
    let expected =
        parsed("CREATE TABLE db.t (`a` Int8 DEFAULT 1 COMMENT 'x' CODEC(LZ4) TTL d) ENGINE = MergeTree ORDER BY a");
    for text in [
        "CREATE OR REPLACE TABLE db.t UUID 'x' (`a` Int8 COMMENT 'x' TTL d CODEC(LZ4) DEFAULT 1) ENGINE = MergeTree ORDER BY a",
        "create table db.t (a Int8 codec(LZ4) settings (x = 1) default 1 comment 'x' ttl d) engine = MergeTree() order by a",
        "CREATE TABLE db.t ON CLUSTER 'c' (`a` Int8 STATISTICS(tdigest) TTL d DEFAULT 1 COMMENT 'x' CODEC(LZ4)) ENGINE MergeTree ORDER BY a",
    ] {
        assert_eq!(Definition { beyond: Vec::new(), ..parsed(text) }, expected, "{text}");
    }
}

#[test]
fn what_is_not_known_is_an_error() {
    let table = |rest: &str| format!("CREATE TABLE db.t (`a` Int8) ENGINE = MergeTree {rest}");
    let columns = |list: &str| format!("CREATE TABLE db.t ({list}) ENGINE = Memory");
    for (text, near) in [
        (table("ORDER BY a UNIQUE KEY a"), "UNIQUE KEY a"),
        (table("ORDER BY a CLUSTER BY b"), "CLUSTER BY b"),
        (table("ORDER BY a SETTINGS x = 1 y"), "y"),
        (table("ORDER BY a SETTINGS x"), "SETTINGS x"),
        (table("ORDER BY a SETTINGS x = 1, x = 2"), "2"),
        (table("ORDER BY a ORDER BY b"), "ORDER BY b"),
        (table("ORDER BY"), "BY"),
        (table("COMMENT 'x' COMMENT 'y'"), "COMMENT 'y'"),
        (table("COMMENT x"), "x"),
        (table("AS SELECT 1"), "1"),
        (columns("`a` Int8 HIDDEN"), "HIDDEN"),
        (columns("`a` Int8 DEFAULT 1 HIDDEN"), "HIDDEN"),
        (columns("`a` DEFAULT 1"), "DEFAULT 1"),
        (columns("`a` Int8 CODEC(LZ4) CODEC(ZSTD)"), "CODEC(ZSTD)"),
        (columns("`a`"), "`a`"),
        (columns("INDEX i a minmax"), "minmax"),
        (columns("INDEX i a TYPE minmax GRANULARITY x"), "x"),
        (columns("INDEX i a TYPE minmax NEW"), "NEW"),
        (columns("CONSTRAINT c IS a"), "IS a"),
        (columns("PROJECTION p"), "p"),
        ("CREATE TABLE db.t (`a` Int8) AS numbers(10)".to_owned(), ")"),
        ("CREATE DICTIONARY db.t (`a` Int8)".to_owned(), "DICTIONARY"),
        ("CREATE MATERIALIZED VIEW db.t (`a` Int8) ENGINE = Memory AS SELECT 1".to_owned(), "1"),
        ("CREATE MATERIALIZED VIEW db.t (`a` Int8) AS SELECT 1".to_owned(), "1"),
        ("CREATE MATERIALIZED VIEW db.t TO INNER UUID 'x' (`a` Int8) AS SELECT 1".to_owned(), "TO INNER"),
        ("CREATE MATERIALIZED VIEW db.t TO db.x (`a` Int8)".to_owned(), ")"),
        ("ATTACH TABLE db.t".to_owned(), "ATTACH"),
        ("CREATE TABLE db.t (`a` Int8".to_owned(), "(`a` Int8"),
    ] {
        let error = parse_create(&text).expect_err(&text);
        let CreateError::Unreadable { near: found, .. } = &error else { panic!("{text}: {error:?}") };
        assert!(found.starts_with(near), "{text}\n{error}");
    }
}

#[test]
fn a_hidden_statement_is_an_error_of_its_own() {
    assert_eq!(parse_create(""), Err(CreateError::Empty));
    assert_eq!(parse_create(" \n"), Err(CreateError::Empty));
}

#[test]
fn bare_names_like_keywords_do_not_end_a_clause() {
    let names = "comment ttl settings engine partition order by primary key sample codec default alias materialized \
                 statistics definer sql type index granularity volume disk to first last end group set date interval \
                 delete where desc case constraint projection check assume nulls";
    for name in names.split(' ') {
        let text = format!(
            "CREATE TABLE db.t (`{name}` Date, `x` Date DEFAULT {name} CODEC(LZ4) TTL {name} + {name}, INDEX i {name} TYPE minmax GRANULARITY 1) \
             ENGINE = MergeTree PARTITION BY {name} PRIMARY KEY {name} ORDER BY {name} SAMPLE BY {name} TTL {name} + 1 SETTINGS index_granularity = 1 COMMENT 'x'"
        );
        let again = printed(&parsed(&text), &text);
        assert!(Fragment::new(&again).same(&Fragment::new(&text)), "\n{again}\n{text}");
    }
}

/// Pieces that lead far into the reader.
fn piece() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy;
    let known: &[&str] = &[
        "CREATE ",
        "TABLE ",
        "MATERIALIZED VIEW ",
        "db.t ",
        "TO ",
        "(",
        ")",
        "`a` Int8 ",
        ", ",
        "INDEX ",
        "PROJECTION ",
        "TYPE ",
        "ENGINE = ",
        "MergeTree ",
        "ORDER BY ",
        "TTL ",
        "SETTINGS ",
        "x = 1 ",
        "COMMENT ",
        "'x' ",
        "AS ",
        "SELECT 1 ",
        "CODEC",
        "DEFAULT ",
        "EPHEMERAL ",
        "REFRESH ",
    ];
    proptest::prop_oneof![9 => proptest::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,3}"]
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_definition_or_an_error(text in "\\PC*") {
        let _ = parse_create(&text);
    }

    #[test]
    fn any_sequence_of_clauses_is_a_definition_or_an_error(pieces in proptest::collection::vec(piece(), 0..40)) {
        let _ = parse_create(&pieces.concat());
        let _ = parse_create(&format!("CREATE TABLE db.t (`a` Int8) ENGINE = Memory {}", pieces.concat()));
        let _ = parse_create(&format!("CREATE TABLE db.t (`a` Int8 {}) ENGINE = Memory", pieces.concat()));
    }

    #[test]
    fn a_text_cut_anywhere_is_a_definition_or_an_error(which in 0..CANONICAL.len(), at in 0usize..600) {
        let text = CANONICAL[which];
        let _ = parse_create(text.get(..at.min(text.len())).unwrap_or(text));
    }
}
