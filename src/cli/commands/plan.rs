//! `plan`: reads the servers and shows what an apply would do.

use crate::cli::args::{PlanArguments, PlanFormat};
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{live, output, project, selection};
use crate::client::Servers;
use crate::render;

pub(super) async fn run(arguments: &PlanArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    let policy = selection::policy(&arguments.selection, &compiled.desired)?;
    let secrets = secrets::resolve(compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let prepared = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?;
    checked.tell(&prepared.complaints, settings);
    let plan = prepared.plan;
    let text = match arguments.format {
        PlanFormat::Text => render::plan(&plan, &policy, settings.out.style(!arguments.selection.no_sql)),
        PlanFormat::Sql => render::sql(&plan),
    };
    output::result(&text)?;
    Ok(match plan.is_blocked() {
        true => Exit::Blocked,
        false if arguments.detailed_exitcode && !plan.is_empty() => Exit::Changes,
        false => Exit::Done,
    })
}
