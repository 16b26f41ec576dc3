//! Databases that cannot swap two names at one moment.

use super::*;
use crate::fixture::{shared, unique};
use sluice::client::clickhouse::{ClickHouseSettings, ClickHouseWriter, Execute};
use std::time::Duration;

async fn ordinary(name: &str) {
    for url in &shared().clickhouse_urls {
        let writer = ClickHouseWriter::connect(url, &ClickHouseSettings::default()).unwrap();
        let settings = vec![("allow_deprecated_database_ordinary".to_owned(), "1".to_owned())];
        let query_id = uuid::Uuid::new_v4().to_string();
        let options = Execute { timeout: Duration::from_secs(60), query_id, settings };
        writer.execute(&format!("CREATE DATABASE {name} ENGINE = Ordinary"), &options).await.unwrap();
    }
}

#[tokio::test]
async fn tables_are_renamed_and_a_cut_between_the_two_renames_is_finished() {
    let name = unique("ordinary");
    ordinary(&name).await;
    let (project, before) = filled(&name, "orderBy: n").await;
    project.rewrite(&table(&name, COLUMNS, "orderBy: n\n      partitionBy: toYYYYMM(day)"));
    let mut prepared = project.plan_with(&on(25)).await;
    let swap = prepared.plan.steps.iter_mut().position(|s| match &mut s.action {
        Action::Table(TableAction::Rename { pairs }) if pairs.len() == 2 => {
            pairs.truncate(1);
            true
        }
        Action::Table(_) | Action::Kafka(_) => false,
    });
    prepared.plan.steps.truncate(swap.expect("the swap is a rename") + 1);
    assert_eq!(project.run(&prepared).await.failed, []);
    assert_eq!(beside(&name).await, "rows_local__old_20261125\t4\nrows_local__sluice_next\t4");
    project.apply_with(&on(25)).await;
    assert_eq!(beside(&name).await, "rows_local__old_20261125\t4");
    assert_eq!(contents(&name).await, before);
    project.rewrite(&table(&name, COLUMNS, "orderBy: n"));
    project.apply_with(&on(25)).await;
    assert_eq!(beside(&name).await, "rows_local__old_20261125\t4\nrows_local__old_20261125_2\t4");
    assert_eq!(contents(&name).await, before);
    project.clean().await;
}

#[tokio::test]
async fn a_distributed_table_is_dropped_and_made_again_while_nothing_flows() {
    let name = unique("ordinary");
    ordinary(&name).await;
    let (project, before) = filled(&name, "orderBy: n").await;
    let settings = "orderBy: n\n      distributed: {shardingKey: rand(), settings: {fsync_after_insert: 1}}";
    project.rewrite(&table(&name, COLUMNS, settings));
    let prepared = project.plan_with(&on(25)).await;
    let swap = |a: &Action| matches!(a, Action::Table(TableAction::Exchange { .. }));
    assert!(!prepared.plan.steps.iter().any(|s| swap(&s.action)), "{:#?}", prepared.plan.steps);
    assert!(prepared.plan.resources.iter().any(|r| r.impact.as_ref().is_some_and(|i| i.pause.is_some())));
    project.apply_with(&on(25)).await;
    assert_eq!(beside(&name).await, "");
    assert_eq!(contents(&name).await, before);
    project.clean().await;
}
