//! The loop: steps whose needs are met run at the same time, up to a limit.

use super::{Events, Outcome, StepError, backfill, clickhouse, copy, kafka};
use crate::client::Servers;
use crate::client::clickhouse::{ClickHouseReader, ClickHouseWriter};
use crate::client::kafka::KafkaWriter;
use crate::model::Secrets;
use crate::plan::{Action, Plan, Step, TableAction};
use crate::reconcile::Prepared;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// Asks a running apply to stop: steps in flight are finished, no other is started.
#[derive(Debug, Default)]
pub struct Stop(AtomicBool);

impl Stop {
    /// Asks for it.
    pub fn now(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What the steps run with.
pub(super) struct Hands<'a> {
    pub plan: &'a Plan,
    pub secrets: &'a Secrets,
    pub kafka: KafkaWriter,
    /// By index of the host in the plan.
    pub clickhouse: Vec<ClickHouseWriter>,
    /// The same for reading.
    pub readers: Vec<ClickHouseReader>,
    pub events: &'a dyn Events,
}

/// Runs the steps of a plan, at most `parallel` at once.
///
/// Guarantees: a step starts only when all it needs are done; after a failure no further step starts, those in
/// flight are finished. A step that the watcher does not admit fails without having begun. Nothing is undone and nothing is tried twice: a second plan sees what was done and goes
/// on from there.
///
/// # Errors
/// None of its own: what failed is in the outcome. A connection that cannot be prepared fails every step.
pub async fn run(
    prepared: &Prepared,
    servers: &Servers,
    secrets: &Secrets,
    parallel: usize,
    events: &dyn Events,
    stop: &Stop,
) -> Outcome {
    let plan = &prepared.plan;
    let hands = match hands(prepared, servers, secrets, events) {
        Ok(hands) => hands,
        Err(words) => {
            let error = StepError { host: None, statement: None, words, in_doubt: false };
            let not_started = (1..plan.steps.len()).collect();
            return Outcome { failed: vec![(0, error)], not_started, ..Outcome::default() };
        }
    };
    let mut outcome = Outcome::default();
    let mut waiting: BTreeSet<usize> = (0..plan.steps.len()).collect();
    let mut done: BTreeSet<usize> = BTreeSet::new();
    let mut running = FuturesUnordered::new();
    loop {
        outcome.interrupted |= stop.is_asked() && !waiting.is_empty();
        if outcome.failed.is_empty() && !outcome.interrupted {
            let free = parallel.max(1).saturating_sub(running.len());
            let ready = |i: &&usize| plan.steps[**i].needs.is_subset(&done);
            let start: Vec<usize> = waiting.iter().filter(ready).take(free).copied().collect();
            for i in start {
                waiting.remove(&i);
                events.started(i);
                running.push(timed(i, &plan.steps[i], &hands));
            }
        }
        let Some((i, took, result)) = running.next().await else { break };
        events.finished(i, took, result.as_ref().copied());
        match result {
            Ok(()) => {
                done.insert(i);
                outcome.done.push(i);
            }
            Err(error) => outcome.failed.push((i, error)),
        }
    }
    outcome.not_started = waiting.into_iter().collect();
    outcome
}

fn hands<'a>(
    prepared: &'a Prepared,
    servers: &Servers,
    secrets: &'a Secrets,
    events: &'a dyn Events,
) -> Result<Hands<'a>, String> {
    let kafka = servers.kafka_writer().map_err(|e| e.to_string())?;
    let writers = prepared.urls.iter().map(|url| servers.writer(url).map_err(|e| e.to_string()));
    let readers = prepared.urls.iter().map(|url| servers.reader(url).map_err(|e| e.to_string()));
    Ok(Hands {
        plan: &prepared.plan,
        secrets,
        kafka,
        clickhouse: writers.collect::<Result<_, _>>()?,
        readers: readers.collect::<Result<_, _>>()?,
        events,
    })
}

async fn timed(index: usize, step: &Step, hands: &Hands<'_>) -> (usize, Duration, Result<(), StepError>) {
    let begin = Instant::now();
    if let Err(error) = hands.events.admit(index).await {
        return (index, begin.elapsed(), Err(error));
    }
    let result = match &step.action {
        Action::Kafka(action) => kafka::run(index, step, action, hands).await,
        Action::Table(TableAction::Copy(copied)) => copy::run(index, step, copied, hands).await,
        Action::Table(TableAction::Fill(fill)) => backfill::fill(index, step, fill, hands).await,
        Action::Table(TableAction::CreateFillingView(filling)) => backfill::create_view(step, filling, hands).await,
        Action::Table(action) => clickhouse::run(step, action, hands).await,
    };
    (index, begin.elapsed(), result)
}
