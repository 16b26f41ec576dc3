//! What both producers share: real rows of the CSV, or simulated ones, in batches at a rate.
#![expect(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods, reason = "a program of its own")]

use clap::Parser;
use serde_json::{Map, Value};
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::time::Duration;

/// COVID-19 Open-Data, epidemiology: see the README beside it.
const CSV: &[u8] = include_bytes!("covid19-epidemiology.csv");
const FIGURES: [&str; 4] = ["confirmed", "deceased", "recovered", "tested"];

/// One of the two producers.
pub struct Stream {
    /// Topic it writes to.
    pub topic: &'static str,
    /// What its columns begin with in the CSV.
    pub column: &'static str,
    /// What its fields begin with in a message.
    pub field: &'static str,
    /// Simulated figures add up.
    pub sums: bool,
    /// Messages of a batch.
    pub batch: u32,
    /// Minutes from one batch to the next.
    pub minutes: u32,
}

/// Sends COVID-19 figures to a topic, each exactly once; exits with 1 when one could not be delivered.
#[derive(Debug, Parser)]
struct Options {
    /// Brokers.
    #[arg(long, env = "KAFKA_BROKERS", default_value = "localhost:9092")]
    brokers: String,
    /// Topic. Left out: the homework's.
    #[arg(long)]
    topic: Option<String>,
    /// Messages a batch and the time between batches: 8/1m, 100/500ms; a bare number is messages a minute.
    #[arg(long, value_name = "N[/TIME]", value_parser = rate)]
    rate: Option<Rate>,
    /// Messages in all. Left out: until interrupted, the CSV over and over.
    #[arg(long)]
    count: Option<u64>,
    /// Only these countries or locations, e.g. US,CZ_10.
    #[arg(long, value_delimiter = ',')]
    countries: Vec<String>,
    /// Simulated figures of today instead of real ones.
    #[arg(long)]
    simulate: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    batch: u64,
    every: Duration,
}

fn rate(text: &str) -> Result<Rate, String> {
    let (batch, every) = text.split_once('/').unwrap_or((text, "1m"));
    let batch: u64 = batch.parse().ok().filter(|n| *n > 0).ok_or("it is not N or N/TIME")?;
    let at = every.find(|c: char| !c.is_ascii_digit()).ok_or("the time has no unit: ms, s or m")?;
    let number: u64 = every[..at].parse().map_err(|_| "it is not N or N/TIME".to_owned())?;
    let every = match &every[at..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(60 * number),
        _ => return Err("the units are ms, s and m".into()),
    };
    Ok(Rate { batch, every })
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs a producer to its end.
pub async fn run(stream: &Stream) -> ExitCode {
    match send(stream, &Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn send(stream: &Stream, options: &Options) -> Result<(), Failure> {
    let mut rows: Box<dyn Iterator<Item = (String, String)>> = match options.simulate {
        true => Box::new(simulated(stream, options)?),
        false => Box::new(real(stream, options)?.into_iter().cycle()),
    };
    let every = Duration::from_secs(60 * u64::from(stream.minutes));
    let rate = options.rate.unwrap_or(Rate { batch: stream.batch.into(), every });
    let topic = options.topic.as_deref().unwrap_or(stream.topic);
    // Idempotent, acks=all: a message that is sent again by the client is stored once.
    let producer = Producer::connect(&KafkaSettings::new(&options.brokers))?;
    let (mut sent, mut interrupted) = (0, std::pin::pin!(tokio::signal::ctrl_c()));
    loop {
        let left = options.count.map_or(rate.batch, |count| (count - sent).min(rate.batch));
        let batch = rows.by_ref().take(usize::try_from(left)?).map(|(key, payload)| Record {
            topic: topic.to_owned(),
            key: Some(key.into_bytes()),
            payload: payload.into_bytes(),
        });
        let batch: Vec<Record> = batch.collect();
        sent += producer.send(batch).await?;
        println!("{sent} messages sent to {topic}");
        if options.count.is_some_and(|count| sent >= count) {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(rate.every) => {}
            _ = &mut interrupted => return Ok(()),
        }
    }
}

/// Whether a location is one of those asked for: itself, or a part of a country.
fn asked(countries: &[String], key: &str) -> bool {
    let is = |c: &String| key == c || key.strip_prefix(c.as_str()).is_some_and(|rest| rest.starts_with('_'));
    countries.is_empty() || countries.iter().any(is)
}

/// Location and message of every row of the CSV, day by day as they were reported. Cells that were not are null.
fn real(stream: &Stream, options: &Options) -> Result<Vec<(String, String)>, Failure> {
    let (mut found, mut known) = (Vec::new(), BTreeSet::new());
    for row in csv::Reader::from_reader(CSV).deserialize() {
        let row: BTreeMap<String, String> = row?;
        let text = |column: &str| row.get(column).cloned().unwrap_or_default();
        let key = text("key");
        if asked(&options.countries, &key) {
            let figures = FIGURES.map(|f| text(&format!("{}{f}", stream.column)).parse::<i64>().ok());
            let date = text("date");
            let message = message(stream, &date, &key, figures);
            found.push((date, (key.clone(), message)));
        }
        known.insert(key);
    }
    if found.is_empty() {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(format!("the CSV has none of {}; it has {known}", options.countries.join(", ")).into());
    }
    // The file has one location after the other: the first hundreds would be of one key, and so in one partition.
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(found.into_iter().map(|(_, keyed)| keyed).collect())
}

/// Figures of today for each location in turn.
fn simulated(stream: &Stream, options: &Options) -> Result<impl Iterator<Item = (String, String)>, Failure> {
    let mut places = options.countries.clone();
    if places.is_empty() {
        places = ["US", "DE", "FR", "GB", "JP"].map(str::to_owned).to_vec();
    }
    let date = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date().to_string();
    let mut state = u64::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..8].try_into()?);
    let mut below = move |most: u64| {
        // Knuth's multiplier: good enough for figures nobody computes with.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((state >> 33) % most).unwrap_or(0)
    };
    let mut totals: BTreeMap<String, [i64; 4]> = BTreeMap::new();
    let (field, sums, topic) = (stream.field, stream.sums, stream.topic);
    let (column, batch, minutes) = (stream.column, stream.batch, stream.minutes);
    Ok((0..).map(move |n: usize| {
        let key = places[n % places.len()].clone();
        let new = [below(5000), below(100), below(3000), below(20_000)];
        let total = totals.entry(key.clone()).or_default();
        let figures = std::array::from_fn(|i| {
            total[i] = (total[i] + new[i]).min(i64::from(i32::MAX));
            Some(if sums { total[i] } else { new[i] })
        });
        let stream = Stream { topic, column, field, sums, batch, minutes };
        (key.clone(), message(&stream, &date, &key, figures))
    }))
}

fn message(stream: &Stream, date: &str, key: &str, figures: [Option<i64>; 4]) -> String {
    let mut message = Map::new();
    message.insert("date".into(), date.into());
    message.insert("location_key".into(), key.into());
    for (name, figure) in FIGURES.iter().zip(figures) {
        message.insert(format!("{}{name}", stream.field), figure.map_or(Value::Null, Value::from));
    }
    Value::Object(message).to_string()
}
