//! A reviewed plan against what is found later.

mod between;

use super::{MovedResource, Parted, SavedPlan, SavedPlanError, remaining};
use crate::diff::{Attribute, AttributeChange, TopicChange};
use crate::model::{Census, Kind, ObjectName, ResourceId, Topology};
use crate::plan::{
    Action, Blocked, Change, Hazard, Header, Host, KafkaAction, Plan, Policy, Reach, ResourcePlan, Step, TableAction,
    Verb,
};
use std::collections::{BTreeMap, BTreeSet};

fn header() -> Header {
    let host = |n: usize| Host { name: format!("ch{n}:8123"), version: "26.9".into() };
    Header {
        project: "shop".into(),
        environment: None,
        kafka: "k:9092".into(),
        cluster_id: "K1".into(),
        topology: Topology::PerHost { cluster: "dwh".into() },
        hosts: vec![host(1), host(2)],
        census: Census::default(),
        left_out: BTreeSet::new(),
        undeclared: BTreeSet::new(),
    }
}

fn pipeline(name: &str) -> ResourceId {
    ResourceId::new(Kind::KafkaPipeline, name)
}

fn table(name: &str) -> ObjectName {
    ObjectName::new("d", name)
}

fn step(resource: &ResourceId, action: impl Into<Action>, hosts: &[usize], hazards: &[Hazard]) -> Step {
    let action = action.into();
    Step {
        resource: resource.clone(),
        timeout: action.timeout(),
        action,
        hosts: hosts.iter().copied().collect(),
        reach: Reach::EachHost,
        needs: BTreeSet::new(),
        hazards: hazards.to_vec(),
    }
}

fn drop(name: &str) -> TableAction {
    TableAction::Drop { name: table(name), is_view: false, sync: true }
}

fn comment(name: &str, comment: &str) -> TableAction {
    TableAction::Comment { name: table(name), comment: comment.into(), adopts: false }
}

fn attribute(name: &str, old: &str, hosts: &[usize]) -> Change {
    let change = AttributeChange { attribute: Attribute::Comment, old: Some(old.into()), new: Some("new".into()) };
    Change::Attribute { object: table(name), change, hosts: hosts.to_vec() }
}

fn resource(id: &ResourceId, changes: Vec<Change>) -> ResourcePlan {
    let (impact, blocked, notes) = (None, Vec::new(), Vec::new());
    ResourcePlan { id: id.clone(), verb: Verb::Change, impact, changes, blocked, notes }
}

/// Two resources: `a` gets a comment, `b` a table is dropped of.
fn reviewed() -> Plan {
    let (a, b) = (pipeline("a"), pipeline("b"));
    let unmake = Change::Unmake { object: table("b"), hosts: vec![0, 1], hazards: vec![Hazard::DeletesData] };
    Plan {
        header: header(),
        resources: vec![resource(&a, vec![attribute("a", "old", &[0, 1])]), resource(&b, vec![unmake])],
        steps: vec![step(&a, comment("a", "new"), &[0, 1], &[]), step(&b, drop("b"), &[0, 1], &[Hazard::DeletesData])],
    }
}

fn saved(plan: Plan) -> SavedPlan {
    SavedPlan { manifests: "m".into(), policy: Policy::default(), remade: BTreeSet::new(), plan, graph: String::new() }
}

fn moved(plan: &Plan) -> Vec<MovedResource> {
    match remaining(&saved(reviewed()), plan) {
        Err(Parted::Moved(resources)) => resources,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_as_it_was_is_run() {
    let left = remaining(&saved(reviewed()), &reviewed()).unwrap();
    assert_eq!((left.plan, left.beside), (reviewed(), BTreeSet::new()));
}

#[test]
fn what_is_done_already_is_not_done_again() {
    let mut now = reviewed();
    now.steps[0].hosts = BTreeSet::from([1]);
    now.resources[0].changes = vec![attribute("a", "old", &[1])];
    now.steps.truncate(1);
    now.resources.truncate(1);
    assert_eq!(remaining(&saved(reviewed()), &now).unwrap().plan, now);
    now.steps.clear();
    now.resources.clear();
    assert!(remaining(&saved(reviewed()), &now).unwrap().plan.steps.is_empty());
}

#[test]
fn a_value_that_moved_is_told_with_both_sides_although_the_step_is_the_same() {
    let mut now = reviewed();
    now.resources[0].changes = vec![attribute("a", "by hand", &[0, 1])];
    let found = moved(&now);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, pipeline("a"));
    assert_eq!(found[0].now, [attribute("a", "by hand", &[0, 1])]);
    assert_eq!(found[0].reviewed, [attribute("a", "old", &[0, 1])]);
    assert!(found[0].steps.is_empty());
}

#[test]
fn a_step_that_nobody_saw_a_host_more_and_a_danger_more_are_refused() {
    let b = pipeline("b");
    let mut other = reviewed();
    other.steps.push(step(&b, drop("c"), &[0], &[Hazard::DeletesData]));
    assert_eq!(moved(&other)[0].steps, [2]);
    let mut other = reviewed();
    other.steps[1].action = KafkaAction::DeleteTopic { name: "t".into(), id: "1".into() }.into();
    assert_eq!(moved(&other)[0].steps, [1]);
    let mut other = reviewed();
    other.steps[0].hazards = vec![Hazard::MayDuplicate];
    assert_eq!(moved(&other)[0].steps, [0]);
    let mut other = reviewed();
    other.resources[0].blocked = vec![Blocked::NoHosts("c".into())];
    assert_eq!(moved(&other)[0].blocked, [Blocked::NoHosts("c".into())]);
    // The steps of an earlier apply stand on fewer hosts, never on others.
    let mut narrow = reviewed();
    narrow.steps[0].hosts = BTreeSet::from([0]);
    narrow.resources[0].changes = vec![attribute("a", "old", &[0])];
    let Err(Parted::Moved(found)) = remaining(&saved(narrow), &reviewed()) else { panic!("it is run") };
    assert_eq!(found[0].now, [attribute("a", "old", &[0, 1])]);
}

#[test]
fn a_topic_that_moved_is_told() {
    let id = ResourceId::new(Kind::Topic, "t");
    let set = |old: &str| {
        let change =
            TopicChange::Set { key: "retention.ms".into(), old: Some(old.into()), pinned: true, new: "3".into() };
        Change::Topic { change, hazards: Vec::new() }
    };
    let alter = KafkaAction::AlterTopic {
        name: "t".into(),
        set: BTreeMap::from([("retention.ms".into(), "3".into())]),
        unset: BTreeSet::new(),
    };
    let plan = |old: &str| Plan {
        header: header(),
        resources: vec![resource(&id, vec![set(old)])],
        steps: vec![step(&id, alter.clone(), &[], &[])],
    };
    let Err(Parted::Moved(found)) = remaining(&saved(plan("1")), &plan("2")) else { panic!("it is run") };
    assert_eq!((&found[0].now, &found[0].reviewed), (&vec![set("2")], &vec![set("1")]));
}

#[test]
fn what_a_cut_apply_has_left_is_tidied_up() {
    let b = pipeline("b");
    // The table stands between two of its steps: it is dropped, and something of it is to be flushed first.
    let mut now = reviewed();
    now.steps[1].needs = BTreeSet::from([2]);
    now.steps.push(step(&b, TableAction::Flush { name: table("b") }, &[0], &[]));
    let left = remaining(&saved(reviewed()), &now).unwrap();
    assert_eq!(left.plan.steps.len(), 3);
    // Not with a danger that nobody saw.
    now.steps[2].hazards = vec![Hazard::MissesRows];
    assert_eq!(moved(&now)[0].steps, [2]);
}

#[test]
fn what_has_nothing_to_do_with_it_is_left_alone_unless_it_is_waited_for() {
    let c = pipeline("c");
    let mut now = reviewed();
    now.resources.push(resource(&c, vec![attribute("c", "x", &[0])]));
    now.steps.insert(0, step(&c, comment("c", "new"), &[0], &[]));
    now.steps[2].needs = BTreeSet::from([1]);
    let left = remaining(&saved(reviewed()), &now).unwrap();
    assert_eq!(left.beside, BTreeSet::from([c.clone()]));
    assert_eq!(left.plan.steps.iter().map(|s| s.resource.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(left.plan.steps[1].needs, BTreeSet::from([0]));
    assert_eq!(left.plan.resources.len(), 2);
    now.steps[1].needs = BTreeSet::from([0]);
    assert_eq!((moved(&now)[0].id.clone(), moved(&now)[0].steps.clone()), (c, vec![0]));
}

#[test]
fn another_place_is_refused() {
    let apart = |change: fn(&mut Header)| {
        let mut now = reviewed();
        change(&mut now.header);
        remaining(&saved(reviewed()), &now).unwrap_err()
    };
    assert_eq!(apart(|h| h.cluster_id = "K2".into()), Parted::Cluster("K1".into()));
    let hosts = apart(|h| {
        h.hosts.pop();
        h.hosts.push(Host { name: "ch3:8123".into(), version: "26.9".into() });
    });
    assert_eq!(hosts, Parted::Hosts { gone: vec!["ch2:8123".into()], new: vec!["ch3:8123".into()] });
    // A server that was upgraded is the same server.
    let mut now = reviewed();
    now.header.hosts[0].version = "27.1".into();
    assert!(remaining(&saved(reviewed()), &now).is_ok());
}

#[test]
fn what_was_made_anew_meanwhile_is_not_made_anew_once_more() {
    let uuid = |name: &str, uuid: &str| (table(name), uuid.to_owned());
    let mut plan = saved(reviewed());
    plan.policy.recreate = BTreeSet::from([pipeline("a"), pipeline("b")]);
    plan.remade = BTreeSet::from([uuid("a", "1"), uuid("b", "2")]);
    let owner = |name: &ObjectName| Some(pipeline(&name.table));
    let asked =
        |now: &[(ObjectName, String)]| plan.policy_for(&reviewed(), &now.iter().cloned().collect(), owner).recreate;
    assert_eq!(asked(&[uuid("a", "1"), uuid("b", "2")]).len(), 2);
    // What is gone was dropped by an apply that was cut; what is there again was made by it.
    assert_eq!(asked(&[uuid("a", "1")]).len(), 2);
    assert_eq!(asked(&[uuid("a", "1"), uuid("b", "3")]), BTreeSet::from([pipeline("a")]));
    // A topic is known by its id.
    let topic = ResourceId::new(Kind::Topic, "t");
    let deletes = |id: &str| {
        let delete = KafkaAction::DeleteTopic { name: "t".into(), id: id.into() };
        Plan { steps: vec![step(&topic, delete, &[], &[])], ..reviewed() }
    };
    let mut plan = saved(deletes("1"));
    plan.policy.recreate = BTreeSet::from([topic.clone()]);
    let asked = |id: &str| plan.policy_for(&deletes(id), &BTreeSet::new(), owner).recreate;
    assert_eq!((asked("1").len(), asked("2").len()), (1, 0));
}

#[test]
fn the_mark_of_a_table_that_is_being_filled_is_no_change_by_somebody() {
    let b = pipeline("b");
    let mut now = reviewed();
    let marked = |old: &str| {
        let change = AttributeChange { attribute: Attribute::Comment, old: Some(old.into()), new: Some("Rows".into()) };
        Change::Attribute { object: table("b"), change, hosts: vec![0] }
    };
    now.resources[1].changes = vec![marked("sluice backfill: not filled yet"), marked("sluice copy of d.b, form 1")];
    assert!(remaining(&saved(reviewed()), &now).is_ok());
    now.resources[1].changes = vec![marked("mine")];
    assert_eq!(moved(&now)[0].id, b);
}

#[test]
fn a_file_that_is_no_plan_or_not_this_one_says_why() {
    let text = saved(reviewed()).to_text();
    let error = |text: &str| SavedPlan::read(text).unwrap_err();
    assert_eq!(error("apiVersion: sluice/v1\nkind: Topic\n"), SavedPlanError::Manifest);
    assert_eq!(error("{\"apiVersion\": \"sluice/v1\"}"), SavedPlanError::Manifest);
    assert_eq!(error("{}"), SavedPlanError::NotAPlan);
    assert_eq!(error("hello"), SavedPlanError::NotAPlan);
    assert!(matches!(error(&text[..text.len() / 2]), SavedPlanError::Damaged(_)));
    assert_eq!(error(&text.replace("\"new\"", "\"other\"")), SavedPlanError::Edited);
    assert_eq!(error(&text.replace("\"1.0\"", "\"1.1\"")), SavedPlanError::Newer { found: "1.1".into() });
    assert_eq!(error(&text.replace("\"1.0\"", "\"2.0\"")), SavedPlanError::Newer { found: "2.0".into() });
    assert!(matches!(error(&text.replacen("\"remade\"", "\"unknown\"", 1)), SavedPlanError::Damaged(_)));
    // How it is laid out does not matter.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(SavedPlan::read(&value.to_string()).unwrap(), saved(reviewed()));
}
