//! A ManualConsumer with its topic, numbered messages, and the program that consumes them.

use crate::fixture::unique;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings, ClickHouseWriter, Execute};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use sluice::sandbox::Endpoints;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// How long everything sent may take to be in the table.
pub const ARRIVE: Duration = Duration::from_secs(120);

/// A project of its own on some sandbox.
pub struct World {
    pub name: String,
    topics: Vec<String>,
    environment: Vec<(String, String)>,
    brokers: String,
    urls: Vec<String>,
    dir: tempfile::TempDir,
}

impl World {
    /// Applies a consumer of numbers; `spec` is added to its spec.
    pub async fn new(endpoints: &Endpoints, partitions: u32, spec: &str) -> Self {
        let name = unique("consume");
        Self::with(endpoints, vec![name.clone()], name, partitions, spec).await
    }

    /// As [`World::new`], with two topics: one of its name, and one with `_other` behind it.
    pub async fn of_two_topics(endpoints: &Endpoints, partitions: u32, spec: &str) -> Self {
        let name = unique("consume");
        Self::with(endpoints, vec![name.clone(), format!("{name}_other")], name, partitions, spec).await
    }

    async fn with(endpoints: &Endpoints, topics: Vec<String>, name: String, partitions: u32, spec: &str) -> Self {
        let world = Self {
            topics,
            environment: endpoints.environment(),
            brokers: endpoints.kafka_brokers.clone(),
            urls: endpoints.clickhouse_urls.clone(),
            dir: tempfile::tempdir().expect("a temporary folder"),
            name,
        };
        world.write(partitions, spec);
        let (status, said) = world.ended(world.program(&["apply", "--yes", "--no-sql"])).await;
        assert!(status.success(), "not applied: {said}");
        world
    }

    /// Writes the manifests anew.
    #[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
    pub fn write(&self, partitions: u32, spec: &str) {
        let name = &self.name;
        let text = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [m.yaml]\n  kafka: \
             {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\", cluster: \
             dwh_test, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}\n  state: none\n"
        );
        std::fs::write(self.dir.path().join("sluice.yaml"), text).expect("the project file is written");
        let topic = |topic: &String| {
            format!(
                "apiVersion: sluice/v1\nkind: Topic\nmetadata: {{name: {topic}}}\nspec: {{partitions: {partitions}, \
                 replicationFactor: 1}}\n---\n"
            )
        };
        let (made, read) = (self.topics.iter().map(topic).collect::<String>(), self.topics.join(", "));
        let text = format!(
            "{made}apiVersion: sluice/v1\nkind: ManualConsumer\nmetadata: {{name: {name}}}\nspec:\n  topics: [{read}]\n  \
             {spec}\n  target:\n    table: {name}.t\n    columns:\n      - {{name: n, type: UInt64}}\n      \
             - {{name: day, type: Date, from: String}}\n    partitionBy: toYYYYMM(day)\n    orderBy: n\n    distributed: \
             {{shardingKey: n}}\n"
        );
        std::fs::write(self.dir.path().join("m.yaml"), text).expect("the manifests are written");
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.envs(self.environment.iter().cloned()).arg("--project").arg(self.dir.path()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a consumer to its end.
    pub async fn once(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let resource = format!("ManualConsumer/{}", self.name);
        self.ended(self.program(&[&["consume", &resource, "--once"], arguments].concat())).await
    }

    async fn ended(&self, mut command: Command) -> (ExitStatus, String) {
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("the process is watched");
        let output = output.expect("the program starts");
        let said = [output.stdout, output.stderr].concat();
        (output.status, String::from_utf8_lossy(&said).into_owned())
    }

    fn said(&self) -> std::path::PathBuf {
        self.dir.path().join("said.txt")
    }

    /// The last words of the consumers that go on.
    #[expect(clippy::disallowed_methods, reason = "what a program said is in a file")]
    fn last_words(&self) -> String {
        let said = std::fs::read_to_string(self.said()).unwrap_or_default();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Starts a consumer that goes on; it is killed when it is dropped.
    pub fn follow(&self, instance: Option<&str>) -> Running {
        let named: Vec<&str> = instance.map(|name| ["--instance", name]).into_iter().flatten().collect();
        self.follow_as(&[&["--timeout", "100ms"], named.as_slice()].concat())
    }

    /// As [`World::follow`], with these arguments.
    pub fn follow_as(&self, arguments: &[&str]) -> Running {
        let resource = format!("ManualConsumer/{}", self.name);
        let mut command = self.program(&[&["consume", &resource, "--follow"], arguments].concat());
        let said =
            std::fs::OpenOptions::new().create(true).append(true).open(self.said()).expect("a file for its words");
        command.stdout(Stdio::null()).stderr(said);
        Running(command.spawn().expect("the program starts"))
    }

    /// Starts a consumer that ends by itself.
    pub fn start_once(&self, arguments: &[&str]) -> Running {
        let resource = format!("ManualConsumer/{}", self.name);
        let mut command = self.program(&[&["consume", &resource, "--once"], arguments].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().expect("the program starts"))
    }

    /// Sends messages, each to a partition of its key's.
    pub async fn send(&self, messages: impl IntoIterator<Item = Vec<u8>>) {
        let settings = KafkaSettings { timeout: Duration::from_secs(120), ..KafkaSettings::new(&self.brokers) };
        let producer = Producer::connect(&settings).expect("a producer");
        let topic = &self.name;
        let record = |(i, payload): (usize, Vec<u8>)| Record {
            topic: topic.clone(),
            key: Some(i.to_string().into_bytes()),
            payload,
        };
        producer.send(messages.into_iter().enumerate().map(record)).await.expect("the messages are sent");
    }

    /// Sends these numbers at a pace, a thousand at a time.
    pub async fn numbers(&self, numbers: std::ops::Range<u64>, pause: Duration) {
        let all: Vec<u64> = numbers.collect();
        for some in all.chunks(1000) {
            self.send(some.iter().map(|n| number(*n))).await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Sends numbers from this one on until something is over; how many numbers there are then.
    pub async fn flow(&self, from: u64, over: impl Fn() -> bool) -> u64 {
        let mut next = from;
        while !over() {
            self.numbers(next..next + 1000, Duration::from_millis(150)).await;
            next += 1000;
        }
        next
    }

    /// Tells every server.
    pub async fn tell(&self, sql: &str) {
        for url in &self.urls {
            let writer = ClickHouseWriter::connect(url, &ClickHouseSettings::default()).expect("a writer");
            let options = Execute { timeout: ARRIVE, query_id: unique("tell"), settings: Vec::new() };
            writer.execute(&sql.replace("$", &self.name), &options).await.expect("it is done");
        }
    }

    /// Asks the first server that answers.
    pub async fn ask(&self, sql: &str) -> String {
        let begin = Instant::now();
        loop {
            let mut last = String::new();
            for url in &self.urls {
                let reader = ClickHouseReader::connect(url, &ClickHouseSettings::default()).expect("a reader");
                match reader.text(&sql.replace("$", &self.name)).await {
                    Ok(text) => return text.trim_end().to_owned(),
                    Err(error) => last = error.to_string(),
                }
            }
            assert!(begin.elapsed() < ARRIVE, "{sql}: {last}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Rows of the table.
    pub async fn count(&self) -> u64 {
        self.ask("SELECT count() FROM $.t").await.parse().expect("a number")
    }

    /// Waits until there are more rows than these.
    pub async fn more_than(&self, rows: u64) {
        self.until("SELECT count() > {rows} FROM $.t".replace("{rows}", &rows.to_string()).as_str(), "1").await;
    }

    /// Waits until a SELECT answers this.
    pub async fn until(&self, sql: &str, expected: &str) {
        let begin = Instant::now();
        loop {
            let found = self.ask(sql).await;
            if found == expected {
                return;
            }
            assert!(begin.elapsed() < ARRIVE, "{sql} answers {found}, not {expected}\n{}", self.last_words());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Each number from 0 on is in the table once, and a second look finds no more.
    pub async fn assert_each_once(&self, count: u64) {
        self.until("SELECT uniqExact(n) FROM $.t", &count.to_string()).await;
        let last = count - 1;
        let figures = self.ask("SELECT count(), uniqExact(n), min(n), max(n) FROM $.t").await;
        assert_eq!(figures, format!("{count}\t{count}\t0\t{last}"), "{}", self.name);
    }
}

/// The message with a number.
pub fn number(n: u64) -> Vec<u8> {
    format!("{{\"n\":{n},\"day\":\"2026-{:02}-01\"}}", 1 + n % 3).into_bytes()
}

/// A consumer that runs.
pub struct Running(Child);

impl Running {
    /// Kills it at once.
    pub fn kill(&mut self) {
        self.0.kill().expect("it is killed");
        self.0.wait().expect("it ends");
    }

    /// Asks it to stop, as job runners do, and waits.
    pub async fn stop(self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM).await
    }

    /// Sends it a signal, and waits for its end.
    pub async fn signal(mut self, signal: rustix::process::Signal) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).expect("it is asked");
        tokio::task::spawn_blocking(move || self.0.wait().expect("it ends")).await.expect("the process is watched")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
