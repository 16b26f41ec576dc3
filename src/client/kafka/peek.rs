//! Whether any message stands after an offset. Offsets alone do not tell: marks of transactions have some too, and what
//! compaction removed leaves holes.

use super::counts::Request;
use super::error::KafkaError;
use super::reader::KafkaReader;
use super::settings::KafkaSettings;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::KafkaError as RdError;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long all of it is read at most: long enough to connect, fetch and meet the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// One wait for the next message.
const SLICE: Duration = Duration::from_millis(10);

/// A place in a partition: topic, partition, offset.
pub type Spot = (String, u32, u64);

impl KafkaReader {
    /// Those of the partitions in which no message stands from the given offset to the end. Reads as no member of any
    /// group and commits nothing. A partition that could not be read to its end in time is not among them.
    ///
    /// # Errors
    /// No consumer could be set up.
    pub async fn without_messages(
        &self,
        settings: &KafkaSettings,
        places: &BTreeMap<(String, u32), u64>,
    ) -> Result<BTreeSet<(String, u32)>, KafkaError> {
        let spots = places.iter().map(|((topic, partition), offset)| (topic.clone(), *partition, *offset)).collect();
        let empty = self.empty_after(settings, &spots).await?;
        Ok(empty.into_iter().map(|(topic, partition, _)| (topic, partition)).collect())
    }

    /// As [`KafkaReader::without_messages`], for several offsets of a partition: one consumer reads them all, however many
    /// there are.
    ///
    /// # Errors
    /// As [`KafkaReader::without_messages`].
    pub async fn empty_after(
        &self,
        settings: &KafkaSettings,
        spots: &BTreeSet<Spot>,
    ) -> Result<BTreeSet<Spot>, KafkaError> {
        let mut places: BTreeMap<(String, u32), BTreeSet<u64>> = BTreeMap::new();
        for (topic, partition, offset) in spots {
            places.entry((topic.clone(), *partition)).or_default().insert(*offset);
        }
        if places.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut config = settings.client_config()?;
        config
            .set("group.id", "sluice-peek")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            // Its end is told with the next answer: none is waited for longer than this.
            .set("fetch.wait.max.ms", "50")
            // One message of a partition is enough to know.
            .set("fetch.message.max.bytes", "65536");
        let consumer: BaseConsumer = config.create().map_err(|e: RdError| settings.refusal(&e))?;
        self.handle().count(Request::Fetch);
        let found = tokio::task::spawn_blocking(move || ends(&Arc::new(consumer), &places)).await;
        let failed = |e: String| self.handle().failed(Request::Fetch, "PEEK".to_owned(), e);
        found.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))
    }
}

/// A partition on its way to its end.
struct Reading<'a> {
    topic: &'a str,
    partition: u32,
    offsets: &'a BTreeSet<u64>,
    queue: PartitionQueue<DefaultConsumerContext>,
    last: Option<u64>,
    over: bool,
}

impl Reading<'_> {
    /// Takes what has come.
    fn take(&mut self) {
        while !self.over {
            match self.queue.poll(Duration::ZERO) {
                None => return,
                Some(Ok(message)) => {
                    self.last = u64::try_from(message.offset()).ok();
                    // No offset asked about comes after it.
                    self.over = self.last >= self.offsets.last().copied();
                }
                Some(Err(RdError::PartitionEOF(_))) => self.over = true,
                // A broker that is away for a moment: what is not read to its end is not called empty.
                Some(Err(_)) => {}
            }
        }
    }
}

/// Offsets after which no message comes. Each partition has a queue of its own: the end of a partition is told without
/// its topic.
#[expect(clippy::disallowed_methods, reason = "a wait needs an end")]
fn ends(
    consumer: &Arc<BaseConsumer>,
    places: &BTreeMap<(String, u32), BTreeSet<u64>>,
) -> Result<BTreeSet<Spot>, RdError> {
    let mut list = TopicPartitionList::new();
    for ((topic, partition), offsets) in places {
        let first = offsets.first().copied().unwrap_or(0);
        let (Ok(partition), Ok(offset)) = (i32::try_from(*partition), i64::try_from(first)) else { continue };
        list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    consumer.assign(&list)?;
    let mut readings = Vec::new();
    for ((topic, partition), offsets) in places {
        let queue = i32::try_from(*partition).ok().and_then(|p| consumer.split_partition_queue(topic, p));
        let reading = |queue| Reading { topic, partition: *partition, offsets, queue, last: None, over: false };
        readings.extend(queue.map(reading));
    }
    let end = Instant::now() + PATIENCE;
    while readings.iter().any(|r| !r.over) && Instant::now() < end {
        // Whatever belongs to no partition; messages have their own queues.
        drop(consumer.poll(SLICE));
        for reading in &mut readings {
            reading.take();
        }
    }
    let empty = readings.iter().filter(|r| r.over).flat_map(|r| {
        let after = r.offsets.iter().filter(|offset| r.last.is_none_or(|last| last < **offset));
        after.map(|offset| (r.topic.to_owned(), r.partition, *offset))
    });
    Ok(empty.collect())
}
