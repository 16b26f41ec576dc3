//! The task that writes for the holder of the lock: heartbeats, and records in the order in which they come. What waits at
//! the same time goes in one transaction.

use super::{BEAT, Memory, MemoryError};
use crate::client::kafka::{SoleWriter, WriteError};
use crate::state::{Key, Lease, Record, written};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

/// Orders that are taken at once.
const AT_ONCE: usize = 256;
/// A writer that the brokers gave up on begins again: how often in a row.
const TRIES: usize = 5;

type Told = oneshot::Sender<Result<(), MemoryError>>;

/// What the holder asks for.
pub(super) enum Order {
    /// Write these.
    Write(Vec<Record>, Option<Told>),
    /// Name this plan with every lease.
    Plan(String),
    /// Give the lock up.
    Release(Told),
}

/// Keeps the lock until it is given up or lost. What is asked for after that is refused with the reason.
pub(super) async fn keep(memory: Memory, writer: SoleWriter, lease: Lease, mut orders: mpsc::Receiver<Order>) {
    let begin = Instant::now();
    let mut keeper = Keeper { memory, writer, lease };
    let mut lost: Option<MemoryError> = None;
    let mut tick = tokio::time::interval_at(begin + BEAT, BEAT);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut taken = Vec::new();
    loop {
        tokio::select! {
            count = orders.recv_many(&mut taken, AT_ONCE) => if count == 0 { return },
            _ = tick.tick() => {}
        }
        let (mut records, mut told, mut released) = (Vec::new(), Vec::new(), false);
        for order in taken.drain(..) {
            match order {
                Order::Write(more, answer) => {
                    records.extend(more);
                    told.extend(answer);
                }
                Order::Plan(plan) => keeper.lease.holder.plan = Some(plan),
                Order::Release(answer) => {
                    released = true;
                    told.push(answer);
                }
            }
        }
        if lost.is_none() {
            keeper.lease.beat += 1;
            keeper.lease.age_seconds = begin.elapsed().as_secs();
            keeper.lease.released = released;
            records.push(written(&Key::Lease, &keeper.lease));
            lost = keeper.written(&records).await.err();
            tick.reset();
        }
        let answer = lost.clone().map_or(Ok(()), Err);
        for told in told {
            // Nobody waits any more.
            let _ = told.send(answer.clone());
        }
        if released {
            return;
        }
    }
}

struct Keeper {
    memory: Memory,
    writer: SoleWriter,
    lease: Lease,
}

impl Keeper {
    async fn written(&mut self, records: &[Record]) -> Result<(), MemoryError> {
        for _ in 1..TRIES {
            match self.writer.write(records).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Kafka(error)) => return Err(error.into()),
                Err(WriteError::Fenced) => self.ours().await?,
            }
            let memory = &self.memory;
            match SoleWriter::begin(&memory.settings, &memory.topic.name, &memory.topic.name).await {
                Ok(writer) => self.writer = writer,
                Err(WriteError::Fenced) => {}
                Err(WriteError::Kafka(error)) => return Err(error.into()),
            }
        }
        self.writer.write(records).await.map_err(|error| match error {
            WriteError::Fenced => MemoryError::Broken,
            WriteError::Kafka(error) => error.into(),
        })
    }

    /// Whether the lease that stands in the topic is still this one: a newcomer that saw it in time has stepped back, and the
    /// brokers end a transaction that stood open while the machine slept.
    async fn ours(&self) -> Result<(), MemoryError> {
        let book = self.memory.read().await?;
        match book.as_ref().and_then(|book| book.holder()) {
            Some(lease) if lease.holder.session == self.lease.holder.session => Ok(()),
            Some(other) => Err(MemoryError::Lost(Box::new(other.holder.clone()))),
            None => Err(MemoryError::Broken),
        }
    }
}
