//! One case: a chain in the middle of a change, a host that fails at one statement, and the way on from there.

use super::failure::Failure;
use super::hosts::{Hosts, Sent, Trap};
use super::place::{Place, expected, is_copy, lasts, places, undoes};
use super::scenario::Scenario;
use crate::evolutions::arrival;
use crate::evolutions::case::Case;
use crate::evolutions::change::{AFTER, BEFORE, passed, settled};
use crate::evolutions::killed::state;
use crate::evolutions::numbers::Numbers;
use crate::evolutions::program::{Kill, apply_to};
use sluice::plan::{Plan, Policy, Step};
use sluice::reconcile::Prepared;
use sluice::render::Style;
use sluice::render::outcome::{self, Report};
use std::fmt;
use std::time::Duration;

/// How long a step may take at a host that hangs; who waits adds five seconds.
const SHORT: Duration = Duration::from_secs(3);

/// A generated case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// What is being done.
    pub scenario: Scenario,
    /// How the host fails; `None` for the run that nothing disturbs.
    pub failure: Option<Failure>,
    /// The host.
    pub host: usize,
    /// The statement: its index, or a number that is taken modulo their count.
    pub nth: usize,
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.scenario)?;
        self.failure.map_or(Ok(()), |failure| write!(f, ".{:02}.{failure:?}", self.nth))
    }
}

/// How a case ended.
#[derive(Debug)]
pub struct Ended {
    /// Statements that each host is sent.
    pub statements: usize,
    /// Rows that are there again.
    pub twice: u64,
    /// Every object on every host, as it was made.
    pub state: Vec<String>,
}

/// Runs a case under a name of its own.
pub async fn run(chosen: Chosen, name: &str) -> Ended {
    let scenario = chosen.scenario;
    let direct = scenario.case(name);
    let before = scenario.begin(&direct).await;
    let hosts = Hosts::begin();
    let case = direct.through(hosts.urls());
    let mut numbers = scenario.flows().then(|| Numbers::begin(&case));
    if let Some(numbers) = &mut numbers {
        numbers.reach(BEFORE).await;
    }
    if scenario.has_tables() {
        for table in case.all(&case.spec.tables, &[]) {
            arrival::until(&case, &table, "n", 1, BEFORE).await;
        }
    }
    let goal = scenario.goal(&case);
    let policy = scenario.policy(&case, &goal);
    let prepared = goal.plan_with(&policy).await;
    let all = places(&prepared.plan);
    assert!(prepared.plan.steps.iter().all(|s| s.hosts.is_empty() || s.hosts.len() == 4), "a step is not on all hosts");
    if let Some(failure) = chosen.failure {
        let trap = Trap { host: chosen.host, nth: chosen.nth % all.len(), failure };
        fails(&case, scenario, &hosts, trap, &prepared, &policy).await;
    }
    let ended = apply_to(&case, goal, Kill::Never).await;
    assert!(ended.status.success(), "{name}: {chosen}, and then {}:\n{}", ended.status, ended.said);
    if chosen.failure.is_none() {
        let sent = hosts.taken().0;
        let count = |host| sent.iter().filter(|s| s.host == host).count();
        assert_eq!([0, 1, 2, 3].map(count), [all.len(); 4], "statements that hosts were sent: {sent:#?}");
    }
    let mut twice = 0;
    if let Some(mut numbers) = numbers {
        passed(&case, &mut numbers).await;
        numbers.after(AFTER).await;
        let sent = numbers.stop().await;
        twice = settled(&case, &sent).await.1;
    }
    let goal = scenario.goal(&case);
    let left = goal.plan_with(&policy).await.plan;
    assert!(left.is_empty(), "{name}: not converged: {:#?}", left.resources);
    let state = state(&case).await;
    before.clean().await;
    // What came out of nothing is not in the state before.
    direct.after().clean().await;
    Ended { statements: all.len(), twice, state }
}

/// Applies while the trap is set, and judges what is said and what the next plan is.
async fn fails(case: &Case, scenario: Scenario, hosts: &Hosts, trap: Trap, prepared: &Prepared, policy: &Policy) {
    let plan = &prepared.plan;
    let place = places(plan)[trap.nth];
    hosts.set(trap);
    let goal = scenario.goal(case);
    let said = if trap.failure == Failure::Hangs {
        hung(case, scenario, hosts, trap, policy).await
    } else {
        let ended = apply_to(case, goal, Kill::Never).await;
        assert_eq!(ended.status.code(), Some(1), "{}: {trap:?}\n{}", case.name, ended.said);
        ended.said
    };
    let (sent, sprung) = hosts.taken();
    let sprung = sprung.unwrap_or_else(|| panic!("{}: {trap:?} never sprang\n{said}", case.name));
    told(plan, place, trap, hosts.name(trap.host), &said, &sprung);
    hosts.restart(trap.host).await;
    let goal = scenario.goal(case);
    // Whoever plans after a failure waits for what is still running, as the program does.
    goal.settle().await;
    let next = goal.plan_with(policy).await.plan;
    right(plan, place, trap, &next, &sent);
}

/// Runs the plan with little time for the step that fails, and gives what the program would say.
async fn hung(case: &Case, scenario: Scenario, hosts: &Hosts, trap: Trap, policy: &Policy) -> String {
    let goal = scenario.goal(case);
    let mut prepared = goal.plan_with(policy).await;
    let step = places(&prepared.plan)[trap.nth].step;
    prepared.plan.steps[step].timeout = SHORT;
    let run = goal.run_at_once(&prepared, 1);
    let broken = async {
        if is_copy(&prepared.plan.steps[step].action) {
            hosts.sprung().await;
            hosts.restart(trap.host).await;
        }
        std::future::pending::<()>().await;
    };
    let outcome = tokio::select! {
        outcome = run => outcome,
        () = broken => unreachable!("it waits for the run"),
    };
    let failed: Vec<outcome::Failure> = outcome
        .failed
        .iter()
        .map(|(step, error)| outcome::Failure {
            step: *step,
            host: error.host.clone(),
            statement: error.statement.clone(),
            words: error.words.clone(),
            in_doubt: error.in_doubt,
        })
        .collect();
    let report = Report {
        plan: &prepared.plan,
        done: &outcome.done,
        failed: &failed,
        not_started: &outcome.not_started,
        interrupted: outcome.interrupted,
        took: Duration::ZERO,
        again: "sluice apply",
    };
    outcome::report(&report, Style { colour: false, width: 120, sql: true })
}

/// The report names host, step and statement, once; and says where nobody can know.
fn told(plan: &Plan, place: Place, trap: Trap, host: &str, said: &str, sprung: &Sent) {
    let (head, statement) = expected(plan, place, host);
    let begin = said.find("\n! step ").unwrap_or_else(|| panic!("no step failed: {trap:?}\n{said}"));
    let (failure, after) = said[begin..].split_once("\nTo go on:").unwrap_or((&said[begin..], ""));
    let failure = failure.split("\nDone:").next().unwrap_or_default().split("\nNot begun:").next().unwrap_or_default();
    assert!(!after.is_empty(), "the way on is not told: {trap:?}\n{said}");
    let times = |words: &str| failure.matches(words).count();
    assert_eq!(times(" failed on "), 1, "one host failed: {trap:?}\n{said}");
    assert_eq!((times(&head), times(&statement)), (1, 1), "`{head}`, `{statement}`: {trap:?}\n{said}");
    let doubt = times("in doubt: it may have been done");
    assert_eq!(doubt, usize::from(trap.failure.leaves_doubt()), "{trap:?} at {sprung:?}\n{said}");
}

/// The next plan has what is left, and nothing that a host has done.
fn right(plan: &Plan, place: Place, trap: Trap, next: &Plan, sent: &[Sent]) {
    assert!(!next.is_blocked(), "{trap:?}: blocked: {:#?}", next.resources);
    let when = |step: &Step, host: usize| {
        let text = step.statement().map(|s| s.shown());
        sent.iter().rposition(|sent| sent.done && sent.host == host && Some(&sent.statement) == text.as_ref())
    };
    let done = |step: &Step, host: usize| {
        // What was made and has been dropped since is not there, and the other way round.
        let undo = plan.steps.iter().filter(|s| undoes(&s.action, &step.action));
        when(step, host).is_some_and(|last| undo.filter_map(|s| when(s, host)).all(|other| other < last))
    };
    for (at, step) in next.steps.iter().enumerate().filter(|(_, s)| lasts(&s.action)) {
        for host in &step.hosts {
            let undone = next.steps[..at].iter().any(|s| s.hosts.contains(host) && undoes(&s.action, &step.action));
            assert!(
                undone || !done(step, *host),
                "{trap:?}: host {host} has done this already: {:?}\n{sent:#?}",
                step.action
            );
        }
    }
    let failed = &plan.steps[place.step];
    let last = place.step + 1 == plan.steps.len();
    let left = !(last && trap.failure.does_it() && lasts(&failed.action));
    assert_eq!(!next.is_empty(), left, "{trap:?}: what is left after {:?}: {:#?}", failed.action, next.steps);
}
