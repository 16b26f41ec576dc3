//! The replaced table is kept as long as the manifest says.

use super::*;
use crate::fixture::unique;
use sluice::plan::Note;

#[tokio::test]
async fn it_is_noted_while_it_is_kept_and_dropped_when_its_time_has_passed() {
    let name = unique("kept");
    let (project, before) = filled(&name, "orderBy: n").await;
    project.rewrite(&table(&name, COLUMNS, "orderBy: n\n      partitionBy: toYYYYMM(day)"));
    project.apply_with(&on(1)).await;
    assert_eq!(beside(&name).await, "rows_local__old_20261101\t4");
    let plan = project.plan_with(&on(7)).await.plan;
    assert!(plan.is_empty());
    let notes: Vec<&Note> = plan.resources.iter().flat_map(|r| &r.notes).collect();
    assert!(
        notes.iter().any(|n| matches!(n, Note::KeptOld { until, .. } if *until == jiff::civil::date(2026, 11, 8))),
        "{notes:?}"
    );
    // Somebody else's table with such a name is none of ours.
    by_hand(0, &format!("CREATE TABLE {name}.rows_local__old_20260101 (n UInt8) ENGINE = Memory")).await;
    project.apply_with(&on(8)).await;
    assert_eq!(beside(&name).await, "rows_local__old_20260101\t1");
    assert_eq!(contents(&name).await, before);
    project.clean().await;
}

#[tokio::test]
async fn with_0_it_goes_at_once() {
    let name = unique("unkept");
    let (project, before) = filled(&name, "orderBy: n").await;
    let changed = table(&name, COLUMNS, "orderBy: n\n      partitionBy: toYYYYMM(day)");
    project.rewrite(&changed.replace("description: Numbers}", "description: Numbers}\nlifecycle: {keepOldFor: 0}"));
    project.apply_with(&on(1)).await;
    assert_eq!(beside(&name).await, "");
    assert_eq!(contents(&name).await, before);
    project.clean().await;
}
