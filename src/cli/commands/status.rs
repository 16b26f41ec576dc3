//! `status`: one look at everything that flows, or one after another.

use crate::cli::args::{StatusArguments, StatusFormat};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, progress, project, selection};
use crate::client::Servers;
use crate::health::{self, Comparison, Report};
use crate::model::{Desired, ResourceId};
use crate::{observe, render};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// Between the two looks of a comparison.
const BETWEEN: Duration = Duration::from_secs(2);

/// Clears the screen and goes to its top.
const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

pub(super) async fn run(arguments: &StatusArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let desired = &checked.compiled.desired;
    let only = selection::named(&arguments.resources, desired)?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    // Whoever reads the same topic belongs into a comparison, named or not.
    let asked = if arguments.compare { desired.clone() } else { selection::part(desired, &only) };
    loop {
        let work = look(&asked, &only, &servers, arguments.compare);
        let watched = progress::watched("reading Kafka and ClickHouse", settings.err, work);
        let looked = match interrupts.or(watched).await {
            // That is how a watch ends.
            Err(_) if arguments.watch.is_some() => return Ok(Exit::Done),
            looked => looked,
        };
        let (report, comparisons) = looked?;
        let text = rendered(&report, &comparisons, arguments, settings);
        let Some(seconds) = arguments.watch else {
            output::result(&text)?;
            return Ok(if report.verdict().is_well() { Exit::Done } else { Exit::Failed });
        };
        output::result(&if settings.out.terminal { format!("{CLEAR}{text}") } else { text })?;
        if interrupts.or(tokio::time::sleep(Duration::from_secs(seconds))).await.is_err() {
            return Ok(Exit::Done);
        }
    }
}

/// One look, or two for a comparison.
async fn look(
    asked: &Desired,
    only: &BTreeSet<ResourceId>,
    servers: &Servers,
    compare: bool,
) -> (Report, Vec<Comparison>) {
    let readings = observe::health::read(asked, servers).await;
    if !compare {
        return (health::judge(asked, &readings, only), Vec::new());
    }
    let begin = Instant::now();
    tokio::time::sleep(BETWEEN).await;
    let (later, highest) =
        tokio::join!(observe::health::read(asked, servers), observe::health::highest(asked, servers));
    let all = |readings| health::judge(asked, readings, &BTreeSet::new());
    let comparisons = health::compare(&all(&readings), &all(&later), begin.elapsed(), &highest);
    (health::judge(asked, &later, only), comparisons)
}

fn rendered(report: &Report, comparisons: &[Comparison], arguments: &StatusArguments, settings: &Settings) -> String {
    let detail = arguments.details || !arguments.resources.is_empty();
    match arguments.format {
        StatusFormat::Text => render::health::text(report, comparisons, detail, settings.out.style(false)),
        StatusFormat::Json => render::health::json(report, comparisons),
        StatusFormat::Markdown => render::health::markdown(report, comparisons),
        StatusFormat::Prometheus => render::health::prometheus(report),
    }
}
