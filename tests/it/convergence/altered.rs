//! Tables that are changed where they stand and tables that are exchanged for others, cut after every step and between
//! two hosts: what was reviewed goes on.

use super::*;
use sluice::model::{Column, Deletion, Fragment, Index, Presence, SettingValue};
use sluice::sql::{AlterCommand, Place};

/// Does what a server would do.
pub(super) fn alter(table: &mut Definition, command: &AlterCommand) {
    let put = |columns: &mut Vec<Column>, column: Column, place: &Option<Place>| {
        let at = match place {
            Some(Place::First) => 0,
            Some(Place::After(name)) => 1 + columns.iter().position(|c| c.name == *name).expect("the column before"),
            None => columns.len(),
        };
        columns.insert(at, column);
    };
    let columns = &mut table.columns;
    match command {
        AlterCommand::AddColumn { column, place } => put(columns, column.clone(), place),
        AlterCommand::DropColumn(name) => columns.retain(|c| c.name != *name),
        AlterCommand::RenameColumn { from, to } => {
            columns.iter_mut().find(|c| c.name == *from).expect("the column").name.clone_from(to);
        }
        AlterCommand::ModifyColumn { column, place } => {
            let at = columns.iter().position(|c| c.name == column.name).expect("the column");
            columns.remove(at);
            match place {
                Some(_) => put(columns, column.clone(), place),
                None => columns.insert(at, column.clone()),
            }
        }
        AlterCommand::AddIndex(index) => table.indexes.push(index.clone()),
        AlterCommand::DropIndex(name) => table.indexes.retain(|i| i.name != *name),
        AlterCommand::AddConstraint(constraint) => table.constraints.push(constraint.clone()),
        AlterCommand::Remove { .. }
        | AlterCommand::ModifyOrderBy(_)
        | AlterCommand::ModifySampleBy(_)
        | AlterCommand::ModifyTtl(_)
        | AlterCommand::ModifySettings(_)
        | AlterCommand::ResetSettings(_)
        | AlterCommand::MaterializeIndex(_)
        | AlterCommand::AddProjection(_)
        | AlterCommand::DropProjection(_)
        | AlterCommand::MaterializeProjection(_)
        | AlterCommand::DropConstraint(_) => panic!("nothing here does {command:?}"),
    }
}

fn example() -> Compiled {
    compiled(&Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/sluice.yaml"))
}

/// The example with other definitions of the objects in a role.
fn with(role: Role, change: impl Fn(&mut Definition)) -> Compiled {
    let mut compiled = example();
    let objects = compiled.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    objects.filter(|o| o.role == role && !o.owned_elsewhere).for_each(|o| change(&mut o.definition));
    compiled
}

/// From one state to the other, cut after every step and within it, and what follows cut after half: it goes on each time
/// and ends with an empty plan.
fn cut_anywhere(before: &Compiled, after: &Compiled, policy: &Policy, least: usize) {
    let mut start = empty();
    let plan = planned(before, &mut start, policy);
    apply(&plan, &mut start, usize::MAX, |_| 0);
    for host in &mut start.clickhouse.hosts {
        host.database_engines = host.databases.iter().map(|d| (d.clone(), "Atomic".to_owned())).collect();
    }
    let plan = planned(after, &mut start, policy);
    assert!(plan.steps.len() >= least && !plan.is_blocked(), "{:#?}", plan.steps);
    let saved = reviewed(after, policy, &plan);
    for (limit, hosts) in (0..=plan.steps.len()).flat_map(|limit| [(limit, 4), (limit, 1)]) {
        let mut live = start.clone();
        let context = format!("cut after {limit} on {hosts}");
        let mut left = plan.clone();
        for limit in [limit, limit % 7, usize::MAX] {
            run_some(&left, &mut live, limit, hosts);
            left = going_on(&saved, planned(after, &mut live, policy), &context);
        }
        assert!(hosts == 1 || left.is_empty(), "{context}: {:#?}", left.steps);
        run_some(&left, &mut live, usize::MAX, 4);
        assert!(planned(after, &mut live, policy).is_empty(), "{context}");
    }
}

/// Runs so many steps, one after the other; the last one only on so many hosts.
fn run_some(plan: &Plan, live: &mut Live, limit: usize, hosts: usize) {
    for (at, step) in plan.steps.iter().enumerate().take(limit) {
        let mut step = step.clone();
        if at + 1 == limit {
            step.hosts = step.hosts.iter().take(hosts).copied().collect();
        }
        run(&step, live);
    }
}

/// What shows of columns only when the rest is done: the order, and what a renamed one gets beside its name.
#[test]
fn columns_that_are_renamed_changed_and_moved_go_on() {
    let mut after = example();
    let objects = after.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    for object in objects.filter(|o| o.role == Role::Local && !o.owned_elsewhere) {
        let columns = &mut object.definition.columns;
        let mut moved = columns.remove(0);
        object.renamed_columns.insert("other".into(), std::mem::replace(&mut moved.name, "other".into()));
        moved.comment = "Another".into();
        columns.insert(1, moved);
        // By its name alone, and put elsewhere.
        let mut last = columns.pop().expect("a column");
        object.renamed_columns.insert("last".into(), std::mem::replace(&mut last.name, "last".into()));
        columns.insert(0, last);
    }
    cut_anywhere(&example(), &after, &Policy::default(), 4);
    let mut after = example();
    let objects = after.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    for object in objects.filter(|o| o.role == Role::Local && !o.owned_elsewhere) {
        let columns = &mut object.definition.columns;
        let mut last = columns.pop().expect("a column");
        object.renamed_columns.insert("last".into(), std::mem::replace(&mut last.name, "last".into()));
        columns.insert(0, last);
    }
    cut_anywhere(&example(), &after, &Policy::default(), 4);
}

#[test]
fn what_is_deleted_or_taken_over_goes_on() {
    let mut after = example();
    for pipeline in &mut after.desired.pipelines {
        (pipeline.lifecycle.state, pipeline.lifecycle.deletion) = (Presence::Absent, Deletion::Allow);
    }
    let allow = ["deletes-data"].map(|h| Allowance::parse(h).expect("a hazard")).to_vec();
    cut_anywhere(&example(), &after, &Policy { allow, ..Policy::default() }, 10);
    let unmarked = |mut compiled: Compiled| {
        let objects = compiled.desired.pipelines.iter_mut().flat_map(|p| &mut p.objects);
        objects.for_each(|o| o.definition.comment.clear());
        compiled
    };
    cut_anywhere(&unmarked(example()), &example(), &Policy::default(), 10);
}

fn index(kind: &str) -> Index {
    let expression = Fragment::new("1");
    Index { name: "i".into(), expression, index_type: Fragment::new(kind), granularity: None }
}

#[test]
fn what_goes_and_comes_in_two_statements_goes_on() {
    let before = with(Role::Local, |d| d.indexes = vec![index("minmax")]);
    let after = with(Role::Local, |d| d.indexes = vec![index("set(10)")]);
    cut_anywhere(&before, &after, &Policy::default(), 4);
}

#[test]
fn a_table_that_takes_the_name_of_another_one_goes_on() {
    let set = |key: &'static str| {
        move |d: &mut Definition| drop(d.settings.insert(key.to_owned(), SettingValue::Number("1".into())))
    };
    cut_anywhere(&example(), &with(Role::Sink, set("kafka_poll_timeout_ms")), &Policy::default(), 3);
    cut_anywhere(&example(), &with(Role::Distributed, set("fsync_after_insert")), &Policy::default(), 4);
    cut_anywhere(&example(), &with(Role::Source, set("kafka_poll_timeout_ms")), &Policy::default(), 3);
}
