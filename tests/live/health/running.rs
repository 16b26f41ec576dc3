//! A `ManualConsumer` that somebody runs: this program, or a stranger in its group.

use super::*;
use crate::fixture::project::produce;
use crate::fixture::shared;
use rdkafka::ClientConfig;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{Child, Command, Stdio};

fn by_hand(name: &str) -> String {
    format!(
        "kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 1, replicationFactor: 1}}
---
kind: ManualConsumer
metadata: {{name: {name}}}
spec:
  topic: {name}
  group: {name}_by_hand
  timeout: 100ms
  target:
    table: {name}.rows
    columns: [{{name: n, type: UInt64}}, {{name: day, type: Date, from: String}}]
    orderBy: n
"
    )
}

/// `sluice consume --follow`; ends with the test.
struct Follows(Child);

impl Follows {
    fn start(project: &Project, name: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.envs(shared().environment()).arg("--project").arg(project.file());
        command.args(["consume", &format!("ManualConsumer/{name}"), "--follow"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("the program starts"))
    }

    fn tell(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).expect("it is told");
    }
}

impl Drop for Follows {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn members(report: &Report) -> usize {
    match &of(report).facts {
        Facts::Chain(chain) => chain.members,
        Facts::Topic(_) => panic!("a chain"),
    }
}

#[tokio::test]
async fn a_consumer_that_runs_is_idle_healthy_or_on_its_way() {
    let name = unique("running");
    let project = Project::of(&name, &by_hand(&name));
    project.apply().await;
    let follows = Follows::start(&project, &name);
    let report = project.status_once(|r| members(r) == 1).await;
    assert_eq!((of(&report).verdict, of(&report).reasons[0].code()), (Verdict::Idle, "never-sent"));
    produce(&name, (0..5).map(row)).await;
    let report = once(&project, Verdict::Healthy, "arrived").await;
    assert_eq!((members(&report), lag(&report)), (1, Some(0)));
    let (code, shown) = healthy::sluice(&project, "verify --timeout 60s").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("5 messages read, 5 rows, 0 errors"), "{shown}");
    // It is in its group and does nothing: what comes now is on its way as far as one can see.
    follows.tell(Signal::STOP);
    produce(&name, (5..8).map(row)).await;
    let report = once(&project, Verdict::Lagging, "consuming").await;
    assert_eq!(lag(&report), Some(3));
    says(&report, "consuming", &["3 messages on the way", "newest row"], "run it several times");
    follows.tell(Signal::CONT);
    once(&project, Verdict::Healthy, "arrived").await;
    drop(follows);
    project.clean().await;
}

#[tokio::test]
async fn a_consumer_s_group_that_somebody_else_reads_with() {
    let name = unique("manualthief");
    let project = Project::of(&name, &by_hand(&name));
    project.apply().await;
    produce(&name, [row(1)]).await;
    let mut config = ClientConfig::new();
    // The name that every librdkafka gives itself.
    config.set("bootstrap.servers", &shared().kafka_brokers).set("group.id", format!("{name}_by_hand"));
    let report = stolen(&project, &name, &config).await;
    let reason = [&format!("{name}_by_hand"), "rdkafka at 127.0.0.1", &format!("{name}[0]")];
    says(&report, "stolen", &reason, "stop the other consumer");
    project.clean().await;
}
