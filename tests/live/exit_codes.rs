//! Every command ends with each of its exit codes, as the table of `docs/errors.md` says.

use crate::fixture::project::{Project, brokers};
use crate::fixture::{shared, unique};
use rustix::process::{Pid, Signal, kill_process};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// A command that is to hang has got so far when the server that never answers has been asked.
const PATIENCE: Duration = Duration::from_secs(30);

fn resources(case: &str, partitions: u32) -> String {
    format!(
        "kind: Topic\nmetadata: {{name: {case}}}\nspec: {{partitions: {partitions}, replicationFactor: 1, config: \
         {{retention.ms: 86400000}}}}\n---\nkind: KafkaPipeline\nmetadata: {{name: {case}}}\nspec:\n  topic: {case}\n  \
         source: {{table: {case}.kafka}}\n  targets:\n    - table: {case}.rows\n      columns: [{{name: n, type: \
         UInt64}}]\n      orderBy: n\n---\nkind: ManualConsumer\nmetadata: {{name: {case}-by-hand}}\nspec:\n  topic: \
         {case}\n  group: {case}-by-hand\n  columns: [{{name: n, type: UInt64}}]\n  target:\n    table: \
         {case}.consumed\n    columns: [{{name: n, type: UInt64}}]\n    orderBy: n\n"
    )
}

/// What ran and how it ended.
struct Codes<'p> {
    project: &'p Project,
    seen: BTreeSet<(String, i32)>,
}

impl Codes<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.envs(shared().environment()).env("NO_COLOR", "1").stdin(Stdio::null());
        command.arg("--project").arg(self.project.file()).args(arguments);
        command
    }

    /// Runs a command that ends with this code.
    fn ends(&mut self, code: i32, arguments: &[&str]) {
        let command = self.command(arguments);
        self.of(code, arguments, command);
    }

    fn of(&mut self, code: i32, arguments: &[&str], mut command: Command) {
        let ended = command.output().expect("the program runs");
        let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}:\n{said}");
        // What is no fault of anybody's says nothing of a fault.
        assert!(code != 0 || !said.contains("error:"), "{arguments:?}:\n{said}");
        self.seen.insert((arguments[0].to_owned(), code));
    }

    /// Runs a command with a ClickHouse server that never answers, and interrupts it there.
    fn interrupted(&mut self, arguments: &[&str]) {
        self.interrupted_at(arguments, &["CLICKHOUSE_URL", "CLICKHOUSE_URLS"], "http://");
    }

    /// The same with whatever these variables tell.
    fn interrupted_at(&mut self, arguments: &[&str], variables: &[&str], scheme: &str) {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        silent.set_nonblocking(true).expect("it is asked without waiting");
        let address = format!("{scheme}{}", silent.local_addr().expect("an address"));
        let mut command = self.command(arguments);
        command.envs(variables.iter().map(|name| (*name, &address))).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program runs");
        let begin = Instant::now();
        let _asked = loop {
            match silent.accept() {
                Ok(asked) => break asked,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{arguments:?} asks nobody: {error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("a process");
        // A consumer finishes what is in flight, and at the second one does not.
        let begin = Instant::now();
        let code = loop {
            if let Some(ended) = child.try_wait().expect("it is waited for") {
                break ended.code();
            }
            assert!(begin.elapsed() < PATIENCE, "{arguments:?} does not end");
            kill_process(pid, Signal::INT).expect("it is interrupted");
            std::thread::sleep(Duration::from_millis(100));
        };
        assert_eq!(code, Some(130), "{arguments:?}");
        self.seen.insert((arguments[0].to_owned(), 130));
    }
}

/// The table of `docs/errors.md`: commands with the codes they can end with.
fn documented() -> BTreeSet<(String, i32)> {
    let page = include_str!("../../docs/errors.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `sluice "));
    let row = |line: &str| {
        let mut cells = line.split('|').map(str::trim);
        let command = cells.next().expect("a command").trim_matches('`').to_owned();
        let codes = [0, 1, 2, 3, 64, 130].into_iter().zip(cells);
        codes.filter(|(_, cell)| !cell.is_empty()).map(|(code, _)| (command.clone(), code)).collect::<Vec<_>>()
    };
    rows.flat_map(row).collect()
}

/// The commands that need a state topic, in a project that has one.
async fn remembering(codes: &mut Codes<'_>, case: &str) {
    let name = format!("{case}-remembering");
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  kafka: \
         {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\"}}\n"
    );
    let project = Project::written(&header, "");
    project
        .rewrite(&format!("kind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 1, replicationFactor: 1}}\n"));
    let mut own = Codes { project: &project, seen: BTreeSet::new() };
    own.ends(0, &["history"]);
    own.ends(0, &["apply", "--yes"]);
    own.ends(0, &["unlock"]);
    for command in ["history", "unlock"] {
        own.interrupted_at(&[command], &["KAFKA_BROKERS"], "");
        let mut away = own.command(&[command]);
        away.env("KAFKA_BROKERS", "127.0.0.1:1");
        own.of(1, &[command], away);
    }
    let topic = format!("_sluice.{name}");
    let record = Record { topic: topic.clone(), key: Some(b"lease".to_vec()), payload: b"damaged".to_vec() };
    let producer = Producer::connect(&KafkaSettings::new(&shared().kafka_brokers)).expect("a producer");
    producer.send([record]).await.expect("it is written");
    for command in ["history", "unlock", "drift"] {
        own.ends(3, &[command]);
    }
    codes.seen.append(&mut own.seen);
    project.clean().await;
    brokers().delete_topic(&topic).await.expect("it goes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_ends_with_each_of_its_codes() {
    shared();
    let case = unique("codes");
    let project = Project::of(&case, &resources(&case, 2));
    let mut codes = Codes { project: &project, seen: BTreeSet::new() };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("a path is text").to_owned();
    let (plan, edited, foreign) = (path("plan.json"), path("edited.json"), path("foreign.json"));
    let consumer = format!("ManualConsumer/{case}-by-hand");

    codes.ends(0, &["plan", "-o", &plan]);
    codes.ends(2, &["plan", "--detailed-exitcode"]);
    codes.ends(2, &["drift"]);
    codes.ends(1, &["status"]);
    codes.ends(1, &["verify", "--timeout", "0s"]);
    codes.ends(1, &["consume", &consumer]);
    codes.ends(64, &["apply"]);
    write(&edited, &read(&plan).replacen("rows", "cows", 1));
    write(&foreign, "{}");
    codes.ends(0, &["show", &plan]);
    codes.ends(1, &["show", &path("nowhere.json")]);
    codes.ends(3, &["show", &edited]);
    codes.ends(64, &["show", &foreign]);
    codes.ends(0, &["apply", &plan]);
    project.assert_converged().await;
    codes.ends(0, &["drift"]);
    codes.ends(0, &["verify"]);
    codes.ends(0, &["status"]);
    codes.ends(0, &["consume", &consumer]);
    codes.ends(0, &["validate"]);
    codes.ends(0, &["graph"]);
    for command in ["plan", "apply", "drift", "status", "verify"] {
        codes.interrupted(&[command]);
    }
    codes.interrupted(&["consume", &consumer]);
    codes.interrupted(&["import", "nothing"]);

    remembering(&mut codes, &case).await;

    // What manifests declare is not written again; the topic is free to a project that does not declare it.
    codes.ends(1, &["import", &case]);
    for (code, guard) in [(0, ""), (3, ", clusterId: another")] {
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {case}-other}}\nspec:\n  manifests: [.]\n  kafka: \
             {{bootstrapServers: \"${{KAFKA_BROKERS}}\"{guard}}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\"}}\n  state: none\n"
        );
        let other = Project::written(&header, "");
        let arguments = ["import", &case, "--stdout"];
        let command = Codes { project: &other, seen: BTreeSet::new() }.command(&arguments);
        codes.of(code, &arguments, command);
    }

    // Kafka takes no partition away, and what a hazard costs has to be allowed.
    project.rewrite(&resources(&case, 1));
    codes.ends(3, &["plan"]);
    project.rewrite(&resources(&case, 2).replace("86400000", "3600000"));
    codes.ends(3, &["apply", "--yes"]);
    project.rewrite(&resources(&case, 2).replace("orderBy: n", "orderBy: m"));
    for command in ["validate", "plan", "apply", "graph"] {
        codes.ends(1, &[command]);
    }
    project.rewrite(&resources(&case, 2));

    // A server that is not there cannot be told from.
    let nobody = "http://127.0.0.1:1";
    let mut away = codes.command(&["drift"]);
    away.env("CLICKHOUSE_URL", nobody).env("CLICKHOUSE_URLS", nobody);
    codes.of(1, &["drift"], away);

    let (new, there) = (path("new"), dir.path().to_str().expect("a path is text"));
    write(path("sluice.yaml"), "");
    for (code, arguments) in [(0, ["init", &new]), (1, ["init", there])] {
        codes.ends(code, &arguments);
    }
    codes.ends(0, &["schema", "drift"]);
    codes.ends(0, &["completions", "bash"]);
    codes.ends(0, &["man"]);
    codes.ends(0, &["sandbox", "--help"]);
    codes.ends(1, &["sandbox", "status", "--dir", &path("no-sandbox")]);
    let commands: Vec<String> = documented().into_iter().filter(|(_, code)| *code == 64).map(|(c, _)| c).collect();
    for command in &commands {
        codes.ends(64, &[command, "--no-such-option"]);
    }
    let seen = codes.seen;
    project.assert_converged().await;
    project.clean().await;
    assert_eq!(seen, documented(), "what was seen, and what docs/errors.md says");
}

#[expect(clippy::disallowed_methods, reason = "a test edits a file")]
fn write(path: impl AsRef<Path>, text: &str) {
    std::fs::write(path, text).expect("the file is written");
}

#[expect(clippy::disallowed_methods, reason = "a test edits a file")]
fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("the file")
}
