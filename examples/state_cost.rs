//! What reading the state topic costs after many applies, beside the floor measured in the same run: the same last records
//! in a topic that has nothing else in it.
//!
//! `cargo run --release --example state_cost [-- APPLIES [RESOURCES]]` starts a sandbox of one broker, writes 1,000 applies of 100
//! resources (two steps each, heartbeats included) as fast as the broker takes them, and reads at once, and again when the broker has
//! cleaned the topic. Times are the median of nine readings with the smallest and the largest.
#![expect(clippy::print_stdout, clippy::expect_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "shared/bench.rs"]
mod bench;

use sluice::client::Servers;
use sluice::client::kafka::{KafkaSettings, SoleWriter};
use sluice::client::kafka::{Stored, Tail};
use sluice::compile::compile;
use sluice::drift::{Applied, AppliedResource};
use sluice::manifest::{self, LoadOptions};
use sluice::memory::Memory;
use sluice::model::{ClickHouseConnection, KafkaConnection, Kind, ResourceId, Secrets, StateTopic};
use sluice::sandbox::Sandbox;
use sluice::state::{
    AppliedRecord, ApplyRecord, End, Holder, HostState, KEPT_APPLIES, KEPT_STEPS, Key, Lease, Record, StepRecord,
    StepState, tombstone, written,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

type Error = Box<dyn std::error::Error + Send + Sync>;

const READINGS: usize = 9;
/// How long the broker may take to clean up.
const CLEANED_WITHIN: Duration = Duration::from_secs(120);

fn main() -> Result<(), Error> {
    let args: Vec<usize> = std::env::args().skip(1).map(|a| a.parse()).collect::<Result<_, _>>()?;
    let (applies, resources) = (args.first().copied().unwrap_or(1000), args.get(1).copied().unwrap_or(100));
    let folder = tempfile::tempdir()?;
    // It has a runtime of its own while it starts.
    let sandbox = bench::start(&folder.path().join("sandbox"), 1)?;
    tokio::runtime::Runtime::new()?.block_on(measured(&sandbox, applies, resources))
}

async fn measured(sandbox: &Sandbox, applies: usize, resources: usize) -> Result<(), Error> {
    let kafka = KafkaConnection {
        bootstrap_servers: sandbox.endpoints().kafka_brokers.clone(),
        cluster_id: None,
        properties: BTreeMap::new(),
    };
    let clickhouse = ClickHouseConnection {
        url: sandbox.endpoints().clickhouse_urls[0].clone(),
        user: "default".into(),
        password: None,
        ca_certificate: None,
        hosts: vec![],
    };
    let servers = Servers::connect(&kafka, &clickhouse, &Secrets::new())?;
    let settings = KafkaSettings::new(&kafka.bootstrap_servers);
    let desired = resource()?;
    let memory = |name: &str| Memory::of(&servers, &StateTopic { name: name.into(), replication_factor: 1 });

    // The topics as the program makes them.
    for name in ["_sluice.cost", "_sluice.floor"] {
        memory(name)?.lock(holder(), Duration::ZERO, |_| {}).await?.release().await?;
    }
    let begin = Instant::now();
    let writer = SoleWriter::begin(&settings, "_sluice.cost", "_sluice.cost").await?;
    let mut bytes = 0;
    for number in 1..=u64::try_from(applies)? {
        for records in transactions(number, resources, &desired) {
            bytes += size(&records);
            writer.write(&records).await?;
        }
        if number > KEPT_STEPS {
            writer.write(&outdated(number, resources)).await?;
        }
    }
    println!(
        "{applies} applies of {resources} resources: {:.1} MB of records in {:.0} s",
        mega(bytes),
        begin.elapsed().as_secs_f64()
    );
    show("at once", &memory("_sluice.cost")?).await?;
    let begin = Instant::now();
    let (mut before, mut still) = (usize::MAX, 0);
    // Nothing says when a topic is clean: what is read does not shrink any more for four turns of the cleaner.
    while still < 4 && begin.elapsed() < CLEANED_WITHIN {
        tokio::time::sleep(Duration::from_secs(15)).await;
        let now = stored(&servers, &settings, "_sluice.cost").await?.len();
        still = if now < before { 0 } else { still + 1 };
        before = now;
    }
    show("cleaned", &memory("_sluice.cost")?).await?;

    let writer = SoleWriter::begin(&settings, "_sluice.floor", "_sluice.floor").await?;
    let mut last: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
    for record in stored(&servers, &settings, "_sluice.cost").await? {
        last.insert(record.key, record.value);
    }
    let last: Vec<Record> = last
        .into_iter()
        .filter(|(_, value)| value.is_some())
        .map(|(key, value)| (String::from_utf8_lossy(&key).into_owned(), value))
        .collect();
    println!("{} records are left, {:.1} MB", last.len(), mega(size(&last)));
    for chunk in last.chunks(1000) {
        writer.write(chunk).await?;
    }
    show("floor", &memory("_sluice.floor")?).await?;
    Ok(())
}

async fn stored(servers: &Servers, settings: &KafkaSettings, topic: &str) -> Result<Vec<Stored>, Error> {
    let tail = Tail::open(servers.kafka(), settings, topic)?;
    Ok(tail.to_the_end().await?)
}

async fn show(what: &str, memory: &Memory) -> Result<(), Error> {
    let mut times = Vec::new();
    for _ in 0..READINGS {
        let begin = Instant::now();
        let book = memory.read().await?.ok_or("the topic is not there")?;
        times.push(begin.elapsed().as_secs_f64());
        drop(book);
    }
    times.sort_by(f64::total_cmp);
    println!("{what:<10} {:.3} s ({:.3}..{:.3})", times[READINGS / 2], times[0], times[READINGS - 1]);
    Ok(())
}

/// A chain of four objects with twelve columns.
fn resource() -> Result<AppliedResource, Error> {
    let folder = tempfile::tempdir()?;
    let columns: String = (0..10).map(|c| format!("        - {{name: figure_{c}, type: Int32}}\n")).collect();
    let text = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: cost}}\nspec:\n  manifests: [.]\n  kafka: \
         {{bootstrapServers: \"k:9092\"}}\n  clickhouse: {{url: \"http://ch:8123\", cluster: dwh, ddl: perHost}}\n---\n\
         apiVersion: sluice/v1\nkind: KafkaPipeline\nmetadata: {{name: chain, description: One of many}}\nspec:\n  topic: \
         {{external: cost}}\n  targets:\n    - table: cost.chain\n      columns:\n        - {{name: date, type: Date, from: \
         String}}\n        - {{name: location_key, type: LowCardinality(String), from: String}}\n{columns}      orderBy: \
         date, location_key\n      distributed: {{shardingKey: xxHash64(location_key)}}\n"
    );
    let project_file = folder.path().join("sluice.yaml");
    std::fs::write(&project_file, text)?;
    let (environment, vars, process_env) = (None, BTreeMap::new(), BTreeMap::new());
    let options = LoadOptions { project_file, environment, vars, process_env };
    let compiled = compile(&manifest::load(&options)).0.ok_or("the benchmark's project does not compile")?;
    let chain = compiled.desired.pipelines.first().ok_or("it has no chain")?;
    Ok(AppliedResource::Chain(Box::new(chain.clone())))
}

fn holder() -> Holder {
    Holder {
        session: "8b8f4f0e-0000-4000-8000-000000000000".into(),
        user: "ann".into(),
        host: "runner-7".into(),
        process: 4242,
        command: "sluice --env prod apply --lock-timeout 10m plan.json".into(),
        environment: None,
        since: "2026-11-20T14:02:00Z".into(),
        plan: Some("3f2a9c01d4e5".into()),
    }
}

fn id(n: usize) -> ResourceId {
    ResourceId::new(Kind::KafkaPipeline, format!("chain_{n:03}"))
}

/// What an apply writes. The steps come in one transaction, so that the benchmark ends: the records are the same.
fn transactions(number: u64, resources: usize, resource: &AppliedResource) -> Vec<Vec<Record>> {
    let at = "2026-11-20T14:02:00.000Z".to_owned();
    let apply = ApplyRecord {
        number,
        holder: holder(),
        began: at.clone(),
        ended: None,
        end: None,
        steps: 2 * resources,
        done: 0,
        resources: (0..resources).map(id).collect(),
    };
    let applied = |n: usize, whole: bool| {
        let applied = Applied { at: at.clone(), whole, resource: resource.clone() };
        written(&Key::Resource(id(n)), &AppliedRecord { apply: number, applied })
    };
    let lease = |beat: u64, released: bool| {
        written(&Key::Lease, &Lease { holder: holder(), beat, age_seconds: beat, released })
    };
    let mut all = vec![vec![written(&Key::Apply(number), &apply), lease(0, false)]];
    let mut records = Vec::new();
    for n in 0..resources {
        records.push(applied(n, false));
        for step in [2 * n + 1, 2 * n + 2] {
            let begun = StepRecord {
                apply: number,
                step,
                resource: id(n),
                what: "alter table cost.chain_local  on all hosts".into(),
                state: StepState::Begun,
                hosts: (1..=4).map(|h| (format!("ch{h}:8123"), HostState::Begun)).collect(),
                began: at.clone(),
                ended: None,
                failure: None,
            };
            records.push(written(&Key::Step(number, step), &begun));
            records.push(written(&Key::Step(number, step), &begun.done(at.clone())));
        }
        records.push(lease(1, false));
    }
    all.push(records);
    let ended = ApplyRecord { ended: Some(at.clone()), end: Some(End::Done), done: 2 * resources, ..apply };
    let mut last = vec![written(&Key::Apply(number), &ended)];
    last.extend((0..resources).map(|n| applied(n, true)));
    last.push(lease(2, true));
    all.push(last);
    all
}

/// What an apply forgets.
fn outdated(number: u64, resources: usize) -> Vec<Record> {
    let old = number - KEPT_STEPS;
    let mut gone: Vec<Record> = (1..=2 * resources).map(|step| tombstone(&Key::Step(old, step))).collect();
    gone.extend(number.checked_sub(KEPT_APPLIES).filter(|old| *old > 0).map(|old| tombstone(&Key::Apply(old))));
    gone
}

fn size(records: &[Record]) -> usize {
    records.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
}

#[expect(clippy::cast_precision_loss, reason = "megabytes with one digit")]
fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
