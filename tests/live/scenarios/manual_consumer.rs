//! The tables of a manual consumer over time; what fills them here is an INSERT.

use super::*;
use crate::fixture::project::{Project, ask, by_hand, try_ask_node};
use crate::fixture::unique;
use sluice::plan::Class;

fn consumer(name: &str, columns: &str, more: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 2, replicationFactor: 1}}
---
kind: ManualConsumer
metadata: {{name: {name}, description: Numbers}}
spec:
  topic: {name}
  target:
    table: {name}.rows
    columns: [{columns}]
    {more}
"
    )
}

const N: &str = "{name: n, type: UInt64}, {name: day, type: Date, from: String}";

fn insert(name: &str, n: u64) -> String {
    format!(
        "INSERT INTO {name}.rows (n, day, batch_id, kafka_partition, kafka_offset, consumer_group_id) VALUES ({n}, '2026-11-22', 'b', 0, {n}, 'g')"
    )
}

#[tokio::test]
async fn its_tables_are_made_changed_and_built_anew_with_their_rows() {
    let name = unique("manual");
    let project = Project::of(&name, &consumer(&name, N, "orderBy: n"));
    project.apply().await;
    let columns = |table: &str| {
        format!(
            "SELECT groupArray(concat(name, ' ', type, ' ', default_expression)) FROM system.columns WHERE database = '{name}' AND table = '{table}'"
        )
    };
    assert_eq!(
        ask(&columns("rows_local")).await,
        "['n UInt64 ','day Date ','batch_id String ','kafka_partition Int32 ','kafka_offset Int64 ','processing_time DateTime now()','consumer_group_id String ']"
    );
    assert_eq!(ask(&columns("rows")).await, ask(&columns("rows_local")).await);
    assert_eq!(
        ask(&columns("rows_dead_letters")).await,
        "['time DateTime ','topic LowCardinality(String) ','partition Int32 ','offset Int64 ','key String ','raw String ','reason String ','consumer_group_id LowCardinality(String) ']"
    );
    let window = format!(
        "SELECT groupUniqArray(extract(create_table_query, 'non_replicated_deduplication_window = (\\\\d+)')) FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}' AND engine = 'MergeTree'"
    );
    assert_eq!(ask(&window).await, "['10000']");
    for (node, n) in (0..4).zip(1..) {
        by_hand(node, &insert(&name, n)).await;
    }
    // A column comes: a consumer that runs meanwhile goes on.
    let wide = format!("{N}, {{name: note, type: String, default: \"'none'\"}}");
    project.rewrite(&consumer(&name, &wide, "orderBy: n"));
    let plan = project.plan().await;
    assert!(steps(&plan).iter().all(|s| s.starts_with("alter ")), "{:?}", steps(&plan));
    assert_eq!(
        of(&plan, &ResourceId::new(Kind::ManualConsumer, &name)).impact.as_ref().map(|i| i.class),
        Some(Class::InPlace)
    );
    project.apply().await;
    // Another sorting key: nobody can write while the rows are copied.
    project.rewrite(&consumer(&name, &wide, "orderBy: day, n"));
    let prepared = project.plan_with(&Policy::default()).await;
    let order = steps(&prepared.plan);
    let at = |step: &str| order.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {order:?}"));
    assert!(at("flush rows") < at("drop rows"), "{order:?}");
    assert!(at("drop rows") < at("copy rows_local rows_local__sluice_next"), "{order:?}");
    assert!(at("swap rows_local rows_local__sluice_next") < at("create rows"), "{order:?}");
    assert_eq!(unconsented(&prepared.plan, &Policy::default()), []);
    assert_eq!(project.run(&prepared).await.failed, []);
    project.assert_converged().await;
    assert_eq!(ask(&format!("SELECT groupArray(n) FROM (SELECT n FROM {name}.rows ORDER BY n)")).await, "[1,2,3,4]");
    project.clean().await;
}

#[tokio::test]
async fn without_a_distributed_table_a_rebuild_tells_what_a_running_consumer_would_lose() {
    let name = unique("alone");
    let project = Project::of(&name, &consumer(&name, N, "orderBy: n\n    distributed: none"));
    project.apply().await;
    by_hand(0, &insert(&name, 1)).await;
    project.rewrite(&consumer(&name, N, "orderBy: day, n\n    distributed: none"));
    let plan = project.plan().await;
    assert_eq!(unconsented(&plan, &Policy::default()), [Hazard::MissesRows]);
    project.apply_with(&allowing(&[Hazard::MissesRows])).await;
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, "1");
    project.clean().await;
}

#[tokio::test]
async fn it_is_renamed_with_its_rows_mended_on_one_host_and_dropped_with_consent() {
    let name = unique("life");
    let project = Project::of(&name, &consumer(&name, N, "orderBy: n"));
    project.apply().await;
    by_hand(1, &insert(&name, 7)).await;
    // Somebody changes a column of one host.
    by_hand(2, &format!("ALTER TABLE {name}.rows_local MODIFY COLUMN consumer_group_id LowCardinality(String)")).await;
    assert_eq!(
        attributes(&project.plan().await),
        ["rows_local column consumer_group_id: LowCardinality(String) -> String @[2]"]
    );
    project.apply().await;
    let renamed = consumer(&name, N, "orderBy: n")
        .replace(&format!("table: {name}.rows\n"), &format!("table: {name}.numbers\n    renamedFrom: {name}.rows\n"));
    project.rewrite(&renamed);
    project.apply().await;
    assert_eq!(ask(&format!("SELECT n FROM {name}.numbers")).await, "7");
    assert!(try_ask_node(0, &format!("SELECT n FROM {name}.rows")).await.is_err());
    project.rewrite(&format!("{}lifecycle: {{state: absent}}\n", renamed));
    assert_eq!(blocked(&project.plan().await), [Blocked::DeletionForbidden]);
    project.rewrite(&format!("{}lifecycle: {{state: absent, deletion: allow}}\n", renamed));
    project.apply().await;
    let left = format!("SELECT count() FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}'");
    assert_eq!(ask(&left).await, "0");
    project.clean().await;
}
