//! `unlock`: breaks the lock.

use crate::cli::args::UnlockArguments;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{ask, hold, output, past, project};
use crate::client::Servers;
use crate::memory::MemoryError;
use std::time::Duration;

/// Longer than between two heartbeats.
const LISTEN: Duration = Duration::from_secs(4);

pub(super) async fn run(arguments: &UnlockArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    past::topic(compiled)?;
    let secrets = secrets::resolve(compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let mut past = past::read(compiled, &servers, settings, &mut interrupts).await?;
    let (Some(memory), Some(book)) = (&past.memory, &mut past.book) else { return nobody() };
    let Some(lease) = book.holder().cloned() else { return nobody() };
    let alive = interrupts.or(memory.beats(book, LISTEN)).await?.map_err(past::failure)?;
    output::message(&format!("{}\n", MemoryError::Held(Box::new(lease))));
    output::message(match alive {
        true => "It gives signs of life: its apply stops before its next step and leaves the rest undone.\n",
        false => "It gives no sign of life: the next apply would take the lock over by itself.\n",
    });
    if !arguments.yes && !ask::named("Break the lock of", &compiled.desired.project, settings)? {
        output::message("Nothing was changed.\n");
        return Ok(Exit::Failed);
    }
    let broken = interrupts.or(memory.seize(hold::holder(settings))).await?.map_err(past::failure)?;
    match broken {
        Some(_) => output::result("The lock is broken; the next apply can take it.\n")?,
        None => return nobody(),
    }
    Ok(Exit::Done)
}

fn nobody() -> Result<Exit, Failure> {
    output::result("Nobody holds the lock.\n")?;
    Ok(Exit::Done)
}
