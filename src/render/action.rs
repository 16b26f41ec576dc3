//! What a step does, on one line.

use crate::plan::Action;
use std::collections::{BTreeMap, BTreeSet};

/// What a step does: `create`, and what it does it to. Not escaped.
pub(super) fn action(action: &Action) -> (&'static str, String) {
    match action {
        Action::CreateTopic { name, partitions, replication_factor, config } => {
            let config: String = config.iter().map(|(k, v)| format!(", {k} = {v}")).collect();
            let shape = format!("partitions = {partitions}, replicationFactor = {replication_factor}");
            ("create", format!("topic {name}  {shape}{config}"))
        }
        Action::GrowTopic { name, from, to } => ("grow", format!("topic {name}  from {from} to {to} partitions")),
        Action::AlterTopic { name, set, unset } => ("set", format!("topic {name}  {}", pins(set, unset))),
        Action::DeleteTopic { name, id } => {
            let id = if id.is_empty() { String::new() } else { format!("  (id {id})") };
            ("delete", format!("topic {name}{id}"))
        }
        Action::CreateDatabase { name } => ("create", format!("database {name}")),
        Action::Create(definition) => match &definition.target {
            Some(target) => ("create", format!("view {} into {target}", definition.name)),
            None => ("create", format!("table {}  {}", definition.name, definition.engine.name)),
        },
        Action::Comment { name, adopts: true, .. } => ("take", format!("{name} over  (owner mark in its comment)")),
        Action::Comment { name, adopts: false, .. } => ("alter", format!("{name}  comment")),
        Action::Flush { name } => ("flush", format!("{name}  (Distributed queue)")),
        Action::Drop { name, is_view, sync } => {
            let kind = if *is_view { "view" } else { "table" };
            let sync = if *sync { "  and wait until its data is gone" } else { "" };
            ("drop", format!("{kind} {name}{sync}"))
        }
    }
}

fn pins(set: &BTreeMap<String, String>, unset: &BTreeSet<String>) -> String {
    let set = set.iter().map(|(k, v)| format!("{k} = {v}"));
    let unset = unset.iter().map(|k| format!("{k} unpinned"));
    set.chain(unset).collect::<Vec<_>>().join(", ")
}
