//! Writing messages, for demonstrations and tests: idempotent, and every message is accounted for.

use super::context::Context;
use super::error::KafkaError;
use super::settings::KafkaSettings;
use rdkafka::error::KafkaError as RdError;
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};
use rdkafka::types::RDKafkaErrorCode;
use std::collections::VecDeque;
use std::time::Duration;

/// Messages under way at a time.
const IN_FLIGHT: usize = 10_000;

/// Kilobytes under way at a time.
const BUFFER_KB: &str = "65536";

/// How long an unknown topic may stay unknown: as long as a new one takes to be told to all brokers, at most.
const PROPAGATION: Duration = Duration::from_secs(5);

/// A message to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Topic.
    pub topic: String,
    /// Key; messages with the same key keep their order.
    pub key: Option<Vec<u8>>,
    /// Value.
    pub payload: Vec<u8>,
}

/// Writes messages, each exactly once per call and in order within its partition (`acks=all`, idempotent).
pub struct Producer {
    client: FutureProducer<Context>,
    context: Context,
}

impl Producer {
    /// Sets a producer up; the connection is made by its first message.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn connect(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        let context = Context::new(settings);
        let mut config = settings.client_config()?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("queue.buffering.max.messages", (2 * IN_FLIGHT).to_string())
            .set("queue.buffering.max.kbytes", BUFFER_KB)
            .set("message.timeout.ms", settings.timeout.as_millis().to_string())
            .set("topic.metadata.propagation.max.ms", PROPAGATION.min(settings.timeout / 2).as_millis().to_string());
        let client = config.create_with_context(context.clone()).map_err(|e: RdError| settings.refusal(&e))?;
        Ok(Self { client, context })
    }

    /// Writes messages in the order given and waits until all are written; returns how many.
    ///
    /// Memory is bounded: 64 MB and ten thousand messages under way, then the next one waits. After a failure no
    /// further message is sent.
    ///
    /// # Errors
    /// [`KafkaError::Delivery`] with the first failure, and how many messages are known to be written and not.
    pub async fn send(&self, records: impl IntoIterator<Item = Record>) -> Result<u64, KafkaError> {
        let mut tally = Tally::default();
        let mut under_way: VecDeque<(String, DeliveryFuture)> = VecDeque::new();
        for record in records {
            if under_way.len() >= IN_FLIGHT {
                self.settle(&mut under_way, &mut tally).await;
            }
            while let Some(reason) = self.enqueue(&record, &mut under_way) {
                if reason != RDKafkaErrorCode::QueueFull || under_way.is_empty() {
                    tally.fail(&record.topic, reason.to_string());
                    break;
                }
                self.settle(&mut under_way, &mut tally).await;
            }
            if tally.first.is_some() {
                break;
            }
        }
        while !under_way.is_empty() {
            self.settle(&mut under_way, &mut tally).await;
        }
        match tally.first {
            None => Ok(tally.delivered),
            Some((topic, reason)) => {
                Err(KafkaError::Delivery { topic, reason, delivered: tally.delivered, failed: tally.failed })
            }
        }
    }

    /// Hands a message to librdkafka; `Some` is why it did not take it.
    fn enqueue(&self, record: &Record, under_way: &mut VecDeque<(String, DeliveryFuture)>) -> Option<RDKafkaErrorCode> {
        let mut message = FutureRecord::to(&record.topic).payload(&record.payload);
        message.key = record.key.as_ref();
        match self.client.send_result(message) {
            Ok(delivery) => {
                under_way.push_back((record.topic.clone(), delivery));
                None
            }
            Err((error, _)) => Some(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::InvalidArgument)),
        }
    }

    /// Waits for the oldest message under way; the message timeout bounds it.
    async fn settle(&self, under_way: &mut VecDeque<(String, DeliveryFuture)>, tally: &mut Tally) {
        let Some((topic, delivery)) = under_way.pop_front() else { return };
        match delivery.await {
            Ok(Ok(_)) => tally.delivered += 1,
            Ok(Err((error, _))) => tally.fail(&topic, self.words(&error)),
            Err(_) => tally.fail(&topic, "the producer was stopped".to_owned()),
        }
    }

    /// The error's words; with those of a broker when the message ran out of time, which says nothing of the cause.
    fn words(&self, error: &RdError) -> String {
        let code = error.rdkafka_error_code();
        let words = code.map_or_else(|| error.to_string(), |code| code.to_string());
        match self.context.broker_error() {
            Some(cause) if code == Some(RDKafkaErrorCode::MessageTimedOut) => format!("{words} ({cause})"),
            Some(_) | None => words,
        }
    }
}

#[derive(Default)]
struct Tally {
    delivered: u64,
    failed: u64,
    first: Option<(String, String)>,
}

impl Tally {
    fn fail(&mut self, topic: &str, reason: String) {
        self.failed += 1;
        self.first.get_or_insert_with(|| (topic.to_owned(), reason));
    }
}
