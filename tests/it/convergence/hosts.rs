//! Hosts that join or differ, on the model of the servers.

use super::{apply, compiled, empty, planned};
use sluice::compile::Compiled;
use sluice::model::{DesiredPipeline, Fragment, Live, Role};
use sluice::plan::{Action, Class, Note, Plan, Policy, TableAction};
use std::collections::BTreeSet;
use std::path::Path;

/// The project of the homework, applied.
fn applied() -> (Compiled, Live) {
    let compiled = compiled(&Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/sluice.yaml"));
    let mut live = empty();
    let plan = planned(&compiled, &mut live, &Policy::default());
    apply(&plan, &mut live, usize::MAX, |_| 0);
    (compiled, live)
}

fn table_steps(plan: &Plan) -> impl Iterator<Item = (&TableAction, &BTreeSet<usize>)> {
    plan.steps.iter().filter_map(|step| match &step.action {
        Action::Table(action) => Some((action, &step.hosts)),
        Action::Kafka(_) => None,
    })
}

fn notes(plan: &Plan) -> impl Iterator<Item = &Note> {
    plan.resources.iter().flat_map(|r| &r.notes)
}

#[test]
fn a_host_that_joins_gets_everything_and_nothing_else_moves() {
    let (compiled, mut live) = applied();
    let host = &mut live.clickhouse.hosts[2];
    (host.objects, host.databases) = Default::default();
    let plan = planned(&compiled, &mut live, &Policy::default());
    assert!(!plan.is_empty());
    for (action, hosts) in table_steps(&plan) {
        assert!(matches!(action, TableAction::CreateDatabase { .. } | TableAction::Create(_)), "{action:?}");
        assert_eq!(*hosts, BTreeSet::from([2]), "{action:?}");
    }
    assert!(notes(&plan).any(|n| matches!(n, Note::NewOn { hosts } if *hosts == [2])));
    let consuming = plan.resources.iter().filter_map(|r| r.impact.as_ref()).filter(|i| i.pause.is_some());
    let classes: BTreeSet<Class> = consuming.map(|i| i.class).collect();
    assert_eq!(classes, BTreeSet::from([Class::Joined]));
    apply(&plan, &mut live, usize::MAX, |_| 0);
    assert!(planned(&compiled, &mut live, &Policy::default()).is_empty());
}

#[test]
fn a_host_that_is_behind_is_brought_up_while_the_others_go_on() {
    let (compiled, mut live) = applied();
    let through = |p: &&DesiredPipeline| p.objects.iter().any(|o| o.role == Role::Distributed);
    let pipeline = compiled.desired.pipelines.iter().find(through).expect("a pipeline with a Distributed table");
    // As an apply left it that went on without this host: a column of all of them is not there yet.
    for object in &pipeline.objects {
        let found = live.clickhouse.hosts[2].objects.get_mut(&object.definition.name).expect("the object");
        found.definition.columns.pop();
        if let Some(query) = &mut found.definition.query {
            *query = Fragment::new(format!("{query} LIMIT 7"));
        }
    }
    let plan = planned(&compiled, &mut live, &Policy::default());
    assert!(table_steps(&plan).any(|(action, _)| matches!(action, TableAction::Alter { .. })));
    for (action, hosts) in table_steps(&plan) {
        assert_eq!(*hosts, BTreeSet::from([2]), "{action:?}");
    }
}

#[test]
fn more_kafka_tables_than_threads_are_told_with_both_numbers() {
    let (compiled, mut live) = (applied().0, empty());
    for host in &mut live.clickhouse.hosts {
        (host.broker_tasks, host.broker_threads) = (15, 16);
    }
    live.clickhouse.hosts[1].broker_tasks = 16;
    let plan = planned(&compiled, &mut live, &Policy::default());
    let told: Vec<&Note> = notes(&plan).filter(|n| matches!(n, Note::FewBrokerThreads { .. })).collect();
    assert!(!told.is_empty());
    assert!(told.iter().all(|n| **n == Note::FewBrokerThreads { hosts: vec![1], tasks: 17, threads: 16 }), "{told:?}");
}
