//! A view under another name takes the place of the old one: with both, every row would arrive twice.

use super::*;
use crate::fixture::project::{Project, by_hand, produce, until};
use crate::fixture::unique;

#[tokio::test]
async fn a_renamed_view_replaces_the_old_one_and_rows_arrive_once() {
    let name = unique("viewed");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "3").await;
    project.rewrite(&simple(&name, &format!("names: {{view: {name}.other_mv}}")));
    let plan = project.plan().await;
    let leave = format!("leave clickhouse-{name}-consumer");
    let order = ["drop kafka", "drop rows_mv", "flush rows", leave.as_str(), "create kafka", "create other_mv"];
    assert_eq!(steps(&plan), order);
    project.apply().await;
    produce(&name, (4..=5).map(row)).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "1\n2\n3\n4\n5").await;
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn a_view_of_somebody_else_on_the_same_table_stays() {
    let name = unique("neighbour");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    by_hand(0, &format!("CREATE TABLE {name}.theirs (n UInt64) ENGINE = MergeTree ORDER BY n")).await;
    by_hand(
        0,
        &format!("CREATE MATERIALIZED VIEW {name}.theirs_mv TO {name}.theirs AS SELECT n FROM {name}.rows_local"),
    )
    .await;
    project.assert_converged().await;
    project.clean().await;
}
