//! The part of the plan made by hand that changes a pipeline while rows flow.

use super::testing::{object, pipeline_id, resource, step};
use crate::model::backfill::{BEFORE, up_to_unknown};
use crate::model::{Column, Definition, Engine, Fragment, Refill, TableConsumer};
use crate::plan::{
    Awaited, Class, Fill, FillingView, Hazard, Impact, KafkaAction, Note, Offsets, Plan, ResourcePlan, Start,
    TableAction, Verb,
};
use crate::sql::{AlterCommand, CopiedValue, Copy, CopyMethod, Place};
use std::collections::BTreeSet;
use std::time::Duration;

/// Adds one resource that is changed in every way there is.
pub(super) fn evolved(plan: &mut Plan) {
    let (id, all) = (pipeline_id("evolved"), [0, 1, 2, 3]);
    let impact = Impact {
        class: Class::Rebuilt,
        pause: Some(Duration::from_secs(3)),
        rows: Some(1_204_117),
        offsets: Offsets::Carried,
    };
    let notes = vec![
        Note::KeptOld { object: object("raw.evolved_local__old_20261120"), until: jiff::civil::date(2026, 11, 27) },
        Note::MembersStay { group: "readers".into() },
        Note::MessagesLost { messages: 1_000, unread: 1 },
        Note::GroupStarts { group: "readers".into(), again: 12, skipped: 1, ahead: 1_204_117 },
        Note::GroupContinues { group: "readers".into(), ahead: 0 },
    ];
    plan.resources.push(ResourcePlan { impact: Some(impact), notes, ..resource(id.clone(), Verb::Rebuild) });
    let (local, next) = (object("raw.evolved_local"), object("raw.evolved_local__sluice_next"));
    let (kafka, group) = (object("kafka.evolved"), String::from("readers"));
    let topics = || vec!["cases_1min".to_owned()];
    let cast = CopiedValue::Cast {
        from: "b".into(),
        was: Fragment::new("Int64"),
        data_type: Fragment::new("Int32"),
        otherwise: None,
    };
    let copy = Copy {
        from: local.clone(),
        to: next.clone(),
        through: None,
        columns: vec![("a".into(), CopiedValue::Same("a".into())), ("b".into(), cast)],
        method: CopyMethod::ByPartition,
        rows: Some(1_204_117),
    };
    let commands = vec![
        AlterCommand::AddColumn { column: Column::new("new_tested", "Int32"), place: Some(Place::First) },
        AlterCommand::DropColumn("old".into()),
    ];
    let start = Start::Of("old-readers".into());
    let steps: [(TableAction, &[Hazard]); 6] = [
        (
            TableAction::Alter { name: object("raw.evolved"), commands },
            &[Hazard::ReshardsNewRowsOnly, Hazard::MissesRows],
        ),
        (TableAction::Copy(Box::new(copy)), &[Hazard::CopiesData]),
        (TableAction::StartMerges { name: local.clone() }, &[]),
        (TableAction::Exchange { left: local, right: next.clone() }, &[]),
        (TableAction::Rename { pairs: vec![(next, object("raw.evolved_local__old_20261125"))] }, &[]),
        (
            TableAction::ModifyQuery { name: object("raw.evolved_mv"), query: Fragment::new("SELECT 1 AS a") },
            &[Hazard::MayDuplicate],
        ),
    ];
    for (action, hazards) in steps {
        plan.steps.push(step(&id, action, &all, hazards));
    }
    let consumers = vec![TableConsumer {
        host: "ch1".into(),
        database: "kafka".into(),
        table: "evolved".into(),
        consumers: 1,
        client_id: None,
    }];
    let set =
        KafkaAction::SetOffsets { table: kafka.clone(), group: group.clone(), topics: topics(), start, early: false };
    let leave = KafkaAction::RemoveMembers { table: kafka.clone(), group: group.clone(), consumers };
    plan.steps.push(step(&id, set, &[], &[Hazard::SkipsMessages]));
    plan.steps.push(step(&id, leave, &[], &[]));
    let forget = KafkaAction::ForgetOffsets { table: kafka, group, topics: topics() };
    plan.steps.push(step(&id, forget, &[], &[Hazard::ReplaysMessages]));
    filled(plan);
}

/// Adds one resource with new targets that are filled.
fn filled(plan: &mut Plan) {
    let (id, all) = (pipeline_id("filled"), [0, 1, 2, 3]);
    let impact = Impact {
        class: Class::Filled,
        pause: Some(Duration::from_secs(2)),
        rows: Some(301_030),
        offsets: Offsets::Kept,
    };
    let (group, local, through) = ("readers-backfill", object("raw.new_local"), object("raw.new"));
    let note = |messages| Note::Backfills { table: through.clone(), group: group.into(), messages };
    let notes = vec![note(Some(1_204_117)), note(None)];
    plan.resources.push(ResourcePlan { impact: Some(impact), notes, ..resource(id.clone(), Verb::Change) });
    let refill = Refill {
        from: object("raw.old_local"),
        into: through.clone(),
        columns: vec!["day".into(), "seen".into()],
        query: Fragment::new("SELECT day, count() AS seen FROM raw.old_local AS source GROUP BY day"),
    };
    let hosts: BTreeSet<usize> = all.into_iter().collect();
    let fill = Fill { refill, to: local.clone(), reads: hosts.clone(), counts: hosts };
    plan.steps.push(step(&id, TableAction::Fill(Box::new(fill)), &all, &[Hazard::CopiesData]));
    let (view, kafka) = (object("raw.new_mv__backfill"), object("raw.new_mv__backfill_kafka"));
    let definition = Definition {
        query: Some(Fragment::new(format!("SELECT src.n AS n FROM {kafka} AS src WHERE {BEFORE}"))),
        target: Some(through.clone()),
        comment: up_to_unknown(),
        ..Definition::new(view.clone(), Engine::plain(Engine::VIEW))
    };
    let filling = FillingView {
        view: definition,
        source: object("kafka.filled"),
        group: "readers".into(),
        topics: vec!["cases_1min".into()],
        up_to: None,
    };
    plan.steps.push(step(&id, TableAction::CreateFillingView(Box::new(filling)), &all, &[]));
    let awaited = Awaited { kafka: kafka.clone(), view, local, through: Some(through), group: group.into() };
    plan.steps.push(step(&id, KafkaAction::AwaitBackfill(Box::new(awaited)), &[], &[]));
    plan.steps.push(step(&id, KafkaAction::DeleteGroup { table: kafka, group: group.into() }, &[], &[]));
}
