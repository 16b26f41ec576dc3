//! The renderers over whole plans.

use super::outcome::{Failure, Report, progress, report};
use super::testing::{self as plans, hostile, obstructed, whole};
use super::text::{Style, plan as text};
use super::{script, step};
use crate::diff::{Attribute, TopicChange};
use crate::model::{HostRemark, Topology, Unread, UnreadHost};
use crate::plan::saved::SavedPlan;
use crate::plan::{Action, Allowance, Change, OnCluster, Plan, Policy, Reach, Verb};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const PLAIN: Style = Style { colour: false, width: 120, sql: true };
const BRIEF: Style = Style { colour: false, width: 120, sql: false };

#[test]
fn the_plans_hold_every_variant() {
    let all = [whole(), obstructed()];
    let resources = || all.iter().flat_map(|p| &p.resources);
    let steps = || all.iter().flat_map(|p| &p.steps);
    let changes = || resources().flat_map(|r| &r.changes);
    let of_topics = changes().filter_map(|c| match c {
        Change::Topic { change, .. } => Some(change),
        Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. } | Change::Attribute { .. } => None,
    });
    let attributes = changes().filter_map(|c| match c {
        Change::Attribute { change, .. } => Some(&change.attribute),
        Change::Topic { .. } | Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. } => None,
    });
    covered(resources().map(|r| plans::verb_name(&r.verb)), plans::VERBS);
    covered(changes().map(plans::change_name), plans::CHANGES);
    covered(of_topics.map(|c: &TopicChange| plans::topic_change_name(c)), plans::TOPIC_CHANGES);
    covered(attributes.map(|a: &Attribute| plans::attribute_name(a)), plans::ATTRIBUTES);
    covered(resources().flat_map(|r| &r.blocked).map(plans::blocked_name), plans::BLOCKED);
    covered(resources().flat_map(|r| &r.notes).map(plans::note_name), plans::NOTES);
    let (mut at_brokers, mut on_hosts) = (Vec::new(), Vec::new());
    for step in steps() {
        match &step.action {
            Action::Kafka(action) => at_brokers.push(plans::kafka_action_name(action)),
            Action::Table(action) => on_hosts.push(plans::table_action_name(action)),
        }
    }
    covered(at_brokers.into_iter(), plans::KAFKA_ACTIONS);
    covered(on_hosts.into_iter(), plans::TABLE_ACTIONS);
    covered(steps().flat_map(|s| &s.hazards).map(plans::hazard_name), plans::HAZARDS);
}

fn covered(found: impl Iterator<Item = &'static str>, all: &[&'static str]) {
    assert_eq!(found.collect::<BTreeSet<_>>(), all.iter().copied().collect());
}

#[test]
fn a_whole_plan_as_text() {
    let allow = vec![Allowance::parse("shortens-retention").unwrap()];
    insta::assert_snapshot!(text(&whole(), &Policy { allow, ..Policy::default() }, PLAIN));
}

#[test]
fn hosts_that_were_not_read_stand_in_the_header() {
    let mut plan = whole();
    plan.steps.clear();
    plan.resources.retain(|r| r.verb == Verb::Keep);
    let unread = |name: &str, why| UnreadHost { name: name.into(), why, clusters: BTreeSet::new() };
    plan.header.census.unread = vec![
        unread("ch5:8123", Unread::Silent("Connection refused".into())),
        unread("ch6:9000", Unread::NotListed { perhaps: vec![] }),
    ];
    plan.header.left_out = BTreeSet::from(["ch5:8123".into()]);
    plan.header.census.remarks =
        vec![HostRemark::OnNoCluster { host: "ch9:8123".into() }, HostRemark::NotAway { host: "ch1".into() }];
    insta::assert_snapshot!(text(&plan, &Policy::default(), BRIEF));
}

#[test]
fn every_obstacle_as_text() {
    insta::assert_snapshot!(text(&obstructed(), &Policy::default(), PLAIN));
}

#[test]
fn a_whole_plan_as_a_script() {
    insta::assert_snapshot!(script::sql(&whole()));
}

#[test]
fn on_a_cluster_statements_say_so() {
    let mut plan = whole();
    plan.header.topology = Topology::OnCluster { cluster: "dwh_test".into() };
    plan.steps.retain(|s| s.hosts.contains(&2));
    plan.steps.truncate(3);
    for step in &mut plan.steps[..2] {
        step.reach = Reach::OnCluster(OnCluster { cluster: "dwh_test".into(), through: 0, members: BTreeMap::new() });
    }
    plan.steps[2].reach = Reach::Passed { through: BTreeSet::from([0, 2]) };
    insta::assert_snapshot!(script::sql(&plan));
}

#[test]
fn nothing_to_do_is_one_line() {
    let mut plan = whole();
    plan.steps.clear();
    plan.resources.retain(|r| r.verb == Verb::Keep);
    insta::assert_snapshot!(text(&plan, &Policy::default(), PLAIN));
}

#[test]
fn hostile_texts_stay_where_they_are() {
    let (shown, script) = (text(&hostile(), &Policy::default(), PLAIN), script::sql(&hostile()));
    for output in [&shown, &script] {
        let odd = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
        assert_eq!(output.chars().find(odd), None, "{output}");
        let forged = |l: &&str| l.starts_with("Plan: 0 to create\\n") || l.trim_start().starts_with("-- DROP");
        assert_eq!(output.lines().find(forged), None, "{output}");
    }
    insta::assert_snapshot!(format!("{shown}\n=====\n{script}"));
}

#[test]
fn secrets_are_never_shown() {
    let plan = whole();
    let all = [text(&plan, &Policy::default(), PLAIN), script::sql(&plan)].concat();
    assert!(!all.contains("hunter2"), "{all}");
    assert!(all.contains("<secret fromEnv KAFKA_PASSWORD>"));
}

#[test]
fn colour_changes_nothing_but_colour() {
    for plan in [whole(), obstructed(), hostile()] {
        let coloured = text(&plan, &Policy::default(), Style { colour: true, ..PLAIN });
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text(&plan, &Policy::default(), PLAIN));
    }
}

#[test]
fn without_statements_the_steps_remain() {
    let brief = text(&whole(), &Policy::default(), BRIEF);
    assert!(brief.contains("flush   raw.again") && !brief.contains("SYSTEM FLUSH"), "{brief}");
}

#[test]
fn every_step_has_one_line() {
    let plan = whole();
    let lines: Vec<String> = (0..=plan.steps.len()).map(|i| step(&plan, i)).collect();
    assert!(lines.iter().all(|l| !l.contains('\n')));
    insta::assert_snapshot!(lines.join("\n"));
}

fn reported(plan: &Plan, done: &[usize], failed: &[Failure], not_started: &[usize], interrupted: bool) -> String {
    let took = Duration::from_millis(1234);
    let again = "sluice --env prod apply";
    report(&Report { plan, done, failed, not_started, interrupted, took, again }, PLAIN)
}

#[test]
fn outcomes() {
    let plan = whole();
    let all: Vec<usize> = (0..plan.steps.len()).collect();
    let failure = Failure {
        step: 7,
        host: Some("ch3:8123".into()),
        statement: Some("CREATE TABLE otus_kafka.new_kafka\n(\n    `date` String\n)".into()),
        words: "code 57, TABLE_ALREADY_EXISTS:\nTable exists\u{1b}[1A".into(),
        in_doubt: false,
    };
    let kafka = Failure { step: 5, host: None, statement: None, words: "timed out".into(), in_doubt: true };
    let shown = [
        reported(&plan, &all, &[], &[], false),
        reported(&plan, &[0, 1, 2], &[failure], &[8, 9, 10], false),
        reported(&plan, &[0], &[kafka], &[8], true),
        reported(&plan, &[], &[], &all, true),
        progress(&plan, 2, Duration::from_millis(149), false, PLAIN),
        progress(&plan, 11, Duration::from_millis(61_000), true, PLAIN),
    ];
    insta::assert_snapshot!(shown.join("=====\n"));
}

#[test]
fn plans_meet_their_schema_and_come_back_from_their_files_as_they_were() {
    let schema = jsonschema::validator_for(&super::json::schema()).unwrap();
    for plan in [whole(), obstructed(), hostile()] {
        let policy = Policy { allow: vec![Allowance::parse("shortens-retention").unwrap()], ..Policy::default() };
        let mut saved =
            SavedPlan { manifests: "m".into(), policy, remade: BTreeSet::new(), plan, graph: String::new() };
        let members = BTreeMap::from([(("ch1".to_owned(), 9000), 0)]);
        for step in &mut saved.plan.steps {
            let on = OnCluster { cluster: "c".into(), through: 0, members: members.clone() };
            step.reach = Reach::OnCluster(on);
        }
        let output: serde_json::Value = serde_json::from_str(&super::json::plan(&saved)).unwrap();
        let faults: Vec<String> = schema.iter_errors(&output).map(|e| e.to_string()).collect();
        assert_eq!(faults, [""; 0]);
        assert_eq!((&output["format"], &output["id"]), (&"1.0".into(), &saved.id().into()));
        let file = saved.to_text();
        assert_eq!(SavedPlan::read(&file).unwrap(), saved);
        assert_eq!(SavedPlan::read(&file).unwrap().to_text(), file);
    }
}

#[test]
fn a_whole_plan_as_json() {
    let saved = SavedPlan {
        manifests: "m".into(),
        policy: Policy::default(),
        remade: BTreeSet::new(),
        plan: whole(),
        graph: String::new(),
    };
    insta::assert_snapshot!(super::json::plan(&saved));
}
