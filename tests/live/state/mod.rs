//! What a project remembers, on real brokers: the lock, the journal, drift apart from pending changes, and what is pruned.

mod drifted;
mod journal;
mod lock;
mod pruned;
mod topic;

use crate::fixture::project::{Project, brokers};
use crate::fixture::relay::Relay;
use crate::fixture::shared;
use rustix::process::{Pid, Signal, kill_process};
use sluice::client::kafka::{KafkaReader, KafkaSettings, Stored, Tail};
use std::process::{Child, Command, Output, Stdio};

/// A topic and a chain on one server.
fn resources(case: &str, seconds: u32) -> String {
    format!(
        "kind: Topic\nmetadata: {{name: {case}}}\nspec: {{partitions: 1, replicationFactor: 1}}\n---\nkind: \
         KafkaPipeline\nmetadata: {{name: {case}}}\nspec:\n  topic: {case}\n  source: {{table: {case}.kafka}}\n  \
         targets:\n    - table: {case}.rows\n      columns: [{{name: n, type: UInt64}}]\n      orderBy: n\n      \
         settings: {{merge_with_ttl_timeout: {seconds}}}\n"
    )
}

fn header(case: &str) -> String {
    format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {case}}}\nspec:\n  manifests: [.]\n  kafka: \
         {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\"}}\n"
    )
}

/// A project that remembers, on the first node.
struct Remembering {
    project: Project,
    case: String,
}

impl Remembering {
    fn new(case: &str, resources: &str) -> Self {
        let project = Project::written(&header(case), "");
        project.rewrite(resources);
        Self { project, case: case.to_owned() }
    }

    /// The program, by this name of a user; through a relay where there is one.
    fn command(&self, user: &str, through: Option<&Relay>, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.envs(shared().environment()).env("NO_COLOR", "1").env("SLUICE_USER", user).stdin(Stdio::null());
        if let Some(relay) = through {
            command.env("CLICKHOUSE_URL", &relay.url);
        }
        command.arg("--project").arg(self.project.file()).args(arguments);
        command
    }

    /// What it says on both streams, when it ends with this code.
    async fn says(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = self.command("bob", None, arguments);
        let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it is waited for");
        said(code, arguments, &ended.expect("the program runs"))
    }

    /// Begins to run it.
    fn begin(&self, user: &str, through: Option<&Relay>, arguments: &[&str]) -> Running {
        let mut command = self.command(user, through, arguments);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        Running { child, arguments: arguments.join(" ") }
    }

    fn topic(&self) -> String {
        format!("_sluice.{}", self.case)
    }

    /// All that stands in the state topic.
    async fn records(&self) -> Vec<Stored> {
        let settings = KafkaSettings::new(&shared().kafka_brokers);
        let reader = KafkaReader::connect(&settings).expect("a reader");
        let tail = Tail::open(&reader, &settings, &self.topic()).expect("a tail");
        tail.to_the_end().await.expect("the records")
    }

    /// After it the next plan has nothing to do; then all of it goes.
    async fn clean(&self) {
        self.project.assert_converged().await;
        self.forgotten().await;
    }

    /// All of it goes.
    async fn forgotten(&self) {
        self.project.clean().await;
        let _ = brokers().delete_topic(&self.topic()).await;
    }
}

/// A process of the program.
struct Running {
    child: Child,
    arguments: String,
}

impl Running {
    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process id")).expect("a process");
        kill_process(pid, signal).expect("it gets the signal");
    }

    /// What it said, when it ends with this code.
    async fn ends(self, code: i32) -> String {
        let child = self.child;
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output()).await.expect("it is waited for");
        said(code, &[&self.arguments], &ended.expect("it ended"))
    }

    async fn killed(mut self) {
        self.child.kill().expect("it is killed");
        tokio::task::spawn_blocking(move || self.child.wait()).await.expect("it is waited for").expect("it ended");
    }
}

fn said(code: i32, arguments: &[&str], ended: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(code), "{arguments:?}:\n{said}");
    said
}
