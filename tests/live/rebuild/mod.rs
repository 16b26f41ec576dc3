//! Tables built anew on real servers: every row is there before, after, and after any cut between.

mod cut;
mod kept;
mod ordinary;
mod shapes;
mod writer;

use crate::fixture::project::{Project, ask, by_hand, try_by_hand};
use sluice::plan::{Action, Blocked, Plan, Policy, TableAction};
use sluice::sql::CopyMethod;

/// Rows on each node.
const ROWS: u64 = 50_000;

/// A pipeline of one target with these fields, and its topic.
fn table(name: &str, columns: &str, more: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 1, replicationFactor: 1}}
---
kind: KafkaPipeline
metadata: {{name: {name}, description: Numbers}}
spec:
  topic: {name}
  source: {{table: {name}.kafka, settings: {{kafka_flush_interval_ms: 500}}}}
  targets:
    - table: {name}.rows
      columns: [{columns}]
      {more}
"
    )
}

/// Numbers, days of four months and a word.
const COLUMNS: &str = "{name: n, type: UInt64}, {name: day, type: Date}, {name: word, type: String}";

/// Fills the local table of every node.
async fn fill(name: &str) {
    for node in 0..4u64 {
        let first = node * ROWS;
        by_hand(
            usize::try_from(node).unwrap(),
            &format!(
                "INSERT INTO {name}.rows_local (n, day, word) SELECT {first} + number, \
                 toDate('2026-01-01') + number % 120, toString(number % 1000) FROM numbers({ROWS})"
            ),
        )
        .await;
    }
}

/// Rows of all nodes and a checksum of them, by way of the Distributed table.
async fn contents(name: &str) -> String {
    ask(&format!("SELECT count(), sum(cityHash64(n, day, word)) FROM {name}.rows")).await
}

/// The project with this target, applied and filled, and what is in it.
async fn filled(name: &str, more: &str) -> (Project, String) {
    let project = Project::of(name, &table(name, COLUMNS, more));
    project.apply().await;
    fill(name).await;
    let before = contents(name).await;
    assert!(before.starts_with(&format!("{}\t", 4 * ROWS)), "{before}");
    (project, before)
}

/// How each copy of a plan is made.
fn methods(plan: &Plan) -> Vec<CopyMethod> {
    let method = |action: &Action| match action {
        Action::Table(TableAction::Copy(copy)) => Some(copy.method),
        Action::Table(_) | Action::Kafka(_) => None,
    };
    plan.steps.iter().filter_map(|s| method(&s.action)).collect()
}

/// Names of the tables of a database on all nodes that a rebuild leaves there, with the number of nodes.
async fn beside(name: &str) -> String {
    ask(&format!(
        "SELECT name, count() FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}' \
         AND name LIKE '%\\_\\_%' GROUP BY name ORDER BY name"
    ))
    .await
}

fn on(day: i8) -> Policy {
    Policy { today: jiff::civil::date(2026, 11, day), ..Policy::default() }
}

fn blocked(plan: &Plan) -> Vec<Blocked> {
    plan.resources.iter().flat_map(|r| r.blocked.clone()).collect()
}
