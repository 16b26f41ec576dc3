//! `drift`: what on the servers is not as it should be, for the nightly job.

use crate::cli::args::{DriftArguments, DriftFormat};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{live, output, project, selection};
use crate::client::Servers;
use crate::drift::{Drift, LastApplied};
use crate::render;

pub(super) async fn run(arguments: &DriftArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let policy = selection::policy(&arguments.selection(), &compiled.desired)?;
    let secrets = secrets::resolve(compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    live::settle(compiled, &servers, settings, &mut interrupts).await?;
    let plan = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?.plan;
    let found = Drift::of(&LastApplied::new(), false, &plan, &plan);
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
