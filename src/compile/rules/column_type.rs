//! Types of columns, as far as they can be judged without a server: that a text is one type and no more, and
//! that the families in it are there.

use super::words::near;
use crate::manifest::{Finding, Severity};
use crate::model::token::{Token, closing, split_at_commas, text_of, tokenize};
use std::ops::Range;

/// What is wrong with a type, and where in its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub severity: Severity,
    pub message: String,
    pub label: String,
    pub at: Range<usize>,
    pub help: Option<String>,
}

/// Families of ClickHouse 26.9 that are written exactly so.
const EXACT: [&str; 55] = [
    "AggregateFunction",
    "Array",
    "BFloat16",
    "Dynamic",
    "Enum16",
    "Enum8",
    "FixedString",
    "Float32",
    "Float64",
    "GEOMETRY",
    "Geometry",
    "IPv4",
    "IPv6",
    "Int128",
    "Int16",
    "Int256",
    "Int32",
    "Int64",
    "Int8",
    "IntervalDay",
    "IntervalHour",
    "IntervalMicrosecond",
    "IntervalMillisecond",
    "IntervalMinute",
    "IntervalMonth",
    "IntervalNanosecond",
    "IntervalQuarter",
    "IntervalSecond",
    "IntervalWeek",
    "IntervalYear",
    "LineString",
    "LowCardinality",
    "Map",
    "MultiLineString",
    "MultiPoint",
    "MultiPolygon",
    "Nested",
    "Nothing",
    "Nullable",
    "Object",
    "Point",
    "Polygon",
    "QBit",
    "Ring",
    "SimpleAggregateFunction",
    "String",
    "Tuple",
    "UInt128",
    "UInt16",
    "UInt256",
    "UInt32",
    "UInt64",
    "UInt8",
    "UUID",
    "Variant",
];
/// First words of families that may be written in any case.
const ANY_CASE: [&str; 56] = [
    "BIGINT",
    "BINARY",
    "BIT",
    "BLOB",
    "BOOL",
    "BOOLEAN",
    "BYTE",
    "BYTEA",
    "CHAR",
    "CHARACTER",
    "CLOB",
    "DATE",
    "DATE32",
    "DATETIME",
    "DATETIME32",
    "DATETIME64",
    "DEC",
    "DECIMAL",
    "DECIMAL128",
    "DECIMAL256",
    "DECIMAL32",
    "DECIMAL64",
    "DOUBLE",
    "ENUM",
    "FIXED",
    "FLOAT",
    "INET4",
    "INET6",
    "INT",
    "INT1",
    "INTEGER",
    "JSON",
    "LONGBLOB",
    "LONGTEXT",
    "MEDIUMBLOB",
    "MEDIUMINT",
    "MEDIUMTEXT",
    "NATIONAL",
    "NCHAR",
    "NUMERIC",
    "NVARCHAR",
    "REAL",
    "SET",
    "SIGNED",
    "SINGLE",
    "SMALLINT",
    "TEXT",
    "TIME",
    "TIME64",
    "TIMESTAMP",
    "TINYBLOB",
    "TINYINT",
    "TINYTEXT",
    "UNSIGNED",
    "VARBINARY",
    "VARCHAR",
];
/// Families of `ANY_CASE` as people should write them, for "did you mean".
const USUAL: [&str; 13] = [
    "Bool",
    "Date",
    "Date32",
    "DateTime",
    "DateTime64",
    "Decimal",
    "Decimal32",
    "Decimal64",
    "Decimal128",
    "Decimal256",
    "Enum",
    "JSON",
    "Time",
];
/// Words that follow a type in a column, with the field that says them here.
const AFTER_A_TYPE: [(&str, &str); 8] = [
    ("DEFAULT", "default"),
    ("MATERIALIZED", "materialized"),
    ("ALIAS", "alias"),
    ("EPHEMERAL", "ephemeral"),
    ("CODEC", "codec"),
    ("TTL", "ttl"),
    ("COMMENT", "comment"),
    ("AS", "expression"),
];

/// The first thing wrong with a type.
pub(super) fn fault(text: &str) -> Option<Fault> {
    let error = |message: &str, label: String, at| Fault {
        severity: Severity::Error,
        message: message.to_owned(),
        label,
        at,
        help: None,
    };
    if text.trim().is_empty() {
        return Some(error("a column needs a type", "empty".into(), 0..text.len()));
    }
    match tokenize(text) {
        Ok(tokens) => one_type(text, &tokens),
        Err(e) => Some(error("this is no type", e.to_string(), e.at()..e.at() + 1)),
    }
}

fn one_type(text: &str, tokens: &[Token]) -> Option<Fault> {
    let at = |tokens: &[Token]| match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.start..last.end,
        _ => 0..text.len(),
    };
    let error = |message: &str, label: &str, at, help: Option<String>| {
        Some(Fault { severity: Severity::Error, message: message.to_owned(), label: label.to_owned(), at, help })
    };
    let [first, ..] = tokens else { return error("a type is missing", "empty", at(tokens), None) };
    let Some(family) = first.name() else { return error("this is no type", "not a name", at(&tokens[..1]), None) };
    if let Some(unknown) = unknown_family(family, first) {
        return Some(unknown);
    }
    let arguments = tokens.get(1).filter(|t| t.is("(")).and_then(|_| closing(tokens, 1));
    let rest = arguments.map_or(1, |end| end + 1);
    // `INT UNSIGNED`, `CHAR VARYING(5)`, `Int8 NOT NULL`: words may follow, also with a size.
    for (i, token) in tokens.iter().enumerate().skip(rest) {
        let field = AFTER_A_TYPE.iter().find(|(word, _)| token.is_word(word));
        if let Some((word, field)) = field {
            let help = Some(format!("write it as the column's `{field}`"));
            return error(&format!("{word} is no part of a type"), "more than a type", at(&tokens[i..]), help);
        }
        if token.is("(") && arguments.is_none() {
            break;
        }
        if token.name().is_none() {
            return error("this is more than one type", "not part of a type", at(&tokens[i..]), None);
        }
    }
    arguments.and_then(|end| inner(text, family, &tokens[2..end]))
}

/// Types inside a type.
fn inner(text: &str, family: &str, tokens: &[Token]) -> Option<Fault> {
    let parts = split_at_commas(tokens);
    let types: Vec<&[Token]> = match family {
        "Array" | "Nullable" | "LowCardinality" | "Map" | "Variant" => parts,
        // The function comes first, or behind the version of its state.
        "SimpleAggregateFunction" | "AggregateFunction" => {
            let versioned = parts.first().is_some_and(|part| part.first().is_some_and(|t| t.name().is_none()));
            parts.into_iter().skip(if versioned { 2 } else { 1 }).collect()
        }
        // Elements may have names.
        "Tuple" | "Nested" => parts.into_iter().map(|part| if is_named(part) { &part[1..] } else { part }).collect(),
        _ => return None,
    };
    let many = match family {
        "Array" | "Nullable" | "LowCardinality" => 1,
        "Map" => 2,
        _ => types.len(),
    };
    if types.len() != many {
        let at = tokens.first().map_or(0, |t| t.start)..tokens.last().map_or(text.len(), |t| t.end);
        let what = if many == 1 { "one type".to_owned() } else { format!("{many} types") };
        let message = format!("{family} takes {what}: {} given", types.len());
        return Some(Fault {
            severity: Severity::Error,
            message,
            label: text_of(text, tokens).to_owned(),
            at,
            help: None,
        });
    }
    types.into_iter().find_map(|part| one_type(text, part))
}

/// `name Type`, but not `INT UNSIGNED`.
fn is_named(part: &[Token]) -> bool {
    let known = |token: &Token| token.name().is_some_and(is_known);
    matches!(part, [_, second, ..] if second.name().is_some() && (known(second) || !known(&part[0])))
}

fn is_known(family: &str) -> bool {
    EXACT.contains(&family) || ANY_CASE.iter().any(|known| known.eq_ignore_ascii_case(family))
}

fn unknown_family(family: &str, token: &Token) -> Option<Fault> {
    if is_known(family) {
        return None;
    }
    let known = || EXACT.into_iter().chain(USUAL);
    let message = format!("ClickHouse 26.9 has no type `{family}`");
    let finding = Finding::error("", "", None).did_you_mean(family, known());
    let severity = if near(family, known()) { Severity::Error } else { Severity::Warning };
    Some(Fault { severity, message, label: "not known".into(), at: token.start..token.end, help: finding.help })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_all_kinds_are_accepted() {
        for text in [
            "String",
            "DateTime64(3, 'UTC')",
            "datetime",
            "varchar(10)",
            "double precision",
            "INT UNSIGNED",
            "INT(11) UNSIGNED",
            "CHAR VARYING(5)",
            "Int8 NOT NULL",
            "LowCardinality(Nullable(String))",
            "Map(LowCardinality(String), Array(UInt64))",
            "Tuple(a Int8, b Nested(c String, `d e` Tuple(Int8, Int8)))",
            "Tuple(INT UNSIGNED, x String)",
            "Nested(date Date, value Float64)",
            "Enum8('a' = 1, 'b, (' = 2)",
            "Decimal(18, 4)",
            "AggregateFunction(quantiles(0.5, 0.9), UInt64)",
            "AggregateFunction(1, sumMap, Array(UInt8), Array(UInt64))",
            "SimpleAggregateFunction(sum, UInt64)",
            "AggregateFunction(count)",
            "JSON(max_dynamic_paths=8, a.b UInt32, SKIP c)",
            "Variant(UInt64, String)",
            "FixedString(16)",
            "Tuple()",
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
    }

    #[test]
    fn faults_are_found_at_their_place() {
        for (text, place, severity) in [
            ("", "", Severity::Error),
            ("Strng", "Strng", Severity::Error),
            ("nullable(String)", "nullable", Severity::Error),
            ("Array(Sting)", "Sting", Severity::Error),
            ("Map(String, Nulable(Int8))", "Nulable", Severity::Error),
            ("Nested(a Strnig)", "Strnig", Severity::Error),
            ("Vektor9000(3)", "Vektor9000", Severity::Warning),
            ("String DEFAULT 'x'", "DEFAULT 'x'", Severity::Error),
            ("LowCardinality(String) CODEC(ZSTD)", "CODEC(ZSTD)", Severity::Error),
            ("String, evil Int8", ", evil Int8", Severity::Error),
            ("Array(Int8", "(", Severity::Error),
            ("Map(String)", "String", Severity::Error),
            ("Array(Int8, Int8)", "Int8, Int8", Severity::Error),
            ("5", "5", Severity::Error),
        ] {
            let found = fault(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&text[found.at], found.severity), (place, severity), "{text}");
        }
    }
}
