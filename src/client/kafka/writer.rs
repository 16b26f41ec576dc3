//! What an apply may do with Kafka: change topics, and consumer groups (`group_writer`).

use super::counts::{Request, RequestCounts};
use super::error::{KafkaError, TopicError};
use super::facts::{NewTopic, PerTopic};
use super::handle::Handle;
use super::reader::KafkaReader;
use super::settings::KafkaSettings;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A controller refuses an operation of more than 10,000 metadata records as "excessively large".
const RECORDS: usize = 9_000;

/// Changes topics. Clones share one connection.
#[derive(Clone)]
pub struct KafkaWriter {
    handle: Arc<Handle>,
    settings: Arc<KafkaSettings>,
}

impl KafkaWriter {
    /// Sets a writer up; the connection is made by its first request.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn connect(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        Handle::new(settings).map(|handle| Self { handle, settings: Arc::new(settings.clone()) })
    }

    /// A reader over the same connection.
    pub fn reader(&self) -> KafkaReader {
        KafkaReader::over(Arc::clone(&self.handle))
    }

    /// Requests made so far by this writer, its clones and readers.
    pub fn requests(&self) -> RequestCounts {
        self.handle.counts()
    }

    /// Creates topics, or with `validate_only` asks whether they could be created. One answer for each topic; some may
    /// be created while others are refused. Names must differ. A created topic may take a moment to be seen:
    /// [`KafkaWriter::await_present`].
    ///
    /// # Errors
    /// The request failed as a whole; earlier chunks of very many topics may have gone through.
    pub async fn create_topics(&self, topics: &[NewTopic], validate_only: bool) -> Result<PerTopic<()>, KafkaError> {
        create(&self.handle, topics, validate_only).await
    }

    /// Gives a topic more partitions, `total` in all. Messages stay where they are, so keys may map to other
    /// partitions from then on.
    ///
    /// # Errors
    /// [`KafkaError::Topic`] with the brokers' reason (also when it has as many partitions or more), or the request
    /// failed.
    pub async fn grow(&self, topic: &str, total: u32) -> Result<(), KafkaError> {
        let name = topic.to_owned();
        let answers =
            self.handle.call(Request::CreatePartitions, move |call| call.create_partitions(&name, total)).await?;
        self.handle.only(Request::CreatePartitions, topic, answers)
    }

    /// Pins `set` on a topic and unpins `unset`: all or none of them, and no other key.
    ///
    /// # Errors
    /// [`KafkaError::Topic`] with the brokers' reason, or the request failed.
    pub async fn alter_config(
        &self,
        topic: &str,
        set: &BTreeMap<String, String>,
        unset: &BTreeSet<String>,
    ) -> Result<(), KafkaError> {
        alter(&self.handle, topic, set, unset, false).await
    }

    /// Deletes topics with their messages, one answer for each. They may be seen for a moment longer:
    /// [`KafkaWriter::await_absent`].
    ///
    /// librdkafka deletes by name, not by id: whoever must not delete a successor compares ids before.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn delete_topics(&self, topics: &[String]) -> Result<PerTopic<()>, KafkaError> {
        // librdkafka refuses an empty list.
        if topics.is_empty() {
            return Ok(PerTopic::new());
        }
        let names = topics.to_vec();
        self.handle.call(Request::DeleteTopics, move |call| call.delete_topics(&names)).await
    }

    /// [`KafkaWriter::delete_topics`] for one.
    ///
    /// # Errors
    /// [`KafkaError::Topic`] with the brokers' reason, or the request failed.
    pub async fn delete_topic(&self, topic: &str) -> Result<(), KafkaError> {
        let answers = self.delete_topics(&[topic.to_owned()]).await?;
        self.handle.only(Request::DeleteTopics, topic, answers)
    }

    pub(super) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// What the writer was made from, for a connection of our own.
    pub(super) fn settings(&self) -> &KafkaSettings {
        &self.settings
    }

    pub(super) async fn create_one(&self, topic: &NewTopic) -> Result<(), KafkaError> {
        let answers = create(&self.handle, std::slice::from_ref(topic), false).await?;
        self.handle.only(Request::CreateTopics, &topic.name, answers)
    }

    pub(super) fn refused(&self, request: Request, topic: &str, source: TopicError) -> KafkaError {
        self.handle.refused(request, topic, source)
    }
}

/// Creation and its validation, in chunks the controller accepts.
pub(super) async fn create(
    handle: &Arc<Handle>,
    topics: &[NewTopic],
    validate_only: bool,
) -> Result<PerTopic<()>, KafkaError> {
    let mut answers = PerTopic::new();
    for chunk in chunks(topics) {
        let names: Vec<String> = chunk.iter().map(|t| t.name.clone()).collect();
        let part = handle.call(Request::CreateTopics, move |call| call.create_topics(&chunk, validate_only)).await?;
        answers.extend(part);
        for name in names {
            answers.entry(name).or_insert_with(|| Err(TopicError::unanswered()));
        }
    }
    Ok(answers)
}

/// A change of config and its validation.
pub(super) async fn alter(
    handle: &Arc<Handle>,
    topic: &str,
    set: &BTreeMap<String, String>,
    unset: &BTreeSet<String>,
    validate_only: bool,
) -> Result<(), KafkaError> {
    if set.is_empty() && unset.is_empty() {
        return Ok(());
    }
    let (name, set, unset) = (topic.to_owned(), set.clone(), unset.clone());
    let work = move |call: &super::native::Call<'_>| call.alter_config(&name, &set, &unset, validate_only);
    let answers = handle.call(Request::AlterConfigs, work).await?;
    handle.only(Request::AlterConfigs, topic, answers)
}

fn chunks(topics: &[NewTopic]) -> Vec<Vec<NewTopic>> {
    let mut chunks: Vec<Vec<NewTopic>> = Vec::new();
    let mut room = 0;
    for topic in topics {
        let records = 1 + topic.partitions as usize + topic.config.len();
        match chunks.last_mut() {
            Some(chunk) if records <= room => {
                chunk.push(topic.clone());
                room -= records;
            }
            _ => {
                chunks.push(vec![topic.clone()]);
                room = RECORDS.saturating_sub(records);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_stay_below_the_limit_of_the_controller_and_lose_no_topic() {
        let topic = |i: u32, partitions| NewTopic {
            name: format!("t{i}"),
            partitions,
            replication_factor: 1,
            config: BTreeMap::new(),
        };
        let topics: Vec<NewTopic> = (0..40).map(|i| topic(i, 999)).chain([topic(40, 20_000), topic(41, 1)]).collect();
        let chunks = chunks(&topics);
        assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [9, 9, 9, 9, 4, 1, 1]);
        assert_eq!(chunks.concat(), topics);
    }
}
