//! What a step does, on one line.

use super::words::grouped;
use crate::plan::{Action, KafkaAction, Start, TableAction};
use crate::sql::CopyMethod;
use std::collections::{BTreeMap, BTreeSet};

/// What a step does: `create`, and what it does it to. Not escaped.
pub(super) fn action(action: &Action) -> (&'static str, String) {
    match action {
        Action::Kafka(action) => kafka(action),
        Action::Table(action) => table(action),
    }
}

fn kafka(action: &KafkaAction) -> (&'static str, String) {
    match action {
        KafkaAction::CreateTopic { name, partitions, replication_factor, config } => {
            let config: String = config.iter().map(|(k, v)| format!(", {k} = {v}")).collect();
            let shape = format!("partitions = {partitions}, replicationFactor = {replication_factor}");
            ("create", format!("topic {name}  {shape}{config}"))
        }
        KafkaAction::GrowTopic { name, from, to } => ("grow", format!("topic {name}  from {from} to {to} partitions")),
        KafkaAction::AlterTopic { name, set, unset } => ("set", format!("topic {name}  {}", pins(set, unset))),
        KafkaAction::DeleteTopic { name, id } => {
            let id = if id.is_empty() { String::new() } else { format!("  (id {id})") };
            ("delete", format!("topic {name}{id}"))
        }
        KafkaAction::RemoveMembers { group, .. } => ("leave", format!("group {group}  (members of dropped tables)")),
        KafkaAction::SetOffsets { group, topics, start, early, .. } => {
            let early = if *early { "  (set again when nothing is read any more)" } else { "" };
            ("set", format!("group {group}  {} on {}{early}", started(start), topics.join(", ")))
        }
        KafkaAction::ForgetOffsets { group, topics, .. } => {
            ("forget", format!("group {group}  offsets of {}", topics.join(", ")))
        }
        KafkaAction::DeleteGroup { group, .. } => ("delete", format!("group {group}")),
        KafkaAction::AwaitBackfill(awaited) => {
            ("await", format!("group {}  until {} holds what was there before it", awaited.group, awaited.local))
        }
    }
}

/// Where a group begins.
pub(super) fn started(start: &Start) -> String {
    match start {
        Start::Earliest => "to the first message kept".into(),
        Start::Latest => "after the last message".into(),
        Start::At(time) => format!("to the first message at {time} ms or later"),
        Start::Of(group) => format!("to where {group} stands"),
    }
}

fn table(action: &TableAction) -> (&'static str, String) {
    match action {
        TableAction::CreateDatabase { name } => ("create", format!("database {name}")),
        TableAction::Create(definition) => match &definition.target {
            Some(target) => ("create", format!("view {} into {target}", definition.name)),
            None => ("create", format!("table {}  {}", definition.name, definition.engine.name)),
        },
        TableAction::CreateFillingView(filling) => {
            let (view, into) = (&filling.view.name, filling.view.target.as_ref());
            let into = into.map(|target| format!(" into {target}")).unwrap_or_default();
            ("create", format!("view {view}{into}  (messages that {} has read)", filling.group))
        }
        TableAction::Fill(fill) => {
            ("fill", format!("{} from {}  (emptied first, rows counted)", fill.refill.into, fill.refill.from))
        }
        TableAction::Comment { name, adopts: true, .. } => {
            ("take", format!("{name} over  (owner mark in its comment)"))
        }
        TableAction::Comment { name, adopts: false, .. } => ("alter", format!("{name}  comment")),
        TableAction::Alter { name, .. } => ("alter", format!("table {name}")),
        TableAction::ModifyQuery { name, .. } => ("alter", format!("view {name}  select")),
        TableAction::Flush { name } => ("flush", format!("{name}  (Distributed queue)")),
        TableAction::Copy(copy) => {
            let how = match copy.method {
                CopyMethod::AttachPartitions => "  (parts shared, not written again)",
                CopyMethod::ByPartition => "  (partition by partition)",
                CopyMethod::Whole => "",
            };
            let into = copy.through.as_ref().unwrap_or(&copy.to);
            let rows = copy
                .rows
                .map_or_else(|| "rows".to_owned(), |n| format!("{} row{}", grouped(n), if n == 1 { "" } else { "s" }));
            ("copy", format!("{} into {into}{how}, {rows} counted and compared", copy.from))
        }
        TableAction::StartMerges { name } => {
            ("start", format!("{name}  merges, which a copy that was cut has stopped"))
        }
        TableAction::Exchange { left, right } => ("swap", format!("{left} and {right}")),
        TableAction::Rename { pairs } => {
            let pairs: Vec<String> = pairs.iter().map(|(from, to)| format!("{from} to {to}")).collect();
            ("rename", pairs.join(", "))
        }
        TableAction::Drop { name, is_view, sync } => {
            let kind = if *is_view { "view" } else { "table" };
            let sync = if *sync { "  and wait until it is gone" } else { "" };
            ("drop", format!("{kind} {name}{sync}"))
        }
    }
}

fn pins(set: &BTreeMap<String, String>, unset: &BTreeSet<String>) -> String {
    let set = set.iter().map(|(k, v)| format!("{k} = {v}"));
    let unset = unset.iter().map(|k| format!("{k} unpinned"));
    set.chain(unset).collect::<Vec<_>>().join(", ")
}
