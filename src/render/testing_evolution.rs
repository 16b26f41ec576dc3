//! The part of the plan made by hand that changes a pipeline while rows flow.

use super::testing::{object, pipeline_id, resource, step};
use crate::model::{Column, Fragment, TableConsumer};
use crate::plan::{Class, Hazard, Impact, KafkaAction, Note, Offsets, Plan, ResourcePlan, Start, TableAction, Verb};
use crate::sql::{AlterCommand, CopiedValue, Copy, CopyMethod, Place};
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
        (TableAction::Alter { name: object("raw.evolved"), commands }, &[Hazard::ReshardsNewRowsOnly]),
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
    let set = KafkaAction::SetOffsets { table: kafka.clone(), group: group.clone(), topics: topics(), start };
    let leave = KafkaAction::RemoveMembers { table: kafka.clone(), group: group.clone(), consumers };
    plan.steps.push(step(&id, set, &[], &[Hazard::SkipsMessages]));
    plan.steps.push(step(&id, leave, &[], &[]));
    let forget = KafkaAction::ForgetOffsets { table: kafka, group, topics: topics() };
    plan.steps.push(step(&id, forget, &[], &[Hazard::ReplaysMessages]));
}
