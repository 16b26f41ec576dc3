//! Drift for programs: versioned, with a schema.

use super::{facts, summary};
use crate::drift::{Drift, ResourceDrift};
use crate::render::hosts::Hosts;
use crate::render::json::{ChangeOutput, change};
use crate::render::reason;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Fields may be added under the same first number; what is there keeps its meaning.
const FORMAT: &str = "1.0";

/// What `sluice drift --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "sluice drift")]
#[serde(rename_all = "camelCase")]
struct DriftOutput {
    /// Version of this format.
    format: &'static str,
    /// `metadata.name` of the project.
    project: String,
    /// The environment, if one was chosen.
    environment: Option<String>,
    /// Whether anybody keeps what was applied; else `drift` is all that differs from the manifests, and nothing is
    /// pending.
    recorded: bool,
    /// How much of what.
    summary: SummaryOutput,
    /// Every resource that was applied or is declared, topics first.
    resources: Vec<ResourceOutput>,
}

/// How much of what.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SummaryOutput {
    /// In words.
    text: String,
    /// Resources that somebody changed on the servers.
    drifted: usize,
    /// Resources for which the manifests ask something that was not applied, or that they no longer have.
    pending: usize,
    /// Resources of which something could not be read.
    not_read: usize,
    /// All others.
    as_applied: usize,
}

/// A resource.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResourceOutput {
    /// Its kind.
    kind: &'static str,
    /// Its `metadata.name`.
    name: String,
    /// When it was applied last (RFC 3339); none where it never was, or nobody knows.
    last_applied: Option<String>,
    /// Whether its last apply was cut.
    cut: bool,
    /// Whether the manifests have it.
    declared: bool,
    /// What was changed on the servers: `old` is there now, `new` was applied.
    drift: Vec<ChangeOutput>,
    /// What the manifests ask for beyond that: `old` is there now, `new` is declared.
    pending: Vec<ChangeOutput>,
    /// What could not be read, in sentences.
    not_read: Vec<String>,
    /// Why drift cannot be put right, in sentences.
    stuck: Vec<String>,
}

/// Drift as JSON, with a line end.
pub fn json(drift: &Drift) -> String {
    let text = serde_json::to_string_pretty(&output(drift)).unwrap_or_default();
    format!("{text}\n")
}

/// The JSON Schema of [`json`].
pub fn schema() -> Value {
    schemars::schema_for!(DriftOutput).to_value()
}

fn output(drift: &Drift) -> DriftOutput {
    let hosts = Hosts::new(&drift.header);
    DriftOutput {
        format: FORMAT,
        project: drift.header.project.clone(),
        environment: drift.header.environment.clone(),
        recorded: drift.recorded,
        summary: SummaryOutput {
            text: summary(drift),
            drifted: drift.drifted(),
            pending: drift.pending(),
            not_read: drift.unread(),
            as_applied: drift.as_applied(),
        },
        resources: drift.resources.iter().map(|r| resource(r, &hosts)).collect(),
    }
}

fn resource(resource: &ResourceDrift, hosts: &Hosts) -> ResourceOutput {
    let sentences = |list: &[_]| list.iter().map(|why| reason::blocked(why, &resource.id, hosts)).collect();
    let changes = |difference| facts(difference, hosts).into_iter().map(change).collect();
    ResourceOutput {
        kind: resource.id.kind.as_str(),
        name: resource.id.name.clone(),
        last_applied: resource.applied_at.clone(),
        cut: resource.cut,
        declared: resource.declared,
        drift: changes(&resource.drift),
        pending: changes(&resource.pending),
        not_read: sentences(&resource.unread),
        stuck: sentences(&resource.stuck),
    }
}
