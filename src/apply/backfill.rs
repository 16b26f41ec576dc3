//! New targets are filled with what was there before them.
//!
//! Guarantees of the view that reads the topic: its offsets are those of the pipeline's group at a moment at which no
//! consumer of the pipeline's Kafka table reads, so that what is before them has been written and committed. Assumes:
//! the views that read that table are gone, and come again after this step.

use super::kafka::chain;
use super::run::Hands;
use super::trouble::Trouble;
use super::{StepError, clickhouse, groups};
use crate::client::clickhouse::{ClickHouseReader, ClickHouseWriter, Execute};
use crate::client::kafka::KafkaError;
use crate::model::backfill::up_to;
use crate::model::{Owner, UpTo};
use crate::plan::{Awaited, Fill, FillingView, Step, TableAction};
use crate::sql::{backfill, copy};
use futures_util::future::{join_all, try_join_all};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, interval, sleep};

/// Between two looks at what goes on.
const LOOK: Duration = Duration::from_millis(500);
/// Between two looks at consumers that end what they have begun.
const SOON: Duration = Duration::from_millis(100);
/// How long a statement beside the others may take.
const SHORT: Duration = Duration::from_secs(120);
/// A group that reads nothing for so long has trouble that nobody here mends: members of others, a server that is down,
/// a view that fails. A rebalance after a crash takes 45 s.
const STALLED: Duration = Duration::from_secs(300);

#[derive(Debug, Deserialize)]
struct Reading {
    consumers: u64,
}

#[derive(Debug, Deserialize)]
struct Comment {
    comment: String,
}

#[derive(Debug, Deserialize)]
struct Rows {
    rows: u64,
}

/// Creates the view that reads the topic once more.
pub(super) async fn create_view(step: &Step, filling: &FillingView, hands: &Hands<'_>) -> Result<(), StepError> {
    let mut filling = filling.clone();
    if filling.up_to.is_none() {
        let found = reached(&filling, step.timeout, hands).await;
        filling.up_to = Some(found.map_err(told)?);
    }
    let action = TableAction::CreateFillingView(Box::new(filling));
    clickhouse::run(step, &action, hands).await
}

/// Where the pipeline's group is when nothing reads.
async fn reached(filling: &FillingView, within: Duration, hands: &Hands<'_>) -> Result<UpTo, String> {
    let begin = Instant::now();
    let question = backfill::reading(&filling.source);
    loop {
        let asked = hands.readers.iter().map(|reader| reader.rows::<Reading>(&question));
        let answers = try_join_all(asked).await.map_err(|e| chain(&e))?;
        if answers.iter().flatten().all(|reading| reading.consumers == 0) {
            break;
        }
        if begin.elapsed() > within {
            return Err(format!("{} is still read from although its views are gone; apply again", filling.source));
        }
        sleep(SOON).await;
    }
    let counts = groups::partitions(&hands.kafka, &filling.topics, within).await?;
    hands.kafka.reader().committed(&filling.group, &counts).await.map_err(|e| chain(&e))
}

/// Waits until the group has read all that its view is to take.
pub(super) async fn wait(index: usize, step: &Step, awaited: &Awaited, hands: &Hands<'_>) -> Result<(), String> {
    let up_to = told_up_to(awaited, hands).await?;
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (topic, partition) in up_to.keys() {
        let count = counts.entry(topic.clone()).or_default();
        *count = (*count).max(partition + 1);
    }
    let (begin, mut moved) = (Instant::now(), Instant::now());
    let (mut first, mut last) = (None, None);
    loop {
        let places = places(&awaited.group, &counts, &up_to, hands).await?;
        let left: u64 = up_to.iter().map(|(at, end)| distance(places.get(at).copied().unwrap_or(0), *end)).sum();
        let total = *first.get_or_insert(left);
        hands.events.progress(index, 0, total.saturating_sub(left), total);
        if left == 0 {
            return Ok(());
        }
        if last != Some(left) {
            (last, moved) = (Some(left), Instant::now());
        }
        if moved.elapsed() > STALLED || begin.elapsed() > step.timeout {
            return Err(format!(
                "the group {} has {left} messages before it and reads none of them: see system.kafka_consumers for \
                 {}. What it has read is kept; apply again and it goes on",
                awaited.group, awaited.kafka
            ));
        }
        sleep(LOOK).await;
    }
}

/// What the view's comment says, on the first host that has it.
async fn told_up_to(awaited: &Awaited, hands: &Hands<'_>) -> Result<UpTo, String> {
    let question = backfill::comment(&awaited.view);
    let answers = try_join_all(hands.readers.iter().map(|reader| reader.rows::<Comment>(&question))).await;
    let answers = answers.map_err(|e| chain(&e))?;
    let found = answers.iter().flatten().find_map(|row| up_to(Owner::read(&row.comment).0));
    found.ok_or_else(|| format!("no host has the view {} with its offsets any more; plan again", awaited.view))
}

/// Where the group is: past what the topic no longer keeps, and where it has no offset at the first message.
async fn places(
    group: &str,
    counts: &BTreeMap<String, u32>,
    up_to: &UpTo,
    hands: &Hands<'_>,
) -> Result<BTreeMap<(String, u32), i64>, String> {
    if up_to.is_empty() {
        return Ok(BTreeMap::new());
    }
    let words = |e: KafkaError| chain(&e);
    let mut places = hands.kafka.reader().committed(group, counts).await.map_err(words)?;
    for (topic, marks) in hands.kafka.reader().watermarks(counts).await.map_err(words)? {
        let marks = marks.map_err(|e| e.to_string())?;
        for (partition, mark) in marks.iter().enumerate() {
            let low = i64::try_from(mark.low).unwrap_or(i64::MAX);
            let place = places.entry((topic.clone(), u32::try_from(partition).unwrap_or(u32::MAX))).or_insert(low);
            *place = (*place).max(low);
        }
    }
    Ok(places)
}

fn distance(place: i64, end: i64) -> u64 {
    u64::try_from(end - place).unwrap_or(0)
}

/// Fills a table with the rows of another one.
///
/// Guarantees: a step that ends well has put every row that the SELECT gives into the new table; both are counted. Safe
/// to run again: the table is emptied first. Assumes: nothing writes into either table.
pub(super) async fn fill(index: usize, step: &Step, fill: &Fill, hands: &Hands<'_>) -> Result<(), StepError> {
    let work = Filling { index, fill, hands };
    let merges = work.everywhere(step, work.merges("STOP")).await;
    let done = match merges {
        Ok(()) => work.run(step).await,
        Err(trouble) => Err(trouble),
    };
    let started = work.everywhere(step, work.merges("START")).await;
    done.and(started).map_err(|trouble| trouble.of_step(&backfill::fill(&fill.refill)))
}

struct Filling<'a> {
    index: usize,
    fill: &'a Fill,
    hands: &'a Hands<'a>,
}

impl Filling<'_> {
    async fn run(&self, step: &Step) -> Result<(), Trouble> {
        // An apply that was killed may have left its statement running: it must not write beside this one.
        self.everywhere(step, vec![copy::kill(&self.fill.to)]).await?;
        self.everywhere(step, vec![backfill::empty(&self.fill.to)]).await?;
        let given = self.sum(&self.fill.reads, &backfill::count_given(&self.fill.refill)).await?;
        let copied = self.fill.reads.iter().map(|host| self.copied(*host));
        all_well(join_all(copied).await)?;
        let found = self.sum(&self.fill.counts, &backfill::count(&self.fill.to)).await?;
        if given == found {
            return Ok(());
        }
        Err(format!(
            "{} gave {given} rows and {} has {found}: something writes into one of them. Stop what writes and apply again",
            self.fill.refill.from, self.fill.to
        )
        .into())
    }

    /// Merges of some engines change what is being counted.
    fn merges(&self, word: &str) -> Vec<String> {
        let tables = [&self.fill.refill.from, &self.fill.to];
        tables.iter().map(|t| format!("SYSTEM {word} MERGES {}", crate::model::quote::object(t))).collect()
    }

    /// Statements on every host of the step.
    async fn everywhere(&self, step: &Step, statements: Vec<String>) -> Result<(), Trouble> {
        let on = step.hosts.iter().map(|host| {
            let statements = &statements;
            async move {
                for statement in statements {
                    self.send(*host, statement, SHORT).await?;
                }
                Ok(())
            }
        });
        all_well(join_all(on).await)
    }

    /// A host's part, with its progress.
    async fn copied(&self, host: usize) -> Result<(), Trouble> {
        let (writer, reader) = (&self.hands.clickhouse[host], &self.hands.readers[host]);
        let total = self.count(host, &backfill::count_given(&self.fill.refill)).await?;
        let told = |rows| self.hands.events.progress(self.index, host, rows, total);
        told(0);
        let query_id = format!("{}{}", copy::query_ids(&self.fill.to), uuid::Uuid::new_v4());
        let settings = [
            // Rows as they are: engines that collapse must not begin here.
            ("optimize_on_insert", "0"),
            ("insert_deduplicate", "0"),
            ("max_execution_time", "0"),
            ("distributed_foreground_insert", "1"),
        ];
        let settings = settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        let options = Execute { timeout: Duration::from_secs(7 * 24 * 3600), query_id: query_id.clone(), settings };
        let statement = backfill::fill(&self.fill.refill).shown();
        let work = writer.execute(&statement, &options);
        tokio::pin!(work);
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                answer = &mut work => {
                    return answer.map(|_| told(total)).map_err(|e| Trouble::from(e).on(&writer.host().to_string()));
                }
                _ = look.tick() => {
                    // A look that fails says nothing about the copy.
                    if let Ok(Some(rows)) = written(reader, &query_id).await {
                        told(rows);
                    }
                }
            }
        }
    }

    async fn sum(&self, hosts: &BTreeSet<usize>, sql: &str) -> Result<u64, Trouble> {
        let counts = try_join_all(hosts.iter().map(|host| self.count(*host, sql))).await?;
        Ok(counts.iter().sum())
    }

    async fn count(&self, host: usize, sql: &str) -> Result<u64, Trouble> {
        let body = self.send(host, sql, Duration::from_secs(24 * 3600)).await?;
        let row: Rows = serde_json::from_str(body.trim()).map_err(|e| format!("an answer could not be read: {e}"))?;
        Ok(row.rows)
    }

    async fn send(&self, host: usize, sql: &str, timeout: Duration) -> Result<String, Trouble> {
        let writer: &ClickHouseWriter = &self.hands.clickhouse[host];
        let settings = [("output_format_json_quote_64bit_integers", "0"), ("max_execution_time", "0")];
        let settings = settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
        let options = Execute { timeout, query_id: format!("sluice-{}", uuid::Uuid::new_v4()), settings };
        writer.execute(sql, &options).await.map_err(|e| Trouble::from(e).on(&writer.host().to_string()))
    }
}

async fn written(reader: &ClickHouseReader, query_id: &str) -> Result<Option<u64>, Trouble> {
    let found: Vec<Rows> = reader.rows(&copy::written(query_id)).await.map_err(Trouble::from)?;
    Ok(found.first().map(|w| w.rows))
}

/// All have ended; what failed.
fn all_well(ended: Vec<Result<(), Trouble>>) -> Result<(), Trouble> {
    Trouble::of_all(ended.into_iter().filter_map(Result::err).collect()).map_or(Ok(()), Err)
}

fn told(words: String) -> StepError {
    StepError { host: None, statement: None, words, in_doubt: false }
}
