//! Figures of a run.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Latencies are kept up to an hour, with two digits.
const LONGEST_MS: u64 = 3_600_000;

/// What is counted while it runs.
#[derive(Debug, Clone)]
pub struct Statistics {
    /// Messages that are in the table, or known to be none.
    pub messages: u64,
    /// Rows that were sent; the manifest's `where` drops some of them, and the table those it has.
    pub rows: u64,
    /// Batches that were inserted.
    pub batches: u64,
    /// Bytes that were inserted.
    pub bytes: u64,
    /// Messages that are no rows.
    pub bad: u64,
    /// Messages that the topic lost before anybody consumed them.
    pub lost: u64,
    /// Batches of an earlier run that were inserted again because nobody knew whether they had been.
    pub repeated: u64,
    /// Attempts that failed and were made again.
    pub retries: u64,
    /// Messages in the topics that are not consumed yet, as known last.
    pub lag: Option<u64>,
    /// Partitions that are ours.
    pub partitions: usize,
    /// Bytes that batches hold in memory.
    pub held: usize,
    /// The most of it.
    pub held_most: usize,
    inserts: Option<Histogram<u64>>,
    ages: Option<Histogram<u64>>,
}

impl Default for Statistics {
    fn default() -> Self {
        // The bounds are constant and right.
        let histogram = || Histogram::new_with_bounds(1, LONGEST_MS * 1000, 2).ok();
        Self {
            messages: 0,
            rows: 0,
            batches: 0,
            bytes: 0,
            bad: 0,
            lost: 0,
            repeated: 0,
            retries: 0,
            lag: None,
            partitions: 0,
            held: 0,
            held_most: 0,
            inserts: histogram(),
            ages: histogram(),
        }
    }
}

impl Statistics {
    /// Counts an insert.
    pub(super) fn inserted(&mut self, took: Duration, age_ms: Option<u64>) {
        let micros = |ms: u64| ms.min(LONGEST_MS).saturating_mul(1000).max(1);
        if let Some(histogram) = &mut self.inserts {
            histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1));
        }
        if let (Some(histogram), Some(age)) = (&mut self.ages, age_ms) {
            histogram.saturating_record(micros(age));
        }
    }

    /// Notes what batches hold.
    pub(super) fn hold(&mut self, held: usize) {
        self.held = held;
        self.held_most = self.held_most.max(held);
    }

    /// How long inserts took.
    pub fn inserts(&self) -> Latency {
        Latency::of(self.inserts.as_ref())
    }

    /// How old the oldest message of a batch was when the batch was in the table.
    pub fn ages(&self) -> Latency {
        Latency::of(self.ages.as_ref())
    }
}

/// Percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// Half of them took no longer.
    pub p50: Duration,
    /// 95 of 100.
    pub p95: Duration,
    /// 99 of 100.
    pub p99: Duration,
    /// All of them.
    pub max: Duration,
}

impl Latency {
    fn of(histogram: Option<&Histogram<u64>>) -> Self {
        let Some(histogram) = histogram.filter(|h| !h.is_empty()) else { return Self::default() };
        let at = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
        Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: Duration::from_micros(histogram.max()) }
    }
}

/// The end of a run.
#[derive(Debug, Clone)]
pub struct Report {
    /// Figures.
    pub statistics: Statistics,
    /// How long it ran.
    pub took: Duration,
    /// It was asked to stop before its end.
    pub stopped: bool,
}

impl Report {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        rate(self.statistics.messages, self.took)
    }
}

pub(super) fn rate(messages: u64, took: Duration) -> f64 {
    match took.as_secs_f64() {
        seconds if seconds > 0.0 => f64::from(u32::try_from(messages).unwrap_or(u32::MAX)) / seconds,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_counted() {
        let mut statistics = Statistics::default();
        assert_eq!(statistics.inserts(), Latency::default());
        for n in 1..=100 {
            statistics.inserted(Duration::from_millis(n), Some(n * 10));
        }
        let inserts = statistics.inserts();
        let near = |got: Duration, ms: u64| got.as_millis().abs_diff(u128::from(ms)) <= u128::from(ms / 50 + 1);
        assert!(
            near(inserts.p50, 50) && near(inserts.p95, 95) && near(inserts.p99, 99) && near(inserts.max, 100),
            "{inserts:?}"
        );
        assert!(near(statistics.ages().p50, 500), "{:?}", statistics.ages());
    }
}
