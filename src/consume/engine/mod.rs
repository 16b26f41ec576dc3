//! Everything that the polling thread owns: the partitions, the batches on their way, and the commits.

mod ending;
mod rebalance;

use super::batch::Batch;
use super::commits::Commits;
use super::error::ConsumeError;
use super::framing::Framing;
use super::intent::Intent;
use super::lane::{Lane, Limits, Word};
use super::options::Options;
use super::run::{Events, Outcomes, Stop, now};
use super::sink::{Sink, Stored};
use super::statistics::Statistics;
use crate::client::kafka::{GroupConsumer, KafkaError, KafkaReader, KafkaSettings, Partition, Polled, Watermark};
use crate::model::consumption::Consumption;
use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub(super) use rebalance::Listener;

/// Bytes of all batches together. With librdkafka's own 32 MB this is what a run holds, however many partitions.
const MEMORY: usize = 64 << 20;
/// Bytes of one insert.
const BATCH_BYTES: usize = 8 << 20;
/// Messages of one insert, if no more are asked for.
const BATCH_MESSAGES: u64 = 65_536;
/// The same where every message is a part of the statement.
const WHOLE_MESSAGES: u64 = 500;
const WHOLE_BYTES: usize = 1 << 20;
/// From one look at the ends of the topics to the next.
const LAG_EVERY: Duration = Duration::from_secs(5);

/// What an engine is made of.
pub(super) struct Setup {
    pub consumption: Consumption,
    pub options: Options,
    pub sink: Arc<Sink>,
    pub reader: KafkaReader,
    pub settings: KafkaSettings,
    pub runtime: tokio::runtime::Handle,
    pub events: Arc<dyn Events>,
    pub statistics: Arc<Mutex<Statistics>>,
    pub stop: Stop,
    /// Where to end, if there is an end.
    pub ends: Option<BTreeMap<Partition, i64>>,
}

/// What happened elsewhere.
#[derive(Debug)]
pub(super) enum Outcome {
    Stored {
        task: u64,
        result: Result<Stored, ConsumeError>,
    },
    Committed(Result<(), KafkaError>),
    Ends(BTreeMap<Partition, i64>),
    /// Behind these offsets no message stands, of those that were asked about.
    Empty(BTreeMap<Partition, i64>),
}

/// A batch on its way.
struct Task {
    partition: Partition,
    intent: Intent,
    held: usize,
    messages: u64,
    bytes: u64,
    oldest_ms: Option<i64>,
    abort: AbortHandle,
}

pub(super) struct Engine {
    setup: Setup,
    framing: Framing,
    lanes: BTreeMap<String, BTreeMap<i32, Lane>>,
    tasks: BTreeMap<u64, Task>,
    tasks_begun: u64,
    commits: Commits,
    outcomes: Outcomes,
    told: Sender<Outcome>,
    failure: Option<ConsumeError>,
    paused: bool,
    lag_asked: Option<Instant>,
    ending: ending::Ending,
}

impl Engine {
    pub fn new(setup: Setup) -> Self {
        let (told, outcomes) = std::sync::mpsc::channel();
        let lanes = setup.consumption.topics.iter().map(|t| (t.clone(), BTreeMap::new())).collect();
        Self {
            framing: Framing::of(&setup.consumption.format, &setup.consumption.format_settings),
            commits: Commits::new(setup.options.once),
            setup,
            lanes,
            tasks: BTreeMap::new(),
            tasks_begun: 0,
            outcomes,
            told,
            failure: None,
            paused: false,
            lag_asked: None,
            ending: ending::Ending::default(),
        }
    }

    /// Takes what a poll brought; the bytes of a message, or nothing.
    pub fn take(&mut self, polled: Polled<'_>) -> Option<usize> {
        match polled {
            Polled::Nothing => None,
            Polled::Message(message) => {
                let length = message.payload.map_or(0, <[u8]>::len) + message.key.map_or(0, <[u8]>::len);
                let lane = self.lanes.get_mut(message.topic).and_then(|l| l.get_mut(&message.partition));
                if let Some(lane) = lane {
                    match lane.end.is_some_and(|end| message.offset >= end) {
                        true => lane.meet_end(),
                        false => lane.take(&message, now()),
                    }
                }
                Some(length)
            }
            Polled::End(partition) => {
                // Of several topics with a partition of this number it is not said which has ended: the brokers are asked.
                let mut lanes: Vec<&mut Lane> =
                    self.lanes.values_mut().filter_map(|lanes| lanes.get_mut(&partition)).collect();
                if let [lane] = lanes.as_mut_slice() {
                    lane.meet_end();
                }
                Some(0)
            }
            Polled::Failed(error) => {
                self.fail(error.into());
                Some(0)
            }
        }
    }

    /// Plans, commits and inserts whatever can be. `idle`: no message is waiting in memory.
    pub fn drive(&mut self, consumer: &Arc<GroupConsumer>, idle: bool) {
        self.plan(idle);
        self.start();
        self.commit(consumer);
        self.ask_lag();
        self.ask_ends(idle);
    }

    fn plan(&mut self, idle: bool) {
        let options = &self.setup.options;
        let seconds = seconds();
        let held = self.held();
        let full = held >= MEMORY;
        self.statistics().hold(held);
        for lane in self.lanes.values_mut().flat_map(BTreeMap::values_mut) {
            while let Some(building) = lane.building() {
                let enough = idle && lane.is_idle() && building.messages >= u64::from(options.batch_size);
                let late = building.since.elapsed() >= options.timeout;
                if !(enough || lane.is_complete() || late || lane.is_over() || full) {
                    break;
                }
                lane.plan(seconds);
            }
        }
    }

    /// How large a batch grows.
    fn limits(&self) -> Limits {
        match self.framing {
            Framing::Whole => Limits { messages: WHOLE_MESSAGES, bytes: WHOLE_BYTES },
            Framing::JsonObjects | Framing::JsonArrays | Framing::Csv(_) | Framing::Tsv | Framing::TsvRaw => {
                let messages = BATCH_MESSAGES.max(u64::from(self.setup.options.batch_size));
                Limits { messages, bytes: BATCH_BYTES }
            }
        }
    }

    /// Inserts what the group knows to be in flight.
    fn start(&mut self) {
        let mut ready = Vec::new();
        for lane in self.lanes.values_mut().flat_map(BTreeMap::values_mut) {
            ready.extend(std::iter::from_fn(|| lane.start()));
        }
        for batch in ready {
            self.insert(batch);
        }
    }

    fn insert(&mut self, batch: Batch) {
        self.tasks_begun += 1;
        let task = self.tasks_begun;
        let (sink, told) = (Arc::clone(&self.setup.sink), self.told.clone());
        let batch = Arc::new(batch);
        let mine = Arc::clone(&batch);
        let running = self.setup.runtime.spawn(async move {
            let result = sink.store(&mine).await;
            // An engine that is gone has no use for it.
            let _ = told.send(Outcome::Stored { task, result });
        });
        let begun = Task {
            partition: batch.partition.clone(),
            intent: batch.intent,
            held: batch.held,
            messages: batch.messages,
            bytes: batch.body.len() as u64,
            oldest_ms: batch.oldest_ms,
            abort: running.abort_handle(),
        };
        self.tasks.insert(task, begun);
    }

    /// Tells the group what should be told.
    fn commit(&mut self, consumer: &Arc<GroupConsumer>) {
        if !self.commits.may_ask() {
            return;
        }
        let words = self.words();
        if words.is_empty() {
            return;
        }
        self.commits.asked();
        let (consumer, told) = (Arc::clone(consumer), self.told.clone());
        self.setup.runtime.spawn_blocking(move || {
            let result = consumer.commit(&words);
            let _ = told.send(Outcome::Committed(result));
        });
    }

    /// What the group should hold and does not.
    fn words(&mut self) -> BTreeMap<Partition, Word> {
        let mut words = BTreeMap::new();
        for (topic, lanes) in &mut self.lanes {
            for (partition, lane) in lanes {
                if let Some(word) = lane.next_commit() {
                    words.insert((topic.clone(), *partition), word);
                }
            }
        }
        words
    }

    /// Takes in what has happened elsewhere, and waits for the first of it at most so long.
    pub fn receive(&mut self, within: Duration) {
        let mut next = match within {
            Duration::ZERO => self.outcomes.try_recv().ok(),
            within => self.outcomes.recv_timeout(within).ok(),
        };
        while let Some(outcome) = next {
            match outcome {
                Outcome::Stored { task, result } => self.stored(task, result),
                Outcome::Committed(result) => self.committed(result),
                Outcome::Ends(ends) => self.lag(&ends),
                Outcome::Empty(empty) => self.found_empty(empty),
            }
            next = self.outcomes.try_recv().ok();
        }
    }

    fn stored(&mut self, task: u64, result: Result<Stored, ConsumeError>) {
        // Of a partition that has gone meanwhile: its next owner inserts the range again.
        let Some(task) = self.tasks.remove(&task) else { return };
        let stored = match result {
            Ok(stored) => stored,
            Err(error) => return self.fail(error),
        };
        let age = task.oldest_ms.and_then(|then| u64::try_from(milliseconds() - then).ok());
        let mut statistics = self.statistics();
        statistics.messages += task.messages;
        statistics.batches += 1;
        statistics.bytes += task.bytes;
        statistics.bad += stored.bad;
        statistics.rows += stored.rows;
        statistics.inserted(stored.took, age);
        drop(statistics);
        if let Some(lane) = self.lane(&task.partition) {
            lane.done(&task.intent);
        }
    }

    fn committed(&mut self, result: Result<(), KafkaError>) {
        let success = result.is_ok();
        for lane in self.lanes.values_mut().flat_map(BTreeMap::values_mut) {
            lane.committed(success);
        }
        let events = Arc::clone(&self.setup.events);
        if let Err(error) = self.commits.answered(result, &*events) {
            self.fail(error);
        }
    }

    /// Every so often the ends of the topics are read, for the lag.
    fn ask_lag(&mut self) {
        if self.lag_asked.is_some_and(|at| at.elapsed() < LAG_EVERY) {
            return;
        }
        self.lag_asked = Some(now());
        let (reader, told) = (self.setup.reader.clone(), self.told.clone());
        let counts = self.counts();
        self.setup.runtime.spawn(async move {
            // The next time will tell.
            let Ok(found) = reader.watermarks(&counts).await else { return };
            let _ = told.send(Outcome::Ends(ends(found)));
        });
    }

    fn lag(&mut self, ends: &BTreeMap<Partition, i64>) {
        let mut lag = 0;
        for (topic, lanes) in &self.lanes {
            for (partition, lane) in lanes {
                let end = ends.get(&(topic.clone(), *partition)).copied().unwrap_or_default();
                lag += u64::try_from(end - lane.word().0.0).unwrap_or_default();
            }
        }
        self.statistics().lag = Some(lag);
    }

    /// Partitions of each topic that are ours, as far as the highest of them.
    fn counts(&self) -> BTreeMap<String, u32> {
        let count = |lanes: &BTreeMap<i32, Lane>| {
            lanes.keys().next_back().and_then(|p| u32::try_from(p + 1).ok()).unwrap_or_default()
        };
        self.lanes.iter().map(|(topic, lanes)| (topic.clone(), count(lanes))).collect()
    }

    /// Whether no further message fits.
    pub fn is_full(&self) -> bool {
        self.held() >= MEMORY
    }

    /// Bytes that all batches hold.
    fn held(&self) -> usize {
        let lanes = self.lanes.values().flat_map(BTreeMap::values).map(Lane::held).sum::<usize>();
        lanes + self.tasks.values().map(|t| t.held).sum::<usize>()
    }

    /// Whether an answer may come at any moment.
    pub fn is_busy(&self) -> bool {
        !self.tasks.is_empty() || self.commits.waits()
    }

    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Brings no further messages.
    pub fn pause(&mut self, consumer: &GroupConsumer) {
        if !self.paused {
            self.paused = consumer.pause();
        }
    }

    /// Goes on.
    pub fn resume(&mut self, consumer: &GroupConsumer) {
        if self.paused {
            self.paused = !consumer.resume();
        }
    }

    fn lane(&mut self, partition: &Partition) -> Option<&mut Lane> {
        self.lanes.get_mut(&partition.0)?.get_mut(&partition.1)
    }

    /// The first failure ends the run; those after it say nothing new.
    fn fail(&mut self, error: ConsumeError) {
        self.failure.get_or_insert(error);
    }

    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.setup.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next offsets of partitions, where they could be read.
fn ends(found: BTreeMap<String, Result<Vec<Watermark>, crate::client::kafka::TopicError>>) -> BTreeMap<Partition, i64> {
    let mut ends = BTreeMap::new();
    for (topic, marks) in found {
        for (partition, mark) in (0..).zip(marks.unwrap_or_default()) {
            ends.insert((topic.clone(), partition), i64::try_from(mark.high).unwrap_or(i64::MAX));
        }
    }
    ends
}

#[expect(
    clippy::disallowed_methods,
    reason = "a batch carries the time it was made, a message the time it was written"
)]
fn milliseconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn seconds() -> i64 {
    milliseconds() / 1000
}
