//! The law on a model of the servers: a plan, applied in any order its needs allow, stopped anywhere and made
//! again, ends in a state for which the plan is empty. What a real server refuses, the model refuses too.

mod altered;
mod backfill;
mod hosts;
mod rebuild;

use proptest::prelude::*;
use sluice::compile::{Compiled, compile};
use sluice::diff;
use sluice::manifest::{LoadOptions, load};
use sluice::model::backfill::{up_to_text, up_to_unknown};
use sluice::model::live::TopicFact;
use sluice::model::{
    Canonical, Census, ConfigEntry, ConfigSource, Definition, DesiredPipeline, Kind, Live, LiveClickHouse, LiveHost,
    LiveKafka, LiveObject, LiveTopic, ObjectName, Role,
};
use sluice::plan::saved::{MovedResource, Parted, SavedPlan, remaining};
use sluice::plan::{self, Action, Allowance, Header, KafkaAction, Plan, Policy, Step, TableAction};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn projects() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = std::fs::read_dir(root.join("examples")).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<PathBuf> = examples.chain([root.join("manifests")]).map(|d| d.join("sluice.yaml")).collect();
    all.retain(|file| file.is_file());
    all.sort();
    all
}

fn compiled(project: &Path) -> Compiled {
    let environment = ["KAFKA_BROKERS=k:9092", "CLICKHOUSE_URL=http://c:8123", "CLICKHOUSE_URLS=http://c:8123"];
    let pair = |v: &str| v.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
    let options = LoadOptions {
        project_file: project.to_owned(),
        environment: None,
        vars: BTreeMap::new(),
        process_env: environment.into_iter().map(pair).collect(),
    };
    let (compiled, findings) = compile(&load(&options));
    compiled.unwrap_or_else(|| panic!("{}: {findings:#?}", project.display()))
}

/// Four hosts, the clusters of the sandbox, nothing on them.
fn empty() -> Live {
    let host = |n: u32| {
        let half = if n <= 2 { "ingest" } else { "storage" };
        LiveHost {
            name: format!("h{n}:8123"),
            version: "26.9.2.1".into(),
            clusters: BTreeMap::from([("dwh_test".to_owned(), (n, 1)), (half.to_owned(), (n.div_ceil(2), 1))]),
            hostname: format!("h{n}"),
            foreground_insert: true,
            ..LiveHost::default()
        }
    };
    let kafka = LiveKafka { cluster_id: "id".into(), brokers: 1, ..LiveKafka::default() };
    Live { kafka, clickhouse: LiveClickHouse { hosts: (1..=4).map(host).collect(), census: Census::default() } }
}

fn planned(compiled: &Compiled, live: &mut Live, policy: &Policy) -> Plan {
    let desired = &compiled.desired;
    for topic in &desired.topics {
        live.kafka.topics.entry(topic.name.clone()).or_insert(TopicFact::Absent);
    }
    let changes = diff::diff(desired, live, &Canonical::new());
    let header = Header {
        project: desired.project.clone(),
        environment: None,
        kafka: String::new(),
        cluster_id: String::new(),
        topology: desired.topology.clone(),
        hosts: Vec::new(),
        census: Census::default(),
        left_out: BTreeSet::new(),
        undeclared: BTreeSet::new(),
    };
    plan::plan(header, desired, &changes, live, policy).unwrap()
}

/// A plan that was reviewed.
fn reviewed(compiled: &Compiled, policy: &Policy, plan: &Plan) -> SavedPlan {
    SavedPlan::new(&compiled.desired, policy.clone(), BTreeSet::new(), plan.clone(), String::new())
}

/// A plan of now that goes on with a reviewed one, after nobody but applies of that has done anything: all of it is run,
/// and needs no new approval.
fn going_on(saved: &SavedPlan, now: Plan, context: &str) -> Plan {
    match remaining(saved, &now) {
        Ok(left) => assert_eq!(left.plan.steps, now.steps, "{context}"),
        Err(Parted::Moved(moved)) => {
            let steps = |m: &MovedResource| m.steps.iter().map(|i| format!("{:?}", now.steps[*i])).collect::<Vec<_>>();
            let told = moved.iter().map(|m| format!("{} {:?} {:?} {:#?}", m.id, m.now, m.blocked, steps(m)));
            panic!("{context}: it has moved: {}", told.collect::<Vec<_>>().join("\n"));
        }
        Err(parted) => panic!("{context}: {parted:?}"),
    }
    now
}

/// Does what the servers would do; a step they would refuse fails the test.
fn run(step: &Step, live: &mut Live) {
    match &step.action {
        Action::Kafka(action) => run_at_brokers(action, live),
        Action::Table(action) => {
            assert!(!step.hosts.is_empty());
            for host in &step.hosts {
                run_on(action, &mut live.clickhouse.hosts[*host]);
            }
        }
    }
}

fn run_at_brokers(action: &KafkaAction, live: &mut Live) {
    let topics = &mut live.kafka.topics;
    match action {
        KafkaAction::CreateTopic { name, partitions, replication_factor, config } => {
            assert_eq!(topics.get(name), Some(&TopicFact::Absent), "{name} exists");
            let pinned =
                |v: &String| ConfigEntry { value: Some(v.clone()), source: ConfigSource::Topic, read_only: false };
            let config = config.iter().map(|(k, v)| (k.clone(), pinned(v))).collect();
            let replicas = vec![usize::from(*replication_factor); *partitions as usize];
            let topic = LiveTopic { id: "topic-id".into(), replicas, config };
            topics.insert(name.clone(), TopicFact::Present(topic));
        }
        KafkaAction::DeleteTopic { name, .. } => {
            assert!(matches!(topics.insert(name.clone(), TopicFact::Absent), Some(TopicFact::Present(_))));
        }
        KafkaAction::RemoveMembers { .. } => {}
        // The offsets of a group that fills a target are followed elsewhere.
        KafkaAction::SetOffsets { group, .. } => assert!(group.contains("-backfill-"), "{group}"),
        KafkaAction::DeleteGroup { .. } | KafkaAction::AwaitBackfill(_) => {}
        KafkaAction::GrowTopic { .. } | KafkaAction::AlterTopic { .. } | KafkaAction::ForgetOffsets { .. } => {
            panic!("nothing here changes a topic or a group in place")
        }
    }
}

fn run_on(action: &TableAction, host: &mut LiveHost) {
    let object = |host: &LiveHost, name: &ObjectName| host.objects.contains_key(name);
    match action {
        TableAction::CreateDatabase { name } => drop(host.databases.insert(name.clone())),
        TableAction::CreateFillingView(filling) => {
            let up_to = filling.up_to.as_ref().expect("whoever runs it knows the offsets");
            let comment = filling.view.comment.replace(&up_to_unknown(), &up_to_text(up_to));
            run_on(&TableAction::Create(Box::new(Definition { comment, ..filling.view.clone() })), host);
        }
        TableAction::Fill(fill) => assert!(object(host, &fill.to), "{} is missing", fill.to),
        TableAction::Create(definition) => {
            let name = &definition.name;
            assert!(host.databases.contains(&name.database), "no database for {name}");
            assert!(!object(host, name), "{name} exists");
            if let Some(target) = &definition.target {
                assert!(object(host, target), "{name} on {}: no target {target}", host.name);
            }
            let readers = Vec::new();
            let made = LiveObject { definition: (**definition).clone(), uuid: "uuid".into(), readers };
            host.objects.insert(name.clone(), made);
        }
        TableAction::Comment { name, comment, .. } => {
            host.objects.get_mut(name).unwrap().definition.comment.clone_from(comment);
        }
        TableAction::Flush { name } | TableAction::StartMerges { name } => assert!(object(host, name)),
        TableAction::Drop { name, .. } => {
            let used = |o: &&LiveObject| {
                let reads = o
                    .definition
                    .query
                    .iter()
                    .flat_map(|q| q.as_str().split_whitespace())
                    .any(|w| w == name.to_string());
                o.definition.target.as_ref() == Some(name) || o.definition.is_view() && reads
            };
            // A view over a Kafka table that is gone stands still and harms nothing.
            let is_kafka = host.objects.get(name).is_some_and(|o| o.definition.engine.name == "Kafka");
            let user = host.objects.values().find(|o| o.definition.name != *name && used(o) && !is_kafka);
            assert_eq!(user.map(|o| o.definition.name.to_string()), None, "{name} is dropped while it is used");
            assert!(host.objects.remove(name).is_some(), "{name} does not exist");
        }
        TableAction::Copy(copy) => {
            assert!(object(host, &copy.from) && object(host, &copy.to), "{} or {} is missing", copy.from, copy.to);
        }
        TableAction::Exchange { left, right } => {
            let engine = host.database_engines.get(&left.database);
            assert_ne!(engine.map(String::as_str), Some("Ordinary"), "{left} cannot be exchanged");
            let aside = right.with_suffix("__aside");
            for (from, to) in [(left, &aside), (right, left), (&aside, right)] {
                rename(host, from, to);
            }
        }
        TableAction::Rename { pairs } => pairs.iter().for_each(|(from, to)| rename(host, from, to)),
        TableAction::Alter { name, commands } => {
            let found = host.objects.get_mut(name).unwrap_or_else(|| panic!("{name} does not exist"));
            commands.iter().for_each(|command| altered::alter(&mut found.definition, command));
        }
        TableAction::ModifyQuery { name, query } => {
            host.objects.get_mut(name).unwrap().definition.query = Some(query.clone());
        }
    }
}

fn rename(host: &mut LiveHost, from: &ObjectName, to: &ObjectName) {
    let mut object = host.objects.remove(from).unwrap_or_else(|| panic!("{from} does not exist"));
    object.definition.name = to.clone();
    assert!(host.objects.insert(to.clone(), object).is_none(), "{to} exists");
}

/// Runs at most `limit` steps, each chosen by `choice` among those that are free; which they were.
fn apply(plan: &Plan, live: &mut Live, limit: usize, mut choice: impl FnMut(usize) -> usize) -> BTreeSet<usize> {
    let mut done: BTreeSet<usize> = BTreeSet::new();
    while done.len() < plan.steps.len().min(limit) {
        let free = |i: &usize| !done.contains(i) && plan.steps[*i].needs.is_subset(&done);
        let free: Vec<usize> = (0..plan.steps.len()).filter(free).collect();
        let next = free[choice(free.len())];
        run(&plan.steps[next], live);
        done.insert(next);
    }
    done
}

#[test]
fn there_are_projects_to_prove_it_with() {
    assert!(projects().len() >= 5, "{:?}", projects());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_stopped_anywhere_ends_in_the_same_state(seed in any::<u64>()) {
        for project in projects() {
            let compiled = compiled(&project);
            let mut random = seed | 1;
            let mut next = |n: usize| {
                random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (random >> 33) as usize % n
            };
            let policy = Policy::default();
            let mut straight = empty();
            let plan = planned(&compiled, &mut straight, &policy);
            apply(&plan, &mut straight, usize::MAX, |_| 0);
            prop_assert!(planned(&compiled, &mut straight, &policy).is_empty(), "{}", project.display());

            let mut live = empty();
            let saved = reviewed(&compiled, &policy, &plan);
            for _ in 0..3 {
                let plan = going_on(&saved, planned(&compiled, &mut live, &policy), "made");
                let limit = next(plan.steps.len() + 1);
                apply(&plan, &mut live, limit, &mut next);
            }
            let plan = going_on(&saved, planned(&compiled, &mut live, &policy), "made");
            apply(&plan, &mut live, usize::MAX, &mut next);
            prop_assert_eq!(&live, &straight, "{}", project.display());

            // Everything dropped and made again, stopped on the way.
            // The tables of a sink are made beside the old ones, which stay for a while, and its feeds go on reading
            // what they read: real servers prove that (tests/live/scenarios/outgoing).
            let objects = || compiled.desired.pipelines.iter().flat_map(|p| &p.objects);
            let fed: Vec<_> = objects().filter(|o| o.role == Role::Feed).flat_map(|o| &o.reads).collect();
            let reads = |p: &&DesiredPipeline| p.objects.iter().any(|o| fed.contains(&&o.definition.name));
            let sink = |p: &&DesiredPipeline| p.id.kind == Kind::OutgoingSink;
            let others = compiled.desired.pipelines.iter().filter(|p| !sink(p) && !reads(p));
            let ids = others.map(|p| p.id.clone());
            let again = Policy {
                recreate: ids.collect(),
                allow: ["deletes-data", "misses-rows"].map(|h| Allowance::parse(h).unwrap()).to_vec(),
                ..Policy::default()
            };
            let plan = planned(&compiled, &mut live, &again);
            prop_assert!(again.missing(&plan).is_empty());
            let saved = reviewed(&compiled, &again, &plan);
            let limit = next(plan.steps.len() + 1);
            let done = apply(&plan, &mut live, limit, &mut next);
            // What was made anew is not made anew once more.
            let made = |i: &&usize| matches!(plan.steps[**i].action, Action::Table(TableAction::Create(_)));
            let anew: BTreeSet<_> = done.iter().filter(made).map(|i| &plan.steps[*i].resource).collect();
            let mut goes_on = again.clone();
            goes_on.recreate.retain(|id| !anew.contains(id));
            let plan = going_on(&saved, planned(&compiled, &mut live, &goes_on), "recreated");
            apply(&plan, &mut live, usize::MAX, &mut next);
            prop_assert_eq!(&live, &straight, "{} recreated", project.display());
        }
    }
}
