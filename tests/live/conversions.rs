//! Every kind of conversion on a pipeline that keeps its errors: a good value arrives, a bad one is told with its
//! column and stops nothing.

use crate::fixture::project::{Project, ask, produce, until};
use crate::fixture::unique;

/// A column with its type on the wire and in the table, a good value as JSON and as read back, and a bad one.
struct Case(&'static str, &'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    Case("String", "Date", r#""2026-11-22""#, "2026-11-22", r#""2026-13-40""#),
    Case("String", "Date", r#""1970-01-02""#, "1970-01-02", r#""1900-01-01""#),
    Case("String", "Nullable(Date)", r#""2026-11-22""#, "2026-11-22", r#""""#),
    Case("String", "Date32", r#""1931-05-06""#, "1931-05-06", r#""1931-02-30""#),
    Case("String", "DateTime", r#""2026-11-22T10:00:00Z""#, "2026-11-22 10:00:00", r#""soon""#),
    Case("String", "DateTime('Europe/Berlin')", r#""2026-11-22 10:00:00""#, "2026-11-22 10:00:00", r#""1900-01-01""#),
    Case("String", "DateTime64(3, 'UTC')", r#""2026-11-22 10:00:00.123""#, "2026-11-22 10:00:00.123", r#""x""#),
    Case("Nullable(String)", "Nullable(DateTime64(6))", "null", "\\N", r#""x""#),
    Case("Int64", "DateTime('UTC')", "1577959200", "2020-01-02 10:00:00", "-1"),
    // Numbers above 65535 are seconds to the server, so only a negative one is no day.
    Case("Int64", "Date", "18000", "2019-04-14", "-1"),
    Case(
        "String",
        "UUID",
        r#""61f0c404-5cb3-11e7-907b-a6006ad3dba0""#,
        "61f0c404-5cb3-11e7-907b-a6006ad3dba0",
        r#""""#,
    ),
    Case("String", "IPv4", r#""1.2.3.4""#, "1.2.3.4", r#""1.2.3.400""#),
    Case("Int64", "IPv4", "16909060", "1.2.3.4", "-1"),
    Case("String", "IPv6", r#""::1""#, "::1", r#""::x""#),
    Case("String", "Decimal(10, 2)", r#""12.34""#, "12.34", r#""much""#),
    Case("Float64", "Decimal(10, 2)", "12.5", "12.5", "1e30"),
    Case("String", "Enum8('a' = 1, 'b, it\\'s' = 2)", r#""b, it's""#, "b, it's", r#""c""#),
    Case("Int32", "Enum16('low' = -5, 'high' = 1000)", "-5", "low", "3"),
    Case("LowCardinality(String)", "Nullable(Enum8('a' = 1))", r#""a""#, "a", r#""c""#),
    Case("Nullable(String)", "String", r#""x""#, "x", "null"),
    Case("Nullable(String)", "LowCardinality(Nullable(String))", "null", "\\N", ""),
    Case("Nullable(Int32)", "Int32", "5", "5", "null"),
    Case("String", "UInt8", r#""255""#, "255", r#""256""#),
    Case("Int64", "UInt8", "255", "255", "-1"),
    Case("String", "LowCardinality(FixedString(2))", r#""DE""#, "DE", r#""Germany""#),
    Case("Nullable(String)", "Nullable(Float64)", r#""0.5""#, "0.5", r#""half""#),
    Case("String", "Float32", r#""1e3""#, "1000", r#""""#),
    Case(
        "String",
        "Int128",
        r#""-170141183460469231731687303715884105728""#,
        "-170141183460469231731687303715884105728",
        r#""1.5""#,
    ),
    Case("Float64", "Int64", "2", "2", "1.5"),
    Case("String", "Bool", r#""true""#, "true", r#""perhaps""#),
    Case("String", "FixedString(3)", r#""abc""#, "abc", r#""abcd""#),
    Case("FixedString(3)", "UInt8", r#""7""#, "7", r#""x""#),
    Case("String", "JSON", r#""{\"a\":1}""#, r#"{"a":1}"#, r#""[1]""#),
    Case("UInt32", "String", "7", "7", ""),
    Case("Array(UInt8)", "Array(UInt8)", "[1,2]", "[1,2]", ""),
    Case("UInt8", "SimpleAggregateFunction(max, UInt8)", "9", "9", ""),
];

fn manifests(name: &str) -> String {
    let columns = CASES.iter().enumerate().map(|(i, Case(from, to, ..))| {
        let quoted = |t: &str| t.replace('\'', "''");
        format!("        - {{name: c{i}, type: '{}', from: '{}'}}", quoted(to), quoted(from))
    });
    let columns: Vec<String> = columns.collect();
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 1, replicationFactor: 1}}
---
kind: KafkaPipeline
metadata: {{name: {name}}}
spec:
  topic: {name}
  source: {{table: {name}.kafka, errors: {{mode: stream}}, settings: {{kafka_flush_interval_ms: 500}}}}
  targets:
    - table: {name}.rows
      columns:
        - {{name: n, type: UInt32}}
{}
      orderBy: n
",
        columns.join("\n")
    )
}

/// A message of good values, but for one.
fn message(n: usize, bad: Option<usize>) -> String {
    let value = |(i, case): (usize, &Case)| format!("\"c{i}\": {}", if bad == Some(i) { case.4 } else { case.2 });
    let values: Vec<String> = CASES.iter().enumerate().map(value).collect();
    format!("{{\"n\": {n}, {}}}", values.join(", "))
}

#[tokio::test]
async fn every_conversion_has_good_values_and_tells_bad_ones() {
    let name = unique("conv");
    let project = Project::of(&name, &manifests(&name));
    project.apply().await;
    let bad: Vec<usize> = (0..CASES.len()).filter(|i| !CASES[*i].4.is_empty()).collect();
    let messages = std::iter::once(message(0, None)).chain(bad.iter().map(|i| message(i + 1, Some(*i))));
    produce(&name, messages.chain([message(1000, None)])).await;
    let told = format!(
        "SELECT offset, substring(error, 1, position(error, ':')) FROM {name}.{name}_errors ORDER BY offset FORMAT TSVRaw"
    );
    let expected: Vec<String> = bad.iter().enumerate().map(|(at, i)| format!("{}\tc{i}:", at + 1)).collect();
    until(&told, &expected.join("\n")).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "0\n1000").await;
    let columns: Vec<String> = (0..CASES.len()).map(|i| format!("c{i}")).collect();
    let row = ask(&format!("SELECT {} FROM {name}.rows WHERE n = 1000", columns.join(", "))).await;
    let expected: Vec<&str> = CASES.iter().map(|c| c.3).collect();
    assert_eq!(row.split('\t').collect::<Vec<_>>(), expected);
    project.assert_converged().await;
    project.clean().await;
}
