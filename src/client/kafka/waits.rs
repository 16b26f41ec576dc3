//! Kafka confirms a change before everybody sees it: waiting until it shows, always bounded.

use super::counts::Request;
use super::error::{KafkaError, TopicError};
use super::facts::{NewTopic, TopicDescription};
use super::writer::KafkaWriter;
use backon::{ExponentialBuilder, Retryable as _};
use std::time::Duration;

/// How a deleted topic went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// No topic has its name.
    Gone,
    /// Another topic has its name now; its id.
    Replaced(String),
}

impl KafkaWriter {
    /// Waits until the topic with this id is gone. Looks by name and never brings the topic back by looking.
    ///
    /// Assumes that ids are known: with an empty `id` only [`Absence::Gone`] ends the wait.
    ///
    /// # Errors
    /// [`KafkaError::StillPresent`] after `within`; whatever a look at the topic fails with, at once.
    pub async fn await_absent(&self, name: &str, id: &str, within: Duration) -> Result<Absence, KafkaError> {
        let look = || async {
            match self.describe(name).await? {
                None => Ok(Absence::Gone),
                Some(found) if !id.is_empty() && found.id != id => Ok(Absence::Replaced(found.id)),
                Some(_) => Err(KafkaError::StillPresent { topic: name.to_owned(), id: id.to_owned(), within }),
            }
        };
        look.retry(backoff(within)).when(is_worth_another_try).await
    }

    /// Creates a topic whose name was deleted a moment ago: while brokers still answer that it exists, and while the
    /// refusal is one that passes, it is tried again for `within`.
    ///
    /// # Errors
    /// [`KafkaError::Topic`] with the brokers' last reason; a topic that somebody else made is one that exists.
    pub async fn create_retrying(&self, topic: &NewTopic, within: Duration) -> Result<(), KafkaError> {
        let create = || self.create_one(topic);
        let exists = |e: &KafkaError| {
            matches!(e, KafkaError::Topic { source: TopicError::Exists(_), .. }) || is_worth_another_try(e)
        };
        create.retry(backoff(within)).when(exists).await
    }

    /// Waits until a topic has `partitions` partitions (or more), all with a leader, and returns it.
    ///
    /// # Errors
    /// [`KafkaError::NotReady`] after `within`; whatever a look at the topic fails with, at once.
    pub async fn await_present(
        &self,
        name: &str,
        partitions: u32,
        within: Duration,
    ) -> Result<TopicDescription, KafkaError> {
        let look = || async {
            let missing = match self.describe(name).await? {
                None => "the brokers do not know it".to_owned(),
                Some(found) if found.replicas.len() < partitions as usize => {
                    format!("it has {} of {partitions} partitions", found.replicas.len())
                }
                Some(found) if !found.leaderless.is_empty() => {
                    format!("partitions without a leader: {:?}", found.leaderless)
                }
                Some(found) => return Ok(found),
            };
            Err(KafkaError::NotReady { topic: name.to_owned(), within, missing })
        };
        look.retry(backoff(within)).when(is_worth_another_try).await
    }

    async fn describe(&self, name: &str) -> Result<Option<TopicDescription>, KafkaError> {
        let names = [name.to_owned()];
        match self.reader().describe_topics(&names).await?.remove(name) {
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(TopicError::NotFound)) | None => Ok(None),
            Some(Err(source)) => Err(self.refused(Request::DescribeTopics, name, source)),
        }
    }
}

/// From 50 ms to 1 s between two looks: a topic usually shows at the second, a coordinator loads in a second or two.
pub(super) fn backoff(within: Duration) -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .without_max_times()
        .with_total_delay(Some(within))
}

pub(super) fn is_worth_another_try(error: &KafkaError) -> bool {
    match error {
        KafkaError::StillPresent { .. } | KafkaError::NotReady { .. } => true,
        KafkaError::Topic { source, .. } => source.is_passing(),
        KafkaError::Group { source, .. } => source.is_passing(),
        KafkaError::Property { .. }
        | KafkaError::Setup { .. }
        | KafkaError::Unreachable { .. }
        | KafkaError::Login { .. }
        | KafkaError::Request { .. }
        | KafkaError::NotWritten { .. }
        | KafkaError::Delivery { .. } => false,
    }
}
