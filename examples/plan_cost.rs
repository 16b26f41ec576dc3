//! What a plan costs, beside the floor measured in the same run: the fewest calls that read the same facts, without
//! looking at them.
//!
//! `cargo run --release --example plan_cost [-- RUNS [NODES]]` starts a sandbox of one node, or of NODES, and one broker
//! and takes 1,000 topics, then 100 and 1,000 chains of four objects. Each is planned three times over: before anything of it is
//! there, as it was applied, and with 100 of its resources changed. Each is measured in processes of their own, ours
//! and the floor taking turns. Wall time is the median of RUNS (default 5) with the smallest and the largest; memory is
//! the peak of the process.
#![expect(clippy::print_stdout, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "shared/bench.rs"]
mod bench;

use bench::{Quiet, start};
use futures_util::future::try_join_all;
use sluice::client::Servers;
use sluice::client::kafka::Request;
use sluice::compile::{Compiled, compile};
use sluice::manifest::{self, LoadOptions};
use sluice::model::{ObjectName, Secrets};
use sluice::plan::Policy;
use sluice::reconcile::prepare;
use sluice::{apply, observe, sql};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [what, steps, project] => measure(what, steps, Path::new(project)),
        [] => compare(5, 1),
        [runs] => compare(runs.parse()?, 1),
        [runs, nodes] => compare(runs.parse()?, nodes.parse()?),
        _ => Err("usage: plan_cost [RUNS [NODES]]".into()),
    }
}

fn compare(runs: usize, nodes: u16) -> Result<(), Error> {
    let folder = tempfile::tempdir()?;
    let sandbox = start(&folder.path().join("sandbox"), nodes)?;
    for (key, value) in sandbox.endpoints().environment() {
        // Children find the servers as a user's shell would.
        children().lock().expect("no thread panicked").push((key, value));
    }
    println!("\n{:<24} {:<6} {:>22} {:>12}   steps and requests", "case", "who", "wall s (min..max)", "peak MB");
    for (name, topics, chains) in [("1000 topics", 1000, 0), ("100 chains", 0, 100), ("1000 chains", 0, 1000)] {
        let dir = folder.path().join(name.replace(' ', "-"));
        let project = write(&dir, topics, chains, 0)?;
        show(&format!("{name}, new"), SOME, &project, runs)?;
        create(&project)?;
        show(&format!("{name}, unchanged"), NONE, &project, runs)?;
        write(&dir, topics, chains, 100)?;
        show(&format!("{name}, 100 changed"), SOME, &project, runs)?;
    }
    Ok(())
}

/// Whether the plan has steps.
const SOME: &str = "some";
const NONE: &str = "none";

fn show(name: &str, steps: &str, project: &Path, runs: usize) -> Result<(), Error> {
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(child("ours", steps, project)?);
        floor.push(child("floor", steps, project)?);
    }
    let (ours, floor) = (Figures::of(ours)?, Figures::of(floor)?);
    println!("{name:<24} {:<6} {ours}", "ours");
    println!("{:<24} {:<6} {floor}", "", "floor");
    println!("{:<24} {:<6} {:>22.2}", "", "ratio", ours.median() / floor.median());
    Ok(())
}

fn children() -> &'static std::sync::Mutex<Vec<(String, String)>> {
    static VARIABLES: std::sync::Mutex<Vec<(String, String)>> = std::sync::Mutex::new(Vec::new());
    &VARIABLES
}

/// A project of topics and of chains like the homework's: Kafka table, view, Distributed table, local table
/// with twelve columns, an index and a projection. The first `changed` of each are other than before: a topic keeps its
/// messages longer, a chain has one more column.
fn write(dir: &Path, topics: usize, chains: usize, changed: usize) -> Result<PathBuf, Error> {
    std::fs::create_dir_all(dir)?;
    let project = "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: cost}\nspec:\n  manifests: [.]\n  kafka: \
                   {bootstrapServers: \"${KAFKA_BROKERS}\"}\n  clickhouse: {url: \"${CLICKHOUSE_URL}\", cluster: \
                   dwh_test, ddl: perHost, hosts: \"${CLICKHOUSE_URLS}\"}\n  state: none\n  defaults: {kafkaDatabase: \
                   cost_kafka, conversions: {Date: [date]}}\n";
    std::fs::write(dir.join("sluice.yaml"), project)?;
    for i in 0..topics {
        let retention = if i < changed { 172_800_000 } else { 86_400_000 };
        let text = format!(
            "apiVersion: sluice/v1\nkind: Topic\nmetadata: {{name: cost_{i:04}}}\nspec: {{partitions: 3, \
             replicationFactor: 1, config: {{retention.ms: {retention}, compression.type: snappy}}}}\n"
        );
        std::fs::write(dir.join(format!("topic_{i:04}.yaml")), text)?;
    }
    for i in 0..chains {
        let mut columns = String::new();
        for c in 0..if i < changed { 11 } else { 10 } {
            write!(columns, "\n        - {{name: figure_{c}, type: Int32}}")?;
        }
        let text = format!(
            "apiVersion: sluice/v1\nkind: KafkaPipeline\nmetadata: {{name: c{chains}_{i:04}, description: One of \
             many}}\nspec:\n  topic: {{external: cost_{chains}}}\n  source: {{errors: {{mode: skip}}}}\n  targets:\n    - table: \
             cost.c{chains}_{i:04}\n      columns:\n        - {{name: date, type: String}}\n        - {{name: \
             location_key, type: LowCardinality(String), from: String}}{columns}\n      where: date != ''\n      \
             partitionBy: toYYYYMM(date)\n      orderBy: date, location_key\n      indexes: [{{name: ix_date, \
             expression: date, type: minmax, granularity: 4}}]\n      projections: [{{name: p, orderBy: \"date, \
             figure_0\"}}]\n      distributed: {{shardingKey: xxHash64(location_key)}}\n"
        );
        std::fs::write(dir.join(format!("chain_{i:04}.yaml")), text)?;
    }
    Ok(dir.join("sluice.yaml"))
}

fn compiled(project: &Path, environment: Vec<(String, String)>) -> Compiled {
    let options = LoadOptions {
        project_file: project.to_owned(),
        environment: None,
        vars: std::collections::BTreeMap::new(),
        process_env: environment.into_iter().collect(),
    };
    let (compiled, findings) = compile(&manifest::load(&options));
    compiled.unwrap_or_else(|| panic!("the benchmark's project does not compile: {findings:?}"))
}

fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn create(project: &Path) -> Result<(), Error> {
    let compiled = compiled(project, children().lock().expect("no thread panicked").clone());
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new())?;
    runtime()?.block_on(async {
        let prepared = prepare(&compiled, &servers, None, &Policy::default()).await?;
        let stop = apply::Stop::default();
        let outcome = apply::run(&prepared, &servers, &Secrets::new(), 8, &Quiet, &stop).await;
        match outcome.failed.is_empty() {
            true => Ok(()),
            false => Err("the benchmark's objects could not be made".into()),
        }
    })
}

/// In a process of its own: does the work once and prints seconds, peak KiB and requests.
fn measure(what: &str, steps: &str, project: &Path) -> Result<(), Error> {
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let begin = Instant::now();
    let compiled = compiled(project, environment);
    let loaded = begin.elapsed();
    let runtime = runtime()?;
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new())?;
    let (wall, requests) = match what {
        "ours" => {
            let prepared = runtime.block_on(prepare(&compiled, &servers, None, &Policy::default()))?;
            assert_eq!(prepared.plan.steps.is_empty(), steps == NONE, "the plan has {steps} steps");
            assert!(!prepared.plan.is_blocked(), "the plan is blocked");
            (
                begin.elapsed(),
                format!(
                    "{} steps; reading manifests {:.3} s; {}",
                    prepared.plan.steps.len(),
                    loaded.as_secs_f64(),
                    requests(&servers, prepared.clickhouse_requests)
                ),
            )
        }
        _ => {
            let begin = Instant::now();
            let (read, asked) = runtime.block_on(floor(&compiled, &servers))?;
            (begin.elapsed(), format!("{} KiB of definitions; {}", read / 1024, requests(&servers, asked)))
        }
    };
    println!("{} {} {requests}", wall.as_secs_f64(), peak_kib());
    Ok(())
}

/// Metadata and configs of the topics, and the statements of the objects as bytes.
async fn floor(compiled: &Compiled, servers: &Servers) -> Result<(usize, u64), Error> {
    let topics: Vec<String> = compiled.desired.topics.iter().map(|t| t.name.clone()).collect();
    let names: Vec<ObjectName> = compiled.desired.object_names().into_iter().collect();
    let readers = observe::hosts::hosts(servers, &compiled.desired.topology).await?;
    let kafka = async {
        servers.kafka().cluster().await?;
        servers.kafka().describe_configs(&topics).await?;
        Ok::<_, Error>(())
    };
    let clickhouse = async {
        if names.is_empty() {
            return Ok::<_, Error>((0, 0));
        }
        let question = sql::read::objects(&names);
        let read = try_join_all(readers.iter().map(|(_, reader)| reader.text(&question))).await?;
        Ok((read.iter().map(String::len).sum(), readers.iter().map(|(_, reader)| reader.requests()).sum()))
    };
    let ((), read) = tokio::try_join!(kafka, clickhouse)?;
    Ok(read)
}

fn requests(servers: &Servers, clickhouse: u64) -> String {
    let counts = servers.kafka().requests();
    let kafka: Vec<String> = [Request::Metadata, Request::DescribeConfigs, Request::DescribeTopics]
        .into_iter()
        .map(|r| format!("{r}: {}", counts.of(r)))
        .collect();
    format!("kafka {}; clickhouse {clickhouse}", kafka.join(", "))
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or_default()
}

fn child(what: &str, steps: &str, project: &Path) -> Result<String, Error> {
    let variables = children().lock().expect("no thread panicked").clone();
    let output = std::process::Command::new(std::env::current_exe()?)
        .args([what, steps])
        .arg(project)
        .envs(variables)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(format!("measuring {what} failed").into()),
    }
}

struct Figures {
    walls: Vec<f64>,
    peak_kib: u64,
    requests: String,
}

impl Figures {
    fn of(lines: Vec<String>) -> Result<Self, Error> {
        let mut figures = Figures { walls: Vec::new(), peak_kib: 0, requests: String::new() };
        for line in lines {
            let mut parts = line.trim().splitn(3, ' ');
            let mut next = || parts.next().ok_or("a child printed too little");
            figures.walls.push(next()?.parse()?);
            figures.peak_kib = figures.peak_kib.max(next()?.parse()?);
            figures.requests = next()?.to_owned();
        }
        figures.walls.sort_by(f64::total_cmp);
        Ok(figures)
    }

    fn median(&self) -> f64 {
        self.walls[self.walls.len() / 2]
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (least, most) = (self.walls[0], self.walls[self.walls.len() - 1]);
        let wall = format!("{:.2} ({least:.2}..{most:.2})", self.median());
        write!(f, "{wall:>22} {:>12.1}   {}", self.peak_kib as f64 / 1024.0, self.requests)
    }
}
