//! `apply PLAN`: runs what was reviewed, or says what has moved.

use super::apply::refuse;
use crate::cli::args::ApplyArguments;
use crate::cli::carry::{self, Work};
use crate::cli::hold::Hold;
use crate::cli::interrupt::Interrupts;
use crate::cli::project::Checked;
use crate::cli::report::{Exit, Failure};
use crate::cli::secrets::{self, Wanted};
use crate::cli::settings::Settings;
use crate::cli::{live, output, planned, project, pruning};
use crate::client::Servers;
use crate::compile::Compiled;
use crate::model::{ObjectName, ResourceId, Secrets};
use crate::plan::saved::{Parted, Remaining, SavedPlan, remaining};
use crate::plan::{Plan, Policy, ResourcePlan};
use crate::reconcile::Prepared;
use crate::render::{self, moved, words};
use std::collections::BTreeSet;
use std::path::Path;

pub(super) async fn run(path: &Path, arguments: &ApplyArguments, settings: &Settings) -> Result<Exit, Failure> {
    let saved = planned::read(path)?;
    let checked = project::checked(settings)?;
    let compiled = &checked.compiled;
    saved.is_of(&compiled.desired, settings.environment.as_deref()).map_err(|parted| apart(&parted, &saved.plan))?;
    refuse(&saved.plan, &saved.policy)?;
    let secrets = secrets::resolve(compiled, Wanted::All, &settings.process_env)?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &secrets)?;
    let mut interrupts = Interrupts::listen()?;
    let mut hold = Hold::begin(compiled, &servers, arguments.lock_timeout, settings, &mut interrupts).await?;
    let both = (&servers, &secrets);
    let ended = applied(&saved, arguments, &checked, both, &mut hold, settings, &mut interrupts).await;
    hold.release(ended).await
}

async fn applied(
    saved: &SavedPlan,
    arguments: &ApplyArguments,
    checked: &Checked,
    (servers, secrets): (&Servers, &Secrets),
    hold: &mut Hold,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    // What has gone since is done.
    let compiled = &pruning::gone(&checked.compiled, hold.applied(), &saved.policy.pruned);
    live::settle(compiled, servers, settings, interrupts).await?;
    let (prepared, policy) = now(saved, compiled, servers, settings, interrupts).await?;
    checked.tell(&prepared.complaints, settings);
    let Remaining { mut plan, beside } =
        remaining(saved, &prepared.plan).map_err(|parted| apart(&parted, &prepared.plan))?;
    let style = settings.out.style(!arguments.selection.no_sql);
    let all = saved.plan.steps.len();
    if plan.steps.is_empty() {
        let words = if all == 0 { "it has no steps" } else { "all of it is done" };
        output::result(&format!("Nothing to do for this plan: {words}.\n"))?;
        tell_beside(&beside);
        plan.resources = as_declared(&prepared.plan, &beside);
        hold.remember(&plan, &compiled.desired, interrupts).await?;
        return Ok(Exit::Done);
    }
    output::result(&render::plan(&plan, &saved.policy, style))?;
    if plan.steps.len() < all {
        output::message(&format!("{} of {} are left to do.\n", plan.steps.len(), words::count(all, "step")));
    }
    // Somebody else may have been at work before the lock was taken.
    let prepared = match hold.take(interrupts).await? {
        true => live::same(compiled, servers, &policy, prepared, settings, interrupts).await?,
        false => prepared,
    };
    plan.resources = as_declared(&prepared.plan, &beside);
    let prepared = Prepared { plan, ..prepared };
    let work = Work { prepared: &prepared, id: &planned::short(saved), desired: &compiled.desired, servers, secrets };
    if let Some(exit) = carry::carry_out(&work, hold, arguments.jobs, settings, interrupts).await? {
        return Ok(exit);
    }
    let policy = Policy { recreate: Default::default(), ..saved.policy.clone() };
    let mut left = live::prepare(compiled, servers, &policy, settings, interrupts).await?.plan;
    left.resources.retain(|r| !beside.contains(&r.id));
    left.steps.retain(|s| !beside.contains(&s.resource));
    tell_beside(&beside);
    carry::prove(&left, &policy, style)
}

/// The plan of now, by the wishes of then.
async fn now(
    saved: &SavedPlan,
    compiled: &Compiled,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<(Prepared, Policy), Failure> {
    let prepared = live::prepare(compiled, servers, &saved.policy, settings, interrupts).await?;
    let pipelines = &compiled.desired.pipelines;
    let owner = |name: &ObjectName| -> Option<ResourceId> {
        let mine = pipelines.iter().find(|p| p.objects.iter().any(|o| o.definition.name == *name));
        mine.map(|p| p.id.clone())
    };
    let policy = saved.policy_for(&prepared.plan, &prepared.remade, owner);
    if policy == saved.policy {
        return Ok((prepared, policy));
    }
    Ok((live::prepare(compiled, servers, &policy, settings, interrupts).await?, policy))
}

/// What is as declared when the plan is done: it is remembered as a whole.
fn as_declared(now: &Plan, beside: &BTreeSet<ResourceId>) -> Vec<ResourcePlan> {
    now.resources.iter().filter(|r| !beside.contains(&r.id)).cloned().collect()
}

fn tell_beside(beside: &BTreeSet<ResourceId>) {
    if !beside.is_empty() {
        let names: Vec<String> = beside.iter().map(ResourceId::to_string).collect();
        output::message(&format!("Changed as well, and not part of this plan: {}.\n", names.join(", ")));
    }
}

fn apart(parted: &Parted, now: &Plan) -> Failure {
    let hint = match parted {
        Parted::Environment(Some(environment)) => format!("sluice --env {environment} apply PLAN"),
        Parted::Environment(None) => "sluice apply PLAN, without --env and SLUICE_ENV".into(),
        Parted::Project(_) | Parted::Cluster(_) => "check --project, --env and what they connect to".into(),
        Parted::Manifests => "check out the commit that was planned, or plan again and have that reviewed".into(),
        Parted::Hosts { .. } | Parted::Moved(_) => "plan again and have that reviewed".into(),
    };
    Failure::new(Exit::Blocked, format!("{}; nothing was changed", moved::text(parted, now))).hint(hint)
}
