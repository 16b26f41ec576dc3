//! Rows that ClickHouse publishes: an INSERT on any node reaches the topic, whatever happens to the sink meanwhile.

mod load;

use super::*;
use crate::fixture::project::{Project, ask, by_hand, try_ask_node};
use crate::fixture::published::{all, published};
use crate::fixture::{NODES, unique};
use jiff::ToSpan as _;
use serde_json::{Value, json};
use sluice::plan::Note;
use std::collections::BTreeMap;

fn sink(name: &str) -> ResourceId {
    ResourceId::new(Kind::OutgoingSink, name)
}

/// A topic of two partitions and a sink, both called `name`, with these columns and more fields.
fn outgoing(name: &str, columns: &str, more: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 2, replicationFactor: 1}}
---
kind: OutgoingSink
metadata: {{name: {name}, description: Numbers}}
spec:
  topic: {name}
  table: {name}.out
  columns: [{columns}]
{more}"
    )
}

const N: &str = "{name: n, type: UInt64}, {name: text, type: String}";

fn numbers(found: &[Value]) -> Vec<u64> {
    let mut numbers: Vec<u64> = found.iter().map(|m| m["n"].as_u64().expect("a number")).collect();
    numbers.sort_unstable();
    numbers
}

/// The new cases of each day and place in the project's data.
fn cases() -> Vec<(String, String, i64)> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/covid19/covid19-epidemiology.csv");
    let mut reader = csv::Reader::from_path(file).expect("the data");
    let row = |r: csv::StringRecord| (r[0].to_owned(), r[1].to_owned(), r[2].parse().unwrap_or(0));
    reader.records().map(|r| row(r.expect("a row"))).collect()
}

#[tokio::test]
async fn alerts_of_real_rows_reach_the_topic_from_every_node_field_by_field() {
    let name = unique("alerts");
    let columns = "{name: alert_time, type: DateTime}, {name: location_key, type: LowCardinality(String)}, \
                   {name: alert_type, type: LowCardinality(String)}, {name: threshold_value, type: Int32}, \
                   {name: actual_value, type: Int32}, {name: message, type: String}";
    let project = Project::of(&name, &outgoing(&name, columns, ""));
    project.apply().await;
    let rows = cases();
    let values: Vec<String> = rows.iter().map(|(day, key, new)| format!("('{day}', '{key}', {new})")).collect();
    by_hand(0, &format!("CREATE TABLE {name}.cases (date Date, location_key String, new_confirmed Int32) ENGINE = MergeTree ORDER BY date")).await;
    by_hand(0, &format!("INSERT INTO {name}.cases VALUES {}", values.join(", "))).await;
    let read = format!("remote('{}', {name}.cases)", ask("SELECT concat('127.0.0.1:', toString(tcpPort()))").await);
    let mut expected: BTreeMap<(String, String), Value> = BTreeMap::new();
    for (node, day) in (0..usize::from(NODES)).zip(["2020-04-01", "2020-10-01", "2020-12-01", "2021-01-05"]) {
        // The homework's statement, with a day of the data in the place of yesterday.
        by_hand(
            node,
            &format!(
                "INSERT INTO {name}.out_dist SELECT toDateTime('{day} 06:00:00') AS alert_time, location_key, \
                 'HIGH_CASES' AS alert_type, 1000 AS threshold_value, sum(new_confirmed) AS actual_value, \
                 concat('High daily cases in ', location_key, ': ', toString(sum(new_confirmed))) AS message \
                 FROM {read} WHERE date >= '{day}' AND date <= toDate('{day}') + 1 \
                 GROUP BY location_key HAVING sum(new_confirmed) > 1000"
            ),
        )
        .await;
        let next: jiff::civil::Date = day.parse().unwrap();
        let days = [day.to_owned(), next.tomorrow().unwrap().to_string()];
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (_, key, new) in rows.iter().filter(|(day, ..)| days.contains(day)) {
            *sums.entry(key).or_default() += new;
        }
        for (key, sum) in sums.into_iter().filter(|(_, sum)| *sum > 1000) {
            let alert = json!({
                "alert_time": format!("{day} 06:00:00"),
                "location_key": key,
                "alert_type": "HIGH_CASES",
                "threshold_value": 1000,
                "actual_value": sum,
                "message": format!("High daily cases in {key}: {sum}"),
            });
            expected.insert((day.to_owned(), key.to_owned()), alert);
        }
    }
    assert!(expected.len() >= 8, "{expected:?}");
    let found = published(&name, 2, expected.len()).await;
    let place = |m: &Value| {
        let text = |field: &str| m[field].as_str().expect("a text").to_owned();
        (text("alert_time")[..10].to_owned(), text("location_key"))
    };
    let found: BTreeMap<_, _> = found.into_iter().map(|m| (place(&m), m)).collect();
    assert_eq!(found, expected);
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn rows_queued_for_a_host_without_its_table_arrive_when_it_has_it_again() {
    let name = unique("queued");
    let project = Project::of(&name, &outgoing(&name, N, ""));
    project.apply().await;
    by_hand(3, &format!("DROP TABLE {name}.out SYNC")).await;
    let insert = format!(
        "INSERT INTO {name}.out_dist SETTINGS distributed_foreground_insert = 0 SELECT number, 'x' FROM numbers(200)"
    );
    by_hand(0, &insert).await;
    let queued = format!("SELECT sum(data_files) > 0 FROM system.distribution_queue WHERE database = '{name}'");
    assert_eq!(ask(&queued).await, "1");
    let plan = project.plan().await;
    assert_eq!(made(&plan), [("out".to_owned(), vec![3])]);
    project.apply().await;
    by_hand(0, &format!("SYSTEM FLUSH DISTRIBUTED {name}.out_dist")).await;
    assert_eq!(numbers(&published(&name, 2, 200).await), (0..200).collect::<Vec<u64>>());
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn what_is_queued_is_sent_before_a_sink_goes_and_a_queue_that_cannot_be_sent_keeps_it() {
    let name = unique("sent");
    let project = Project::of(&name, &outgoing(&name, N, ""));
    project.apply().await;
    let insert = |from: u64| {
        format!(
            "INSERT INTO {name}.out_dist SETTINGS distributed_foreground_insert = 0, prefer_localhost_replica = 0 \
             SELECT number, 'x' FROM numbers({from}, 100)"
        )
    };
    by_hand(3, &format!("RENAME TABLE {name}.out TO {name}.hidden")).await;
    by_hand(1, &insert(0)).await;
    let gone = format!("{}\nlifecycle: {{state: absent, deletion: allow}}\n", outgoing(&name, N, "").trim_end());
    project.rewrite(&gone);
    let prepared = project.plan_with(&Policy::default()).await;
    let order = steps(&prepared.plan);
    assert_eq!(order[..3], ["flush out_dist", "drop out_dist", "drop out"], "{order:?}");
    assert_eq!(unconsented(&prepared.plan, &Policy::default()), []);
    let outcome = project.run(&prepared).await;
    assert!(!outcome.failed.is_empty(), "a queue was thrown away");
    assert_ne!(
        try_ask_node(1, &format!("SELECT sum(data_files) FROM system.distribution_queue WHERE database = '{name}'"))
            .await,
        Ok("0".into())
    );
    by_hand(3, &format!("RENAME TABLE {name}.hidden TO {name}.out")).await;
    project.apply().await;
    assert_eq!(
        ask(&format!("SELECT count() FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}'"))
            .await,
        "0"
    );
    assert_eq!(numbers(&published(&name, 2, 100).await), (0..100).collect::<Vec<u64>>());
    project.clean().await;
}

#[tokio::test]
async fn a_sink_changes_its_topic_its_name_and_its_settings_and_publishes_on() {
    let name = unique("moves");
    let other = format!("{name}_other");
    let project = Project::of(&name, &outgoing(&name, N, ""));
    project.apply().await;
    let insert = |n: u64| format!("INSERT INTO {name}.out_dist (n, text) VALUES ({n}, 'x')");
    by_hand(2, &insert(1)).await;
    let topics = |text: &str| {
        format!("kind: Topic\nmetadata: {{name: {other}}}\nspec: {{partitions: 2, replicationFactor: 1}}\n---\n{text}")
    };
    let moved = |more: &str| {
        topics(&outgoing(&name, N, more)).replace(&format!("topic: {name}\n"), &format!("topic: {other}\n"))
    };
    project
        .rewrite(&moved("  settings: {output_format_json_quote_64bit_integers: 1}\n  distributed: {shardingKey: n}\n"));
    let plan = project.plan().await;
    let order = steps(&plan);
    assert_eq!(unconsented(&plan, &Policy::default()), []);
    let at = |step: &str| order.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {order:?}"));
    assert!(at("flush out_dist") < at("swap out out__sluice_next"), "{order:?}");
    project.apply().await;
    by_hand(2, &insert(2)).await;
    assert_eq!(published(&other, 2, 1).await, [json!({"n": "2", "text": "x"})]);
    assert_eq!(published(&name, 2, 1).await, [json!({"n": 1, "text": "x"})]);
    // Another name: everything is made under it, and the old tables are gone.
    let renamed = moved("")
        .replace("kind: OutgoingSink\nmetadata: {name: moves", "kind: OutgoingSink\nmetadata: {name: later_moves")
        .replace(&format!("  table: {name}.out\n"), &format!("  renamedFrom: {name}\n  table: {name}.out\n"));
    project.rewrite(&renamed);
    project.apply().await;
    project.rewrite(&renamed.replace(&format!("  table: {name}.out\n"), &format!("  table: {name}.new\n")));
    project.apply().await;
    by_hand(2, &format!("INSERT INTO {name}.new_dist (n, text) VALUES (3, 'x')")).await;
    published(&other, 2, 2).await;
    project.assert_converged().await;
    // What stood aside under the earlier names is known until its time has passed, and goes then.
    let kept = |plan: &Plan| {
        let notes = plan.resources.iter().flat_map(|r| &r.notes);
        let kept =
            notes.filter_map(|n| if let Note::KeptOld { object, .. } = n { Some(object.table.clone()) } else { None });
        kept.collect::<Vec<String>>()
    };
    let standing = kept(&project.plan().await);
    assert!(!standing.is_empty() && standing.iter().all(|t| t.starts_with("out__old_")), "{standing:?}");
    let later = Policy { today: Policy::default().today.saturating_add(9.days()), ..Policy::default() };
    let prepared = project.plan_with(&later).await;
    let dropped: Vec<String> = standing.iter().map(|table| format!("drop {table}")).collect();
    assert_eq!((steps(&prepared.plan), unconsented(&prepared.plan, &later)), (dropped, Vec::new()));
    assert_eq!(project.run(&prepared).await.failed, []);
    let left = format!(
        "SELECT arraySort(groupUniqArray(name)) FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}'"
    );
    assert_eq!(ask(&left).await, "['new','new_dist']");
    project.assert_converged().await;
    project.clean().await;
}
