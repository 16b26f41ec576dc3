//! How long nothing is ingested while a running pipeline changes: sluice's own steps beside a plain
//! `CREATE OR REPLACE TABLE` of the Kafka table, in one run.
//!
//! `cargo run --release --example pause [-- ROUNDS]` starts a sandbox of one node and one broker. A producer writes 180
//! numbered messages a second to two partitions, all the time. Each round makes the three changes in turn. The pause is
//! the longest time without a new row, from the beginning of the change on; a pipeline at rest has one of its flush
//! interval (0.5 s). At the end of each change every number has to be in the table: those that are not are lost, those
//! that are there again came twice.
#![expect(clippy::print_stdout, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "shared/bench.rs"]
mod bench;

use bench::{Quiet, start};
use sluice::apply;
use sluice::client::Servers;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings, ClickHouseWriter, Execute};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use sluice::compile::{Compiled, compile};
use sluice::manifest::{self, LoadOptions};
use sluice::model::{Role, Secrets};
use sluice::plan::Policy;
use sluice::reconcile::prepare;
use sluice::sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Messages written in one go, every 50 ms.
const BATCH: u64 = 9;
/// From one look at the table to the next: the error of the figures.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than any session of a consumer that is gone.
const PATIENCE: Duration = Duration::from_secs(150);

/// A change that is made again and again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// `sluice apply`: a setting of the Kafka table.
    KafkaTable,
    /// `sluice apply`: a computed column, which takes the views away and makes them again.
    Views,
    /// One statement by hand, as a script would send it.
    Plain,
}

impl Way {
    const ALL: [Way; 3] = [Way::KafkaTable, Way::Views, Way::Plain];

    fn title(self) -> &'static str {
        match self {
            Way::KafkaTable => "sluice: the Kafka table is replaced",
            Way::Views => "sluice: the views are taken away and made again",
            Way::Plain => "plain CREATE OR REPLACE of the Kafka table",
        }
    }
}

/// What one change cost.
struct Round {
    took: Duration,
    pause: Duration,
    lost: u64,
    twice: u64,
}

fn main() -> Result<(), Error> {
    let rounds = std::env::args().nth(1).map_or(Ok(5), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let sandbox = start(&folder.path().join("sandbox"), 1)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let bench = Bench::new(&sandbox, &folder.path().join("project"))?;
    let rounds = runtime.block_on(bench.run(rounds))?;
    println!(
        "\n{:<50} {:>26} {:>26} {:>6} {:>6}",
        "way", "change takes (min..max)", "pause (min..max)", "lost", "twice"
    );
    for (way, rounds) in Way::ALL.into_iter().zip(rounds) {
        let took = span(rounds.iter().map(|r| r.took));
        let pause = span(rounds.iter().map(|r| r.pause));
        // What is missing or there again stays so in later rounds: the last figure is the sum.
        let lost = rounds.iter().map(|r| r.lost).max().unwrap_or_default();
        let twice = rounds.iter().map(|r| r.twice).max().unwrap_or_default();
        println!("{:<50} {took:>26} {pause:>26} {lost:>6} {twice:>6}", way.title());
    }
    Ok(())
}

/// Median, smallest and largest.
fn span(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<f64> = times.map(|t| t.as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (times.first(), times.last()) else { return "-".into() };
    format!("{:.2} s ({least:.2}..{most:.2})", times[times.len() / 2])
}

struct Bench {
    environment: Vec<(String, String)>,
    brokers: String,
    reader: ClickHouseReader,
    writer: ClickHouseWriter,
    project: PathBuf,
}

impl Bench {
    fn new(sandbox: &Sandbox, project: &Path) -> Result<Self, Error> {
        let endpoints = sandbox.endpoints();
        let url = &endpoints.clickhouse_urls[0];
        std::fs::create_dir_all(project)?;
        Ok(Self {
            environment: endpoints.environment(),
            brokers: endpoints.kafka_brokers.clone(),
            reader: ClickHouseReader::connect(url, &ClickHouseSettings::default())?,
            writer: ClickHouseWriter::connect(url, &ClickHouseSettings::default())?,
            project: project.to_owned(),
        })
    }

    async fn run(&self, rounds: u64) -> Result<[Vec<Round>; 3], Error> {
        self.write(0, 0)?;
        self.apply().await?;
        let sent = Arc::new(AtomicU64::new(0));
        let producer = tokio::spawn(produce(self.brokers.clone(), sent.clone()));
        self.reached(BATCH * 20).await?;
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        for round in 1..=rounds {
            for (way, done) in Way::ALL.into_iter().zip(&mut all) {
                let ended = self.round(way, round, &sent).await?;
                println!("{:<50} round {round}: {:.2} s without rows", way.title(), ended.pause.as_secs_f64());
                done.push(ended);
                assert!(!producer.is_finished(), "the producer stopped");
            }
        }
        producer.abort();
        Ok(all)
    }

    async fn round(&self, way: Way, round: u64, sent: &AtomicU64) -> Result<Round, Error> {
        // What the change before has left behind is over.
        self.reached(sent.load(Ordering::Acquire) + BATCH * 20).await?;
        let (begin, mut grown) = (Instant::now(), Instant::now());
        let changed = async {
            match way {
                Way::KafkaTable => {
                    self.write(2 * round, round - 1)?;
                    self.apply().await?;
                }
                Way::Views => {
                    self.write(2 * round, round)?;
                    self.apply().await?;
                }
                Way::Plain => {
                    self.write(2 * round + 1, round)?;
                    let text = self.kafka_table()?.replacen("CREATE TABLE", "CREATE OR REPLACE TABLE", 1);
                    let options =
                        Execute { timeout: PATIENCE, query_id: format!("pause-{round}"), settings: Vec::new() };
                    self.writer.execute(&text, &options).await?;
                }
            }
            Ok::<_, Error>((begin.elapsed(), sent.load(Ordering::Acquire)))
        };
        tokio::pin!(changed);
        let (mut took, mut largest, mut pause) = (None, self.largest().await?, Duration::ZERO);
        loop {
            tokio::select! {
                ended = &mut changed, if took.is_none() => took = Some(ended?),
                () = tokio::time::sleep(LOOK) => {}
            }
            let now = self.largest().await?;
            if now > largest {
                pause = pause.max(grown.elapsed());
                (largest, grown) = (now, Instant::now());
            }
            // Written in order to each partition: soon after a number that was sent after the change come the others.
            if let Some((took, then)) = took.filter(|(_, then)| largest > *then) {
                let upto = then + BATCH * 20;
                self.reached(upto).await?;
                let (rows, numbers) = self.counted(upto).await?;
                return Ok(Round { took, pause, lost: upto - numbers, twice: rows - numbers });
            }
            assert!(grown.elapsed() < PATIENCE, "nothing came for {PATIENCE:?}");
        }
    }

    /// Waits until every number up to this one is in the table, or until later ones have long been there.
    async fn reached(&self, number: u64) -> Result<(), Error> {
        let begin = Instant::now();
        let mut passed = None;
        loop {
            if self.counted(number).await?.1 >= number {
                return Ok(());
            }
            if passed.is_none() && self.largest().await? > number + BATCH * 100 {
                passed = Some(Instant::now());
            }
            if passed.is_some_and(|at: Instant| at.elapsed() > Duration::from_secs(10)) {
                return Ok(());
            }
            assert!(begin.elapsed() < PATIENCE, "{number} did not come within {PATIENCE:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn largest(&self) -> Result<u64, Error> {
        Ok(self.reader.text("SELECT max(n) FROM pause.rows").await?.trim().parse()?)
    }

    /// Rows, and different numbers.
    async fn counted(&self, upto: u64) -> Result<(u64, u64), Error> {
        let query = format!("SELECT count(), uniqExact(n) FROM pause.rows WHERE n <= {upto}");
        let answer = self.reader.text(&query).await?;
        let (rows, numbers) = answer.trim().split_once('\t').ok_or("two counts")?;
        Ok((rows.parse()?, numbers.parse()?))
    }

    /// The manifests: a setting of the Kafka table, and so many computed columns.
    fn write(&self, setting: u64, columns: u64) -> Result<(), Error> {
        let columns: String = (1..=columns)
            .map(|i| format!("\n        - {{name: plus_{i}, type: UInt64, expression: n + {i}}}"))
            .collect();
        let block = 65_536 + setting;
        let text = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: pause}}\nspec:\n  manifests: []\n  kafka: \
             {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\"}}\n  state: \
             none\n---\napiVersion: sluice/v1\nkind: Topic\nmetadata: {{name: pause}}\nspec: {{partitions: 2, \
             replicationFactor: 1}}\n---\napiVersion: sluice/v1\nkind: KafkaPipeline\nmetadata: {{name: pause}}\n\
             spec:\n  topic: pause\n  source:\n    settings: {{kafka_flush_interval_ms: 500, kafka_max_block_size: \
             {block}}}\n  targets:\n    - table: pause.rows\n      columns:\n        - {{name: n, type: UInt64}}\n        \
             - {{name: at, type: DateTime64(3)}}{columns}\n      orderBy: n\n"
        );
        Ok(std::fs::write(self.project.join("sluice.yaml"), text)?)
    }

    fn compiled(&self) -> Compiled {
        let options = LoadOptions {
            project_file: self.project.join("sluice.yaml"),
            environment: None,
            vars: std::collections::BTreeMap::new(),
            process_env: self.environment.iter().cloned().collect(),
        };
        let (compiled, findings) = compile(&manifest::load(&options));
        compiled.unwrap_or_else(|| panic!("the benchmark's project does not compile: {findings:?}"))
    }

    /// The statement that makes the Kafka table of the manifests.
    fn kafka_table(&self) -> Result<String, Error> {
        let compiled = self.compiled();
        let mut objects = compiled.desired.pipelines.iter().flat_map(|p| &p.objects);
        let source = objects.find(|o| o.role == Role::Source).ok_or("a Kafka table")?;
        Ok(sluice::sql::create(&source.definition, None, None).shown().to_owned())
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

/// Writes numbered messages for as long as it runs.
async fn produce(brokers: String, sent: Arc<AtomicU64>) {
    let producer = Producer::connect(&KafkaSettings::new(&brokers)).expect("a producer");
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    loop {
        pace.tick().await;
        let last = sent.load(Ordering::Acquire);
        let records = (last + 1..=last + BATCH).map(|n| Record {
            topic: "pause".into(),
            key: Some(n.to_string().into_bytes()),
            payload: format!(r#"{{"n": {n}, "at": {n}}}"#).into_bytes(),
        });
        producer.send(records).await.expect("the messages are written");
        sent.store(last + BATCH, Ordering::Release);
    }
}
