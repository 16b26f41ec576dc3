//! What happens to projects over time, by theme. Every scenario ends with an empty plan, unless it is about a plan
//! that is blocked.

mod broken;
mod canonical_forms;
mod checked;
mod deletion;
mod drift;
mod hostile;
mod left_running;
mod manual_consumer;
mod outgoing;
mod ownership;
mod reader;
mod recreate;
mod regrouped;
mod renamed_table;
mod renamed_view;
mod secrets;
mod surroundings;
mod topics;
mod versions;
mod view_columns;

use sluice::model::{Kind, ObjectName, ResourceId};
use sluice::plan::{Action, Allowance, Blocked, Change, Hazard, KafkaAction, Plan, Policy, ResourcePlan, TableAction};

/// A topic and a pipeline of one target, all called `name`, with more fields for the pipeline's target.
fn simple(name: &str, more: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 1, replicationFactor: 1}}
---
kind: KafkaPipeline
metadata: {{name: {name}, description: Numbers}}
spec:
  topic: {name}
  source: {{table: {name}.kafka, settings: {{kafka_flush_interval_ms: 500}}}}
  targets:
    - table: {name}.rows
      columns:
        - {{name: n, type: UInt64}}
        - {{name: day, type: Date, from: String}}
      orderBy: n
      {more}
"
    )
}

fn row(n: u64) -> String {
    format!(r#"{{"n": {n}, "day": "2026-11-22"}}"#)
}

fn pipeline(name: &str) -> ResourceId {
    ResourceId::new(Kind::KafkaPipeline, name)
}

fn topic(name: &str) -> ResourceId {
    ResourceId::new(Kind::Topic, name)
}

fn of<'a>(plan: &'a Plan, id: &ResourceId) -> &'a ResourcePlan {
    plan.resources.iter().find(|r| r.id == *id).expect("the plan has the resource")
}

fn blocked(plan: &Plan) -> Vec<Blocked> {
    plan.resources.iter().flat_map(|r| r.blocked.clone()).collect()
}

fn allowing(hazards: &[Hazard]) -> Policy {
    let allow = hazards.iter().map(|h| Allowance { hazard: *h, resource: None }).collect();
    Policy { allow, ..Policy::default() }
}

/// Hazards nobody allowed.
fn unconsented(plan: &Plan, policy: &Policy) -> Vec<Hazard> {
    policy.missing(plan).into_iter().map(|(h, _)| h).collect()
}

/// `attribute: old -> new @hosts` of every attribute that differs, by object.
fn attributes(plan: &Plan) -> Vec<String> {
    let changes = plan.resources.iter().flat_map(|r| &r.changes);
    changes
        .filter_map(|c| match c {
            Change::Attribute { object, change, hosts } => {
                let side = |s: &Option<String>| s.clone().unwrap_or("-".into());
                let (attribute, old, new) = (&change.attribute, side(&change.old), side(&change.new));
                Some(format!("{} {attribute}: {old} -> {new} @{hosts:?}", object.table))
            }
            Change::Topic { .. } | Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. } => None,
        })
        .collect()
}

/// Objects that the plan makes, with the hosts.
fn made(plan: &Plan) -> Vec<(String, Vec<usize>)> {
    let changes = plan.resources.iter().flat_map(|r| &r.changes);
    changes
        .filter_map(|c| match c {
            Change::Make { object, hosts, .. } => Some((object.table.clone(), hosts.clone())),
            Change::Topic { .. } | Change::Attribute { .. } | Change::Unmake { .. } | Change::Adopt { .. } => None,
        })
        .collect()
}

/// What each step does, in order.
fn steps(plan: &Plan) -> Vec<String> {
    let object = |n: &ObjectName| n.table.clone();
    let kafka = |action: &KafkaAction| match action {
        KafkaAction::CreateTopic { name, .. } => format!("create topic {name}"),
        KafkaAction::GrowTopic { name, from, to } => format!("grow {name} {from} {to}"),
        KafkaAction::AlterTopic { name, .. } => format!("alter topic {name}"),
        KafkaAction::DeleteTopic { name, .. } => format!("delete topic {name}"),
        KafkaAction::RemoveMembers { group, .. } => format!("leave {group}"),
        KafkaAction::SetOffsets { group, .. } => format!("offsets {group}"),
        KafkaAction::ForgetOffsets { group, .. } => format!("forget {group}"),
        KafkaAction::DeleteGroup { group, .. } => format!("delete {group}"),
        KafkaAction::AwaitBackfill(awaited) => format!("await {}", awaited.group),
    };
    let table = |action: &TableAction| match action {
        TableAction::CreateDatabase { name } => format!("database {name}"),
        TableAction::Create(definition) => format!("create {}", object(&definition.name)),
        TableAction::Comment { name, adopts, .. } => {
            format!("{} {}", if *adopts { "adopt" } else { "comment" }, object(name))
        }
        TableAction::Alter { name, .. } => format!("alter {}", object(name)),
        TableAction::ModifyQuery { name, .. } => format!("query {}", object(name)),
        TableAction::Flush { name } => format!("flush {}", object(name)),
        TableAction::Copy(copy) => format!("copy {} {}", object(&copy.from), object(&copy.to)),
        TableAction::StartMerges { name } => format!("merges {}", object(name)),
        TableAction::Exchange { left, right } => format!("swap {} {}", object(left), object(right)),
        TableAction::Rename { pairs } => {
            let pairs: Vec<String> = pairs.iter().map(|(a, b)| format!("{} {}", object(a), object(b))).collect();
            format!("rename {}", pairs.join(" "))
        }
        TableAction::Drop { name, .. } => format!("drop {}", object(name)),
        TableAction::CreateFillingView(filling) => format!("create {}", object(&filling.view.name)),
        TableAction::Fill(fill) => format!("fill {}", object(&fill.to)),
    };
    let word = |action: &Action| match action {
        Action::Kafka(action) => kafka(action),
        Action::Table(action) => table(action),
    };
    plan.steps.iter().map(|s| word(&s.action)).collect()
}
