//! What the parts of a pipeline are chosen from: texts with what they mean.

use super::expression::{Gives, Spelled};
use super::model::{Column, Index, Projection, Value};
use super::rng::Rng;

/// A spelling and what it means.
type Text = (&'static str, &'static str);

/// Types of columns of their own: spelling, meaning, and codecs that fit.
const TYPES: [(&str, &str, &[Text]); 26] = [
    ("int", "Int32", &NUMBERS),
    ("Int32", "Int32", &NUMBERS),
    ("bigint", "Int64", &NUMBERS),
    ("Int64", "Int64", &NUMBERS),
    ("smallint unsigned", "UInt16", &NUMBERS),
    ("UInt16", "UInt16", &NUMBERS),
    ("double", "Float64", &NUMBERS),
    ("Float64", "Float64", &NUMBERS),
    ("bool", "Bool", &TEXTS),
    ("text", "String", &TEXTS),
    ("String", "String", &TEXTS),
    ("LowCardinality(text)", "LowCardinality(String)", &TEXTS),
    ("LowCardinality( String )", "LowCardinality(String)", &TEXTS),
    ("Nullable(int)", "Nullable(Int32)", &NUMBERS),
    ("datetime64(3)", "DateTime64(3)", &NUMBERS),
    ("DateTime64(3,'UTC')", "DateTime64(3, 'UTC')", &NUMBERS),
    ("DateTime('Europe/Berlin')", "DateTime('Europe/Berlin')", &NUMBERS),
    ("date", "Date", &NUMBERS),
    ("decimal(10)", "Decimal(10, 0)", &NUMBERS),
    ("Enum('a','b')", "Enum8('a' = 1, 'b' = 2)", &TEXTS),
    ("Enum8('b'=2,'a'=1)", "Enum8('a' = 1, 'b' = 2)", &TEXTS),
    ("UUID", "UUID", &TEXTS),
    ("inet4", "IPv4", &TEXTS),
    ("Array(int)", "Array(Int32)", &TEXTS),
    ("Map(text,int)", "Map(String, Int32)", &TEXTS),
    ("Tuple(a int,b text)", "Tuple(a Int32, b String)", &TEXTS),
];

const NUMBERS: [(&str, &str); 6] = [
    ("ZSTD", "ZSTD(1)"),
    ("ZSTD(1)", "ZSTD(1)"),
    ("Delta, LZ4", "Delta, LZ4"),
    ("Delta,LZ4", "Delta, LZ4"),
    ("DoubleDelta,ZSTD(3)", "DoubleDelta, ZSTD(3)"),
    ("LZ4HC( 9 )", "LZ4HC(9)"),
];
const TEXTS: [(&str, &str); 4] = [("ZSTD", "ZSTD(1)"), ("ZSTD( 1 )", "ZSTD(1)"), ("LZ4", "LZ4"), ("NONE", "NONE")];

/// Types that a String is converted to.
const CONVERTED: [(&str, &str); 11] = [
    ("Date", "Date"),
    ("date", "Date"),
    ("DateTime", "DateTime"),
    ("timestamp", "DateTime"),
    ("DateTime64(3)", "DateTime64(3)"),
    ("Int32", "Int32"),
    ("int", "Int32"),
    ("bigint unsigned", "UInt64"),
    ("UUID", "UUID"),
    ("inet4", "IPv4"),
    ("decimal(10,2)", "Decimal(10, 2)"),
];

/// What the sorting key is made of; no column of it is summed, replaced by or signed by.
pub const KEYS: [(&str, &str); 8] = [
    ("id", "id"),
    ("name", "name"),
    ("at", "at"),
    ("lcase(name)", "lower(name)"),
    ("toStartOfHour( at )", "toStartOfHour(at)"),
    ("id%16", "id % 16"),
    ("cityHash64(name)", "cityHash64(name)"),
    ("substr(name,1,2)", "substring(name, 1, 2)"),
];

pub const PARTITIONS: [(&str, &str); 7] = [
    ("toYYYYMM(at)", "toYYYYMM(at)"),
    ("(toYYYYMM( at ))", "toYYYYMM(at)"),
    ("toMonday(at)", "toMonday(at)"),
    ("id%4", "id % 4"),
    ("id % 4", "id % 4"),
    ("toYYYYMM(at),id%2", "toYYYYMM(at), id % 2"),
    ("(toYYYYMM(at), id % 2)", "toYYYYMM(at), id % 2"),
];

/// What constraints ask. None asks for one value: the server refuses what contradicts another condition.
pub const CHECKS: [(&str, &str); 8] = [
    ("id>7", "id > 7"),
    ("id  > 7", "id > 7"),
    ("length( name )<9 and price>=0", "(length(name) < 9) AND (price >= 0)"),
    ("LENGTH(name) < 9 AND price >= 0", "(length(name) < 9) AND (price >= 0)"),
    ("lcase(name) like 'a%'", "lower(name) LIKE 'a%'"),
    ("name in ('a','b') or ver!=3", "(name IN ('a', 'b')) OR (ver != 3)"),
    ("name IN ('a', 'b') OR ver <> 3", "(name IN ('a', 'b')) OR (ver != 3)"),
    ("toYear(at)>=2000", "toYear(at) >= 2000"),
];

/// Engines; `sign`, `ver` and `price` are in no key.
pub const ENGINES: [&str; 8] = [
    "MergeTree",
    "MergeTree",
    "ReplacingMergeTree",
    "ReplacingMergeTree(ver)",
    "SummingMergeTree",
    "SummingMergeTree(price)",
    "CollapsingMergeTree(sign)",
    "VersionedCollapsingMergeTree(sign, ver)",
];

pub const SHARDINGS: [(&str, &str); 5] = [
    ("rand()", "rand()"),
    ("RAND( )", "rand()"),
    ("cityHash64(lcase(name))", "cityHash64(lower(name))"),
    ("xxHash64( name )", "xxHash64(name)"),
    ("id", "id"),
];

pub const FORMATS: [&str; 4] = ["JSONEachRow", "CSV", "TSV", "MsgPack"];

/// Settings of tables: key, then spelling and meaning of each value.
const OF_TABLES: [(&str, &[(&str, &str)]); 6] = [
    ("index_granularity", &[("1024", "1024"), ("\"1024\"", "1024"), ("4096", "4096")]),
    ("min_bytes_for_wide_part", &[("10485760", "10485760"), ("\"10485760\"", "10485760"), ("1e6", "1000000")]),
    ("ttl_only_drop_parts", &[("1", "1"), ("true", "1"), ("\"1\"", "1"), ("false", "0")]),
    ("merge_with_ttl_timeout", &[("86400", "86400"), ("3600", "3600")]),
    ("ratio_of_defaults_for_sparse_serialization", &[("0.90", "0.9"), ("0.9", "0.9"), ("\"0.5\"", "0.5")]),
    ("min_rows_for_wide_part", &[("0", "0"), ("\"0\"", "0"), ("1000", "1000")]),
];

const OF_KAFKA: [(&str, &[(&str, &str)]); 7] = [
    ("kafka_max_block_size", &[("1e4", "10000"), ("10000", "10000"), ("\"65536\"", "65536")]),
    ("kafka_poll_timeout_ms", &[("250", "250"), ("\"250\"", "250"), ("500", "500")]),
    ("kafka_flush_interval_ms", &[("500", "500"), ("1000", "1000")]),
    ("kafka_thread_per_consumer", &[("true", "1"), ("1", "1"), ("false", "0")]),
    ("kafka_client_id", &[("me", "me"), ("7", "7"), ("\"7\"", "7")]),
    ("input_format_skip_unknown_fields", &[("true", "1"), ("1", "1"), ("0", "0")]),
    ("date_time_input_format", &[("best_effort", "best_effort"), ("basic", "basic")]),
];

/// One of a pool.
pub fn of(rng: &mut Rng, pool: &[(&str, &str)]) -> Spelled {
    let (written, meaning) = rng.pick(pool);
    Spelled::of(written, meaning)
}

/// A setting of a table.
pub fn table_setting(rng: &mut Rng) -> (&'static str, Spelled) {
    let (key, values) = rng.pick(&OF_TABLES);
    (key, of(rng, values))
}

/// A setting of a Kafka table.
pub fn kafka_setting(rng: &mut Rng) -> (&'static str, Spelled) {
    let (key, values) = rng.pick(&OF_KAFKA);
    (key, of(rng, values))
}

/// A type for a column that is read as it is or computed by the table.
pub fn data_type(rng: &mut Rng) -> Spelled {
    let (written, meaning, _) = rng.pick(&TYPES);
    Spelled::of(written, meaning)
}

/// A codec that fits a type.
pub fn codec(rng: &mut Rng, data_type: &Spelled) -> Spelled {
    let codecs = TYPES.iter().find(|(_, meaning, _)| *meaning == data_type.meaning).map_or(&TEXTS[..], |(_, _, c)| c);
    of(rng, codecs)
}

/// The TTL of a table or a column.
pub fn ttl(rng: &mut Rng) -> Spelled {
    let days = 1 + rng.below(30);
    let written = match rng.below(4) {
        0 => format!("at+interval {days} day"),
        1 => format!("at + INTERVAL {days} DAY"),
        2 => format!("at + toIntervalDay({days})"),
        _ => format!("at + interval {days} days"),
    };
    Spelled { written, meaning: format!("{days} days") }
}

pub fn comment(rng: &mut Rng) -> String {
    rng.pick(&["", "", "plain", "it's \"quoted\"", "two\nlines", "back\\slash", "ünï $1"]).to_owned()
}

/// A type that can hold what an expression gives.
fn holding(rng: &mut Rng, gives: Gives) -> Spelled {
    match gives {
        Gives::Int => of(rng, &[("bigint unsigned", "UInt64"), ("UInt64", "UInt64"), ("double", "Float64")]),
        Gives::Number => of(rng, &[("double", "Float64"), ("DOUBLE PRECISION", "Float64"), ("Float64", "Float64")]),
        Gives::Text => of(rng, &[("text", "String"), ("LowCardinality(varchar)", "LowCardinality(String)")]),
        Gives::Truth => of(rng, &[("bool", "Bool"), ("UInt8", "UInt8")]),
        Gives::Time => of(rng, &[("timestamp", "DateTime"), ("DateTime", "DateTime")]),
    }
}

pub const GIVES: [Gives; 5] = [Gives::Int, Gives::Number, Gives::Text, Gives::Truth, Gives::Time];

/// A column of any kind. In a cascade nothing but the anchors can be read.
pub fn column(rng: &mut Rng, name: String, cascade: bool) -> Column {
    let gives = rng.pick(&GIVES);
    let (data_type, value) = match rng.below(if cascade { 4 } else { 7 }) {
        0 => (holding(rng, gives), Value::Expression(Spelled::random(rng, gives))),
        1 => (holding(rng, gives), Value::Computed("default", Spelled::random(rng, gives))),
        2 => (holding(rng, gives), Value::Computed("materialized", Spelled::random(rng, gives))),
        3 => (holding(rng, gives), Value::Computed("alias", Spelled::random(rng, gives))),
        4 => (of(rng, &CONVERTED), Value::FromText),
        _ => (data_type(rng), Value::Read),
    };
    let stored = !matches!(value, Value::Computed("alias", _));
    let codec = (stored && rng.percent(30)).then(|| codec(rng, &data_type));
    let ttl = (stored && rng.percent(15)).then(|| ttl(rng));
    Column { name, data_type, value, codec, ttl, comment: comment(rng), anchor: false }
}

/// A data skipping index.
pub fn index(rng: &mut Rng) -> Index {
    let text = rng.percent(60);
    let expression = Spelled::random(rng, if text { Gives::Text } else { Gives::Int });
    let any = [
        ("minmax", "minmax"),
        ("set(100)", "set(100)"),
        ("set( 100 )", "set(100)"),
        ("bloom_filter", "bloom_filter"),
        ("bloom_filter(0.010)", "bloom_filter(0.01)"),
        ("bloom_filter(0.01)", "bloom_filter(0.01)"),
        ("tokenbf_v1(256,2,0)", "tokenbf_v1(256, 2, 0)"),
        ("ngrambf_v1(3,256,2,0)", "ngrambf_v1(3, 256, 2, 0)"),
    ];
    let index_type = of(rng, if text { &any } else { &any[..6] });
    Index { expression, index_type, granularity: rng.pick(&[None, Some(1), Some(2), Some(4)]) }
}

pub fn projection(rng: &mut Rng) -> Projection {
    let queries = [
        ("select name,count() group by name", "n"),
        ("SELECT name, count() GROUP BY name", "n"),
        ("select lcase(name) l, sum(price) group by l", "l"),
        ("select lower(name) as l, SUM(price) GROUP BY l", "l"),
        ("select toStartOfHour(at) h,max(id) group by h", "h"),
        ("select id,name order by name", "i"),
    ];
    match rng.percent(50) {
        true => Projection::Query(of(rng, &queries)),
        false => Projection::OrderBy(of(rng, &[("name,id", "name, id"), ("(name, id)", "name, id"), ("at", "at")])),
    }
}
