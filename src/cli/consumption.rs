//! How a consumer is shown: a progress line while it runs, and its figures at the end.

use super::args::ConsumeFormat;
use super::output;
use super::settings::Look;
use crate::consume::{Events, Latency, Report, Statistics};
use crate::model::ResourceId;
use crate::render::escape;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Between two plain lines.
const EVERY: Duration = Duration::from_secs(10);
/// Between two states of the live line.
const TURN: Duration = Duration::from_millis(250);
/// Version of what `--format json` prints.
const FORMAT: &str = "1.0";

/// Shows a run on stderr.
pub(super) struct Progress {
    look: Look,
    bar: ProgressBar,
    begin: Instant,
    statistics: Arc<Mutex<Statistics>>,
    stopping: AtomicBool,
}

impl Progress {
    pub fn new(look: Look) -> Self {
        let target = if look.terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        let statistics = Arc::new(Mutex::new(Statistics::default()));
        Self { look, bar, begin: Instant::now(), statistics, stopping: AtomicBool::new(false) }
    }

    /// What the run counts in.
    pub fn statistics(&self) -> Arc<Mutex<Statistics>> {
        Arc::clone(&self.statistics)
    }

    /// The figures so far.
    pub fn report(&self) -> Report {
        let statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Report { statistics, took: self.begin.elapsed(), stopped: true }
    }

    /// Shows how far it is; never ends.
    pub async fn beat(&self) -> Infallible {
        let mut last = 0;
        loop {
            let pause = if self.look.terminal { TURN } else { EVERY };
            tokio::time::sleep(pause).await;
            let report = self.report();
            let new = report.statistics.messages.saturating_sub(last);
            last = report.statistics.messages;
            let line = line(&report, u128::from(new) * 1000 / pause.as_millis());
            match self.look.terminal {
                true => {
                    self.bar.set_message(line);
                    self.bar.tick();
                }
                false => output::message(&format!("{line}\n")),
            }
        }
    }

    /// Somebody asked it to stop.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.say("stopping: what is in flight is finished and committed; once more to cancel");
    }

    /// Whether somebody asked it to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Takes the line away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Events for Progress {
    fn say(&self, text: &str) {
        let text = escape(text);
        match self.look.terminal {
            true => self.bar.println(text),
            false => output::message(&format!("{text}\n")),
        }
    }
}

/// `12,300 messages  12,400 rows  40 batches  61,000/s  lag 4,000  insert p50 12 p99 40 ms  2 partition(s)  3 bad`
fn line(report: &Report, rate: u128) -> String {
    let s = &report.statistics;
    let rate = HumanCount(u64::try_from(rate).unwrap_or(u64::MAX));
    let lag = s.lag.map_or_else(|| "?".to_owned(), |lag| HumanCount(lag).to_string());
    let bad = if s.bad == 0 { String::new() } else { format!("  {} bad", HumanCount(s.bad)) };
    let (messages, rows, batches) = (HumanCount(s.messages), HumanCount(s.rows), HumanCount(s.batches));
    let (p50, p99) = (s.inserts().p50.as_millis(), s.inserts().p99.as_millis());
    format!(
        "{messages} messages  {rows} rows  {batches} batches  {rate}/s  lag {lag}  insert p50 {p50} p99 {p99} ms  {} partition(s){bad}",
        s.partitions
    )
}

#[derive(Serialize)]
struct Shown {
    format: &'static str,
    resource: String,
    stopped: bool,
    seconds: f64,
    messages: u64,
    messages_per_second: f64,
    rows: u64,
    batches: u64,
    bytes: u64,
    bad_messages: u64,
    lost_messages: u64,
    repeated_batches: u64,
    retries: u64,
    /// The most that batches held in memory.
    batch_memory_bytes: usize,
    lag: Option<u64>,
    insert_milliseconds: Percentiles,
    age_milliseconds: Percentiles,
}

#[derive(Serialize)]
struct Percentiles {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

impl From<Latency> for Percentiles {
    fn from(latency: Latency) -> Self {
        let ms = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
        Self { p50: ms(latency.p50), p95: ms(latency.p95), p99: ms(latency.p99), max: ms(latency.max) }
    }
}

/// The figures of a run.
pub(super) fn summary(id: &ResourceId, report: &Report, format: ConsumeFormat) -> Result<String, serde_json::Error> {
    let s = &report.statistics;
    match format {
        ConsumeFormat::Text => Ok(text(id, report)),
        ConsumeFormat::Json => {
            let shown = Shown {
                format: FORMAT,
                resource: id.to_string(),
                stopped: report.stopped,
                seconds: (report.took.as_secs_f64() * 1e3).round() / 1e3,
                messages: s.messages,
                messages_per_second: report.rate().round(),
                rows: s.rows,
                batches: s.batches,
                bytes: s.bytes,
                bad_messages: s.bad,
                lost_messages: s.lost,
                repeated_batches: s.repeated,
                retries: s.retries,
                batch_memory_bytes: s.held_most,
                lag: s.lag,
                insert_milliseconds: s.inserts().into(),
                age_milliseconds: s.ages().into(),
            };
            serde_json::to_string_pretty(&shown).map(|text| text + "\n")
        }
    }
}

fn text(id: &ResourceId, report: &Report) -> String {
    let s = &report.statistics;
    let time = |latency: Latency| {
        let ms = |d: Duration| format!("{:.1}", d.as_secs_f64() * 1e3);
        let [p50, p95, p99, max] = [latency.p50, latency.p95, latency.p99, latency.max].map(ms);
        format!("p50 {p50}  p95 {p95}  p99 {p99}  max {max} ms")
    };
    let mut out = format!("{id}{}\n", if report.stopped { " (stopped)" } else { "" });
    let mut say = |name: &str, value: String| out.push_str(&format!("  {name:<10} {value}\n"));
    let (messages, seconds) = (HumanCount(s.messages), report.took.as_secs_f64());
    say("messages", format!("{messages} in {seconds:.1} s, {:.0}/s", report.rate()));
    say("rows", HumanCount(s.rows).to_string());
    say("batches", format!("{}, {}", HumanCount(s.batches), HumanBytes(s.bytes)));
    say("insert", time(s.inserts()));
    say("age", format!("{}, of the oldest message of a batch when it was in the table", time(s.ages())));
    say("memory", format!("{} at most in batches", HumanBytes(s.held_most as u64)));
    say("lag", s.lag.map_or_else(|| "not known".to_owned(), |lag| HumanCount(lag).to_string()));
    for (name, count) in [("bad", s.bad), ("lost", s.lost), ("repeated", s.repeated), ("retries", s.retries)] {
        if count > 0 {
            let what = match name {
                "lost" => " offsets that the topic dropped before anybody consumed them",
                "repeated" => " batches of an earlier run that were in flight when it ended",
                _ => "",
            };
            say(name, format!("{}{what}", HumanCount(count)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_shown_and_the_json_has_a_version() {
        let mut statistics = Statistics::default();
        statistics.messages += 12_300;
        statistics.rows += 12_400;
        statistics.batches += 40;
        statistics.lag = Some(4_000);
        statistics.held_most = 5 << 20;
        statistics.bad += 3;
        let report = Report { statistics, took: Duration::from_secs(2), stopped: false };
        let id = ResourceId::parse("ManualConsumer/m").unwrap();
        let shown = summary(&id, &report, ConsumeFormat::Text).unwrap();
        assert!(shown.contains("messages   12,300 in 2.0 s, 6150/s") && shown.contains("bad        3"), "{shown}");
        assert!(shown.contains("rows       12,400") && shown.contains("memory     5.00 MiB at most"), "{shown}");
        let json: serde_json::Value =
            serde_json::from_str(&summary(&id, &report, ConsumeFormat::Json).unwrap()).unwrap();
        let percentiles = serde_json::json!({"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0});
        let expected = serde_json::json!({
            "format": "1.0", "resource": "ManualConsumer/m", "stopped": false, "seconds": 2.0, "messages": 12_300,
            "messages_per_second": 6150.0, "rows": 12_400, "batches": 40, "bytes": 0, "bad_messages": 3, "lost_messages": 0,
            "repeated_batches": 0, "retries": 0, "batch_memory_bytes": 5 << 20, "lag": 4_000,
            "insert_milliseconds": percentiles, "age_milliseconds": percentiles,
        });
        assert_eq!(json, expected);
        assert_eq!(
            line(&report, 7),
            "12,300 messages  12,400 rows  40 batches  7/s  lag 4,000  insert p50 0 p99 0 ms  0 partition(s)  3 bad"
        );
    }
}
