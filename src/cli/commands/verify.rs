//! `verify`: waits until everything that was in the topics at its beginning has arrived.

use crate::cli::args::{FindingsFormat, VerifyArguments};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{output, progress, project, selection};
use crate::client::Servers;
use crate::health::{self, Arrival, Report};
use crate::model::{Desired, ResourceId};
use crate::observe;
use crate::render::health::{Verified, verified_json, verified_text};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// From one look to the next.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(arguments: &VerifyArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let desired = &checked.compiled.desired;
    let only = selection::named(&arguments.resources, desired)?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let asked = selection::part(desired, &only);
    let work = waited(&asked, &only, &servers, arguments.timeout);
    let what = "waiting until everything sent has arrived";
    let (report, arrivals, times, took) = interrupts.or(progress::watched(what, settings.err, work)).await?;
    let verified = Verified { report: &report, arrivals: &arrivals, times: &times, took };
    output::result(&match arguments.format {
        FindingsFormat::Text => verified_text(&verified, settings.out.style(false)),
        FindingsFormat::Json => verified_json(&verified),
    })?;
    Ok(if verified.is_complete() { Exit::Done } else { Exit::Failed })
}

type Waited = (Report, BTreeMap<ResourceId, Arrival>, BTreeMap<ResourceId, Duration>, Duration);

/// Looks until everything up to the ends of the first look has arrived, or time is up.
async fn waited(asked: &Desired, only: &BTreeSet<ResourceId>, servers: &Servers, timeout: Duration) -> Waited {
    let begin = Instant::now();
    let mut readings = observe::health::read(asked, servers).await;
    let mut ends = health::ends(&readings);
    let mut times = BTreeMap::new();
    loop {
        let report = health::judge(asked, &readings, only);
        let arrivals = health::arrivals(&report, &ends);
        for (id, _) in arrivals.iter().filter(|(_, a)| **a == Arrival::Arrived) {
            times.entry(id.clone()).or_insert_with(|| begin.elapsed());
        }
        let done = Verified { report: &report, arrivals: &arrivals, times: &times, took: begin.elapsed() };
        if done.is_complete() || begin.elapsed() >= timeout {
            times.retain(|id, _| arrivals.get(id) == Some(&Arrival::Arrived));
            return (report, arrivals, times, begin.elapsed());
        }
        tokio::time::sleep(LOOK.min(timeout.saturating_sub(begin.elapsed()))).await;
        readings = observe::health::read(asked, servers).await;
        // Of a topic that could not be read at first, what is there now counts.
        for (at, end) in health::ends(&readings) {
            ends.entry(at).or_insert(end);
        }
    }
}
