//! The lock: who holds it alone may change the servers.
//!
//! A holder repeats its lease. A newcomer watches for that and compares no clocks; where nothing comes it takes the lease
//! over, and with it the name under which it is written, so that the brokers refuse whatever the old holder writes
//! after. Who is refused reads who holds the lease now: it goes on where that is still itself.

use super::keeper::{self, Order};
use super::{Book, Memory, MemoryError, SILENCE};
use crate::client::kafka::{SoleWriter, WriteError};
use crate::state::{Holder, Key, Lease, Record, Remembered, written};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Records that may wait to be written; then whoever has more waits too.
const WAITING: usize = 1024;
/// Newcomers that come at the same moment disturb each other: how often they try.
const TRIES: usize = 20;

/// The lock, held. Dropped without [`Lock::release`] it is given up by its silence.
pub struct Lock {
    orders: mpsc::Sender<Order>,
    keeper: JoinHandle<()>,
    holder: Holder,
    /// What was remembered when it was taken.
    pub known: Remembered,
    /// Whose lock was taken over, where its holder had not given it up.
    pub taken_over: Option<Lease>,
}

impl Memory {
    /// Takes the lock; makes the topic where it is not there. `waits` is told once of each whom it
    /// waits for.
    ///
    /// # Errors
    /// [`MemoryError::Held`] where somebody else has it and gives signs of life for longer than `patience`; else as
    /// [`Memory::read`].
    pub async fn lock(&self, holder: Holder, patience: Duration, waits: impl Fn(&Lease)) -> Result<Lock, MemoryError> {
        self.there().await?;
        let begin = Instant::now();
        let (mut tries, mut awaited) = (0, None);
        loop {
            let mut book = self.opened().await?;
            let held = book.known.held().cloned();
            if let Some(lease) = &held
                && self.beats(&mut book, SILENCE).await?
            {
                if begin.elapsed() >= patience {
                    let lease = book.known.held().cloned().unwrap_or_else(|| lease.clone());
                    return Err(MemoryError::Held(Box::new(lease)));
                }
                let session = Some(lease.holder.session.clone());
                if awaited != session {
                    waits(lease);
                    awaited = session;
                }
                continue;
            }
            if book.known.held().is_none() && held.is_some() {
                // Given up while it was watched.
                continue;
            }
            match self.claimed(&holder, &mut book, held.clone(), false).await? {
                Some(lock) => return Ok(lock),
                None => tries += 1,
            }
            if tries >= TRIES {
                return Err(self.crowded().await?);
            }
        }
    }

    /// Breaks the lock, whoever holds it: its holder stops before its next step. Whose it was.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub async fn seize(&self, holder: Holder) -> Result<Option<Lease>, MemoryError> {
        let Some(mut book) = self.read().await? else { return Ok(None) };
        let Some(lease) = book.known.held().cloned() else { return Ok(None) };
        for _ in 0..TRIES {
            if let Some(lock) = self.claimed(&holder, &mut book, Some(lease.clone()), true).await? {
                lock.release().await?;
                return Ok(Some(lease));
            }
            book = self.opened().await?;
            // Another run is not the one that was to be stopped.
            if book.known.held().is_none_or(|now| now.holder.session != lease.holder.session) {
                break;
            }
        }
        Err(self.crowded().await?)
    }

    /// Why the lock is not to be had although nobody had it: others claim it all the time.
    async fn crowded(&self) -> Result<MemoryError, MemoryError> {
        Ok(match self.opened().await?.known.held() {
            Some(lease) => MemoryError::Held(Box::new(lease.clone())),
            None => MemoryError::Crowded(self.topic.name.clone()),
        })
    }

    async fn opened(&self) -> Result<Book, MemoryError> {
        match self.read().await? {
            Some(book) => Ok(book),
            None => {
                self.there().await?;
                self.read().await?.ok_or_else(|| {
                    let source = crate::client::kafka::TopicError::NotFound;
                    MemoryError::Refused { topic: self.topic.name.clone(), source }
                })
            }
        }
    }

    /// Writes the lease as the only one who may; `None` where somebody else was faster, or the holder woke. `alive`: the
    /// holder may give signs of life.
    async fn claimed(
        &self,
        holder: &Holder,
        book: &mut Book,
        before: Option<Lease>,
        alive: bool,
    ) -> Result<Option<Lock>, MemoryError> {
        let told = |e: WriteError| match e {
            WriteError::Fenced => Ok(None),
            WriteError::Kafka(error) => Err(MemoryError::Kafka(error)),
        };
        let seen = book.known.lease.clone();
        let name = &self.topic.name;
        let writer = match SoleWriter::begin(&self.settings, name, name).await {
            Ok(writer) => writer,
            Err(error) => return told(error),
        };
        book.caught_up().await?;
        // A sign of life of the one whose lock is broken is no other claim.
        let claim = |lease: &Option<(i64, Lease)>| {
            let offset = |offset: i64| if alive { 0 } else { offset };
            lease.as_ref().map(|(at, lease)| (offset(*at), lease.holder.session.clone(), lease.released))
        };
        if claim(&book.known.lease) != claim(&seen) {
            return Ok(None);
        }
        let lease = Lease { holder: holder.clone(), beat: 0, age_seconds: 0, released: false };
        if let Err(error) = writer.write(&[written(&Key::Lease, &lease)]).await {
            return told(error);
        }
        let (orders, taken) = mpsc::channel(WAITING);
        let keeper = tokio::spawn(keeper::keep(self.again(), writer, lease, taken));
        let (known, holder) = (book.known.clone(), holder.clone());
        Ok(Some(Lock { orders, keeper, holder, known, taken_over: before }))
    }

    /// The same memory for the task that writes.
    fn again(&self) -> Self {
        let (reader, writer) = (self.reader.clone(), self.writer.clone());
        Self { topic: self.topic.clone(), reader, writer, settings: self.settings.clone() }
    }
}

impl Lock {
    /// Whose it is.
    pub fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Says with every lease from now on which plan is run.
    pub async fn name_plan(&mut self, plan: &str) {
        self.holder.plan = Some(plan.to_owned());
        let _ = self.orders.send(Order::Plan(plan.to_owned())).await;
    }

    /// Writes records, all or none, and waits until they are.
    ///
    /// # Errors
    /// [`MemoryError::Lost`] or [`MemoryError::Broken`] where the lock is no longer ours; the brokers could not be reached.
    pub async fn write(&self, records: Vec<Record>) -> Result<(), MemoryError> {
        let (told, answer) = oneshot::channel();
        let sent = self.orders.send(Order::Write(records, Some(told))).await;
        match (sent, answer.await) {
            (Ok(()), Ok(answer)) => answer,
            (_, _) => Err(MemoryError::Broken),
        }
    }

    /// Writes records in their turn, without waiting: what comes after them is not written unless they were.
    pub fn note(&self, records: Vec<Record>) {
        // A full queue is one that nobody empties: the next `write` says so.
        let _ = self.orders.try_send(Order::Write(records, None));
    }

    /// Gives it up.
    ///
    /// # Errors
    /// As [`Lock::write`].
    pub async fn release(self) -> Result<(), MemoryError> {
        let (told, answer) = oneshot::channel();
        let _ = self.orders.send(Order::Release(told)).await;
        answer.await.unwrap_or(Err(MemoryError::Broken))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
