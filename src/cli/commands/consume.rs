//! `consume`: runs a ManualConsumer.

use crate::cli::args::ConsumeArguments;
use crate::cli::consumption::{self, Progress};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, project};
use crate::client::Servers;
use crate::consume::{self, Options, Stop};
use crate::model::consumption::Consumption;
use crate::model::{Kind, Presence};
use std::sync::Arc;

pub(super) async fn run(arguments: &ConsumeArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let consumption = find(arguments, compiled)?;
    let secrets = secrets::resolve(compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let options = Options {
        once: !arguments.follow,
        instance: arguments.instance.clone(),
        batch_size: arguments.batch_size.unwrap_or(consumption.batch_size),
        timeout: arguments.timeout.unwrap_or(consumption.timeout),
        from: arguments.from,
    };
    let mut interrupts = Interrupts::listen()?;
    let stop = Stop::default();
    let progress = Arc::new(Progress::new(settings.err));
    let statistics = progress.statistics();
    let events = Arc::clone(&progress) as Arc<dyn consume::Events>;
    let work = consume::run(consumption, &servers, &options, events, statistics, &stop);
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            never = progress.beat() => match never {},
            () = interrupts.next() => {
                if progress.is_stopping() {
                    stop.cancel();
                    progress.end();
                    output::message("cancelled; the next run inserts again what was in flight\n");
                    return Ok(Exit::Interrupted);
                }
                progress.stopping();
                stop.finish();
            }
        }
    };
    progress.end();
    let report = match done {
        Ok(report) => report,
        Err(error) => {
            output::result(&consumption::summary(&consumption.id, &progress.report(), arguments.format)?)?;
            return Err(Failure::new(Exit::Failed, error));
        }
    };
    output::result(&consumption::summary(&consumption.id, &report, arguments.format)?)?;
    // Whoever follows has no other way to end it.
    Ok(if report.stopped && options.once { Exit::Interrupted } else { Exit::Done })
}

fn find<'a>(arguments: &ConsumeArguments, compiled: &'a crate::compile::Compiled) -> Result<&'a Consumption, Failure> {
    let id = &arguments.resource;
    if id.kind != Kind::ManualConsumer {
        let what = format!("{id} is consumed by ClickHouse itself; `sluice consume` runs a ManualConsumer");
        return Err(Failure::new(Exit::Usage, what));
    }
    let found = compiled.desired.pipelines.iter().find(|p| p.id == *id);
    let Some(pipeline) = found.filter(|p| p.lifecycle.state == Presence::Present) else {
        let names: Vec<String> =
            compiled.desired.pipelines.iter().filter(|p| p.consumption.is_some()).map(|p| p.id.to_string()).collect();
        let failure = Failure::new(Exit::Usage, format!("the project has no {id}"));
        return Err(match names.is_empty() {
            true => failure.hint("it has no ManualConsumer at all"),
            false => failure.hint(format!("it has: {}", names.join(", "))),
        });
    };
    pipeline.consumption.as_ref().ok_or_else(|| Failure::new(Exit::Usage, format!("{id} consumes nothing")))
}
