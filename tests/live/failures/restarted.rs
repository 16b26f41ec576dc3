//! Nodes that are killed by the system while a chain is changed, and started again: the same proof without a relay that
//! plays dead. One chain goes through all of it, so that what a group waits for after a crash is waited for once.

use super::place::{INSERT, is_copy, places};
use crate::fixture::private;
use crate::fixture::project::{FLOW, Project};
use crate::fixture::relay::{Fate, Relay};
use sluice::apply::StepError;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use sluice::model::{Kind, ResourceId};
use sluice::plan::{Allowance, Plan, Policy, Step};
use sluice::sandbox::{Clients, Sandbox};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const NODES: u16 = 4;
/// No statement is to fail.
const NEVER: usize = usize::MAX;

/// The chain in one of its states.
fn chain(lifecycle: &str, column: &str, key: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: killed}}
spec: {{partitions: 4, replicationFactor: 1}}
---
kind: KafkaPipeline
metadata: {{name: killed}}
{lifecycle}
spec:
  topic: killed
  source: {{settings: {{kafka_flush_interval_ms: 500}}}}
  targets:
    - table: killed.rows
      columns:
        - {{name: n, type: UInt64}}
        - {{name: day, type: Date, from: String}}
        {column}
      orderBy: {key}
"
    )
}

/// When the node is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// When it has got the statement, and before it does anything.
    Before,
    /// While it does it.
    During,
}

/// A node with a relay before it, which kills it at a statement.
struct Victim {
    sandbox: Arc<Sandbox>,
    node: u16,
    relay: Relay,
    /// Statements that are still let through.
    left: Arc<AtomicUsize>,
    before: Arc<AtomicBool>,
}

impl Victim {
    fn new(sandbox: &Arc<Sandbox>, node: u16) -> Self {
        let (left, before) = (Arc::new(AtomicUsize::new(NEVER)), Arc::new(AtomicBool::new(false)));
        let (counted, early, owner) = (left.clone(), before.clone(), sandbox.clone());
        let relay = Relay::start(&sandbox.endpoints().clickhouse_urls[usize::from(node)], move |asked| {
            if asked.parameters.contains_key("readonly") || counted.load(Ordering::SeqCst) == NEVER {
                return Fate::Pass;
            }
            // From 0 it wraps to `NEVER`: a node is killed once.
            if counted.fetch_sub(1, Ordering::SeqCst) > 0 {
                return Fate::Pass;
            }
            let owner = owner.clone();
            let kill = std::thread::spawn(move || owner.kill_node(node).expect("the node is killed"));
            if early.load(Ordering::SeqCst) {
                kill.join().expect("the node is killed");
                return Fate::Down;
            }
            Fate::Pass
        });
        Self { sandbox: sandbox.clone(), node, relay, left, before }
    }

    fn name(&self) -> &str {
        self.relay.url.trim_start_matches("http://")
    }

    fn kill_at(&self, nth: usize, moment: Moment) {
        self.before.store(moment == Moment::Before, Ordering::SeqCst);
        self.left.store(nth, Ordering::SeqCst);
    }

    async fn start(&self) {
        let (sandbox, node) = (self.sandbox.clone(), self.node);
        let started = std::thread::spawn(move || {
            // Whoever killed it may not have written down yet that it is dead.
            sandbox.kill_node(node)?;
            sandbox.start_node(node, &Clients::new(None).expect("a runtime for the probe"))
        });
        let started = tokio::task::spawn_blocking(move || started.join().expect("the thread ends"));
        started.await.expect("the thread ends").expect("the node starts again");
        self.relay.up().await;
    }
}

/// Runs a change in which a node is killed at a statement, and finishes it once the node is there again.
async fn killed(project: &Project, victim: &Victim, moment: Moment, nth: impl Fn(&Plan) -> usize) {
    let policy = policy();
    let prepared = project.plan_with(&policy).await;
    let nth = nth(&prepared.plan);
    victim.kill_at(nth, moment);
    let outcome = project.run_at_once(&prepared, 1).await;
    let what = format!("{moment:?} statement {nth} of node {}", victim.node);
    let [(_, StepError { host, statement, words, in_doubt })] = &outcome.failed[..] else {
        panic!("{what}: one step fails on one host: {outcome:#?}")
    };
    let named = host.as_deref() == Some(victim.name()) || words.contains(victim.name());
    assert!(named && statement.is_some() && *in_doubt, "{what}: {outcome:#?}");
    let meanwhile = project.plan_with(&policy).await.plan;
    let unread: Vec<&str> = meanwhile.header.census.unread.iter().map(|host| host.name.as_str()).collect();
    assert_eq!((unread, meanwhile.is_blocked()), (vec![victim.name()], true), "{what}: a node is down");

    victim.start().await;
    project.settle().await;
    let prepared = project.plan_with(&policy).await;
    assert!(!prepared.plan.is_blocked(), "{what}: {:#?}", prepared.plan.resources);
    let outcome = project.run(&prepared).await;
    assert_eq!(outcome.failed, [], "{what}");
    let left = project.plan_with(&policy).await.plan;
    assert!(left.is_empty(), "{what}: not converged: {:#?}", left.resources);
}

fn policy() -> Policy {
    let id = ResourceId::new(Kind::KafkaPipeline, "killed");
    let allow = Allowance::parse("deletes-data").expect("a hazard");
    Policy { deletion_allowed: [id].into(), allow: vec![allow], ..Policy::default() }
}

/// The statement that begins so, at a host.
fn starts(words: &'static str) -> impl Fn(&Plan) -> usize {
    move |plan| {
        let shown = |step: &Step| step.statement().map(|s| s.shown()).unwrap_or_default();
        let step = plan.steps.iter().position(|s| shown(s).starts_with(words));
        let step = step.unwrap_or_else(|| panic!("no step begins with {words}: {:#?}", plan.steps));
        let part = if is_copy(&plan.steps[step].action) { INSERT } else { 0 };
        places(plan).iter().position(|p| (p.step, p.part) == (step, part)).expect("it runs on hosts")
    }
}

/// Writes numbers from 1 on until it is told to stop.
fn producer(brokers: String, last: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let producer = Producer::connect(&KafkaSettings::new(&brokers)).expect("a producer");
        let mut pace = tokio::time::interval(Duration::from_millis(100));
        while !stop.load(Ordering::SeqCst) {
            pace.tick().await;
            let from = last.load(Ordering::SeqCst) + 1;
            let record = |n: u64| Record {
                topic: "killed".to_owned(),
                key: Some(n.to_string().into_bytes()),
                payload: format!(r#"{{"n": {n}, "day": "2026-11-22", "size": {n}}}"#).into_bytes(),
            };
            producer.send((from..from + 10).map(record)).await.expect("the numbers are written");
            last.store(from + 9, Ordering::SeqCst);
        }
    })
}

async fn until(url: &str, query: &str, expected: &str) {
    let reader = ClickHouseReader::connect(url, &ClickHouseSettings::default()).expect("a reader");
    let begin = Instant::now();
    loop {
        let answer = reader.text(query).await.map(|text| text.trim_end().to_owned());
        if answer.as_deref().ok() == Some(expected) {
            return;
        }
        assert!(begin.elapsed() < FLOW, "{query} answers {answer:?} instead of {expected}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_at_a_statement_and_started_again_loses_nothing() {
    let sandbox = Arc::new(private(NODES, 1));
    let victims: Vec<Victim> = (0..NODES).map(|node| Victim::new(&sandbox, node)).collect();
    let urls: Vec<String> = victims.iter().map(|victim| victim.relay.url.clone()).collect();
    let brokers = sandbox.endpoints().kafka_brokers.clone();
    let topic = chain("", "", "n");
    let topic = topic.split("\n---\n").next().expect("a topic");
    let project = Project::of("killed", topic)
        .var("KAFKA_BROKERS", &brokers)
        .var("CLICKHOUSE_URL", &urls[0])
        .var("CLICKHOUSE_URLS", &urls.join(","));
    project.apply().await;
    let (last, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = producer(brokers, last.clone(), stop.clone());

    project.rewrite(&chain("", "", "n"));
    killed(&project, &victims[1], Moment::Before, starts("CREATE TABLE killed.rows_local")).await;
    let size = "- {name: size, type: UInt64}";
    project.rewrite(&chain("", size, "n"));
    killed(&project, &victims[2], Moment::During, starts("ALTER TABLE killed.rows_local")).await;
    project.rewrite(&chain("", size, "day, n"));
    killed(&project, &victims[3], Moment::During, starts("INSERT INTO killed.rows_local__sluice_next")).await;
    project.rewrite(&chain("", size, "n"));
    killed(&project, &victims[0], Moment::During, starts("EXCHANGE TABLES")).await;
    project.rewrite(&chain("", size, "size, n"));
    killed(&project, &victims[1], Moment::Before, starts("CREATE MATERIALIZED VIEW")).await;

    stop.store(true, Ordering::SeqCst);
    writing.await.expect("the producer ends");
    let last = last.load(Ordering::SeqCst);
    // What a node had not committed when it was killed comes again: at least once is what a crash leaves.
    let all = format!("SELECT uniqExact(n) = {last}, min(n), max(n) FROM killed.rows WHERE n BETWEEN 1 AND {last}");
    until(&urls[0], &all, &format!("1\t1\t{last}")).await;

    project.rewrite(&chain("lifecycle: {state: absent, deletion: allow}", size, "size, n"));
    killed(&project, &victims[2], Moment::During, starts("DROP TABLE IF EXISTS killed.rows_local")).await;
}
