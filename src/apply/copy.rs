//! Copies: rows are written, counted and compared before anything takes a name.
//!
//! Guarantees: a step that ends well has put into the new table every row that the old one has now, once, with the
//! values planned; count and a checksum of every row say so. Safe to run again: a partition that is there with the
//! same rows is not copied a second time, anything else is taken away first.
//! Assumes: nothing writes into the old table. If somebody does all the same, the last comparison fails the step.

use super::StepError;
use super::run::Hands;
use super::spread;
use super::trouble::Trouble;
use crate::client::clickhouse::{ClickHouseError, ClickHouseReader, ClickHouseWriter, Execute};
use crate::model::{ObjectName, quote};
use crate::plan::Step;
use crate::sql::{Copy, CopyMethod, copy};
use futures_util::future::join_all;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::interval;

/// Between two looks at a running copy.
const LOOK: Duration = Duration::from_millis(500);

/// How long a statement beside the copy may take.
const SHORT: Duration = Duration::from_secs(120);

#[derive(Debug, Deserialize)]
struct PartitionRow {
    partition: String,
    rows: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Counted {
    pub rows: u64,
    pub checksum: String,
}

#[derive(Debug, Deserialize)]
struct Written {
    rows: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Room {
    pub bytes: u64,
    pub free: u64,
}

/// One host's part.
pub(super) struct Part<'a> {
    pub copy: &'a Copy,
    writer: &'a ClickHouseWriter,
    reader: &'a ClickHouseReader,
    /// Rows that are there, as far as told, and all of them.
    pub told: &'a (dyn Fn(u64, u64) + Sync),
}

pub(super) async fn run(index: usize, step: &Step, copy: &Copy, hands: &Hands<'_>) -> Result<(), StepError> {
    let telling = |host: usize| move |done: u64, total: u64| hands.events.progress(index, host, done, total);
    let hosts: Vec<_> = step.hosts.iter().map(|host| (*host, telling(*host))).collect();
    let mut parts: Vec<Part<'_>> = Vec::new();
    for (host, told) in &hosts {
        parts.push(Part { copy, writer: &hands.clickhouse[*host], reader: &hands.readers[*host], told });
    }
    let failed = match copy.through {
        Some(_) => spread::run(&parts).await,
        None => each(&parts, Part::run).await,
    };
    Trouble::of_all(failed).map_or(Ok(()), |trouble| Err(trouble.of_step(&copy.statement())))
}

/// What went wrong, each with its host.
pub(super) type Failures = Vec<Trouble>;

/// Does the same on all hosts at the same time, and waits for all.
pub(super) async fn each<'p, 'a, F, W>(parts: &'p [Part<'a>], work: F) -> Failures
where
    F: Fn(&'p Part<'a>) -> W,
    W: Future<Output = Result<(), Trouble>>,
{
    let ends = join_all(parts.iter().map(&work)).await;
    let failed = parts.iter().zip(ends).filter_map(|(part, end)| Some(end.err()?.on(&part.name())));
    failed.collect()
}

impl Part<'_> {
    pub(super) fn name(&self) -> String {
        self.writer.host().to_string()
    }

    async fn run(&self) -> Result<(), Trouble> {
        // Merges of some engines, and those that drop expired rows, change what is being counted.
        let result = match self.merges("STOP").await {
            Ok(()) => self.copied().await,
            Err(words) => Err(words),
        };
        let started = self.merges("START").await;
        result.and(started)
    }

    pub(super) async fn merges(&self, word: &str) -> Result<(), Trouble> {
        for table in [&self.copy.from, &self.copy.to] {
            self.execute(&format!("SYSTEM {word} MERGES {}", quote::object(table)), &[], SHORT).await?;
        }
        Ok(())
    }

    /// An apply that was killed may have left its statement running: it must not write beside this one.
    pub(super) async fn alone(&self) -> Result<(), Trouble> {
        self.execute(&copy::kill(&self.copy.to), &[], SHORT).await
    }

    pub(super) async fn emptied(&self) -> Result<(), Trouble> {
        self.execute(&self.clear(), &[], SHORT).await
    }

    async fn copied(&self) -> Result<(), Trouble> {
        self.alone().await?;
        let old = self.partitions(&self.copy.from).await?;
        let total = old.values().sum();
        (self.told)(0, total);
        if self.copy.method != CopyMethod::AttachPartitions {
            self.has_room().await?;
        }
        match self.copy.method {
            CopyMethod::Whole => {
                self.execute(&self.copy.clear(), &[], SHORT).await?;
                self.filled(None, 0, total).await?;
            }
            CopyMethod::ByPartition | CopyMethod::AttachPartitions => self.by_partition(&old, total).await?,
        }
        self.compared().await
    }

    async fn by_partition(&self, old: &BTreeMap<String, u64>, total: u64) -> Result<(), Trouble> {
        let there: BTreeSet<String> = self.partitions(&self.copy.to).await?.into_keys().collect();
        for extra in there.iter().filter(|p| !old.contains_key(*p)) {
            self.execute(&self.clear(), &[partition(extra)], SHORT).await?;
        }
        let mut done = 0;
        for (name, rows) in old {
            let parameter = [partition(name)];
            if there.contains(name) {
                let was = self.count(&self.copy.count_old(true), &parameter).await?;
                if was == self.count(&self.copy.count_new(true), &parameter).await? {
                    done += rows;
                    (self.told)(done, total);
                    continue;
                }
                self.execute(&self.clear(), &parameter, SHORT).await?;
            }
            self.filled(Some(name), done, total).await?;
            done += rows;
            (self.told)(done, total);
        }
        Ok(())
    }

    fn clear(&self) -> String {
        self.copy.clear()
    }

    /// Runs the copying statement and tells of the rows that are written meanwhile.
    pub(super) async fn filled(&self, only: Option<&String>, before: u64, total: u64) -> Result<(), Trouble> {
        let query_id = format!("{}{}", copy::query_ids(&self.copy.to), uuid::Uuid::new_v4());
        let mut settings: Vec<(String, String)> = [
            // Rows as they are: engines that collapse must not begin here.
            ("optimize_on_insert", "0"),
            ("insert_allow_materialized_columns", "1"),
            ("insert_deduplicate", "0"),
            ("max_execution_time", "0"),
            ("distributed_foreground_insert", "1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .to_vec();
        settings.extend(only.map(|p| partition(p)));
        let options = Execute { timeout: Duration::from_secs(7 * 24 * 3600), query_id: query_id.clone(), settings };
        let statement = self.copy.statement().shown();
        let work = self.writer.execute(&statement, &options);
        tokio::pin!(work);
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                answer = &mut work => return answer.map(drop).map_err(Trouble::from),
                _ = look.tick() => {
                    // A look that fails says nothing about the copy.
                    if let Ok(Some(rows)) = self.written(&query_id).await {
                        (self.told)(before + rows, total);
                    }
                }
            }
        }
    }

    async fn written(&self, query_id: &str) -> Result<Option<u64>, ClickHouseError> {
        let found: Vec<Written> = self.reader.rows(&copy::written(query_id)).await?;
        Ok(found.first().map(|w| w.rows))
    }

    /// All rows of both tables. Rows that came while they were copied are found here.
    async fn compared(&self) -> Result<(), Trouble> {
        let new = self.count(&self.copy.count_new(false), &[]).await?;
        let old = self.count(&self.copy.count_old(false), &[]).await?;
        if old == new {
            return Ok(());
        }
        Err(format!(
            "{} has {} rows (checksum {}) and its copy {} has {} (checksum {}): something writes into it, or its rows \
             change; nothing was swapped. Stop what writes and apply again",
            self.copy.from, old.rows, old.checksum, self.copy.to, new.rows, new.checksum
        )
        .into())
    }

    pub(super) async fn room(&self) -> Result<Option<Room>, Trouble> {
        let rooms: Vec<Room> = self.rows(&copy::sizes(std::slice::from_ref(&self.copy.from)), &[]).await?;
        Ok(rooms.into_iter().next())
    }

    async fn has_room(&self) -> Result<(), Trouble> {
        match self.room().await? {
            Some(room) if room.bytes > room.free => Err(format!(
                "the copy of {} takes about {} bytes and the disks have {} free: make room and apply again",
                self.copy.from, room.bytes, room.free
            )
            .into()),
            Some(_) | None => Ok(()),
        }
    }

    pub(super) async fn partitions(&self, table: &ObjectName) -> Result<BTreeMap<String, u64>, Trouble> {
        let rows: Vec<PartitionRow> = self.rows(&copy::partitions(table), &[]).await?;
        Ok(rows.into_iter().map(|r| (r.partition, r.rows)).collect())
    }

    pub(super) async fn count(&self, sql: &str, parameters: &[(String, String)]) -> Result<Counted, Trouble> {
        let rows: Vec<Counted> = self.rows(sql, parameters).await?;
        rows.into_iter().next().ok_or_else(|| "the server counted nothing".to_owned().into())
    }

    /// Reads with the writer: it has the patience that a count of everything takes.
    async fn rows<T: DeserializeOwned>(&self, sql: &str, parameters: &[(String, String)]) -> Result<Vec<T>, Trouble> {
        let mut settings = vec![("output_format_json_quote_64bit_integers".to_owned(), "0".to_owned())];
        settings.push(("max_execution_time".to_owned(), "0".to_owned()));
        settings.extend_from_slice(parameters);
        let body = self.send(sql, settings, Duration::from_secs(24 * 3600)).await?;
        let lines = body.lines().filter(|l| !l.trim().is_empty());
        lines
            .map(|line| serde_json::from_str(line).map_err(|e| format!("an answer could not be read: {e}").into()))
            .collect()
    }

    async fn execute(&self, sql: &str, parameters: &[(String, String)], within: Duration) -> Result<(), Trouble> {
        self.send(sql, parameters.to_vec(), within).await.map(drop)
    }

    async fn send(&self, sql: &str, settings: Vec<(String, String)>, timeout: Duration) -> Result<String, Trouble> {
        let options = Execute { timeout, query_id: format!("sluice-{}", uuid::Uuid::new_v4()), settings };
        self.writer.execute(sql, &options).await.map_err(Trouble::from)
    }
}

fn partition(name: &str) -> (String, String) {
    (copy::PARTITION.to_owned(), name.to_owned())
}
