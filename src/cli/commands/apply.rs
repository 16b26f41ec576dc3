//! `apply`: plans, shows, asks once, runs, proves.

use super::apply_saved;
use crate::cli::args::ApplyArguments;
use crate::cli::carry::{self, Work};
use crate::cli::hold::Hold;
use crate::cli::interrupt::Interrupts;
use crate::cli::project::Checked;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{ask, live, output, planned, project, pruning, selection};
use crate::client::Servers;
use crate::model::Secrets;
use crate::plan::{Plan, Policy};
use crate::render::{self, words};

pub(super) async fn run(arguments: &ApplyArguments, settings: &Settings) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.plan {
        return apply_saved::run(path, arguments, settings).await;
    }
    let checked = project::checked(settings)?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::All, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let patience = arguments.lock_timeout;
    let mut hold = Hold::begin(&checked.compiled, &servers, patience, settings, &mut interrupts).await?;
    let ended = applied(arguments, &checked, (&servers, &secrets), &mut hold, settings, &mut interrupts).await;
    hold.release(ended).await
}

async fn applied(
    arguments: &ApplyArguments,
    checked: &Checked,
    (servers, secrets): (&Servers, &Secrets),
    hold: &mut Hold,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let (compiled, pruned) = pruning::planned(&checked.compiled, hold.applied(), arguments.selection.pruning)?;
    let compiled = &compiled;
    let policy = Policy { pruned, ..selection::policy(&arguments.selection, &compiled.desired)? };
    let style = settings.out.style(!arguments.selection.no_sql);

    live::settle(compiled, servers, settings, interrupts).await?;
    let mut prepared = live::prepare(compiled, servers, &policy, settings, interrupts).await?;
    checked.tell(&prepared.complaints, settings);
    output::result(&render::plan(&prepared.plan, &policy, style))?;
    refuse(&prepared.plan, &policy)?;
    if prepared.plan.is_empty() {
        hold.remember(&prepared.plan, &compiled.desired, interrupts).await?;
        return Ok(Exit::Done);
    }
    let id = planned::id(&checked.compiled.desired, &policy, &prepared);
    hold.name_plan(&id).await;
    if !arguments.yes && !ask::confirm(&prepared.plan, settings)? {
        output::message("Nothing was changed.\n");
        // What follows in a script counts on the servers being as declared.
        return Ok(Exit::Failed);
    }
    // Somebody else may have been at work before the lock was taken, and anybody while a person was reading.
    if hold.take(interrupts).await? || !arguments.yes {
        prepared = live::same(compiled, servers, &policy, prepared, settings, interrupts).await?;
    }

    let work = Work { prepared: &prepared, id: &id, desired: &compiled.desired, servers, secrets };
    if let Some(exit) = carry::carry_out(&work, hold, arguments.jobs, settings, interrupts).await? {
        return Ok(exit);
    }
    // What was to be made anew has been.
    let policy = Policy { recreate: Default::default(), ..policy };
    let left = live::prepare(compiled, servers, &policy, settings, interrupts).await?.plan;
    carry::prove(&left, &policy, style)
}

/// Refuses what is blocked and what nobody allowed.
pub(super) fn refuse(plan: &Plan, policy: &Policy) -> Result<(), Failure> {
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
