//! The history for programs: versioned, with a schema.

use super::{History, State, Told, between};
use crate::state::{Holder, HostState, Lease, StepRecord, StepState};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields may be added under the same first number; what is there keeps its meaning.
const FORMAT: &str = "1.0";

/// What `sluice history --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "sluice history")]
#[serde(rename_all = "camelCase")]
struct HistoryOutput {
    /// Version of this format.
    format: &'static str,
    /// `metadata.name` of the project.
    project: String,
    /// The topic in which it is remembered.
    topic: String,
    /// Who holds the lock; none where nobody does.
    lock: Option<LockOutput>,
    /// How many applies are remembered.
    remembered: usize,
    /// The last one first.
    applies: Vec<ApplyOutput>,
}

/// Who holds the lock.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LockOutput {
    /// By whom.
    #[serde(flatten)]
    by: HolderOutput,
    /// Seconds since it was taken, by the holder's own clock at its last sign of life.
    age_seconds: u64,
}

/// Who applies, or did.
#[derive(Debug, Serialize, JsonSchema)]
struct HolderOutput {
    /// Name of the user.
    user: String,
    /// Name of the machine.
    host: String,
    /// Process id on that machine.
    process: u32,
    /// The command, without values of variables.
    command: String,
    /// The environment, if one was chosen.
    environment: Option<String>,
    /// When it began (RFC 3339), by its clock.
    since: String,
    /// First digits of the id of the plan; none while there is none.
    plan: Option<String>,
}

/// An apply.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ApplyOutput {
    /// Applies of a project are counted from 1.
    number: u64,
    /// `done`, `failed`, `interrupted`, `running` or `cut`: killed, or without the lock before its end.
    state: &'static str,
    /// Who.
    by: HolderOutput,
    /// When its first step could begin (RFC 3339).
    began: String,
    /// When it ended; none where that was not written.
    ended: Option<String>,
    /// Between both.
    milliseconds: Option<u64>,
    /// Steps in all.
    steps: usize,
    /// Steps that are done; 0 where its end was not written.
    done: usize,
    /// What it was to change, as `KIND/NAME`.
    resources: Vec<String>,
    /// Of `history N`: the steps that were begun, in the order of the plan.
    journal: Option<Vec<StepOutput>>,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
struct StepOutput {
    /// Its place in the plan, from 1.
    step: usize,
    /// Of which resource, as `KIND/NAME`.
    resource: String,
    /// What it does.
    what: String,
    /// `begun`, `done` or `failed`.
    state: &'static str,
    /// The ClickHouse hosts it runs on: `begun`, `done`, `failed` or `inDoubt` on each.
    hosts: BTreeMap<String, &'static str>,
    /// When it was about to be run (RFC 3339).
    began: String,
    /// When it ended.
    ended: Option<String>,
    /// Why it failed.
    failure: Option<String>,
}

/// The history as JSON, with a line end.
pub fn json(history: &History) -> String {
    let output = HistoryOutput {
        format: FORMAT,
        project: history.project.clone(),
        topic: history.topic.clone(),
        lock: history.lock.as_ref().map(|l| LockOutput { by: by(&l.holder), age_seconds: l.age_seconds }),
        remembered: history.remembered,
        applies: history.applies.iter().map(|told| apply(told, history.lock.as_ref())).collect(),
    };
    let text = serde_json::to_string_pretty(&output).unwrap_or_default();
    format!("{text}\n")
}

/// The JSON Schema of [`json`].
pub fn schema() -> Value {
    schemars::schema_for!(HistoryOutput).to_value()
}

fn by(holder: &Holder) -> HolderOutput {
    let Holder { user, host, process, command, environment, since, plan, session: _ } = holder.clone();
    HolderOutput { user, host, process, command, environment, since, plan }
}

fn apply(told: &Told, lock: Option<&Lease>) -> ApplyOutput {
    let record = &told.record;
    ApplyOutput {
        number: record.number,
        state: State::of(record, lock).as_str(),
        by: by(&record.holder),
        began: record.began.clone(),
        ended: record.ended.clone(),
        milliseconds: between(&record.began, record.ended.as_deref()).and_then(|d| d.as_millis().try_into().ok()),
        steps: record.steps,
        done: record.done,
        resources: record.resources.iter().map(ToString::to_string).collect(),
        journal: told.steps.as_ref().map(|steps| steps.iter().map(step).collect()),
    }
}

fn step(step: &StepRecord) -> StepOutput {
    let on = |state: &HostState| match state {
        HostState::Begun => "begun",
        HostState::Done => "done",
        HostState::Failed => "failed",
        HostState::InDoubt => "inDoubt",
    };
    StepOutput {
        step: step.step,
        resource: step.resource.to_string(),
        what: step.what.clone(),
        state: match step.state {
            StepState::Begun => "begun",
            StepState::Done => "done",
            StepState::Failed => "failed",
        },
        hosts: step.hosts.iter().map(|(host, state)| (host.clone(), on(state))).collect(),
        began: step.began.clone(),
        ended: step.ended.clone(),
        failure: step.failure.clone(),
    }
}
