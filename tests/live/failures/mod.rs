//! Every statement of a change on four hosts, and a host that fails at it: what is said, what the next plan is, where the
//! next apply ends, and whether every number is there.
//!
//! A run takes a sample, and another one with another `SLUICE_SEED`; `SLUICE_FAILURES=all` takes every statement and every failure, and
//! `SLUICE_FAILURES=Drop,Rebuild.07` those whose names begin so.

mod failure;
mod hosts;
mod place;
mod restarted;
mod run;
mod scenario;

use crate::fixture::{all_passed, attempt, chance, shared, turn};
use comfy_table::Table;
use failure::Failure;
use futures_util::{StreamExt as _, stream};
use proptest::prelude::Rng as _;
use run::{Chosen, Ended, run};
use scenario::Scenario;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// Cases of a sample.
const SAMPLE: usize = 24;
/// What chooses them unless `SLUICE_SEED` does.
const SEED: u64 = 7;
/// Cases at a time: each waits most of the time.
const AT_ONCE: usize = 12;

type Tried = (Chosen, Result<Ended, String>);

/// The end of each scenario, by whoever ended first: all others have to end so.
type Ends = Mutex<BTreeMap<Scenario, Vec<String>>>;

async fn tried(at: usize, chosen: Chosen, ends: &Ends) -> Tried {
    let begin = Instant::now();
    let ended = attempt(run(chosen, &format!("f{at:03}"))).await.and_then(|ended| same(chosen, ended, ends));
    let ended = ended.map_err(|said| format!("{chosen}: {said}"));
    let failed = if ended.is_ok() { "" } else { "  FAILED" };
    eprintln!("f{at:03} {chosen} on host {}: {:.1} s{failed}", chosen.host, begin.elapsed().as_secs_f64());
    (chosen, ended)
}

fn same(chosen: Chosen, ended: Ended, ends: &Ends) -> Result<Ended, String> {
    let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
    let first = ends.entry(chosen.scenario).or_insert_with(|| ended.state.clone());
    if *first == ended.state {
        return Ok(ended);
    }
    let (one, other) = (first.join("\n"), ended.state.join("\n"));
    let diff = similar::TextDiff::from_lines(&one, &other);
    Err(format!("it ends otherwise\n{}", diff.unified_diff().header("another", "this")))
}

/// Cases that the seed chooses, each scenario with each failure.
fn sample() -> Vec<Chosen> {
    let mut random = chance(SEED);
    let mut below = |end: usize| usize::try_from(random.next_u32()).expect("a machine of 32 bits or more") % end;
    let first = below(Failure::ALL.len());
    let scenarios = Scenario::ALL.len();
    (0..SAMPLE)
        .map(|i| Chosen {
            scenario: Scenario::ALL[i % scenarios],
            failure: Some(Failure::ALL[(first + i / scenarios) % Failure::ALL.len()]),
            host: below(4),
            nth: below(1 << 16),
        })
        .collect()
}

/// Every statement with every failure; the hosts take turns. First each statement with one failure, then with the next.
fn every(statements: &BTreeMap<Scenario, usize>) -> Vec<Chosen> {
    let kinds = Failure::ALL.len();
    let longest = statements.values().max().copied().unwrap_or(0);
    let mut all = Vec::new();
    for round in 0..kinds {
        for nth in 0..longest {
            for (at, (scenario, _)) in statements.iter().enumerate().filter(|(_, (_, count))| nth < **count) {
                let kind = (round + nth + at) % kinds;
                let (host, failure) = ((nth + kind) % 4, Some(Failure::ALL[kind]));
                all.push(Chosen { scenario: *scenario, failure, host, nth });
            }
        }
    }
    all
}

/// Whether a case is one of those that `SLUICE_FAILURES` names: all, or by their beginnings.
fn named(chosen: &Chosen, names: &str) -> bool {
    let name = chosen.to_string();
    // A scenario is needed where one of its cases is.
    names == "all" || names.split(',').any(|begin| name.starts_with(begin) || begin.starts_with(&format!("{name}.")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_fails_at_any_statement_loses_nothing() {
    let _turn = turn().await;
    shared();
    #[expect(clippy::disallowed_methods, reason = "all of them take too long for every run")]
    let names = std::env::var("SLUICE_FAILURES").ok();
    let begin = Instant::now();
    let (mut ended, ends): (Vec<Tried>, Ends) = Default::default();
    let cases = if let Some(names) = names {
        let whole = Scenario::ALL.map(|scenario| Chosen { scenario, failure: None, host: 0, nth: 0 });
        let whole = whole.into_iter().filter(|whole| named(whole, &names)).enumerate();
        ended = at_once(whole.map(|(at, chosen)| tried(900 + at, chosen, &ends))).await;
        let statements = ended.iter().filter_map(|(c, e)| Some((c.scenario, e.as_ref().ok()?.statements))).collect();
        every(&statements).into_iter().filter(|chosen| named(chosen, &names)).collect()
    } else {
        sample()
    };
    ended.extend(at_once(cases.iter().enumerate().map(|(at, chosen)| tried(at, *chosen, &ends))).await);
    eprintln!("{}\n{} cases in {:.0} s", table(&ended), cases.len(), begin.elapsed().as_secs_f64());
    all_passed(&ended.into_iter().filter_map(|(_, ended)| ended.err()).collect::<Vec<_>>());
}

async fn at_once(cases: impl Iterator<Item = impl Future<Output = Tried>>) -> Vec<Tried> {
    stream::iter(cases).buffer_unordered(AT_ONCE).collect().await
}

fn table(ended: &[Tried]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["scenario", "failure", "cases", "failed", "most rows twice"]);
    for scenario in Scenario::ALL {
        for failure in Failure::ALL {
            let of: Vec<&Result<Ended, String>> = ended
                .iter()
                .filter(|(c, _)| (c.scenario, c.failure) == (scenario, Some(failure)))
                .map(|(_, ended)| ended)
                .collect();
            let wrong = of.iter().filter(|ended| ended.is_err()).count();
            let twice = of.iter().filter_map(|ended| Some(ended.as_ref().ok()?.twice)).max().unwrap_or(0);
            let numbers = [of.len(), wrong].map(|n| n.to_string());
            let [cases, wrong] = numbers;
            table.add_row([format!("{scenario:?}"), format!("{failure:?}"), cases, wrong, twice.to_string()]);
        }
    }
    table
}
