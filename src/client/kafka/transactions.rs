//! Writing as the only one: whoever begins to write under a name fences everybody who wrote under it before.

use super::context::Context;
use super::error::KafkaError;
use super::settings::KafkaSettings;
use rdkafka::error::KafkaError as RdError;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::types::RDKafkaErrorCode;
use std::time::Duration;

/// How long a transaction may stay open: after it the brokers end one of a writer that is gone or stands still, and readers
/// see what comes behind it.
const OPEN_FOR: Duration = Duration::from_secs(10);

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody else began to write under this name, or the brokers gave up on a transaction that stood open too long.
    #[error("another writer took its place")]
    Fenced,
    /// The brokers could not be reached, or refused.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

/// The writer of a name.
pub struct SoleWriter {
    client: FutureProducer<Context>,
    context: Context,
    topic: String,
    timeout: Duration,
    servers: String,
}

impl SoleWriter {
    /// Begins to write to partition 0 of a topic under a name, and fences whoever did before: its next write fails.
    ///
    /// # Errors
    /// No broker answered in time, or refused; a property that librdkafka does not know or accept.
    pub async fn begin(settings: &KafkaSettings, name: &str, topic: &str) -> Result<Self, WriteError> {
        let context = Context::new(settings);
        let mut config = settings.client_config()?;
        config
            .set("transactional.id", name)
            .set("transaction.timeout.ms", OPEN_FOR.as_millis().to_string())
            .set("message.timeout.ms", OPEN_FOR.min(settings.timeout).as_millis().to_string())
            .set("linger.ms", "0");
        let client: FutureProducer<Context> =
            config.create_with_context(context.clone()).map_err(|e: RdError| settings.refusal(&e))?;
        let (timeout, servers) = (settings.timeout, settings.bootstrap_servers.clone());
        let writer = Self { client, context, topic: topic.to_owned(), timeout, servers };
        let client = writer.client.clone();
        writer.blocking(move || client.init_transactions(timeout)).await?;
        Ok(writer)
    }

    /// Writes records, all or none of them: each its key and its value, none for a tombstone.
    ///
    /// # Errors
    /// [`WriteError::Fenced`] where another writer has begun. After any error nothing more is written with this one.
    pub async fn write(&self, records: &[(String, Option<Vec<u8>>)]) -> Result<(), WriteError> {
        self.client.begin_transaction().map_err(|e| self.told(&e))?;
        let mut sent = Vec::new();
        for (key, value) in records {
            let mut record = FutureRecord::to(&self.topic).key(key).partition(0);
            record.payload = value.as_ref();
            sent.push(self.client.send_result(record).map_err(|(e, _)| self.told(&e))?);
        }
        for delivery in sent {
            match delivery.await {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => return Err(self.told(&error)),
                Err(_) => return Err(self.words("the producer was stopped".into())),
            }
        }
        let (client, timeout) = (self.client.clone(), self.timeout);
        self.blocking(move || client.commit_transaction(timeout)).await
    }

    async fn blocking(&self, work: impl FnOnce() -> Result<(), RdError> + Send + 'static) -> Result<(), WriteError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.told(&error)),
            Err(error) => Err(self.words(error.to_string())),
        }
    }

    fn told(&self, error: &RdError) -> WriteError {
        let code =
            if let RdError::Transaction(inner) = error { Some(inner.code()) } else { error.rdkafka_error_code() };
        let fenced = [
            RDKafkaErrorCode::Fenced,
            RDKafkaErrorCode::ProducerFenced,
            RDKafkaErrorCode::InvalidProducerEpoch,
            RDKafkaErrorCode::InvalidProducerIdMapping,
            RDKafkaErrorCode::UnknownProducerId,
        ];
        // librdkafka says of later calls no more than that the first error was fatal.
        let fatal = self.client.client().fatal_error().map(|(code, _)| code);
        if [code, fatal].into_iter().flatten().any(|code| fenced.contains(&code)) {
            return WriteError::Fenced;
        }
        let cause = self.context.broker_error().map(|cause| format!(" ({cause})")).unwrap_or_default();
        self.words(format!("{error}{cause}"))
    }

    fn words(&self, reason: String) -> WriteError {
        let reason = self.context.redact(&reason);
        WriteError::Kafka(KafkaError::NotWritten { topic: self.topic.clone(), servers: self.servers.clone(), reason })
    }
}
