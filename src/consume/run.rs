//! A run from its first look at the servers to its report.

use super::engine::{Engine, Listener, Outcome, Setup};
use super::error::ConsumeError;
use super::options::Options;
use super::sink::Sink;
use super::statistics::{Report, Statistics};
use crate::client::Servers;
use crate::client::kafka::{GroupConsumer, Partition};
use crate::model::consumption::Consumption;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

/// Is told what a person should know while it runs. On any thread.
pub trait Events: Send + Sync + 'static {
    /// Something that is no error yet, or no more.
    fn say(&self, text: &str);
}

/// How far a run is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Go,
    Finish,
    Cancel,
}

/// Stops a run from outside.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<Level>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(Level::Go))
    }
}

impl Stop {
    /// Finishes what is in flight, commits it, and ends.
    pub fn finish(&self) {
        self.0.send_if_modified(|level| std::mem::replace(level, Level::Finish.max(*level)) < Level::Finish);
    }

    /// Ends now. What is in flight is inserted again by the next run.
    pub fn cancel(&self) {
        self.0.send_replace(Level::Cancel);
    }

    pub(super) fn level(&self) -> Level {
        *self.0.borrow()
    }

    /// Waits until it is to go no further than this.
    pub(super) async fn reached(&self, level: Level) {
        // The sender is this very value, so it does not go away.
        let _ = self.0.subscribe().wait_for(|now| *now >= level).await;
    }
}

/// Consumes until the end, a stop, or an error that does not pass.
///
/// Guarantees: a message is in the table, among the bad ones, or not committed; however a run ends, the next one goes on
/// with nothing lost and nothing twice, as long as the table remembers the tokens of what was in flight.
///
/// # Errors
/// Any [`ConsumeError`]; what had been confirmed before is committed.
pub async fn run(
    consumption: &Consumption,
    servers: &Servers,
    options: &Options,
    events: Arc<dyn Events>,
    statistics: Arc<Mutex<Statistics>>,
    stop: &Stop,
) -> Result<Report, ConsumeError> {
    let begin = Instant::now();
    let ends = ends(consumption, servers).await?;
    let sink = Sink::open(consumption, servers, options, Arc::clone(&events), Arc::clone(&statistics)).await?;
    let setup = Setup {
        consumption: consumption.clone(),
        options: options.clone(),
        sink: Arc::new(sink),
        reader: servers.kafka().clone(),
        settings: servers.kafka_settings().clone(),
        runtime: tokio::runtime::Handle::current(),
        events,
        statistics: Arc::clone(&statistics),
        stop: stop.clone(),
        ends: options.once.then_some(ends),
    };
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name("consumer".to_owned()).spawn(move || {
        // Nobody waits for a run that was dropped.
        let _ = done.send(work(setup));
    });
    thread.map_err(|e| ConsumeError::Ended { reason: e.to_string() })?;
    let ended = result.await.map_err(|_| ConsumeError::Ended { reason: "its thread is gone".to_owned() })?;
    let stopped = ended?;
    let statistics = statistics.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(Report { statistics, took: begin.elapsed(), stopped })
}

/// The ends of all partitions now.
async fn ends(consumption: &Consumption, servers: &Servers) -> Result<BTreeMap<Partition, i64>, ConsumeError> {
    let described = servers.kafka().describe_topics(&consumption.topics).await?;
    let mut counts = BTreeMap::new();
    for (topic, found) in described {
        let found = found.map_err(|e| ConsumeError::Topic { topic: topic.clone(), reason: e.to_string() })?;
        counts.insert(topic, u32::try_from(found.replicas.len()).unwrap_or(u32::MAX));
    }
    let mut ends = BTreeMap::new();
    for (topic, marks) in servers.kafka().watermarks(&counts).await? {
        let marks = marks.map_err(|e| ConsumeError::Topic { topic: topic.clone(), reason: e.to_string() })?;
        for (partition, mark) in (0..).zip(marks) {
            ends.insert((topic.clone(), partition), i64::try_from(mark.high).unwrap_or(i64::MAX));
        }
    }
    Ok(ends)
}

/// Messages between two looks at everything else.
const AT_ONCE: usize = 1024;
/// Bytes of messages between two looks at everything else.
const BYTES_AT_ONCE: usize = 4 << 20;
/// How long a full memory may keep the group from being served.
const UNSERVED: Duration = Duration::from_secs(1);

/// The thread: polls, and drives the engine. True when it was asked to stop.
fn work(setup: Setup) -> Result<bool, ConsumeError> {
    let (stop, topics, group) = (setup.stop.clone(), setup.consumption.topics.clone(), setup.consumption.group.clone());
    let (instance, settings) = (setup.options.instance.clone(), setup.settings.clone());
    let engine = Arc::new(Mutex::new(Engine::new(setup)));
    let lock = || engine.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = Arc::new(Listener(Arc::clone(&engine)));
    let consumer = Arc::new(GroupConsumer::join(&settings, &group, instance.as_deref(), &topics, listener)?);
    let mut full_since: Option<Instant> = None;
    let mut idle = false;
    let stopped = loop {
        if stop.level() > Level::Go {
            break true;
        }
        let (full, busy) = {
            let mut engine = lock();
            engine.receive(Duration::ZERO);
            engine.drive(&consumer, idle);
            if engine.has_failed() || engine.is_finished(&consumer) {
                break false;
            }
            (engine.is_full(), engine.is_busy())
        };
        if full {
            let since = *full_since.get_or_insert_with(now);
            if since.elapsed() < UNSERVED {
                lock().receive(Duration::from_millis(20));
                continue;
            }
            // The servers are slow or away: the group is served, and brings no messages.
            lock().pause(&consumer);
        } else if full_since.take().is_some() {
            lock().resume(&consumer);
        }
        let within = Duration::from_millis(if busy || full { 5 } else { 100 });
        let mut bytes = 0;
        idle = false;
        for _ in 0..AT_ONCE {
            match consumer.poll(within, |polled| lock().take(polled)) {
                Some(length) if full_since.is_none() && bytes < BYTES_AT_ONCE => bytes += length,
                Some(_) => break,
                None => {
                    idle = true;
                    break;
                }
            }
        }
    };
    let result = lock().finish(&consumer);
    result.map(|()| stopped)
}

pub(super) fn now() -> Instant {
    Instant::now()
}

pub(super) type Outcomes = std::sync::mpsc::Receiver<Outcome>;
