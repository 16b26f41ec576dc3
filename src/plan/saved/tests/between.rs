//! What an apply that was cut has left of reviewed steps, and what looks like it and is somebody else's doing.

use super::*;
use crate::model::{Column, Constraint, Definition, Engine, Fragment, Index, TableConsumer};
use crate::plan::Start;
use crate::sql::{AlterCommand, Place};

/// One resource with these differences and steps.
fn plan(changes: Vec<Change>, steps: Vec<Step>) -> Plan {
    Plan { header: header(), resources: vec![resource(&pipeline("p"), changes)], steps }
}

fn of(action: impl Into<Action>, hosts: &[usize], hazards: &[Hazard]) -> Step {
    step(&pipeline("p"), action, hosts, hazards)
}

fn create(name: &str) -> TableAction {
    TableAction::Create(Box::new(Definition::new(table(name), Engine::plain("Kafka"))))
}

fn alter(commands: Vec<AlterCommand>) -> TableAction {
    TableAction::Alter { name: table("t"), commands }
}

fn make(name: &str, hosts: &[usize]) -> Change {
    Change::Make { object: table(name), engine: "Kafka".into(), hosts: hosts.to_vec() }
}

fn differs(attribute: Attribute, old: Option<&str>, new: Option<&str>, hosts: &[usize]) -> Change {
    let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
    Change::Attribute { object: table("t"), change: AttributeChange { attribute, old, new }, hosts: hosts.to_vec() }
}

/// Whether a reviewed plan goes on with all of what there is to do now.
fn goes_on(reviewed: &Plan, now: &Plan) -> bool {
    match remaining(&saved(reviewed.clone()), now) {
        Ok(left) => {
            assert_eq!(left.plan, *now);
            true
        }
        Err(Parted::Moved(_)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_is_missing_was_taken_away_by_a_reviewed_step_on_that_host() {
    let reviewed = plan(Vec::new(), vec![of(drop("t"), &[0], &[]), of(create("t"), &[0], &[])]);
    let missing = |name: &str, host: usize| plan(vec![make(name, &[host])], vec![of(create(name), &[host], &[])]);
    assert!(goes_on(&reviewed, &missing("t", 0)));
    // On the other host somebody else has dropped it.
    assert!(!goes_on(&reviewed, &missing("t", 1)));
    assert!(!goes_on(&reviewed, &missing("u", 0)));
    // A step that changes a table does not take it away.
    assert!(!goes_on(&plan(Vec::new(), vec![of(comment("t", "new"), &[0], &[])]), &missing("t", 0)));
    let exchange = TableAction::Exchange { left: table("t"), right: table("n") };
    assert!(!goes_on(&plan(Vec::new(), vec![of(create("n"), &[0], &[]), of(exchange, &[0], &[])]), &missing("t", 0)));
}

#[test]
fn what_wants_consent_was_reviewed_of_that_object() {
    let deletes = [Hazard::DeletesData];
    let reviewed = plan(Vec::new(), vec![of(drop("t"), &[0, 1], &deletes), of(create("u"), &[0, 1], &[])]);
    let tidies = |name: &str| {
        let Change::Make { object, hosts, .. } = make(name, &[1]) else { unreachable!() };
        let change = Change::Unmake { object, hosts, hazards: Vec::new() };
        let drop = TableAction::Drop { name: table(name), is_view: false, sync: false };
        plan(vec![change], vec![of(drop, &[1], &deletes)])
    };
    assert!(goes_on(&reviewed, &tidies("t")));
    assert!(!goes_on(&reviewed, &tidies("u")));
    // What wants none is said of the whole.
    let pauses = [Hazard::PausesIngestion];
    let reviewed = plan(Vec::new(), vec![of(drop("v"), &[0], &pauses), of(create("t"), &[0], &[])]);
    let again = |hazards: &[Hazard]| plan(Vec::new(), vec![of(drop("t"), &[0], hazards)]);
    assert!(goes_on(&reviewed, &again(&pauses)));
    assert!(!goes_on(&reviewed, &again(&[Hazard::BreaksReaders])));
}

#[test]
fn where_a_group_stands_is_set_as_it_was_reviewed() {
    let set = |start: Start, early: bool| KafkaAction::SetOffsets {
        table: table("t"),
        group: "g".into(),
        topics: vec!["a".into()],
        start,
        early,
    };
    let old = || Start::Of("old".into());
    let reviewed = plan(Vec::new(), vec![of(set(old(), true), &[], &[]), of(set(old(), false), &[], &[])]);
    let now = |action: KafkaAction| plan(Vec::new(), vec![of(action, &[], &[])]);
    assert!(goes_on(&reviewed, &now(set(old(), false))));
    // The old group is gone: where it stood nobody knows any more.
    assert!(!goes_on(&reviewed, &now(set(Start::Earliest, false))));
    assert!(!goes_on(&reviewed, &now(KafkaAction::DeleteGroup { table: table("t"), group: "g".into() })));
}

#[test]
fn offsets_are_forgotten_of_what_is_left_of_the_reviewed_topics() {
    let forget = |topics: &[&str]| {
        let topics = topics.iter().map(|t| (*t).to_owned()).collect();
        let action = KafkaAction::ForgetOffsets { table: table("t"), group: "g".into(), topics };
        plan(Vec::new(), vec![of(action, &[], &[])])
    };
    assert!(goes_on(&forget(&["a", "b"]), &forget(&["b"])));
    assert!(!goes_on(&forget(&["a", "b"]), &forget(&["b", "c"])));
}

#[test]
fn members_that_a_reviewed_table_left_behind_are_removed() {
    let reviewed = plan(Vec::new(), vec![of(create("t"), &[0], &[])]);
    let leave = |name: &str| {
        let consumer =
            TableConsumer { host: "h".into(), database: "d".into(), table: name.into(), consumers: 1, client_id: None };
        let (table, group) = (table(name), "g".into());
        plan(Vec::new(), vec![of(KafkaAction::RemoveMembers { table, group, consumers: vec![consumer] }, &[], &[])])
    };
    assert!(goes_on(&reviewed, &leave("t")));
    assert!(!goes_on(&reviewed, &leave("u")));
}

#[test]
fn what_goes_and_comes_in_two_statements_is_missing_in_between() {
    let (expression, index_type) = (Fragment::new("a"), Fragment::new("minmax"));
    let index = Index { name: "i".into(), expression: expression.clone(), index_type, granularity: None };
    let constraint = Constraint { name: "c".into(), assume: false, expression };
    let attribute = Attribute::Index("i".into());
    let change = |old: Option<&str>, hosts: &[usize]| differs(attribute.clone(), old, Some("new"), hosts);
    let drops = || of(alter(vec![AlterCommand::DropIndex("i".into())]), &[0, 1], &[]);
    let adds = |hosts: &[usize]| of(alter(vec![AlterCommand::AddIndex(index.clone())]), hosts, &[]);
    let reviewed = plan(vec![change(Some("old"), &[0, 1])], vec![drops(), adds(&[0, 1])]);
    // On one host it is gone, on the other not yet.
    let between = vec![change(Some("old"), &[1]), change(None, &[0])];
    let rest = || vec![of(alter(vec![AlterCommand::DropIndex("i".into())]), &[1], &[]), adds(&[0, 1])];
    assert!(goes_on(&reviewed, &plan(between, rest())));
    assert!(!goes_on(&reviewed, &plan(vec![change(Some("by hand"), &[0])], rest())));
    let other = differs(Attribute::Index("j".into()), None, Some("new"), &[0]);
    assert!(!goes_on(&reviewed, &plan(vec![other], rest())));
    // A table that is built anew gets its constraints last, also those that it had.
    let adds = || of(alter(vec![AlterCommand::AddConstraint(constraint.clone())]), &[0], &[]);
    let reviewed = plan(Vec::new(), vec![adds()]);
    let lacks = |hosts: &[usize]| differs(Attribute::Constraint("c".into()), None, Some("CHECK a"), hosts);
    assert!(goes_on(&reviewed, &plan(vec![lacks(&[0])], vec![adds()])));
    assert!(!goes_on(&reviewed, &plan(vec![lacks(&[0, 1])], vec![adds()])));
}

#[test]
fn a_column_that_has_its_new_name_is_not_yet_all_that_it_is_to_be() {
    let rename = || of(alter(vec![AlterCommand::RenameColumn { from: "a".into(), to: "b".into() }]), &[0], &[]);
    let modify = || {
        let place = Some(Place::First);
        of(alter(vec![AlterCommand::ModifyColumn { column: Column::new("b", "Int64"), place }]), &[0], &[])
    };
    let column = |old: &str, new: &str| differs(Attribute::Column("b".into()), Some(old), Some(new), &[0]);
    let reviewed = plan(vec![column("`a` Int32", "Int64")], vec![rename(), modify()]);
    let now = |change: Change| plan(vec![change], vec![modify()]);
    assert!(goes_on(&reviewed, &now(column("Int32", "Int64"))));
    assert!(!goes_on(&reviewed, &now(column("Int16", "Int64"))));
    assert!(!goes_on(&reviewed, &now(column("Int32", "String"))));
    // The order shows only now.
    let order = differs(Attribute::ColumnOrder, Some("c, b"), Some("b, c"), &[0]);
    assert!(goes_on(&reviewed, &now(order.clone())));
    let told = differs(Attribute::ColumnOrder, Some("c, d, b"), Some("b, c, d"), &[0]);
    assert!(!goes_on(&plan(vec![told], vec![modify()]), &now(order.clone())));
    assert!(!goes_on(&plan(Vec::new(), vec![of(comment("t", "x"), &[0], &[])]), &plan(vec![order], Vec::new())));
}

#[test]
fn marks_are_known_where_the_reviewed_steps_work() {
    let reviewed = plan(Vec::new(), vec![of(comment("t", "Rows"), &[0], &[])]);
    let marked = |old: &str, host: usize| {
        let change = differs(Attribute::Comment, Some(old), Some("Rows"), &[host]);
        goes_on(&reviewed, &plan(vec![change], vec![of(comment("t", "Rows"), &[0], &[])]))
    };
    for mark in ["sluice copy of d.t, form 1", "sluice rows by key 1f", "sluice backfill: not filled yet"] {
        assert!(marked(mark, 0), "{mark}");
        assert!(!marked(mark, 1), "{mark}");
    }
    assert!(!marked("mine", 0));
}

#[test]
fn which_of_the_names_of_a_day_a_replaced_table_gets_does_not_matter() {
    let rename = |to: &str| TableAction::Rename { pairs: vec![(table("t__sluice_next"), table(to))] };
    let reviewed = plan(Vec::new(), vec![of(rename("t__old_20261125"), &[0], &[])]);
    let now = |to: &str| plan(Vec::new(), vec![of(rename(to), &[0], &[])]);
    assert!(goes_on(&reviewed, &now("t__old_20261125_2")));
    assert!(!goes_on(&reviewed, &now("t__old_20261126")));
    assert!(!goes_on(&reviewed, &now("u__old_20261125")));
    // To take one away is another thing.
    assert!(!goes_on(&reviewed, &plan(Vec::new(), vec![of(drop("t__old_20261125"), &[0], &[])])));
}
