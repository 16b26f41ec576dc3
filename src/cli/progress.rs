//! How far things are, on stderr: a live line on a terminal, a plain line every ten seconds elsewhere.

use super::output;
use super::settings::Look;
use crate::apply::{Events, Outcome, StepError};
use crate::plan::{Action, Awaited, KafkaAction, Plan, TableAction};
use crate::render::{escape, outcome, step};
use crate::sandbox;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(10);
/// Between two turns of the spinner.
const TURN: Duration = Duration::from_millis(120);

/// Waits for work of unknown length and shows that it goes on.
pub(super) async fn watched<T>(what: &str, look: Look, work: impl Future<Output = T>) -> T {
    let bar = bar(look, "{spinner} {msg} {elapsed}");
    bar.set_message(what.to_owned());
    let begin = Instant::now();
    let say = || output::message(&format!("{what}: {}\n", outcome::seconds(begin.elapsed())));
    let done = tokio::select! {
        done = work => done,
        never = beat(look, say) => match never {},
    };
    bar.finish_and_clear();
    done
}

/// Says something from time to time where there is no live line.
async fn beat(look: Look, say: impl Fn()) -> Infallible {
    loop {
        tokio::time::sleep(EVERY).await;
        if !look.terminal {
            say();
        }
    }
}

fn bar(look: Look, template: &str) -> ProgressBar {
    let target = if look.terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if look.terminal {
        bar.enable_steady_tick(TURN);
    }
    bar
}

/// Shows an apply, and remembers it: when it is cancelled, this is all that is known.
pub(super) struct Apply<'a> {
    plan: &'a Plan,
    look: Look,
    bar: ProgressBar,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    running: BTreeMap<usize, Instant>,
    done: Vec<usize>,
    failed: Vec<(usize, StepError)>,
    /// By step and host.
    copies: BTreeMap<(usize, usize), Copied>,
}

/// How far a copy has come.
struct Copied {
    begin: Instant,
    /// Rows that were there at first.
    first: u64,
    done: u64,
    total: u64,
}

impl<'a> Apply<'a> {
    pub fn new(plan: &'a Plan, look: Look) -> Self {
        let bar = bar(look, "{spinner} {pos}/{len} {wide_msg} {elapsed}");
        bar.set_length(plan.steps.len() as u64);
        Self { plan, look, bar, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What a panicking thread has left is still the best that is known.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        if self.look.terminal {
            self.bar.println(text.trim_end());
        } else {
            output::message(text);
        }
    }

    /// `copy ods.x_local on ch2  184,000 of 301,030 rows  61 %  24,000 rows/s`
    fn copy_line(&self, index: usize, host: usize, copy: &Copied) -> String {
        let table = match self.plan.steps.get(index).map(|s| &s.action) {
            Some(Action::Table(TableAction::Copy(copy))) => copy.from.to_string(),
            Some(Action::Table(TableAction::Fill(fill))) => fill.refill.from.to_string(),
            Some(Action::Kafka(KafkaAction::AwaitBackfill(awaited))) => return Self::filled_line(awaited, copy),
            Some(Action::Table(_) | Action::Kafka(_)) | None => String::new(),
        };
        let host = self.plan.header.hosts.get(host).map_or("?", |h| h.name.as_str());
        // Some rows are counted twice when they pass through several tables.
        let done = copy.done.min(copy.total);
        let percent = (u128::from(done) * 100).checked_div(u128::from(copy.total)).unwrap_or(100);
        let millis = copy.begin.elapsed().as_millis().max(1);
        let rate = u128::from(done.saturating_sub(copy.first)) * 1000 / millis;
        let number = |n: u128| HumanCount(u64::try_from(n).unwrap_or(u64::MAX)).to_string();
        let rows = format!("{} of {} rows", HumanCount(done), HumanCount(copy.total));
        format!("copy {} on {host}  {rows}  {percent} %  {} rows/s", escape(&table), number(rate))
    }

    /// `fill ods.x_local  184,000 of 301,030 messages  61 %`
    fn filled_line(awaited: &Awaited, copy: &Copied) -> String {
        let percent = (u128::from(copy.done) * 100).checked_div(u128::from(copy.total)).unwrap_or(100);
        let messages = format!("{} of {} messages", HumanCount(copy.done), HumanCount(copy.total));
        format!("fill {}  {messages}  {percent} %", escape(&awaited.local.to_string()))
    }

    /// Tells of long steps; never ends.
    pub async fn beat(&self) -> Infallible {
        let say = || {
            let seen = self.seen();
            for ((index, host), copy) in seen.copies.iter().filter(|((i, _), _)| seen.running.contains_key(i)) {
                output::message(&format!("       {}\n", self.copy_line(*index, *host, copy)));
            }
            for (index, begin) in seen.running.iter().filter(|(i, _)| seen.copies.keys().all(|(c, _)| c != *i)) {
                let time = outcome::seconds(begin.elapsed());
                output::message(&format!("       still running: {}   {time}\n", step(self.plan, *index)));
            }
        };
        beat(self.look, say).await
    }

    /// Says something beside the bar.
    pub fn say(&self, text: &str) {
        self.line(&format!("{text}\n"));
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// What is known when an apply is cancelled: nobody can tell of steps in flight.
    pub fn cancelled(&self) -> Outcome {
        let seen = self.seen();
        let words = "cancelled before its answer came".to_owned();
        let doubt = StepError { host: None, statement: None, words, in_doubt: true };
        let begun = |i: &usize| {
            seen.running.contains_key(i) || seen.done.contains(i) || seen.failed.iter().any(|(f, _)| f == i)
        };
        let in_flight = seen.running.keys().map(|i| (*i, doubt.clone()));
        Outcome {
            done: seen.done.clone(),
            failed: seen.failed.iter().cloned().chain(in_flight).collect(),
            not_started: (0..self.plan.steps.len()).filter(|i| !begun(i)).collect(),
            interrupted: true,
        }
    }
}

impl Events for Apply<'_> {
    fn started(&self, index: usize) {
        self.seen().running.insert(index, Instant::now());
        self.bar.set_message(step(self.plan, index));
    }

    fn progress(&self, index: usize, host: usize, done: u64, total: u64) {
        let mut seen = self.seen();
        let copies = &mut seen.copies;
        let copy =
            copies.entry((index, host)).or_insert_with(|| Copied { begin: Instant::now(), first: done, done, total });
        (copy.done, copy.total) = (done, total);
        let text = self.copy_line(index, host, copy);
        self.bar.set_message(text);
    }

    fn finished(&self, index: usize, took: Duration, result: Result<(), &StepError>) {
        {
            let mut seen = self.seen();
            seen.running.remove(&index);
            match result {
                Ok(()) => seen.done.push(index),
                Err(error) => seen.failed.push((index, error.clone())),
            }
            if let Some(other) = seen.running.keys().next() {
                self.bar.set_message(step(self.plan, *other));
            }
        }
        self.bar.inc(1);
        self.line(&outcome::progress(self.plan, index, took, result.is_err(), self.look.style(false)));
    }
}

/// Shows an installation and a start.
pub(super) struct Stages {
    look: Look,
    bar: ProgressBar,
    told: Mutex<Option<Instant>>,
}

impl Stages {
    pub fn new(look: Look) -> Self {
        Self { look, bar: bar(look, "{spinner} {msg} {prefix} {elapsed}"), told: Mutex::default() }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn is_due(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.is_none_or(|last| last.elapsed() >= EVERY);
        if due {
            *told = Some(Instant::now());
        }
        due
    }
}

impl sandbox::Progress for Stages {
    fn stage(&self, text: &str) {
        let text = escape(text);
        if self.look.terminal {
            self.bar.set_message(text);
        } else {
            output::message(&format!("{text}\n"));
        }
    }

    fn bytes(&self, done: u64, total: Option<u64>) {
        let total = total.map(|t| format!(" of about {}", HumanBytes(t))).unwrap_or_default();
        let text = format!("{}{total}", HumanBytes(done));
        if self.look.terminal {
            self.bar.set_prefix(text);
        } else if self.is_due() {
            output::message(&format!("  {text}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Census, Kind, ResourceId, Topology};
    use crate::plan::{Header, KafkaAction, Reach, Step};
    use std::collections::BTreeSet;

    fn plan(steps: usize) -> Plan {
        let action = Action::from(KafkaAction::GrowTopic { name: "t".into(), from: 1, to: 2 });
        let step = Step {
            resource: ResourceId::new(Kind::Topic, "t"),
            timeout: action.timeout(),
            action,
            hosts: BTreeSet::new(),
            reach: Reach::EachHost,
            needs: BTreeSet::new(),
            hazards: vec![],
        };
        let header = Header {
            project: "p".into(),
            environment: None,
            kafka: String::new(),
            cluster_id: String::new(),
            topology: Topology::Single,
            hosts: vec![],
            census: Census::default(),
            left_out: BTreeSet::new(),
            undeclared: BTreeSet::new(),
        };
        Plan { header, resources: vec![], steps: vec![step; steps] }
    }

    #[tokio::test]
    async fn a_cancelled_apply_knows_what_is_done_in_doubt_and_not_begun() {
        let plan = plan(4);
        let apply = Apply::new(&plan, Look::plain());
        let error = StepError { host: None, statement: None, words: "no".into(), in_doubt: false };
        (0..3).for_each(|i| apply.started(i));
        apply.finished(1, Duration::ZERO, Ok(()));
        apply.finished(0, Duration::ZERO, Err(&error));
        let outcome = apply.cancelled();
        assert_eq!(outcome.done, [1]);
        assert_eq!(outcome.failed[0], (0, error));
        assert!(outcome.failed[1].0 == 2 && outcome.failed[1].1.in_doubt);
        assert_eq!(outcome.not_started, [3]);
        assert!(outcome.interrupted);
    }
}
