//! How fast a topic gets into a table: `sluice consume`, the Kafka engine, and a plain Python consumer, in one run.
//!
//! `cargo run --release --example consume_speed [-- MESSAGES]` starts a sandbox of one node and one broker and writes a
//! million messages with the homework's columns to four partitions. Each way reads the same topic as a group of its own into
//! a MergeTree of its own, one after the other. `sluice consume --once` is a process of its own and measured from its start
//! to its end; the Kafka engine from the moment its table exists until all rows are there; the Python consumer
//! (`examples/python_consumer.py`, kafka-python in an environment of its own) from its first message on, and for half a
//! minute only.
#![expect(clippy::print_stdout, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "shared/bench.rs"]
mod bench;

use bench::{Quiet, start};
use clap::Parser as _;
use sluice::apply;
use sluice::cli::{self, Arguments};
use sluice::client::Servers;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use sluice::compile::{Compiled, compile};
use sluice::manifest::{self, LoadOptions};
use sluice::model::Secrets;
use sluice::plan::Policy;
use sluice::reconcile::prepare;
use sluice::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Set in the environment of the process that is `sluice consume`.
const CHILD: &str = "CONSUME_SPEED_CHILD";
/// How long the Python consumer runs.
const PYTHON_SECONDS: u64 = 30;
const PYTHON: &str = include_str!("python_consumer.py");
/// From one look to the next: the error of the figures.
const LOOK: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(300);
const CONSUMER: &str = "ManualConsumer/covid_manual";

fn main() -> Result<ExitCode, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if std::env::var_os(CHILD).is_some() {
        let exit = runtime.block_on(cli::run(Arguments::parse()));
        runtime.shutdown_background();
        return Ok(exit.into());
    }
    let messages = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let sandbox = start(&folder.path().join("sandbox"), 1)?;
    let bench = Bench::new(&sandbox, folder.path(), messages)?;
    runtime.block_on(bench.run())?;
    Ok(ExitCode::SUCCESS)
}

struct Bench {
    environment: Vec<(String, String)>,
    brokers: String,
    url: String,
    reader: ClickHouseReader,
    folder: PathBuf,
    messages: u64,
}

impl Bench {
    fn new(sandbox: &Sandbox, folder: &Path, messages: u64) -> Result<Self, Error> {
        let endpoints = sandbox.endpoints();
        let url = endpoints.clickhouse_urls[0].clone();
        Ok(Self {
            environment: endpoints.environment(),
            brokers: endpoints.kafka_brokers.clone(),
            reader: ClickHouseReader::connect(&url, &ClickHouseSettings::default())?,
            url,
            folder: folder.to_owned(),
            messages,
        })
    }

    async fn run(&self) -> Result<(), Error> {
        self.write(false)?;
        self.apply().await?;
        let begin = Instant::now();
        produce(&self.brokers, self.messages).await?;
        println!("{} messages written in {:.1} s", self.messages, begin.elapsed().as_secs_f64());
        let python = self.python().await?;
        println!("Python, batches of 100: {python:>12.0} messages/s");
        let (consume, memory) = self.consume().await?;
        println!("sluice consume:         {consume:>12.0} messages/s, at most {memory} kB of memory");
        let engine = self.engine().await?;
        println!("Kafka engine:           {engine:>12.0} messages/s");
        println!(
            "sluice consume is {:.1} times the Kafka engine, {:.0} times Python",
            consume / engine,
            consume / python
        );
        Ok(())
    }

    /// The program as a process of its own.
    async fn consume(&self) -> Result<(f64, u64), Error> {
        let begin = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .env(CHILD, "1")
            .envs(self.environment.iter().cloned())
            .arg("--project")
            .arg(&self.folder)
            .args(["consume", CONSUMER, "--once"])
            .stdin(Stdio::null())
            .spawn()?;
        let mut memory = 0;
        let status = loop {
            memory = peak(child.id()).unwrap_or(memory).max(memory);
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(LOOK);
        };
        let took = begin.elapsed();
        assert!(status.success(), "it failed");
        let rows = self.rows("speed.manual").await?;
        assert_eq!(rows, self.messages, "rows of sluice consume");
        Ok((per_second(self.messages, took), memory))
    }

    async fn engine(&self) -> Result<f64, Error> {
        self.write(true)?;
        self.apply().await?;
        let begin = Instant::now();
        while self.rows("speed.engine").await? < self.messages {
            assert!(begin.elapsed() < PATIENCE, "the rows of the Kafka engine do not come");
            tokio::time::sleep(LOOK).await;
        }
        Ok(per_second(self.messages, begin.elapsed()))
    }

    async fn python(&self) -> Result<f64, Error> {
        let (dir, script) = (self.folder.join("venv"), self.folder.join("consumer.py"));
        std::fs::write(&script, PYTHON)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
        run(Command::new(dir.join("bin/pip")).args(["install", "--quiet", "kafka-python"]))?;
        let mut command = Command::new(dir.join("bin/python"));
        command.arg(&script).args([&self.brokers, "speed", &self.url, "speed.python", "speed-python"]);
        let said = run(command.arg(PYTHON_SECONDS.to_string()))?;
        let (messages, seconds) = said.trim().split_once(' ').ok_or("two figures")?;
        let messages: u64 = messages.parse()?;
        assert_eq!(self.rows("speed.python").await?, messages, "rows of the Python consumer");
        Ok(per_second(messages, Duration::from_secs_f64(seconds.parse()?)))
    }

    async fn rows(&self, table: &str) -> Result<u64, Error> {
        Ok(self.reader.text(&format!("SELECT count() FROM {table}")).await?.trim().parse()?)
    }

    /// The manifests: topic, the table that `sluice consume` fills, the same for Python, and the Kafka engine's chain.
    fn write(&self, engine: bool) -> Result<(), Error> {
        let columns = "columns:\n        - {name: date, type: Date, from: String}\n        - {name: location_key, type: \
                       LowCardinality(String), from: String}\n        - {name: new_confirmed, type: Int32}\n        - {name: \
                       new_deceased, type: Int32}\n        - {name: new_recovered, type: Int32}\n        - {name: new_tested, \
                       type: Int32}\n      partitionBy: toYYYYMM(date)\n      orderBy: date, location_key\n";
        let manual = |name: &str, table: &str| {
            format!(
                "---\napiVersion: sluice/v1\nkind: ManualConsumer\nmetadata: {{name: {name}}}\nspec:\n  topic: speed\n  \
                 timeout: 1s\n  target:\n      table: {table}\n      {columns}"
            )
        };
        let mut text =
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: speed}\nspec:\n  manifests: []\n  kafka: \
                        {bootstrapServers: \"${KAFKA_BROKERS}\"}\n  clickhouse: {url: \"${CLICKHOUSE_URL}\"}\n  state: \
                        none\n---\napiVersion: sluice/v1\nkind: Topic\nmetadata: {name: speed}\nspec: {partitions: 4, \
                        replicationFactor: 1}\n"
                .to_owned();
        text += &manual("covid_manual", "speed.manual");
        text += &manual("covid_python", "speed.python");
        if engine {
            let list = columns.replace("\n      ", "\n          ");
            text += &format!(
                "---\napiVersion: sluice/v1\nkind: KafkaPipeline\nmetadata: {{name: covid_engine}}\nspec:\n  topic: \
                 speed\n  source:\n    settings: {{kafka_flush_interval_ms: 500}}\n  targets:\n        - table: \
                 speed.engine\n          {list}"
            );
        }
        Ok(std::fs::write(self.folder.join("sluice.yaml"), text)?)
    }

    fn compiled(&self) -> Compiled {
        let options = LoadOptions {
            project_file: self.folder.join("sluice.yaml"),
            environment: None,
            vars: std::collections::BTreeMap::new(),
            process_env: self.environment.iter().cloned().collect(),
        };
        let (compiled, findings) = compile(&manifest::load(&options));
        compiled.unwrap_or_else(|| panic!("the benchmark's project does not compile: {findings:?}"))
    }

    async fn apply(&self) -> Result<(), Error> {
        let compiled = self.compiled();
        let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new())?;
        let prepared = prepare(&compiled, &servers, None, &Policy::default()).await?;
        assert!(!prepared.plan.is_empty() && !prepared.plan.is_blocked(), "{:#?}", prepared.plan.resources);
        let outcome = apply::run(&prepared, &servers, &Secrets::new(), 8, &Quiet, &apply::Stop::default()).await;
        match outcome.failed.is_empty() {
            true => Ok(()),
            false => Err(format!("steps failed: {:?}", outcome.failed).into()),
        }
    }
}

/// Writes the messages: some locations a day, day after day.
async fn produce(brokers: &str, messages: u64) -> Result<(), Error> {
    let settings = KafkaSettings { timeout: PATIENCE, ..KafkaSettings::new(brokers) };
    let records = (0..messages).map(|n| {
        let (day, place) = (n / 20_000, n % 250);
        let (confirmed, deceased, recovered, tested) = (n % 9973, n % 97, n % 5003, n % 49_999);
        Record {
            topic: "speed".into(),
            key: Some(n.to_string().into_bytes()),
            payload: format!(
                "{{\"date\":\"2021-{:02}-{:02}\",\"location_key\":\"US_{place:03}\",\"new_confirmed\":{confirmed},\
                 \"new_deceased\":{deceased},\"new_recovered\":{recovered},\"new_tested\":{tested}}}",
                1 + day / 28 % 12,
                1 + day % 28
            )
            .into_bytes(),
        }
    });
    Producer::connect(&settings)?.send(records).await?;
    Ok(())
}

/// Most memory that a process has held, in kB.
fn peak(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn run(command: &mut Command) -> Result<String, Error> {
    let output = command.stderr(Stdio::inherit()).output()?;
    assert!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
    Ok(String::from_utf8(output.stdout)?)
}

fn per_second(messages: u64, took: Duration) -> f64 {
    f64::from(u32::try_from(messages).expect("not that many")) / took.as_secs_f64()
}
