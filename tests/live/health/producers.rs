//! The two producers of `examples/covid19`: their messages are what the homework's chains read.

use super::*;
use crate::fixture::project::{FLOW, ask, until};
use crate::fixture::shared;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

/// Runs an example as the README has it.
fn example(name: &str, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["run", "--quiet", "--example", name, "--"]);
    command.args(arguments.split(' ')).env("KAFKA_BROKERS", &shared().kafka_brokers).output().unwrap()
}

/// A chain of `manifests/` under names of its own.
#[expect(clippy::disallowed_methods, reason = "a test reads a manifest")]
fn homework(file: &str, topic: &str, database: &str, name: &str) -> Project {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests").join(file);
    let manifest = std::fs::read_to_string(path).unwrap();
    let manifest = manifest.trim_start_matches("apiVersion: sluice/v1\n").replace(topic, name);
    let manifest = manifest.replace(&format!("table: {database}."), &format!("table: {name}."));
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  \
         kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\", \
         cluster: dwh_test, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}\n  state: none\n  \
         defaults: {{kafkaDatabase: {name}, conversions: {{Date: [date]}}}}\n"
    );
    let project = Project::written(&header, "");
    let made = format!("kind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 3, replicationFactor: 1}}\n---\n");
    // Consumer groups are named after the pipeline, which keeps its name.
    let manifest = manifest.replace("  source:\n", &format!("  source:\n    group: {name}\n"));
    project.rewrite(&format!("{made}{manifest}"));
    project
}

/// Partition, key and value of the first messages of a topic with three partitions.
async fn keyed(topic: &str, count: usize) -> Vec<(i32, String, String)> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &shared().kafka_brokers).set("group.id", "nobody");
    let consumer: StreamConsumer = config.create().unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..3 {
        partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.expect("a key and a value").to_vec()).unwrap();
    let mut found = Vec::new();
    while found.len() < count {
        let message = tokio::time::timeout(FLOW, consumer.recv()).await;
        let message = message.unwrap_or_else(|_| panic!("only {found:?} in {topic}")).unwrap();
        found.push((message.partition(), text(message.key()), text(message.payload())));
    }
    found
}

#[tokio::test]
async fn real_and_simulated_figures_arrive() {
    let (new, sums) = (unique("newcases"), unique("sums"));
    let first = homework("covid_new_cases.yaml", "covid_new_cases_1min", "raw", &new);
    let second = homework("covid_cumulative.yaml", "covid_cumulative_data_5min", "ods", &sums);
    tokio::join!(first.apply(), second.apply());
    let (one, two) = (new.clone(), sums.clone());
    let runs = tokio::task::spawn_blocking(move || {
        let real = example("covid_new_cases", &format!("--topic {one} --rate 8/10ms --count 20 --countries US,CZ_10"));
        let simulated = "--rate 5/10ms --count 12 --simulate --countries US,DE";
        (real, example("covid_cumulative", &format!("--topic {two} {simulated}")))
    });
    let (real, simulated) = runs.await.unwrap();
    for (run, last) in [(&real, 20), (&simulated, 12)] {
        let shown = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert!(shown.lines().last().is_some_and(|l| l.starts_with(&format!("{last} messages sent"))), "{shown}");
    }
    until(&format!("SELECT count() FROM {new}.covid_new_cases"), "20").await;
    until(&format!("SELECT count() FROM {sums}.covid_cumulative"), "12").await;
    // The first rows of the CSV with those locations, converted.
    let first_rows = format!(
        "SELECT uniqExact(date) > 1, countIf(NOT (location_key = 'CZ_10' OR startsWith(location_key, 'US_'))) \
         FROM {new}.covid_new_cases"
    );
    assert_eq!(ask(&first_rows).await, "1\t0");
    let totals = format!(
        "SELECT location_key, count(), min(cumulative_tested) < max(cumulative_tested), uniqExact(date) \
         FROM {sums}.covid_cumulative GROUP BY location_key ORDER BY location_key"
    );
    assert_eq!(ask(&totals).await, "DE\t6\t1\t1\nUS\t6\t1\t1");
    for (topic, count) in [(&new, 20), (&sums, 12)] {
        let mut partitions: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
        for (partition, key, payload) in keyed(topic, count).await {
            let message: serde_json::Value = serde_json::from_str(&payload).unwrap();
            assert_eq!(message["location_key"], key, "{payload}");
            partitions.entry(key).or_default().insert(partition);
        }
        assert!(partitions.values().all(|p| p.len() == 1), "a location keeps its order: {partitions:?}");
        // CRC-32 of US and DE is the same one modulo three.
        let used: BTreeSet<&i32> = partitions.values().flatten().collect();
        assert_eq!(used.len(), if topic == &new { 3 } else { 1 }, "{partitions:?}");
    }
    for project in [&first, &second] {
        once(project, Verdict::Healthy, "arrived").await;
        project.clean().await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_delivered_is_an_error() {
    let nowhere = unique("nowhere");
    let run = tokio::task::spawn_blocking(move || example("covid_new_cases", &format!("--topic {nowhere} --count 1")));
    let run = run.await.unwrap();
    let words = String::from_utf8_lossy(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{words}");
    assert!(words.contains("error: "), "{words}");
}
