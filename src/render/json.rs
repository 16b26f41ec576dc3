//! A plan for programs: versioned, with a schema.

use super::action::action;
use super::difference::{self, Fact};
use super::hosts::Hosts;
use super::{reason, totals, words};
use crate::model::Topology;
use crate::plan::saved::SavedPlan;
use crate::plan::{Class, Offsets, Plan, Reach, ResourcePlan, Step, Verb};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Fields may be added under the same first number; what is there keeps its meaning.
const FORMAT: &str = "1.0";

/// What `sluice plan --format json` and `sluice show --format json` print.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "sluice plan")]
#[serde(rename_all = "camelCase")]
struct PlanOutput {
    /// Version of this format.
    format: &'static str,
    /// Names the plan by all that is in it; the same as that of the saved plan.
    id: String,
    /// `metadata.name` of the project.
    project: String,
    /// The environment, if one was chosen.
    environment: Option<String>,
    /// Where the topics are.
    kafka: KafkaOutput,
    /// Where the tables are.
    clickhouse: ClickHouseOutput,
    /// How much of what.
    summary: SummaryOutput,
    /// Dangers, each with the resource it is about.
    hazards: Vec<HazardOutput>,
    /// Flags that allow what nobody allowed; empty where nothing is missing.
    to_allow: String,
    /// Resources that were applied and that no manifest has any more, as `KIND/NAME`: they stay as they are.
    undeclared: Vec<String>,
    /// Every resource, topics first.
    resources: Vec<ResourceOutput>,
    /// All steps, in order.
    steps: Vec<StepOutput>,
}

/// Where the topics are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct KafkaOutput {
    /// As in the project.
    bootstrap_servers: String,
    /// As the brokers say.
    cluster_id: String,
}

/// Where the tables are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ClickHouseOutput {
    /// The cluster; none for a single server.
    cluster: Option<String>,
    /// `single`, `perHost` or `onCluster`.
    ddl: &'static str,
    /// In shard order.
    hosts: Vec<HostOutput>,
    /// Hosts that were not read and that the plan goes on without.
    left_out: Vec<String>,
}

/// A ClickHouse host.
#[derive(Debug, Serialize, JsonSchema)]
struct HostOutput {
    /// `host:port`.
    name: String,
    /// Server version.
    version: String,
}

/// How much of what.
#[derive(Debug, Serialize, JsonSchema)]
struct SummaryOutput {
    /// In words.
    text: String,
    /// Resources that are made.
    create: usize,
    /// Changed in place.
    change: usize,
    /// With a table that is built anew with its rows.
    rebuild: usize,
    /// Dropped and made again.
    recreate: usize,
    /// Dropped.
    delete: usize,
    /// Left on the servers and forgotten.
    forget: usize,
    /// Left as they are although they differ.
    blocked: usize,
    /// As declared.
    unchanged: usize,
    /// Steps.
    steps: usize,
}

/// A danger of a resource.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HazardOutput {
    /// Its name, as in `--allow`.
    hazard: String,
    /// `KIND/NAME`.
    resource: String,
    /// In a sentence.
    meaning: &'static str,
    /// Whether it loses something, so that somebody has to allow it.
    needs_consent: bool,
    /// Whether somebody has, or nobody has to.
    allowed: bool,
}

/// What happens to a resource.
#[derive(Debug, Serialize, JsonSchema)]
struct ResourceOutput {
    /// Its kind.
    kind: &'static str,
    /// Its `metadata.name`.
    name: String,
    /// `keep`, `create`, `change`, `rebuild`, `recreate`, `delete`, `forget` or `blocked`.
    verb: String,
    /// What it means for the rows that flow, where a running chain changes.
    impact: Option<ImpactOutput>,
    /// What differs.
    changes: Vec<ChangeOutput>,
    /// Why nothing is done about it, in sentences; not empty: the plan cannot be applied with it.
    blocked: Vec<String>,
    /// What a reader should know, in sentences.
    notes: Vec<String>,
}

/// What a change means for the rows that flow.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ImpactOutput {
    /// `inPlace`, `paused`, `joined`, `reconnected`, `filled` or `rebuilt`.
    class: &'static str,
    /// Seconds without ingestion, apart from copying; none where nothing stops.
    pause_seconds: Option<u64>,
    /// Rows that are copied, where somebody counted.
    copied_rows: Option<u64>,
    /// `kept`, `carried`, `replayed`, `skipped` or `restarted`.
    offsets: &'static str,
    /// In words.
    text: String,
}

/// One difference.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ChangeOutput {
    /// The object, where it is about a part of one.
    object: Option<String>,
    /// What of it; of an object as a whole, its name.
    attribute: String,
    /// `+` made, `-` dropped, `~` taken over; empty for an attribute.
    mark: &'static str,
    /// What the servers have; none where it is absent, or that is not told.
    old: Option<String>,
    /// What the manifests ask for; none for absence.
    new: Option<String>,
    /// The hosts in words, where it is not on all.
    on: Option<String>,
    /// What it endangers.
    hazards: Vec<String>,
}

/// A step.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepOutput {
    /// From one.
    number: usize,
    /// The resource it serves, `KIND/NAME`.
    resource: String,
    /// What it does, in one word.
    verb: &'static str,
    /// What it does it to.
    what: String,
    /// ClickHouse hosts it runs on; none for Kafka.
    hosts: Vec<String>,
    /// `kafka`, `eachHost`, `passedOn` or `onCluster`.
    reach: &'static str,
    /// What is sent to ClickHouse, secrets as their references; none for Kafka.
    statement: Option<String>,
    /// Numbers of steps that must be done before.
    needs: Vec<usize>,
    /// What it endangers.
    hazards: Vec<String>,
    /// How long it may take.
    timeout_seconds: u64,
}

/// The plan as JSON, with a line end.
pub fn plan(saved: &SavedPlan) -> String {
    let text = serde_json::to_string_pretty(&output(saved)).unwrap_or_default();
    format!("{text}\n")
}

/// The JSON Schema of [`plan`].
pub fn schema() -> Value {
    schemars::schema_for!(PlanOutput).to_value()
}

fn output(saved: &SavedPlan) -> PlanOutput {
    let SavedPlan { policy, plan, .. } = saved;
    let header = &plan.header;
    let hosts = Hosts::new(header);
    let (ddl, cluster) = match &header.topology {
        Topology::Single => ("single", None),
        Topology::PerHost { cluster } => ("perHost", Some(cluster.clone())),
        Topology::OnCluster { cluster } => ("onCluster", Some(cluster.clone())),
    };
    let hazards = plan.hazards().into_iter().map(|(hazard, resource)| HazardOutput {
        hazard: hazard.to_string(),
        resource: resource.to_string(),
        meaning: hazard.meaning(),
        needs_consent: hazard.needs_consent(),
        allowed: policy.allows(hazard, &resource),
    });
    PlanOutput {
        format: FORMAT,
        id: saved.id(),
        project: header.project.clone(),
        environment: header.environment.clone(),
        kafka: KafkaOutput { bootstrap_servers: header.kafka.clone(), cluster_id: header.cluster_id.clone() },
        clickhouse: ClickHouseOutput {
            cluster,
            ddl,
            hosts: header
                .hosts
                .iter()
                .map(|h| HostOutput { name: h.name.clone(), version: h.version.clone() })
                .collect(),
            left_out: header.left_out.iter().cloned().collect(),
        },
        summary: summary(plan),
        hazards: hazards.collect(),
        to_allow: totals::consent(&policy.missing(plan)),
        undeclared: plan.header.undeclared.iter().map(ToString::to_string).collect(),
        resources: plan.resources.iter().map(|r| resource(r, plan, &hosts)).collect(),
        steps: plan.steps.iter().enumerate().map(|(i, s)| step(i + 1, s, plan)).collect(),
    }
}

fn summary(plan: &Plan) -> SummaryOutput {
    SummaryOutput {
        text: totals::summary(plan),
        create: plan.count(Verb::Create),
        change: plan.count(Verb::Change),
        rebuild: plan.count(Verb::Rebuild),
        recreate: plan.count(Verb::Recreate),
        delete: plan.count(Verb::Delete),
        forget: plan.count(Verb::Forget),
        blocked: plan.resources.iter().filter(|r| !r.blocked.is_empty()).count(),
        unchanged: plan.count(Verb::Keep),
        steps: plan.steps.len(),
    }
}

fn resource(resource: &ResourcePlan, plan: &Plan, hosts: &Hosts) -> ResourceOutput {
    let facts = difference::facts(difference::of(resource, plan, hosts));
    ResourceOutput {
        kind: resource.id.kind.as_str(),
        name: resource.id.name.clone(),
        verb: resource.verb.to_string(),
        impact: resource.impact.as_ref().map(|impact| ImpactOutput {
            class: match impact.class {
                Class::InPlace => "inPlace",
                Class::Paused => "paused",
                Class::Joined => "joined",
                Class::Reconnected => "reconnected",
                Class::Filled => "filled",
                Class::Rebuilt => "rebuilt",
            },
            pause_seconds: impact.pause.map(|p| p.as_secs()),
            copied_rows: impact.rows,
            offsets: match impact.offsets {
                Offsets::Kept => "kept",
                Offsets::Carried => "carried",
                Offsets::Replayed => "replayed",
                Offsets::Skipped => "skipped",
                Offsets::Restarted => "restarted",
            },
            text: reason::impact(impact),
        }),
        changes: facts.into_iter().map(change).collect(),
        blocked: resource.blocked.iter().map(|why| reason::blocked(why, &resource.id, hosts)).collect(),
        notes: resource.notes.iter().map(|note| reason::note(note, hosts)).collect(),
    }
}

pub(super) fn change(fact: Fact) -> ChangeOutput {
    let Fact { object, what, mark, old, new, is_query: _, hosts, hazards } = fact;
    // A mark of what only changes says nothing.
    let mark = if mark == words::CHANGED && object.is_some() { "" } else { mark };
    let hazards = hazards.iter().map(ToString::to_string).collect();
    ChangeOutput { object, attribute: what, mark, old, new, on: hosts, hazards }
}

fn step(number: usize, step: &Step, plan: &Plan) -> StepOutput {
    let (verb, what) = action(&step.action);
    let statement = step.statement().map(|s| s.shown());
    StepOutput {
        number,
        resource: step.resource.to_string(),
        verb,
        what,
        hosts: step.hosts.iter().filter_map(|h| plan.header.hosts.get(*h)).map(|h| h.name.clone()).collect(),
        reach: match (&statement, &step.reach) {
            (None, _) => "kafka",
            (Some(_), Reach::EachHost | Reach::EachAlike { .. }) => "eachHost",
            (Some(_), Reach::Passed { .. }) => "passedOn",
            (Some(_), Reach::OnCluster(_)) => "onCluster",
        },
        statement,
        needs: step.needs.iter().map(|n| n + 1).collect(),
        hazards: step.hazards.iter().map(ToString::to_string).collect(),
        timeout_seconds: step.timeout.as_secs(),
    }
}
