//! Changes that are made and taken back while numbers arrive: each way loses nothing.

use super::case::{Case, cases};
use super::change::{AFTER, BEFORE, passed, set_up};
use super::numbers::Numbers;
use super::{AT_ONCE, arrival};
use crate::fixture::project::Project;
use crate::fixture::{all_passed, attempt, shared, turn};
use futures_util::{StreamExt as _, stream};
use sluice::plan::{Allowance, Policy};

async fn changed(case: &Case, project: &Project, policy: &Policy) {
    let prepared = project.plan_with(policy).await;
    assert!(!prepared.plan.is_empty() && !prepared.plan.is_blocked(), "{}: {:#?}", case.name, prepared.plan.resources);
    assert_eq!(policy.missing(&prepared.plan), [], "{}: hazards that nobody allowed", case.name);
    let outcome = project.run(&prepared).await;
    assert_eq!(outcome.failed, [], "{}: steps failed", case.name);
    project.assert_converged().await;
}

async fn there_and_back(case: &Case, allow: &[String]) {
    let (before, after) = (case.before(), case.after());
    set_up(case, &before).await;
    let mut numbers = Numbers::begin(case);
    numbers.reach(BEFORE).await;
    let tables = case.all(&case.spec.tables, &[]);
    arrival::until(case, &tables[0], "n", 1, BEFORE).await;
    changed(case, &after, &case.policy()).await;
    passed(case, &mut numbers).await;
    let allow = allow.iter().map(|a| Allowance::parse(a).unwrap_or_else(|e| panic!("{e}"))).collect();
    changed(case, &before, &Policy { allow, ..Policy::default() }).await;
    passed(case, &mut numbers).await;
    numbers.reach(numbers.last() + AFTER).await;
    let sent = numbers.stop().await;
    for table in tables {
        let found = arrival::until(case, &table, "n", 1, sent.last).await;
        assert_eq!((found.numbers, found.twice()), (sent.last, 0), "{}: {table}", case.name);
    }
    before.clean().await;
    after.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_and_changed_back_keeps_every_number() {
    let _turn = turn().await;
    shared();
    let chosen: Vec<(Case, Vec<String>)> = cases()
        .into_iter()
        .filter_map(|case| {
            let allow = case.spec.back.clone()?;
            Some((case.named(&format!("{}b", case.name), 0), allow))
        })
        .collect();
    let runs = chosen.iter().map(|(case, allow)| async move {
        attempt(there_and_back(case, allow)).await.err().map(|said| format!("{}: {said}", case.folder))
    });
    let failed: Vec<Option<String>> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = failed.into_iter().flatten().collect();
    eprintln!("{} changes were taken back", chosen.len());
    all_passed(&failed);
}
