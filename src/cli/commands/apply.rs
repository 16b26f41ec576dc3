//! `apply`: plans, shows, asks once, runs, proves.

use crate::apply::{self, Outcome, Stop};
use crate::cli::args::ApplyArguments;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{again, ask, live, output, progress, project, selection};
use crate::client::Servers;
use crate::plan::{Plan, Policy};
use crate::render::outcome::{self, Report};
use crate::render::{self, words};
use std::time::Duration;
use tokio::time::Instant;

pub(super) async fn run(arguments: &ApplyArguments, settings: &Settings) -> Result<Exit, Failure> {
    let compiled = project::compiled(settings)?;
    let policy = selection::policy(&arguments.selection, &compiled.desired)?;
    let secrets = secrets::resolve(&compiled, Wanted::All, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let style = settings.out.style(!arguments.selection.no_sql);

    let mut prepared = live::prepare(&compiled, &servers, &policy, settings, &mut interrupts).await?;
    output::result(&render::plan(&prepared.plan, &policy, style))?;
    refuse(&prepared.plan, &policy)?;
    if prepared.plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !arguments.yes {
        if !ask::confirm(&prepared.plan, settings)? {
            output::message("Nothing was changed.\n");
            return Ok(Exit::Done);
        }
        let now = live::prepare(&compiled, &servers, &policy, settings, &mut interrupts).await?;
        if now.plan != prepared.plan || now.urls != prepared.urls {
            let moved = "the servers moved while you were reading: the plan is no longer the one that was shown";
            return Err(
                Failure::new(Exit::Blocked, moved).hint("nothing was changed; apply again and read the new plan")
            );
        }
        prepared = now;
    }

    let watch = progress::Apply::new(&prepared.plan, settings.err);
    let begin = Instant::now();
    let stop = Stop::default();
    let parallel = usize::from(arguments.parallel);
    let work = apply::run(&prepared, &servers, &secrets, parallel, &watch, &stop);
    let outcome = watched(work, &watch, &stop, &mut interrupts).await;
    watch.end();
    report(&prepared.plan, &outcome, begin.elapsed(), settings)?;
    if outcome.interrupted {
        return Ok(Exit::Interrupted);
    }
    if !outcome.failed.is_empty() || !outcome.not_started.is_empty() {
        return Ok(Exit::Failed);
    }
    // What was to be made anew has been.
    let policy = Policy { recreate: Default::default(), ..policy };
    let left = live::prepare(&compiled, &servers, &policy, settings, &mut interrupts).await?.plan;
    if left.is_empty() {
        output::result("Plan again: no changes.\n")?;
        return Ok(Exit::Done);
    }
    output::result(&format!("Plan again: this is left.\n\n{}", render::plan(&left, &policy, style)))?;
    Ok(Exit::Failed)
}

/// Refuses what is blocked and what nobody allowed.
fn refuse(plan: &Plan, policy: &Policy) -> Result<(), Failure> {
    if plan.is_blocked() {
        return Err(Failure::new(Exit::Blocked, "the plan is blocked; nothing was changed")
            .hint("the lines marked `!` say why and what to do"));
    }
    let missing = policy.missing(plan);
    if missing.is_empty() {
        return Ok(());
    }
    let what = words::count(missing.len(), "hazard");
    Err(Failure::new(Exit::Blocked, format!("the plan has {what} that nobody allowed; nothing was changed"))
        .hint(format!("to allow: {}", render::consent(&missing))))
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
