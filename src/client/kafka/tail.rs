//! Everything that stands in the one partition of a topic, and what comes after it. Only what was committed is seen.

use super::context::Context;
use super::counts::Request;
use super::error::KafkaError;
use super::reader::KafkaReader;
use super::settings::KafkaSettings;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// One wait for the next message.
const SLICE: Duration = Duration::from_millis(100);

/// Errors after which librdkafka goes on by itself.
const PASSING: [RDKafkaErrorCode; 8] = [
    RDKafkaErrorCode::BrokerTransportFailure,
    RDKafkaErrorCode::AllBrokersDown,
    RDKafkaErrorCode::OperationTimedOut,
    RDKafkaErrorCode::Resolve,
    RDKafkaErrorCode::NotLeaderForPartition,
    RDKafkaErrorCode::LeaderNotAvailable,
    RDKafkaErrorCode::UnknownTopicOrPartition,
    RDKafkaErrorCode::RequestTimedOut,
];

/// A record as it stands in the topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands.
    pub offset: i64,
    /// Its key; empty where it has none.
    pub key: Vec<u8>,
    /// Its value; none is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// A reader that stands in partition 0 of a topic. It is no member of any group and commits nothing.
pub struct Tail {
    consumer: Arc<BaseConsumer<Context>>,
    reader: KafkaReader,
    topic: String,
    within: Duration,
    /// The offset of the next record.
    next: AtomicI64,
}

impl Tail {
    /// Stands before the first record. The connection is made by the first reading.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn open(reader: &KafkaReader, settings: &KafkaSettings, topic: &str) -> Result<Self, KafkaError> {
        let mut config = settings.client_config()?;
        config
            .set("group.id", "sluice-peek")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_committed")
            // The end is told with the next answer: none is waited for longer than this.
            .set("fetch.wait.max.ms", "50")
            // The queue is empty at first: without this the first fetch may come a second late.
            .set("fetch.error.backoff.ms", "50")
            .set("fetch.queue.backoff.ms", "10");
        let consumer: BaseConsumer<Context> =
            config.create_with_context(Context::new(settings)).map_err(|e: RdError| settings.refusal(&e))?;
        let (reader, topic, within) = (reader.clone(), topic.to_owned(), settings.timeout);
        Ok(Self { consumer: Arc::new(consumer), reader, topic, within, next: AtomicI64::new(0) })
    }

    /// All that stands between the place of the reader and the end.
    ///
    /// # Errors
    /// The brokers refused it, or did not bring it to its end in the time of a request, counted from the last record.
    pub async fn to_the_end(&self) -> Result<Vec<Stored>, KafkaError> {
        // The end is told once: whoever asks again has to come there again.
        let place = Offset::Offset(self.next.load(Ordering::SeqCst));
        let mut list = TopicPartitionList::new();
        let assigned = list.add_partition_offset(&self.topic, 0, place).and_then(|()| self.consumer.assign(&list));
        assigned.map_err(|e| self.failed(&e))?;
        self.read(self.within, true).await
    }

    /// What comes within a time after [`Tail::to_the_end`]: as soon as there is something, that; else nothing.
    ///
    /// # Errors
    /// The brokers refused it.
    pub async fn next(&self, within: Duration) -> Result<Vec<Stored>, KafkaError> {
        self.read(within, false).await
    }

    async fn read(&self, within: Duration, to_end: bool) -> Result<Vec<Stored>, KafkaError> {
        self.reader.handle().count(Request::Fetch);
        let consumer = Arc::clone(&self.consumer);
        let read = tokio::task::spawn_blocking(move || taken(&consumer, within, to_end)).await;
        let read =
            read.map_err(|e| self.reader.handle().failed(Request::Fetch, "INTERRUPTED".into(), e.to_string()))?;
        let read = read.map_err(|e| self.failed(&e))?;
        if let Some(last) = read.last() {
            self.next.store(last.offset + 1, Ordering::SeqCst);
        }
        Ok(read)
    }

    fn failed(&self, error: &RdError) -> KafkaError {
        let code = error.rdkafka_error_code().map_or_else(|| "READ".to_owned(), |code| format!("{code:?}"));
        let context = self.consumer.context();
        let cause = context.broker_error().map(|cause| format!(" ({cause})")).unwrap_or_default();
        self.reader.handle().failed(Request::Fetch, code, context.redact(&format!("{error}{cause}")))
    }
}

#[expect(clippy::disallowed_methods, reason = "a wait needs an end")]
fn taken(consumer: &BaseConsumer<Context>, within: Duration, to_end: bool) -> Result<Vec<Stored>, RdError> {
    let mut stored = Vec::new();
    let mut end = Instant::now() + within;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match consumer.poll(left.min(SLICE)) {
            Some(Ok(message)) => {
                end = Instant::now() + within;
                stored.push(Stored {
                    offset: message.offset(),
                    key: message.key().unwrap_or_default().to_vec(),
                    value: message.payload().map(<[u8]>::to_vec),
                });
            }
            Some(Err(RdError::PartitionEOF(_))) if to_end => return Ok(stored),
            // It stood at the end already.
            Some(Err(RdError::PartitionEOF(_))) if stored.is_empty() => {}
            Some(Err(RdError::PartitionEOF(_))) => return Ok(stored),
            Some(Err(error))
                if !left.is_zero() && error.rdkafka_error_code().is_some_and(|code| PASSING.contains(&code)) => {}
            Some(Err(error)) => return Err(error),
            None if !left.is_zero() => {}
            None if to_end => return Err(RdError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut)),
            None => return Ok(stored),
        }
    }
}
