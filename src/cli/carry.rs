//! Runs a plan while somebody watches, and tells how it went.

use super::hold::Hold;
use super::interrupt::Interrupts;
use super::journal::Journal;
use super::past::failure;
use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{again, output, progress};
use crate::apply::{self, Events, Outcome, StepError, Stop};
use crate::client::Servers;
use crate::model::{Desired, Secrets};
use crate::plan::{Plan, Policy};
use crate::reconcile::Prepared;
use crate::render::outcome::{self, Report};
use crate::render::{self, Style};
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;

/// Runs the steps, `parallel` at once, with progress on stderr and the report on stdout, and has them written down. How
/// the command ends where the plan was not carried out to its end; `None` where it was.
///
/// # Errors
/// The report or the journal could not be written.
pub(super) async fn carry_out(
    work: &Work<'_>,
    hold: &mut Hold,
    jobs: u16,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Option<Exit>, Failure> {
    let plan = &work.prepared.plan;
    let watch = progress::Apply::new(plan, settings.err);
    let begin = Instant::now();
    let stop = Stop::default();
    let journal = hold.journal(plan, work.id, work.desired).await?;
    let both = Both { watch: &watch, journal: journal.as_ref() };
    let run = apply::run(work.prepared, work.servers, work.secrets, usize::from(jobs), &both, &stop);
    let outcome = watched(run, &watch, &stop, interrupts).await;
    watch.end();
    report(plan, &outcome, begin.elapsed(), settings)?;
    let lost = journal.as_ref().is_some_and(Journal::lost);
    let ended = match &journal {
        Some(journal) if !lost => journal.end(&outcome).await.map_err(failure),
        Some(_) | None => Ok(()),
    };
    let cut = match (outcome.interrupted, outcome.failed.is_empty() && outcome.not_started.is_empty()) {
        (true, _) => Some(Exit::Interrupted),
        (false, true) => None,
        (false, false) if lost => Some(Exit::Blocked),
        (false, false) => Some(Exit::Failed),
    };
    ended.map(|()| cut)
}

/// Steps at the same time, where nobody says.
pub(super) const JOBS: u16 = 8;

/// What is to be done.
pub(super) struct Work<'a> {
    pub prepared: &'a Prepared,
    /// First digits of the plan's id.
    pub id: &'a str,
    /// What was planned for.
    pub desired: &'a Desired,
    pub servers: &'a Servers,
    pub secrets: &'a Secrets,
}

/// Who watches and who writes down.
struct Both<'a> {
    watch: &'a progress::Apply<'a>,
    journal: Option<&'a Journal<'a>>,
}

impl Events for Both<'_> {
    fn admit(&self, step: usize) -> BoxFuture<'_, Result<(), StepError>> {
        Box::pin(async move {
            let Some(journal) = self.journal else { return Ok(()) };
            let refused = |words| StepError { host: None, statement: None, words, in_doubt: false };
            journal.intend(step).await.map_err(|error| refused(error.to_string()))
        })
    }

    fn started(&self, step: usize) {
        self.watch.started(step);
    }

    fn progress(&self, step: usize, host: usize, done: u64, total: u64) {
        self.watch.progress(step, host, done, total);
    }

    fn finished(&self, step: usize, took: Duration, result: Result<(), &StepError>) {
        if let Some(journal) = self.journal {
            journal.ended(step, result);
        }
        self.watch.finished(step, took, result);
    }
}

/// Tells what a plan made after an apply has left, which should be nothing; how the command ends.
///
/// # Errors
/// It could not be written.
pub(super) fn prove(left: &Plan, policy: &Policy, style: Style) -> Result<Exit, Failure> {
    if left.is_empty() {
        let later = render::left_for_later(left).map(|l| format!("{l}.\n")).unwrap_or_default();
        output::result(&format!("Plan again: no changes.\n{later}"))?;
        return Ok(Exit::Done);
    }
    output::result(&format!("Plan again: this is left.\n\n{}", render::plan(left, policy, style)))?;
    Ok(Exit::Failed)
}

/// Runs until it ends. The first signal lets the steps in flight end, the second does not.
async fn watched(
    work: impl Future<Output = Outcome>,
    watch: &progress::Apply<'_>,
    stop: &Stop,
    interrupts: &mut Interrupts,
) -> Outcome {
    tokio::pin!(work);
    let mut asked = false;
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            never = watch.beat() => match never {},
            () = interrupts.next() => {
                if asked {
                    return watch.cancelled();
                }
                asked = true;
                stop.now();
                watch.say("Finishing the steps in flight; Ctrl-C once more cancels them.");
            }
        }
    }
}

fn report(plan: &Plan, outcome: &Outcome, took: Duration, settings: &Settings) -> std::io::Result<()> {
    let failure = |(step, error): &(usize, apply::StepError)| outcome::Failure {
        step: *step,
        host: error.host.clone(),
        statement: error.statement.clone(),
        words: error.words.clone(),
        in_doubt: error.in_doubt,
    };
    let failed: Vec<outcome::Failure> = outcome.failed.iter().map(failure).collect();
    let report = Report {
        plan,
        done: &outcome.done,
        failed: &failed,
        not_started: &outcome.not_started,
        interrupted: outcome.interrupted,
        took,
        again: &again::command(&settings.typed, plan, outcome),
    };
    output::result(&outcome::report(&report, settings.out.style(true)))
}
