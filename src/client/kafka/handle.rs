//! One librdkafka client and the way every request takes through it.

use super::context::Context;
use super::counts::{Counters, Request, RequestCounts};
use super::deadline::Deadline;
use super::error::{KafkaError, TopicError};
use super::facts::PerTopic;
use super::group::GroupError;
use super::native::{Call, NativeError};
use super::settings::KafkaSettings;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as RdError;
use rdkafka::producer::{Producer as _, ThreadedProducer};
use rdkafka::types::RDKafkaRespErr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A client of the producer kind (the lightest that librdkafka has) that never produces; its own thread hands log and
/// errors to the [`Context`].
pub(super) struct Handle {
    client: ThreadedProducer<Context>,
    /// Reads the offsets of groups, where any are read. Told by a broker that it does not coordinate a group, librdkafka
    /// looks for the coordinator of the client's own group, and reads through a null pointer in one that has none
    /// (confluentinc/librdkafka#5040, not mended in 2.12.1). New clusters and coordinators on the move answer so.
    in_group: OnceLock<BaseConsumer<Context>>,
    settings: KafkaSettings,
    servers: String,
    timeout: Duration,
    counters: Counters,
}

impl Handle {
    /// Sets the client up; connects at the first request.
    pub(super) fn new(settings: &KafkaSettings) -> Result<Arc<Self>, KafkaError> {
        let config: ClientConfig = settings.client_config()?;
        let client = config.create_with_context(Context::new(settings)).map_err(|e: RdError| settings.refusal(&e))?;
        Ok(Arc::new(Self {
            client,
            in_group: OnceLock::new(),
            settings: settings.clone(),
            servers: settings.bootstrap_servers.clone(),
            timeout: settings.timeout,
            counters: Counters::default(),
        }))
    }

    /// Counts a request that goes another way than through librdkafka.
    pub(super) fn count(&self, request: Request) {
        self.counters.add(request);
    }

    /// How long one request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn counts(&self) -> RequestCounts {
        self.counters.read()
    }

    /// Does one request on a thread that may block, within the timeout.
    ///
    /// Dropping the future does not stop the request: it ends by itself, at the latest with the timeout.
    pub(super) async fn call<T, F>(self: &Arc<Self>, request: Request, work: F) -> Result<T, KafkaError>
    where
        T: Send + 'static,
        F: FnOnce(&Call<'_>) -> Result<T, NativeError> + Send + 'static,
    {
        self.counters.add(request);
        let reads_offsets = request == Request::FetchOffsets;
        if reads_offsets {
            self.in_group()?;
        }
        let handle = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || {
            let in_group = handle.in_group.get().filter(|_| reads_offsets);
            let client = in_group.map_or_else(|| handle.client.client(), |consumer| consumer.client());
            work(&Call::new(client, Deadline::after(handle.timeout)))
        });
        let result = done.await.map_err(|e| self.failed(request, "INTERRUPTED".to_owned(), e.to_string()))?;
        match result {
            Ok(value) => {
                self.client.context().forget();
                Ok(value)
            }
            Err(error) => Err(self.explain(request, error)),
        }
    }

    /// The client that has a group. It never subscribes, so it is no member of it.
    fn in_group(&self) -> Result<&BaseConsumer<Context>, KafkaError> {
        if let Some(made) = self.in_group.get() {
            return Ok(made);
        }
        let mut config = self.settings.client_config()?;
        config.set("group.id", "sluice-peek");
        let made = config.create_with_context((**self.client.context()).clone());
        let made = made.map_err(|e: RdError| self.settings.refusal(&e))?;
        // Whoever comes second drops the one it made.
        Ok(self.in_group.get_or_init(|| made))
    }

    /// The answer of a request about one topic.
    pub(super) fn only<T>(&self, request: Request, topic: &str, mut answers: PerTopic<T>) -> Result<T, KafkaError> {
        let answer = answers.remove(topic).unwrap_or_else(|| Err(TopicError::unanswered()));
        answer.map_err(|source| self.refused(request, topic, source))
    }

    /// The brokers' refusal of one group.
    pub(super) fn refused_group(&self, request: Request, group: &str, source: GroupError) -> KafkaError {
        KafkaError::Group { servers: self.servers.clone(), request, group: group.to_owned(), source }
    }

    /// The brokers' refusal of one partition in a request about a group.
    pub(super) fn refused_partition(
        &self,
        request: Request,
        group: &str,
        topic: &str,
        source: TopicError,
    ) -> KafkaError {
        match GroupError::of_partition(&source) {
            Some(source) => self.refused_group(request, group, source),
            None => self.refused(request, topic, source),
        }
    }

    pub(super) fn refused(&self, request: Request, topic: &str, source: TopicError) -> KafkaError {
        KafkaError::Topic { servers: self.servers.clone(), request, topic: topic.to_owned(), source }
    }

    pub(super) fn failed(&self, request: Request, code: String, message: String) -> KafkaError {
        KafkaError::Request { servers: self.servers.clone(), request, code, message }
    }

    fn explain(&self, request: Request, error: NativeError) -> KafkaError {
        let context = self.client.context();
        let servers = self.servers.clone();
        if !NO_ANSWER.contains(&error.code) {
            return self.failed(request, error.name, context.redact(&error.message));
        }
        if let Some(reason) = context.refused_login() {
            return KafkaError::Login { servers, reason };
        }
        let last = context.broker_error().unwrap_or_else(|| context.redact(&error.message));
        KafkaError::Unreachable { servers, request, within: self.timeout, last }
    }
}

/// librdkafka's own errors that mean that no broker answered.
const NO_ANSWER: [i32; 6] = [
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT as i32,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__TIMED_OUT as i32,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN as i32,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__RESOLVE as i32,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__AUTHENTICATION as i32,
    RDKafkaRespErr::RD_KAFKA_RESP_ERR__SSL as i32,
];

#[cfg(test)]
mod tests {
    use super::super::KafkaReader;
    use super::*;
    use rdkafka::mocking::MockCluster;
    use rdkafka::types::RDKafkaApiKey;
    use std::collections::BTreeMap;

    #[tokio::test]
    async fn a_broker_that_does_not_coordinate_a_group_is_asked_again() {
        let brokers = MockCluster::new(1).unwrap();
        brokers.create_topic("t", 1, 1).unwrap();
        let refused = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_COORDINATOR; 2];
        brokers.request_errors(RDKafkaApiKey::OffsetFetch, &refused);
        let reader = KafkaReader::connect(&KafkaSettings::new(brokers.bootstrap_servers())).unwrap();
        let found = reader.committed("g", &BTreeMap::from([("t".to_owned(), 1)])).await.unwrap();
        assert_eq!((found, reader.requests().of(Request::FetchOffsets)), (BTreeMap::new(), 3));
    }
}
