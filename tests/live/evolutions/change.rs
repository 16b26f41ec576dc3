//! One change, from the state before to the empty plan after.

use super::arrival::{self, Watcher};
use super::case::Case;
use super::golden;
use super::numbers::{Numbers, Sent};
use crate::fixture::project::{Project, by_hand, try_ask_node};
use sluice::plan::{Action, Class, Hazard, Impact, Offsets, Plan, Policy, Step, TableAction};
use sluice::reconcile::Prepared;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Numbers that are in the tables before the change begins.
pub const BEFORE: u64 = 40;
/// Numbers that are sent after it.
pub const AFTER: u64 = 160;
/// Numbers that show that what was begun has ended: so many are in every partition.
const PASSING: u64 = 48;
/// No change leaves rows waiting for longer: a member that was killed is thrown out of its group after 45 s.
const LONGEST: Duration = Duration::from_secs(120);

/// How it went.
#[derive(Debug, Clone)]
pub struct Figures {
    /// Steps of the plan.
    pub steps: usize,
    /// Numbers sent.
    pub sent: u64,
    /// Numbers that are in no table: only where the case says so.
    pub missing: u64,
    /// Rows that are there again: only where the case says so.
    pub twice: u64,
    /// The longest time without a new number.
    pub gap: Duration,
    /// The longest pause that the plan tells of.
    pub pause: Option<Duration>,
    /// What was special.
    pub said: String,
}

/// Runs a case; fails where a number is lost or comes twice that should not.
pub async fn run(case: &Case) -> Figures {
    let (before, after) = (case.before(), case.after());
    set_up(case, &before).await;
    let mut numbers = Numbers::begin(case);
    let watcher = Watcher::begin(case);
    numbers.reach(BEFORE).await;
    until_all(case, &case.all(&case.spec.tables, &[]), "n", BEFORE).await;
    let begun = Instant::now();
    if let Some(field) = &case.spec.awaits {
        let complaints = after.complaints();
        let word = format!("unknown field `{field}`");
        assert!(complaints.contains(&word), "{}: no {word}: take `awaits` out\n{complaints}", case.folder);
        let said = format!("awaits the field {field}");
        return unchanged(case, &before, numbers, watcher, begun, said).await;
    }
    let policy = case.policy();
    let mut prepared = after.plan_with(&policy).await;
    let said = judged(case, &prepared, &policy);
    if !case.is_on_cluster() {
        golden::compare(case, &said);
    }
    if let Some(why) = &case.spec.blocked {
        assert!(prepared.plan.is_blocked(), "{}: no longer blocked: take `blocked` out", case.folder);
        return unchanged(case, &before, numbers, watcher, begun, format!("blocked: {why}")).await;
    }
    assert!(!prepared.plan.is_blocked(), "{}: blocked: {:#?}", case.folder, prepared.plan.resources);
    if case.spec.rests {
        let sent = numbers.rest().await;
        until_all(case, &case.all(&case.spec.tables, &[]), "n", sent.last).await;
        prepared = after.plan_with(&policy).await;
    }
    let written = numbers.last();
    let outcome = after.run(&prepared).await;
    assert_eq!(outcome.failed, [], "{}: steps failed", case.folder);
    after.assert_converged().await;
    let meanwhile = numbers.last() - written;
    assert!(case.spec.rests || meanwhile > 0, "{}: nothing was written during the change", case.folder);
    passed(case, &mut numbers).await;
    numbers.after(AFTER).await;
    let sent = numbers.stop().await;
    let (missing, twice) = settled(case, &sent).await;
    let gap = watcher.end(begun);
    assert!(gap < LONGEST, "{}: nothing came for {gap:?}", case.folder);
    after.assert_converged().await;
    before.clean().await;
    after.clean().await;
    let pause = impacts(&prepared.plan).filter_map(|impact| impact.pause).max();
    Figures { steps: prepared.plan.steps.len(), sent: sent.last, missing, twice, gap, pause, said: String::new() }
}

/// Waits until no block is written any more that began before the change had ended: a block keeps the query that it
/// began with, and goes on reading for as long as its Kafka table says. Numbers of both partitions that were sent
/// later have then passed every consumer.
pub async fn passed(case: &Case, numbers: &mut Numbers) {
    if case.spec.rests {
        return;
    }
    let first = numbers.last() + 1;
    let last = first + PASSING;
    numbers.reach(last).await;
    for table in case.all(&case.spec.tables, &case.spec.tables_after) {
        arrival::all(case, &table, &case.spec.number, first..=last).await;
    }
}

/// Makes the state before.
pub async fn set_up(case: &Case, before: &Project) {
    for statement in &case.spec.by_hand {
        for node in case.nodes() {
            let brokers = &crate::fixture::shared().kafka_brokers;
            by_hand(node, &case.filled(statement).replace("${brokers}", brokers)).await;
        }
    }
    before.apply().await;
}

/// What the plan says, after checks that hold for every plan.
fn judged(case: &Case, prepared: &Prepared, policy: &Policy) -> String {
    let plan = &prepared.plan;
    assert!(!plan.is_empty(), "{}: the plan sees no change", case.folder);
    let needed: BTreeSet<Hazard> = Policy::default().missing(plan).into_iter().map(|(hazard, _)| hazard).collect();
    let allowed: BTreeSet<Hazard> = policy.allow.iter().map(|a| a.hazard).collect();
    if !plan.is_blocked() {
        assert_eq!(needed, allowed, "{}: hazards that need consent, and what the case allows", case.folder);
        promised(case, plan);
        nothing_is_read_into_nothing(case, plan);
    }
    let text = golden::text(plan, policy);
    if case.spec.blocked.is_none() {
        for words in &case.spec.says {
            let words = case.filled(words);
            assert!(text.contains(&words), "{}: the plan does not say `{words}`\n{text}", case.folder);
        }
    }
    text
}

fn impacts(plan: &Plan) -> impl Iterator<Item = &Impact> {
    plan.resources.iter().filter_map(|r| r.impact.as_ref())
}

/// A view that lets rows in goes when the Kafka table before it is gone: a block that begins while it goes is read, handed
/// to nobody and committed.
fn nothing_is_read_into_nothing(case: &Case, plan: &Plan) {
    let drops = |step: &Step, views: bool| match &step.action {
        Action::Table(TableAction::Drop { is_view, .. }) => *is_view == views,
        Action::Table(_) | Action::Kafka(_) => false,
    };
    for (at, step) in plan.steps.iter().enumerate().filter(|(_, step)| drops(step, true)) {
        if step.hazards.contains(&Hazard::PausesIngestion) {
            let before = plan.steps[..at].iter().filter(|s| s.resource == step.resource && drops(s, false));
            let gone: BTreeSet<usize> = before.flat_map(|s| s.hosts.iter().copied()).collect();
            assert!(step.hosts.is_subset(&gone), "{}: its view goes before its Kafka table\n{plan:#?}", case.folder);
        }
    }
}

/// The plan tells of what is lost and what comes twice as the case does, which the numbers then prove.
fn promised(case: &Case, plan: &Plan) {
    let hazards: BTreeSet<Hazard> = plan.hazards().into_iter().map(|(hazard, _)| hazard).collect();
    let offsets: BTreeSet<Offsets> = impacts(plan).map(|impact| impact.offsets).collect();
    let skips = (hazards.contains(&Hazard::SkipsMessages), offsets.contains(&Offsets::Skipped));
    let again = (hazards.contains(&Hazard::ReplaysMessages), offsets.contains(&Offsets::Replayed));
    assert_eq!(skips, (!case.keeps_all(), !case.keeps_all()), "{}: what the plan says is lost", case.folder);
    assert_eq!(again, (!case.keeps_once(), !case.keeps_once()), "{}: what the plan says comes twice", case.folder);
    // What pauses is told beside the step that pauses it, and nothing else is.
    let pauses = impacts(plan).any(|impact| impact.pause.is_some());
    assert_eq!(hazards.contains(&Hazard::PausesIngestion), pauses, "{}: what the plan says pauses", case.folder);
    assert!(impacts(plan).all(|i| (i.class == Class::InPlace) == i.pause.is_none()), "{}: {plan:#?}", case.folder);
}

async fn until_all(case: &Case, tables: &[String], number: &str, expected: u64) {
    for table in tables {
        arrival::until(case, table, number, 1, expected).await;
    }
}

/// A change that is refused changes nothing: rows flow on.
async fn unchanged(
    case: &Case,
    before: &Project,
    mut numbers: Numbers,
    watcher: Watcher,
    begun: Instant,
    said: String,
) -> Figures {
    before.assert_converged().await;
    numbers.reach(BEFORE + AFTER).await;
    let sent = numbers.stop().await;
    for table in case.all(&case.spec.tables, &[]) {
        let found = arrival::until(case, &table, "n", 1, sent.last).await;
        assert_eq!(found.twice(), 0, "{}: rows of {table} came twice without a change", case.folder);
    }
    let gap = watcher.end(begun);
    before.clean().await;
    Figures { steps: 0, sent: sent.last, missing: 0, twice: 0, gap, pause: None, said }
}

/// Waits until all that was sent is there, and judges it; returns what is missing and what is there again.
pub async fn settled(case: &Case, sent: &Sent) -> (u64, u64) {
    let (mut missing, mut twice) = (0, 0);
    let first = sent.after.expect("numbers were sent after the change");
    for table in case.all(&case.spec.tables, &case.spec.tables_after) {
        let number = &case.spec.number;
        if !case.keeps_all() {
            arrival::until(case, &table, number, first, sent.tail()).await;
        }
        let expected = if case.keeps_all() { sent.last } else { sent.tail() };
        let found = arrival::until(case, &table, number, 1, expected).await;
        assert!(found.numbers <= sent.last, "{}: {table} has numbers that nobody sent: {found:?}", case.name);
        missing += sent.last - found.numbers;
        twice += found.twice();
    }
    let may = case.keeps_once();
    assert!(!may || twice == 0, "{}: {twice} rows came twice, and the case says: nothing does", case.name);
    let (table, number) = (&case.all(&case.spec.tables, &case.spec.tables_after)[0], &case.spec.number);
    let wrong = format!("SELECT count() FROM {table} WHERE {number} > 0 AND NOT ({})", case.spec.holds);
    until_answer(case, &wrong, "0").await;
    for line in &case.spec.expect {
        let (query, answer) = line.rsplit_once(" -> ").unwrap_or_else(|| panic!("`{line}` has no ` -> `"));
        until_answer(case, &counted(case, query, sent), &counted(case, answer, sent)).await;
    }
    (missing, twice)
}

/// A query or an answer with what was sent in it.
fn counted(case: &Case, text: &str, sent: &Sent) -> String {
    let first = sent.after.unwrap_or(sent.last + 1);
    let text = case.filled(text).replace("${sent}", &sent.last.to_string());
    text.replace("${after}", &first.to_string()).replace("${tail}", &sent.tail().to_string())
}

async fn until_answer(case: &Case, query: &str, expected: &str) {
    let begin = Instant::now();
    loop {
        let answer = try_ask_node(case.nodes()[0], query).await;
        let answer = answer.map(|text| text.replace('\t', " ").replace('\n', " | "));
        if answer.as_deref() == Ok(expected) {
            return;
        }
        assert!(begin.elapsed() < case.patience, "{}: {query} answers {answer:?} instead of {expected}", case.name);
        tokio::time::sleep(arrival::LOOK).await;
    }
}
