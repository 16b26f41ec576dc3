//! Changes of running chains, one folder of `tests/cases/evolutions` each. A producer writes numbered messages before,
//! during and after the change; at the end every number is in the tables, once, and the plan is empty.
//!
//! `SLUICE_EVOLUTION=05,07` chooses by the beginning of the folders' names; `SLUICE_BLESS=1` writes the golden plans.

pub mod arrival;
mod back;
pub mod case;
pub mod change;
mod fronts;
mod golden;
pub mod killed;
pub mod numbers;
pub mod program;
mod proof;

use crate::fixture::{all_passed, attempt, shared, turn};
use case::{Case, cases};
use change::Figures;
use comfy_table::Table;
use fronts::Fronts;
use futures_util::{StreamExt as _, stream};

/// Cases at a time: each waits most of the time, for a group or a flush; more would only wait for the two cores.
const AT_ONCE: usize = 14;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_evolution_keeps_every_number() {
    every(cases()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_evolution_keeps_every_number_on_cluster() {
    let fronts = Fronts::start().await;
    let named = |case: Case| {
        let doors = fronts.urls(&case.nodes());
        case.named(&format!("{}c", case.name), case.nodes()[0]).through(doors).on_cluster()
    };
    every(cases().into_iter().map(named).collect()).await;
    assert!(fronts.passed_on() > 0, "nothing went ON CLUSTER");
}

async fn every(cases: Vec<Case>) {
    let _turn = turn().await;
    shared();
    let runs = cases.iter().map(|case| async move {
        let ended = attempt(change::run(case)).await;
        eprintln!("{}: {}", case.folder, if ended.is_ok() { "done" } else { "FAILED" });
        (case, ended)
    });
    let mut ended: Vec<Ended> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    ended.sort_by_key(|(case, _)| &case.folder);
    eprintln!("{}", table(&ended));
    let failed = ended.iter().filter_map(|(case, ended)| Some(format!("{}: {}", case.folder, ended.as_ref().err()?)));
    all_passed(&failed.collect::<Vec<_>>());
}

/// A case with what it showed, or why it failed.
type Ended<'a> = (&'a Case, Result<Figures, String>);

fn table(ended: &[Ended]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(["evolution", "steps", "numbers", "missing", "twice", "longest gap", "planned", ""]);
    for (case, figures) in ended {
        let mut row = vec![case.folder.clone()];
        match figures {
            Ok(Figures { steps, sent, missing, twice, gap, pause, said }) => row.extend([
                steps.to_string(),
                sent.to_string(),
                missing.to_string(),
                twice.to_string(),
                format!("{:.1} s", gap.as_secs_f64()),
                pause.map_or_else(|| "-".into(), |pause| format!("{} s", pause.as_secs())),
                said.clone(),
            ]),
            Err(_) => row.push("FAILED".into()),
        }
        table.add_row(row);
    }
    table
}
