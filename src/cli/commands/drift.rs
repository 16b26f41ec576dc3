//! `drift`: what was changed on the servers since it was applied, for the nightly job.

use super::apply::refuse;
use crate::cli::args::{DriftArguments, DriftFormat};
use crate::cli::carry::{self, Work};
use crate::cli::hold::Hold;
use crate::cli::interrupt::Interrupts;
use crate::cli::past::{self, Past};
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{ask, live, output, planned, project, selection};
use crate::client::Servers;
use crate::compile::Compiled;
use crate::drift::{self, Drift, LastApplied};
use crate::model::Secrets;
use crate::{prune, render};

/// An apply that begins while the servers are read makes it begin anew: how often.
const READINGS: usize = 3;

pub(super) async fn run(arguments: &DriftArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let wanted = if arguments.fix { Wanted::All } else { Wanted::Connections };
    let secrets = secrets::resolve(compiled, wanted, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    if arguments.fix {
        let mut hold = Hold::begin(compiled, &servers, arguments.lock_timeout, settings, &mut interrupts).await?;
        let ended = fixed(arguments, compiled, (&servers, &secrets), &mut hold, settings, &mut interrupts).await;
        return hold.release(ended).await;
    }
    let found = found(arguments, compiled, &servers, settings, &mut interrupts).await?;
    output::result(&match arguments.format {
        DriftFormat::Text => render::drift::text(&found, settings.out.style(false)),
        DriftFormat::Json => render::drift::json(&found),
        DriftFormat::Markdown => render::drift::markdown(&found),
        DriftFormat::Prometheus => render::drift::prometheus(&found),
    })?;
    Ok(match (found.drifted(), found.unread()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Failed,
        (_, _) => Exit::Changes,
    })
}

/// Compares, while nobody applies.
async fn found(
    arguments: &DriftArguments,
    compiled: &Compiled,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Drift, Failure> {
    for _ in 0..READINGS {
        let mut past = past::read(compiled, servers, settings, interrupts).await?;
        past.undisturbed(arguments.lock_timeout, interrupts).await?;
        let found = compared(arguments, compiled, &past, servers, settings, interrupts).await?;
        if past::read(compiled, servers, settings, interrupts).await?.mark() == past.mark() {
            return Ok(found);
        }
    }
    Err(Failure::new(Exit::Blocked, "applies have begun or ended whenever the servers were read; nothing is told")
        .hint("run it again when nobody applies"))
}

async fn compared(
    arguments: &DriftArguments,
    compiled: &Compiled,
    past: &Past,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Drift, Failure> {
    let none = LastApplied::new();
    let applied = past.applied().unwrap_or(&none);
    let (back, all) = sides(compiled, applied);
    let policy = selection::policy(&arguments.selection(), &all.desired)?;
    live::settle(compiled, servers, settings, interrupts).await?;
    let forth = live::prepare(compiled, servers, &policy, settings, interrupts).await?.plan;
    if past.book.is_none() {
        return Ok(Drift::of(applied, false, &forth, &forth));
    }
    let back = live::prepare(&back, servers, &policy, settings, interrupts).await?.plan;
    Ok(Drift::of(applied, true, &back, &forth))
}

/// The project as it was applied, and with everything that was applied or is declared.
fn sides(compiled: &Compiled, applied: &LastApplied) -> (Compiled, Compiled) {
    let desired = &compiled.desired;
    let back = drift::desired(applied, &desired.project, &desired.topology);
    let standing = prune::undeclared(applied, desired).standing;
    let all = prune::with_gone(desired, applied, &standing);
    (Compiled { desired: back, ..compiled.clone() }, Compiled { desired: all, ..compiled.clone() })
}

/// Puts back what was changed.
async fn fixed(
    arguments: &DriftArguments,
    compiled: &Compiled,
    (servers, secrets): (&Servers, &Secrets),
    hold: &mut Hold,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let Some(applied) = hold.applied().cloned() else {
        let words =
            "nobody keeps what was applied: what was changed on the servers cannot be told from what is declared";
        return Err(Failure::new(Exit::Usage, words).hint("`sluice apply` makes the servers as the manifests say"));
    };
    let (back, all) = sides(compiled, &applied);
    let policy = selection::policy(&arguments.selection(), &all.desired)?;
    let style = settings.out.style(true);
    live::settle(compiled, servers, settings, interrupts).await?;
    let mut prepared = live::prepare(&back, servers, &policy, settings, interrupts).await?;
    output::result(&render::plan(&prepared.plan, &policy, style))?;
    refuse(&prepared.plan, &policy)?;
    if prepared.plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !arguments.yes {
        if !ask::confirm(&prepared.plan, settings)? {
            output::message("Nothing was changed.\n");
            return Ok(Exit::Failed);
        }
        prepared = live::same(&back, servers, &policy, prepared, settings, interrupts).await?;
    }
    let id = planned::id(&back.desired, &policy, &prepared);
    let work = Work { prepared: &prepared, id: &id, desired: &back.desired, servers, secrets };
    if let Some(exit) = carry::carry_out(&work, hold, carry::JOBS, settings, interrupts).await? {
        return Ok(exit);
    }
    let left = live::prepare(&back, servers, &policy, settings, interrupts).await?.plan;
    carry::prove(&left, &policy, style)
}
