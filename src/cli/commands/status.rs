//! `status`: one look at everything that flows, or one after another.

use crate::cli::args::{StatusArguments, StatusFormat};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, progress, project, selection};
use crate::client::Servers;
use crate::health::{self, Report};
use crate::{observe, render};
use std::time::Duration;

/// Clears the screen and goes to its top.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

pub(super) async fn run(arguments: &StatusArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let desired = &checked.compiled.desired;
    let only = selection::named(&arguments.resources, desired)?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let asked = selection::part(desired, &only);
    loop {
        let work = observe::health::read(&asked, &servers);
        let watched = progress::watched("reading Kafka and ClickHouse", settings.err, work);
        let report = health::judge(&asked, &interrupts.or(watched).await?, &only);
        let text = rendered(&report, arguments, settings);
        let Some(seconds) = arguments.watch else {
            output::result(&text)?;
            return Ok(if report.verdict().is_well() { Exit::Done } else { Exit::Failed });
        };
        output::result(&if settings.out.terminal { format!("{CLEAR}{text}") } else { text })?;
        interrupts.or(tokio::time::sleep(Duration::from_secs(seconds))).await?;
    }
}

fn rendered(report: &Report, arguments: &StatusArguments, settings: &Settings) -> String {
    let detail = arguments.details || !arguments.resources.is_empty();
    match arguments.format {
        StatusFormat::Text => render::health::text(report, detail, settings.out.style(false)),
        StatusFormat::Json => render::health::json(report),
        StatusFormat::Markdown => render::health::markdown(report),
        StatusFormat::Prometheus => render::health::prometheus(report),
    }
}
