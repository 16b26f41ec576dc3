//! An apply that ends after any of its steps.

use super::*;
use crate::fixture::unique;

#[tokio::test]
async fn after_any_step_the_next_apply_finishes_and_every_row_is_there() {
    let name = unique("cut");
    let parts = "partitionBy: toYYYYMM(day)";
    let keys = ["n", "day, n"].map(|key| table(&name, COLUMNS, &format!("{parts}\n      orderBy: {key}")));
    let (project, before) = filled(&name, &format!("{parts}\n      orderBy: n")).await;
    let mut at = 0;
    loop {
        project.rewrite(&keys[(at + 1) % 2]);
        let mut prepared = project.plan_with(&on(25)).await;
        let steps = prepared.plan.steps.len();
        assert!(steps >= 8, "{:#?}", prepared.plan.resources);
        if at == steps {
            break;
        }
        prepared.plan.steps.truncate(at);
        let outcome = project.run(&prepared).await;
        assert_eq!(outcome.failed, []);
        project.apply_with(&on(25)).await;
        assert_eq!(contents(&name).await, before, "cut after {at} of {steps}");
        assert!(!beside(&name).await.contains("__sluice"), "cut after {at}: {}", beside(&name).await);
        at += 1;
    }
    project.clean().await;
}

#[tokio::test]
async fn a_change_taken_back_leaves_the_table_as_it_was() {
    let name = unique("back");
    let (project, before) = filled(&name, "orderBy: n").await;
    project.rewrite(&table(&name, COLUMNS, "orderBy: n\n      partitionBy: toYYYYMM(day)"));
    let mut prepared = project.plan_with(&on(25)).await;
    let copied = prepared.plan.steps.iter().position(|s| matches!(s.action, Action::Table(TableAction::Copy(_))));
    prepared.plan.steps.truncate(copied.unwrap() + 1);
    assert_eq!(project.run(&prepared).await.failed, []);
    assert_eq!(beside(&name).await, "rows_local__sluice_next\t4");
    // As it is when the process is killed while it copies.
    by_hand(1, &format!("SYSTEM STOP MERGES {name}.rows_local")).await;
    project.rewrite(&table(&name, COLUMNS, "orderBy: n"));
    project.apply_with(&on(25)).await;
    assert_eq!(beside(&name).await, "");
    by_hand(1, &format!("OPTIMIZE TABLE {name}.rows_local FINAL")).await;
    assert_eq!(contents(&name).await, before);
    project.clean().await;
}
