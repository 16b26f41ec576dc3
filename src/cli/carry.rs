//! Runs a plan while somebody watches, and tells how it went.

use super::interrupt::Interrupts;
use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{again, output, progress};
use crate::apply::{self, Outcome, Stop};
use crate::client::Servers;
use crate::model::Secrets;
use crate::plan::{Plan, Policy};
use crate::reconcile::Prepared;
use crate::render::outcome::{self, Report};
use crate::render::{self, Style};
use std::time::Duration;
use tokio::time::Instant;

/// Runs the steps, `parallel` at once, with progress on stderr and the report on stdout.
///
/// # Errors
/// The report could not be written; what failed in the plan is in the outcome.
pub(super) async fn carry_out(
    prepared: &Prepared,
    servers: &Servers,
    secrets: &Secrets,
    parallel: usize,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let watch = progress::Apply::new(&prepared.plan, settings.err);
    let begin = Instant::now();
    let stop = Stop::default();
    let work = apply::run(prepared, servers, secrets, parallel, &watch, &stop);
    let outcome = watched(work, &watch, &stop, interrupts).await;
    watch.end();
    report(&prepared.plan, &outcome, begin.elapsed(), settings)?;
    Ok(outcome)
}

/// How a command ends whose plan was not carried out to its end; `None` where it was.
pub(super) fn cut(outcome: &Outcome) -> Option<Exit> {
    if outcome.interrupted {
        return Some(Exit::Interrupted);
    }
    (!outcome.failed.is_empty() || !outcome.not_started.is_empty()).then_some(Exit::Failed)
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
