//! `plan`: reads the servers and shows what an apply would do.

use crate::cli::args::PlanArguments;
use crate::cli::interrupt::Interrupts;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{live, output, past, planned, project, pruning, selection};
use crate::client::Servers;
use crate::model::{Desired, ResourceId};
use crate::plan::saved::SavedPlan;
use crate::plan::{Policy, Verb};
use crate::render;
use crate::render::graph::{Graph, mermaid};
use std::collections::BTreeSet;

pub(super) async fn run(arguments: &PlanArguments, settings: &Settings) -> Result<Exit, Failure> {
    let checked = project::checked(settings)?;
    let secrets = secrets::resolve(&checked.compiled, Wanted::Connections, &settings.process_env)?;
    let servers = Servers::connect(&checked.compiled.kafka, &checked.compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let past = past::read(&checked.compiled, &servers, settings, &mut interrupts).await?;
    past.tell_holder();
    let (compiled, pruned) = pruning::planned(&checked.compiled, past.applied(), arguments.selection.pruning)?;
    let compiled = &compiled;
    let policy = Policy { pruned, ..selection::policy(&arguments.selection, &compiled.desired)? };
    let prepared = live::prepare(compiled, &servers, &policy, settings, &mut interrupts).await?;
    checked.tell(&prepared.complaints, settings);
    let changed = prepared.plan.resources.iter().filter(|r| r.verb != Verb::Keep).map(|r| r.id.clone()).collect();
    let graph = drawn(&compiled.desired, &changed);
    let saved = SavedPlan::new(&checked.compiled.desired, policy, prepared.remade, prepared.plan, graph);
    let (sql, saving) = (!arguments.selection.no_sql, &arguments.saving);
    output::result(&planned::text(&saved, arguments.format, sql, saving.max_bytes, settings))?;
    if let Some(path) = &saving.json_into {
        planned::write(path, &render::json::plan(&saved))?;
    }
    if let Some(path) = &saving.output {
        planned::write(path, &saved.to_text())?;
        output::message(&format!("Saved as {}.\n", path.display()));
    }
    Ok(match saved.plan.is_blocked() {
        true => Exit::Blocked,
        false if arguments.detailed_exitcode && !saved.plan.is_empty() => Exit::Changes,
        false => Exit::Done,
    })
}

/// Resources as Mermaid; nothing where there are none.
fn drawn(desired: &Desired, only: &BTreeSet<ResourceId>) -> String {
    if only.is_empty() {
        return String::new();
    }
    mermaid(&Graph::of(&selection::part(desired, only)))
}
