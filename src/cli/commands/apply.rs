//! `apply`: plans, shows, asks once, runs, proves.

use super::apply_saved;
use crate::cli::args::ApplyArguments;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{ask, carry, live, output, project, selection};
use crate::client::Servers;
use crate::plan::{Plan, Policy};
use crate::render::{self, words};

pub(super) async fn run(arguments: &ApplyArguments, settings: &Settings) -> Result<Exit, Failure> {
    if let Some(path) = &arguments.plan {
        return apply_saved::run(path, arguments, settings).await;
    }
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let policy = selection::policy(&arguments.selection, &compiled.desired)?;
    let secrets = secrets::resolve(compiled, Wanted::All, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let style = settings.out.style(!arguments.selection.no_sql);

    live::settle(compiled, &servers, settings, &mut interrupts).await?;
    let mut prepared = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?;
    checked.tell(&prepared.complaints, settings);
    output::result(&render::plan(&prepared.plan, &policy, style))?;
    refuse(&prepared.plan, &policy)?;
    if prepared.plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !arguments.yes {
        if !ask::confirm(&prepared.plan, settings)? {
            output::message("Nothing was changed.\n");
            // What follows in a script counts on the servers being as declared.
            return Ok(Exit::Failed);
        }
        let now = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?;
        if now.plan != prepared.plan || now.urls != prepared.urls {
            let moved = "the servers moved while you were reading: the plan is no longer the one that was shown";
            return Err(
                Failure::new(Exit::Blocked, moved).hint("nothing was changed; apply again and read the new plan")
            );
        }
        prepared = now;
    }

    let jobs = usize::from(arguments.jobs);
    let outcome = carry::carry_out(&prepared, &servers, &secrets, jobs, settings, &mut interrupts).await?;
    if let Some(exit) = carry::cut(&outcome) {
        return Ok(exit);
    }
    // What was to be made anew has been.
    let policy = Policy { recreate: Default::default(), ..policy };
    let left = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?.plan;
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
