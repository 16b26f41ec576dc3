//! Somebody whom nobody knows of writes into the table while it is copied.

use super::*;
use crate::fixture::unique;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[tokio::test]
async fn the_copy_fails_with_both_figures_and_nothing_is_swapped() {
    let name = unique("writer");
    let parts = "partitionBy: toYYYYMM(day)";
    let (project, _) = filled(&name, &format!("{parts}\n      orderBy: n")).await;
    project.rewrite(&table(&name, COLUMNS, &format!("{parts}\n      orderBy: day, n")));
    let prepared = project.plan_with(&on(25)).await;
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let writing = async {
        while !stop.load(Ordering::SeqCst) {
            let n = written.fetch_add(1, Ordering::SeqCst);
            let row = format!("({}, '2026-01-01', 'late')", 1_000_000 + n);
            by_hand(1, &format!("INSERT INTO {name}.rows_local (n, day, word) VALUES {row}")).await;
        }
    };
    let running = async {
        let outcome = project.run(&prepared).await;
        stop.store(true, Ordering::SeqCst);
        outcome
    };
    let (outcome, ()) = tokio::join!(running, writing);
    let [(index, error)] = outcome.failed.as_slice() else { panic!("{:?}", outcome.failed) };
    assert!(matches!(prepared.plan.steps[*index].action, Action::Table(TableAction::Copy(_))));
    assert!(error.words.contains("checksum") && error.words.contains("nothing was swapped"), "{error}");
    assert_eq!(beside(&name).await, "rows_local__sluice_next\t4");
    let rows = (4 * ROWS + written.load(Ordering::SeqCst)).to_string();
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, rows);
    // Once it is quiet, the copy is made whole: only the partition that differs is copied again.
    project.apply_with(&on(25)).await;
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, rows);
    project.clean().await;
}
