//! `status` and `verify` on real servers: chains that work, and chains broken in every way that can be provoked here.

mod broken;
mod documents;
mod group;
mod healthy;
mod kinds;
mod producers;
mod requests;
mod running;

use crate::fixture::project::Project;
use crate::fixture::unique;
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer, StreamConsumer};
use sluice::health::{Facts, Reason, Report, ResourceHealth, Verdict};
use sluice::render::health::{next, why};

/// A topic and a pipeline of one target, all called `name`, with more for the source.
fn chain(name: &str, partitions: u32, source: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: {partitions}, replicationFactor: 1}}
---
kind: KafkaPipeline
metadata: {{name: {name}}}
spec:
  topic: {name}
  source: {{table: {name}.kafka, settings: {{kafka_flush_interval_ms: 500}}{source}}}
  targets:
    - table: {name}.rows
      columns:
        - {{name: n, type: UInt64}}
        - {{name: day, type: Date, from: String}}
      orderBy: n
"
    )
}

/// A chain that is applied.
async fn applied(stem: &str, partitions: u32, source: &str) -> (Project, String) {
    let name = unique(stem);
    let project = Project::of(&name, &chain(&name, partitions, source));
    project.apply().await;
    (project, name)
}

fn row(n: u64) -> String {
    format!(r#"{{"n": {n}, "day": "2026-11-22"}}"#)
}

/// The chain of a report, which is its last resource.
fn of(report: &Report) -> &ResourceHealth {
    report.resources.last().expect("a chain")
}

fn lag(report: &Report) -> Option<u64> {
    match &of(report).facts {
        Facts::Chain(chain) => chain.lag,
        Facts::Topic(_) => None,
    }
}

/// The report once the chain has this verdict for a reason with this code.
async fn once(project: &Project, verdict: Verdict, code: &str) -> Report {
    let shows = |r: &Report| of(r).verdict == verdict && of(r).reasons.iter().any(|reason| reason.code() == code);
    project.status_once(shows).await
}

/// The report once a consumer made of these settings has taken the topic's partitions; it leaves with this.
async fn stolen(project: &Project, topic: &str, config: &ClientConfig) -> Report {
    let thief: StreamConsumer = config.create().unwrap();
    thief.subscribe(&[topic]).unwrap();
    let polling = async {
        loop {
            let _ = thief.recv().await;
        }
    };
    tokio::select! {
        report = once(project, Verdict::Broken, "stolen") => report,
        () = polling => unreachable!("it polls for ever"),
    }
}

/// What a person reads of the reason with this code: why, and what to do.
fn told(report: &Report, code: &str) -> (String, String) {
    let reason: &Reason = of(report).reasons.iter().find(|r| r.code() == code).expect("the reason");
    (why(reason), next(reason, &of(report).id).unwrap_or_default())
}

#[track_caller]
fn says(report: &Report, code: &str, reason: &[&str], advice: &str) {
    let (why, next) = told(report, code);
    assert!(reason.iter().all(|words| why.contains(words)), "{why}");
    assert!(next.contains(advice), "{next}");
}
