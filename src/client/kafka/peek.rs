//! Whether any message stands after an offset. Offsets alone do not tell: marks of transactions have some too, and what
//! compaction removed leaves holes.

use super::counts::Request;
use super::error::KafkaError;
use super::reader::KafkaReader;
use super::settings::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long one topic is read at most: long enough to connect, fetch and meet the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// One wait for the next message.
const SLICE: Duration = Duration::from_millis(50);

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
        let mut topics: BTreeMap<String, BTreeMap<u32, u64>> = BTreeMap::new();
        for ((topic, partition), offset) in places {
            topics.entry(topic.clone()).or_default().insert(*partition, *offset);
        }
        let mut empty = BTreeSet::new();
        for (topic, places) in topics {
            let mut config = settings.client_config()?;
            config
                .set("group.id", "sluice-peek")
                .set("enable.auto.commit", "false")
                .set("enable.auto.offset.store", "false")
                .set("enable.partition.eof", "true")
                .set("isolation.level", "read_committed")
                // Its end is told with the next answer: none is waited for longer than this.
                .set("fetch.wait.max.ms", "50");
            let consumer: BaseConsumer = config.create().map_err(|e: RdError| settings.refusal(&e))?;
            let name = topic.clone();
            let found = tokio::task::spawn_blocking(move || ends(&consumer, &name, &places)).await;
            let failed = |e: String| self.handle().failed(Request::ListOffsets, "PEEK".to_owned(), e);
            let found = found.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
            empty.extend(found.into_iter().map(|partition| (topic.clone(), partition)));
        }
        Ok(empty)
    }
}

/// Partitions of one topic whose end comes before any message.
#[expect(clippy::disallowed_methods, reason = "a wait needs an end")]
fn ends(consumer: &BaseConsumer, topic: &str, places: &BTreeMap<u32, u64>) -> Result<BTreeSet<u32>, RdError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in places {
        let (Ok(partition), Ok(offset)) = (i32::try_from(*partition), i64::try_from(*offset)) else { continue };
        list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    }
    consumer.assign(&list)?;
    let (mut full, mut empty) = (BTreeSet::new(), BTreeSet::new());
    let end = Instant::now() + PATIENCE;
    while full.len() + empty.len() < places.len() && Instant::now() < end {
        match consumer.poll(SLICE) {
            None => {}
            Some(Ok(message)) => drop(full.insert(u32::try_from(message.partition()).unwrap_or(u32::MAX))),
            Some(Err(RdError::PartitionEOF(partition))) => {
                let partition = u32::try_from(partition).unwrap_or(u32::MAX);
                if !full.contains(&partition) {
                    empty.insert(partition);
                }
            }
            // A broker that is away for a moment: what is not read to its end is not called empty.
            Some(Err(_)) => {}
        }
    }
    Ok(empty)
}
