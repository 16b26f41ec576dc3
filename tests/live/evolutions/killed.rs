//! The program killed in the middle of a change that was reviewed, and run again: the same end, and every number in the
//! tables.

use super::arrival;
use super::case::{Case, cases};
use super::change::{AFTER, BEFORE, passed, set_up, settled};
use super::numbers::Numbers;
use super::program::{Kill, apply, save};
use crate::fixture::project::try_ask_node;
use crate::fixture::{all_passed, attempt, chance, shared, turn};
use futures_util::future::join_all;
use proptest::prelude::Rng as _;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Runs at a time: each waits most of the time.
const AT_ONCE: usize = 20;
/// Kills at times that nobody chose, for each case.
const AT_RANDOM: usize = 1;
/// Chooses them unless `SLUICE_SEED` does.
const SEED: u64 = 1;

/// How a run ended.
struct Ended {
    steps: usize,
    took: Duration,
    twice: u64,
    /// Every object on every host, as it was made.
    state: Vec<String>,
}

/// One run of a case under a name of its own.
async fn run(case: &Case, kill: Kill) -> Ended {
    let before = case.before();
    set_up(case, &before).await;
    let mut numbers = Numbers::begin(case);
    numbers.reach(BEFORE).await;
    let read = if case.spec.rests { numbers.rest().await.last } else { BEFORE };
    for table in case.all(&case.spec.tables, &[]) {
        arrival::until(case, &table, "n", 1, read).await;
    }
    let reviewed = save(case).await;
    let mut ended = apply(case, &reviewed, kill).await;
    let (steps, took) = (ended.steps.1, ended.took);
    if kill != Kill::Never {
        // Whoever finds it killed types the same once more, and nobody has to review anything again.
        ended = apply(case, &reviewed, Kill::Never).await;
    }
    assert!(ended.status.success(), "{}: {kill:?}, then {}:\n{}", case.name, ended.status, ended.said);
    passed(case, &mut numbers).await;
    numbers.after(AFTER).await;
    let sent = numbers.stop().await;
    let (_, twice) = settled(case, &sent).await;
    case.after().assert_converged().await;
    let state = state(case).await;
    before.clean().await;
    case.after().clean().await;
    Ended { steps, took, twice, state }
}

/// Every object of the case on every host, with the case's own name taken out.
pub async fn state(case: &Case) -> Vec<String> {
    let query = format!(
        "SELECT database, name, create_table_query FROM system.tables \
         WHERE database = '{name}' OR startsWith(database, '{name}_') ORDER BY database, name FORMAT TSVRaw",
        name = case.name
    );
    let dated = regex::Regex::new(r"_20\d{6}(_?\d{4,6})?\b").expect("a pattern");
    let mut state = Vec::new();
    for node in case.nodes() {
        let objects = try_ask_node(node, &query).await.unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let port = &shared().clickhouse_urls[node];
        let lasting = dated.replace_all(&objects.replace(&case.name, "${case}"), "_<date>").into_owned();
        // A run is on either pair of hosts.
        state.push(lasting.replace(port, "<host>").replace("'storage'", "'ingest'"));
    }
    state
}

/// Everything of one case; what failed, in words. Each second step unless all are asked for, the odd ones of one case and
/// the even ones of the next: every kind of step is in several cases.
async fn each_step(case: &Case, odd: usize, random: &[f64], gate: &Semaphore) -> (usize, usize, u64, Vec<String>) {
    #[expect(clippy::disallowed_methods, reason = "all of them take too long for every run")]
    let every_step = std::env::var("SLUICE_STEPS").is_ok_and(|steps| steps == "all");
    let begun = |kill: Kill, name: String, node: usize| async move {
        let _turn = gate.acquire().await.expect("nobody closes the gate");
        let case = case.named(&name, node).on_two_hosts();
        attempt(run(&case, kill)).await.map_err(|said| format!("{}: {kill:?}: {said}", case.folder))
    };
    let whole = match begun(Kill::Never, format!("{}x", case.name), 0).await {
        Ok(whole) => whole,
        Err(failed) => return (0, 1, 0, vec![failed]),
    };
    let steps = (1..=whole.steps).filter(|step| every_step || step % 2 == odd).map(Kill::AfterStep);
    let times = random.iter().map(|part| Kill::After(whole.took.mul_f64(*part)));
    let kills: Vec<Kill> = steps.chain(times).collect();
    let begun = &begun;
    let runs = kills
        .iter()
        .enumerate()
        .map(|(i, kill)| async move { (*kill, begun(*kill, format!("{}k{:02}", case.name, i + 1), i + 1).await) });
    let (mut twice, mut failed) = (whole.twice, Vec::new());
    for (kill, ended) in join_all(runs).await {
        match ended {
            Ok(ended) if ended.state == whole.state => twice = twice.max(ended.twice),
            Ok(ended) => {
                let (one, other) = (whole.state.join("\n"), ended.state.join("\n"));
                let diff = similar::TextDiff::from_lines(&one, &other);
                let diff = diff.unified_diff().header("uninterrupted", "killed").to_string();
                failed.push(format!("{}: {kill:?} ends otherwise\n{diff}", case.folder));
            }
            Err(words) => failed.push(words),
        }
    }
    (whole.steps, 1 + kills.len(), twice, failed)
}

/// Parts of the time that an apply takes, from a seed that is told.
fn parts(cases: usize) -> Vec<Vec<f64>> {
    let mut random = chance(SEED);
    let mut part = || f64::from(random.next_u32()) / f64::from(u32::MAX);
    (0..cases).map(|_| (0..AT_RANDOM).map(|_| part()).collect()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_any_step_and_run_again_it_ends_the_same() {
    let _turn = turn().await;
    shared();
    let ready = |case: &Case| case.spec.killed && case.spec.blocked.is_none() && case.spec.awaits.is_none();
    let cases: Vec<Case> = cases().into_iter().filter(ready).collect();
    let gate = Semaphore::new(AT_ONCE);
    let random = parts(cases.len());
    let all = cases.iter().zip(&random).enumerate();
    let all = all.map(|(i, (case, random))| each_step(case, i % 2, random, &gate));
    let ended = join_all(all).await;
    let (mut runs, mut failed) = (0, Vec::new());
    for (case, (steps, all, twice, wrong)) in cases.iter().zip(ended) {
        eprintln!("{}: {steps} steps, {all} runs, at most {twice} rows twice, {} failed", case.folder, wrong.len());
        runs += all;
        failed.extend(wrong);
    }
    eprintln!("{runs} runs of {} cases, killed after steps and {AT_RANDOM} times at random", cases.len());
    all_passed(&failed);
}
