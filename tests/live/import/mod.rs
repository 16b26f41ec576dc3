//! `sluice import`: chains of the wild are made, their marks are taken away, and what is written of them must plan to
//! nothing but comments; then they are dropped and made again from what was written, and stand there letter by letter.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail like tests")]

mod by_hand;
mod case;
mod program;
mod standing;

use crate::fixture::{attempt, shared, turn};
use crate::wild::{files, registry::Registry, schemas};
use case::Case;
use futures_util::{StreamExt as _, stream};
use std::fmt::Write as _;

/// Chains at a time.
const AT_ONCE: usize = 20;
/// So many kinds of chain have to come through.
const AT_LEAST: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chains_of_the_wild_are_written_and_made_again_letter_by_letter() {
    let _turn = turn().await;
    shared();
    schemas();
    let registry = &Registry::start().await;
    let cases: Vec<Case> = files().iter().map(|file| Case::read(file)).collect();
    let runs = cases.iter().map(|case| async move { (case, attempt(case.runs(registry)).await) });
    let mut ended: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    ended.sort_by_key(|(case, _)| case.name.clone());
    let mut table = String::new();
    let mut failed = Vec::new();
    for (case, end) in &ended {
        let said = match end {
            Ok(told) => format!("{:4} lines  {:2} listed  empty, made again the same", told.lines, told.odd),
            Err(said) => {
                failed.push(format!("{}: {said}", case.name));
                "FAILED".to_owned()
            }
        };
        let _ = writeln!(table, "{:28} {said}", case.name);
    }
    eprintln!("{table}");
    crate::fixture::all_passed(&failed);
    assert!(ended.len() >= AT_LEAST, "only {} chains", ended.len());
}
