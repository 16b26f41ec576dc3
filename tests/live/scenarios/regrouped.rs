//! A group that goes on where another one was.

use super::*;
use crate::fixture::project::{Project, by_hand, produce, until};
use crate::fixture::{shared, unique};

#[tokio::test]
async fn an_apply_that_is_cut_once_the_old_group_is_told_by_no_table_still_goes_on_where_it_was() {
    let name = unique("regrouped");
    let manifest = simple(&name, "");
    let with = |words: &str| manifest.replace(".kafka, settings", &format!(".kafka, {words}, settings"));
    let project = Project::of(&name, &with(&format!("group: {name}_a")));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    let rows = format!("SELECT count(), uniqExact(n) FROM {name}.rows");
    until(&rows, "3\t3").await;

    project.rewrite(&with(&format!("group: {name}_b, startFrom: keep")));
    let mut cut = project.plan_with(&Policy::default()).await;
    assert_eq!(steps(&cut.plan)[0], format!("offsets {name}_b"));
    cut.plan.steps.truncate(1);
    assert_eq!(project.run(&cut).await.failed, []);
    // The old group reads on until its table is dropped.
    produce(&name, (4..=6).map(row)).await;
    until(&rows, "6\t6").await;
    for node in 0..shared().clickhouse_urls.len() {
        by_hand(node, &format!("DROP TABLE {name}.kafka SYNC")).await;
        by_hand(node, &format!("DROP TABLE {name}.rows_mv SYNC")).await;
    }

    project.apply().await;
    produce(&name, (7..=9).map(row)).await;
    until(&format!("SELECT uniqExact(n) FROM {name}.rows"), "9").await;
    until(&rows, "9\t9").await;
    project.assert_converged().await;
    project.clean().await;
}
