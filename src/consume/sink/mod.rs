//! ClickHouse: inserts a batch until it is confirmed, under a token that makes repetitions harmless.

mod again;
mod judge;
mod prepare;

use super::batch::{BadMessage, Batch};
use super::error::ConsumeError;
use super::framing::Framing;
use super::options::Options;
use super::run::Events;
use super::statistics::Statistics;
use super::{dead_letter, intent};
use crate::client::Servers;
use crate::client::clickhouse::{ClickHouseError, ClickHouseReader, ClickHouseWriter, Execute};
use crate::model::consumption::{Consumption, OnBadMessage};
use crate::sql::consume::{self, Origin};
pub(super) use again::ONCE_GIVES_UP;
use again::Patience;
use bytes::Bytes;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Inserts at a time, over all partitions.
const INSERTS: usize = 4;

/// Longest wait for the answer to one insert; then it is sent again, wherever the first one is.
const INSERT_WITHIN: Duration = Duration::from_secs(60);

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Stored {
    pub bad: u64,
    pub rows: u64,
    pub took: Duration,
}

/// The table, and everything about how rows get into it.
pub(super) struct Sink {
    consumption: Consumption,
    writers: Vec<ClickHouseWriter>,
    readers: Vec<ClickHouseReader>,
    settings: Vec<(String, String)>,
    /// Which host was the last to answer.
    turn: AtomicUsize,
    slots: Semaphore,
    give_up: Option<Duration>,
    events: Arc<dyn Events>,
    statistics: Arc<Mutex<Statistics>>,
}

impl Sink {
    /// Prepares the clients and looks at the table.
    ///
    /// # Errors
    /// There is no such table, it cannot be inserted into repeatedly, or no server answers.
    pub async fn open(
        consumption: &Consumption,
        servers: &Servers,
        options: &Options,
        events: Arc<dyn Events>,
        statistics: Arc<Mutex<Statistics>>,
    ) -> Result<Self, ConsumeError> {
        if consumption.on_bad_message == OnBadMessage::DeadLetter && consumption.dead_letters.is_none() {
            return Err(ConsumeError::NoDeadLetters);
        }
        let urls = prepare::urls(consumption, servers.connection());
        let mut sink = Self {
            consumption: consumption.clone(),
            writers: urls.iter().map(|u| servers.writer(u)).collect::<Result<_, _>>()?,
            readers: urls.iter().map(|u| servers.reader(u)).collect::<Result<_, _>>()?,
            settings: prepare::settings(consumption)?,
            turn: AtomicUsize::new(0),
            slots: Semaphore::new(INSERTS),
            give_up: options.once.then_some(again::ONCE_GIVES_UP),
            events,
            statistics,
        };
        prepare::table(&mut sink).await?;
        Ok(sink)
    }

    /// The highest offset that the table has of these partitions of a topic, at or above what the group has committed: what
    /// is below it makes no difference.
    ///
    /// # Errors
    /// What does not pass, or lasts too long.
    pub async fn highest(
        &self,
        topic: &str,
        committed: &BTreeMap<i32, Option<i64>>,
    ) -> Result<BTreeMap<i32, i64>, ConsumeError> {
        #[derive(Deserialize)]
        struct Row {
            partition: i32,
            offset: i64,
        }
        let sql = consume::highest(&self.consumption.table, &intent::batches(topic), committed);
        let rows: Vec<Row> = self.read(&sql).await?;
        Ok(rows.into_iter().map(|r| (r.partition, r.offset)).collect())
    }

    /// Inserts a batch, its bad messages where they belong, and returns once all of it is confirmed.
    ///
    /// # Errors
    /// A bad message where it is to stop, or what does not pass.
    pub async fn store(&self, batch: &Batch) -> Result<Stored, ConsumeError> {
        // Nobody closes it.
        let _slot = self.slots.acquire().await;
        let begin = Instant::now();
        let (mut bad, mut rows) = (batch.bad.clone(), batch.rows(&[]));
        self.stop_at(batch, bad.first())?;
        if batch.entries.is_empty() {
            self.keep(batch, &bad).await?;
        } else if let Err(refusal) = self.insert(batch, &[]).await {
            let found = self.find_bad(batch, refusal).await?;
            let taken_out: Vec<usize> = found.iter().map(|(entry, _)| *entry).collect();
            rows = batch.rows(&taken_out);
            bad.extend(found.into_iter().filter_map(|(entry, reason)| batch.bad(entry, reason)));
            bad.sort_by_key(|b| b.offset);
            self.stop_at(batch, bad.first())?;
            self.keep(batch, &bad).await?;
            if taken_out.len() < batch.entries.len() {
                self.insert(batch, &taken_out).await.map_err(|source| self.refused(batch, source))?;
            }
        } else {
            self.keep(batch, &bad).await?;
        }
        Ok(Stored { bad: bad.len() as u64, rows, took: begin.elapsed() })
    }

    fn stop_at(&self, batch: &Batch, bad: Option<&BadMessage>) -> Result<(), ConsumeError> {
        match (self.consumption.on_bad_message, bad) {
            (OnBadMessage::Stop, Some(bad)) => Err(ConsumeError::BadMessage {
                topic: batch.partition.0.clone(),
                partition: batch.partition.1,
                offset: bad.offset,
                reason: bad.reason.clone(),
            }),
            (OnBadMessage::DeadLetter | OnBadMessage::Skip | OnBadMessage::Stop, _) => Ok(()),
        }
    }

    /// Inserts the rows but those of some entries, again and again while the failure passes. A refusal is returned.
    async fn insert(&self, batch: &Batch, without: &[usize]) -> Result<(), ClickHouseError> {
        let name = batch.name();
        let origin = Origin { batch: &name, partition: batch.partition.1, seconds: batch.intent.seconds };
        let (sql, body) = match batch.framing {
            Framing::Whole => {
                let rest: Vec<usize> = (0..batch.entries.len()).filter(|i| !without.contains(i)).collect();
                let messages = batch.messages_of(&rest).into_iter();
                (consume::insert_each(&self.consumption, origin, messages), None)
            }
            Framing::JsonObjects | Framing::JsonArrays | Framing::Csv(_) | Framing::Tsv | Framing::TsvRaw => {
                (consume::insert(&self.consumption, origin), Some(batch.without(without)))
            }
        };
        self.persist(batch, &sql, body, &name).await
    }

    /// Keeps bad messages, under a token of their own.
    async fn keep(&self, batch: &Batch, bad: &[BadMessage]) -> Result<(), ConsumeError> {
        let Some(table) = self.consumption.dead_letters.as_ref().filter(|_| !bad.is_empty()) else { return Ok(()) };
        match self.consumption.on_bad_message {
            OnBadMessage::Skip | OnBadMessage::Stop => return Ok(()),
            OnBadMessage::DeadLetter => {}
        }
        let rows = Bytes::from(dead_letter::rows(batch, bad, &self.consumption.group));
        let token = format!("{}/dead", batch.name());
        let sql = consume::dead_letters(table);
        self.persist(batch, &sql, Some(rows), &token).await.map_err(|source| self.refused(batch, source))
    }

    /// Sends until a server confirms or refuses.
    async fn persist(&self, batch: &Batch, sql: &str, body: Option<Bytes>, token: &str) -> Result<(), ClickHouseError> {
        let mut patience = Patience::new(self.give_up);
        loop {
            let Err(error) = self.attempt(sql, body.clone(), token).await else {
                patience.over(&*self.events);
                return Ok(());
            };
            if !patience.bears(&error) {
                return Err(error);
            }
            self.statistics().retries += 1;
            let what = format!(
                "topic `{}`, partition {}, offsets {} to {}",
                batch.partition.0, batch.partition.1, batch.intent.first, batch.intent.last
            );
            patience.wait(&*self.events, &what, &error).await;
            self.turn.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends once, to the host whose turn it is.
    async fn attempt(&self, sql: &str, body: Option<Bytes>, token: &str) -> Result<(), ClickHouseError> {
        let writer = &self.writers[self.turn.load(Ordering::Relaxed) % self.writers.len()];
        let mut settings = self.settings.clone();
        settings.push(("insert_deduplication_token".to_owned(), token.to_owned()));
        let query_id = format!("sluice-consume-{}", uuid::Uuid::new_v4());
        let options = Execute { timeout: INSERT_WITHIN, query_id, settings };
        match body {
            Some(body) => writer.insert_shared(sql, body, &options).await.map(drop),
            None => writer.execute(sql, &options).await.map(drop),
        }
    }

    /// Reads, again and again while the failure passes.
    async fn read<T: serde::de::DeserializeOwned>(&self, sql: &str) -> Result<Vec<T>, ConsumeError> {
        let mut patience = Patience::new(self.give_up);
        loop {
            let reader = &self.readers[self.turn.load(Ordering::Relaxed) % self.readers.len()];
            let error = match reader.rows(sql).await {
                Ok(rows) => {
                    patience.over(&*self.events);
                    return Ok(rows);
                }
                Err(error) => error,
            };
            if !patience.bears(&error) {
                return Err(error.into());
            }
            patience.wait(&*self.events, "looking at the table", &error).await;
            self.turn.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn refused(&self, batch: &Batch, source: ClickHouseError) -> ConsumeError {
        ConsumeError::Insert {
            topic: batch.partition.0.clone(),
            partition: batch.partition.1,
            first: batch.intent.first,
            last: batch.intent.last,
            table: self.consumption.table.clone(),
            source: Box::new(source),
        }
    }

    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
