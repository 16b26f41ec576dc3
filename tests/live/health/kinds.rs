//! What is no chain of the Kafka engine: sinks, consumers run by hand, and both beside a chain that reads the same topic.

use super::*;
use crate::fixture::project::{brokers, by_hand, produce};
use sluice::model::{Kind, ResourceId};
use std::collections::BTreeMap;

fn resources(name: &str) -> String {
    format!(
        "{}---
kind: ManualConsumer
metadata: {{name: {name}}}
spec:
  topic: {name}
  group: {name}_by_hand
  target:
    table: {name}.manual
    columns: [{{name: n, type: UInt64}}, {{name: day, type: Date, from: String}}]
    orderBy: n
---
kind: Topic
metadata: {{name: {name}_out}}
spec: {{partitions: 1, replicationFactor: 1}}
---
kind: OutgoingSink
metadata: {{name: {name}}}
spec:
  topic: {name}_out
  table: {name}.out
  columns: [{{name: n, type: UInt64}}]
",
        chain(name, 1, "")
    )
}

fn verdict(report: &Report, kind: Kind, name: &str) -> (Verdict, &'static str) {
    let id = ResourceId::new(kind, name);
    let found = report.resources.iter().find(|r| r.id == id).expect("the resource");
    (found.verdict, found.reasons[0].code())
}

#[tokio::test]
async fn sinks_and_consumers_run_by_hand_have_verdicts_of_their_own() {
    let name = unique("kinds");
    let project = Project::of(&name, &resources(&name));
    project.apply().await;
    let report = project.status().await;
    for kind in [Kind::OutgoingSink, Kind::ManualConsumer] {
        assert_eq!(verdict(&report, kind, &name), (Verdict::Idle, "never-sent"));
    }
    produce(&name, (0..10).map(row)).await;
    by_hand(1, &format!("INSERT INTO {name}.out_dist VALUES (1)")).await;
    let report = project.status_once(|r| verdict(r, Kind::KafkaPipeline, &name) == (Verdict::Healthy, "arrived")).await;
    assert_eq!(verdict(&report, Kind::ManualConsumer, &name), (Verdict::Idle, "never-run"));
    project.status_once(|r| verdict(r, Kind::OutgoingSink, &name) == (Verdict::Healthy, "arrived")).await;
    // As if it had run once and been stopped: four rows in the table, the group's place a little behind.
    let row = |n: u64| format!("({n}, '2026-11-22', 'b', 0, {n}, 'g')");
    let rows: Vec<String> = (0..4).map(row).collect();
    let columns = "n, day, batch_id, kafka_partition, kafka_offset, consumer_group_id";
    by_hand(0, &format!("INSERT INTO {name}.manual ({columns}) VALUES {}", rows.join(", "))).await;
    let places = BTreeMap::from([((name.clone(), 0), 3)]);
    brokers().set_offsets(&format!("{name}_by_hand"), &places).await.unwrap();
    let not_running = |r: &Report| verdict(r, Kind::ManualConsumer, &name) == (Verdict::Lagging, "not-running");
    project.status_once(not_running).await;
    let (_, json) = healthy::sluice(&project, "status --compare --format json").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let [by_hand, engine] = json["comparisons"][0]["readers"].as_array().unwrap().as_slice() else {
        panic!("{json:#}")
    };
    assert_eq!(by_hand["resource"], format!("ManualConsumer/{name}"));
    let told = |side: &serde_json::Value| {
        let number = |key: &str| side[key].as_u64().unwrap();
        (number("rows"), number("lag"), side["highestOffsets"]["0"].as_u64().unwrap())
    };
    // The table knows of a row that the group has not committed.
    assert_eq!((told(by_hand), told(engine)), ((4, 7, 3), (10, 0, 9)));
    // Nobody runs it: it does not arrive, and everything else has.
    let (code, shown) = healthy::sluice(&project, "verify --timeout 1s").await;
    assert_eq!(code, Some(1), "{shown}");
    assert!(
        shown.contains("7 messages not read; lagging")
            && shown.contains(&format!("sluice consume ManualConsumer/{name}")),
        "{shown}"
    );
    let (code, shown) = healthy::sluice(&project, &format!("verify KafkaPipeline/{name} OutgoingSink/{name}")).await;
    assert_eq!(code, Some(0), "{shown}");
    project.clean().await;
}
