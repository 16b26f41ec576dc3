//! The producer of numbered messages that does not stop for a change.

use super::case::Case;
use crate::fixture::project::FLOW;
use crate::fixture::shared;
use sluice::client::kafka::{KafkaSettings, Producer, Record};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Numbers written in one go.
const BATCH: u64 = 16;
/// From one go to the next: 160 messages a second.
const PACE: Duration = Duration::from_millis(100);

/// What the producer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Rest,
    After,
    Stop,
}

/// What has been written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    /// The last number; all from 1 on are at the brokers.
    pub last: u64,
    /// The first number that was sent after the change.
    pub after: Option<u64>,
    resting: bool,
}

impl Sent {
    /// Numbers sent after the change.
    pub fn tail(&self) -> u64 {
        self.after.map_or(0, |first| self.last + 1 - first)
    }
}

/// A running producer.
pub struct Numbers {
    phase: watch::Sender<Phase>,
    sent: watch::Receiver<Sent>,
    task: JoinHandle<()>,
}

impl Numbers {
    /// Begins to write.
    pub fn begin(case: &Case) -> Self {
        let (phase, orders) = watch::channel(Phase::Before);
        let (told, sent) = watch::channel(Sent::default());
        let task = tokio::spawn(produce(case.clone(), orders, told));
        Self { phase, sent, task }
    }

    /// Writes nothing from now on; returns what has been written.
    pub async fn rest(&mut self) -> Sent {
        self.phase.send(Phase::Rest).expect("the producer runs");
        self.once(|sent| sent.resting).await
    }

    /// Writes messages as they are after the change, and waits until there are some.
    pub async fn after(&mut self, some: u64) {
        self.phase.send(Phase::After).expect("the producer runs");
        self.once(|sent| sent.tail() >= some).await;
    }

    /// The last number written so far.
    pub fn last(&self) -> u64 {
        self.sent.borrow().last
    }

    /// Waits until so many have been written.
    pub async fn reach(&mut self, some: u64) {
        self.once(|sent| sent.last >= some).await;
    }

    /// Ends and tells what has been written.
    pub async fn stop(self) -> Sent {
        self.phase.send(Phase::Stop).expect("the producer runs");
        self.task.await.expect("the producer wrote all it tried to");
        *self.sent.borrow()
    }

    async fn once(&mut self, holds: impl Fn(&Sent) -> bool) -> Sent {
        let waited = tokio::time::timeout(FLOW, self.sent.wait_for(|sent| holds(sent))).await;
        *waited.expect("the producer goes on in time").expect("the producer runs")
    }
}

async fn produce(case: Case, mut orders: watch::Receiver<Phase>, told: watch::Sender<Sent>) {
    let connect = || Producer::connect(&KafkaSettings::new(&shared().kafka_brokers)).unwrap();
    let mut producer = connect();
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sent = Sent::default();
    loop {
        pace.tick().await;
        let phase = *orders.borrow_and_update();
        match phase {
            Phase::Stop => return,
            Phase::Rest => {
                sent.resting = true;
                told.send_replace(sent);
                if orders.changed().await.is_err() {
                    return;
                }
                // A topic that was made anew knows nothing of the sequence numbers of before.
                producer = connect();
                continue;
            }
            Phase::Before | Phase::After => {}
        }
        if phase == Phase::After {
            sent.after.get_or_insert(sent.last + 1);
        }
        let records = (sent.last + 1..=sent.last + BATCH).map(|n| record(&case, phase, n)).chain(noise(
            &case,
            phase,
            sent.last + 1,
        ));
        producer.send(records).await.unwrap_or_else(|e| panic!("{}: {e}", case.folder));
        sent.last += BATCH;
        told.send_replace(sent);
    }
}

fn record(case: &Case, phase: Phase, n: u64) -> Record {
    let spec = &case.spec;
    let message = spec.send_after.as_ref().filter(|_| phase == Phase::After).unwrap_or(&spec.send);
    let dd = format!("{:02}", 1 + n % 28);
    let payload =
        message.replace("${n}", &n.to_string()).replace("${day}", &format!("2026-11-{dd}")).replace("${dd}", &dd);
    // The key spreads the numbers over the partitions.
    Record { topic: topic(case, phase, n), key: Some(n.to_string().into_bytes()), payload: payload.into_bytes() }
}

fn noise(case: &Case, phase: Phase, next: u64) -> Option<Record> {
    let payload = case.spec.noise.as_ref()?.replace("${n}", &next.to_string()).into_bytes();
    Some(Record { topic: topic(case, phase, 0), key: None, payload })
}

fn topic(case: &Case, phase: Phase, n: u64) -> String {
    let other: &[String] = if phase == Phase::After { &case.spec.topics_after } else { &[] };
    let topics = case.all(&case.spec.topics, other);
    let all = u64::try_from(topics.len()).expect("few topics");
    topics[usize::try_from(n % all).expect("few topics")].clone()
}
