//! What a plan may do with Kafka: look.

use super::counts::{Request, RequestCounts};
use super::error::{KafkaError, TopicError};
use super::facts::{ClusterFacts, NewTopic, PerTopic, TopicDescription, Watermark};
use super::handle::Handle;
use super::native::{OffsetSpec, Offsets};
use super::settings::KafkaSettings;
use super::wire;
use super::writer;
use crate::model::ConfigEntry;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Topics of one request. Brokers answer a chunk in one piece, so it bounds the size of an answer.
const CHUNK: usize = 500;

/// Chunks asked for at a time.
const CONCURRENT: usize = 4;

/// Reads a cluster and cannot change it. Clones share one connection.
#[derive(Clone)]
pub struct KafkaReader {
    handle: Arc<Handle>,
}

impl KafkaReader {
    /// Sets a reader up; the connection is made by its first request.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn connect(settings: &KafkaSettings) -> Result<Self, KafkaError> {
        Handle::new(settings).map(Self::over)
    }

    pub(super) fn over(handle: Arc<Handle>) -> Self {
        Self { handle }
    }

    pub(super) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }

    /// Requests made so far by this reader, its clones and the writer it belongs to.
    pub fn requests(&self) -> RequestCounts {
        self.handle.counts()
    }

    /// The cluster and every topic the principal may describe, in one metadata request.
    ///
    /// A topic that is not listed may be absent or forbidden: [`KafkaReader::describe_topics`] tells.
    ///
    /// # Errors
    /// No broker answered in time, or none accepted the login.
    pub async fn cluster(&self) -> Result<ClusterFacts, KafkaError> {
        self.handle.call(Request::Metadata, |call| call.cluster()).await
    }

    /// Topics by name, one answer for each: [`TopicError::NotFound`] for those that do not exist,
    /// [`TopicError::Forbidden`] for those the principal may not describe. Creates nothing, whatever the brokers'
    /// `auto.create.topics.enable` says.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn describe_topics(&self, names: &[String]) -> Result<PerTopic<TopicDescription>, KafkaError> {
        self.in_chunks(Request::DescribeTopics, names, |handle, chunk| async move {
            handle.call(Request::DescribeTopics, move |call| call.describe_topics(&chunk)).await
        })
        .await
    }

    /// Config of topics by name, one answer for each; every key, with the source of its effective value.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn describe_configs(
        &self,
        names: &[String],
    ) -> Result<PerTopic<BTreeMap<String, ConfigEntry>>, KafkaError> {
        self.in_chunks(Request::DescribeConfigs, names, |handle, chunk| async move {
            handle.call(Request::DescribeConfigs, move |call| call.describe_configs(&chunk)).await
        })
        .await
    }

    /// First and next offset of partitions `0..count` of each topic, in partition order; the first error of a
    /// partition stands for its topic. Two requests, however many topics, and more only where no topic has a leader.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn watermarks(&self, topics: &BTreeMap<String, u32>) -> Result<PerTopic<Vec<Watermark>>, KafkaError> {
        let (low, high) =
            tokio::try_join!(self.offsets(topics, OffsetSpec::Low), self.offsets(topics, OffsetSpec::High))?;
        Ok(per_topic(topics, |at| {
            Ok(Watermark { low: unsigned(offset(&low, at)?), high: unsigned(offset(&high, at)?) })
        }))
    }

    /// The first offset of partitions `0..count` of each topic whose message is as late as `timestamp_ms`
    /// (milliseconds since 1970) or later, in partition order; where there is none, the offset the next message will
    /// get. A group that starts there misses no message of that time. The first error of a partition stands for its
    /// topic.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn offsets_at(
        &self,
        timestamp_ms: i64,
        topics: &BTreeMap<String, u32>,
    ) -> Result<PerTopic<Vec<u64>>, KafkaError> {
        // The ends are read first: a message that comes between both requests must not be passed over.
        let ends = self.offsets(topics, OffsetSpec::High).await?;
        // Negative numbers have a meaning of their own in this request.
        let found = self.offsets(topics, OffsetSpec::At(unsigned(timestamp_ms))).await?;
        Ok(per_topic(topics, |at| {
            let first = offset(&found, at)?;
            Ok(unsigned(if first < 0 { offset(&ends, at)? } else { first }))
        }))
    }

    /// The time of the newest message in partitions `0..count` of each topic, in milliseconds since 1970, in partition
    /// order; `None` for a partition without messages. The first error of a partition stands for its topic. One
    /// request; brokers before Kafka 3.0 do not know it.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn newest_times(&self, topics: &BTreeMap<String, u32>) -> Result<PerTopic<Vec<Option<i64>>>, KafkaError> {
        let found = self.offsets(topics, OffsetSpec::NewestTime).await?;
        Ok(per_topic(topics, |at| Ok(Some(offset(&found, at)?).filter(|time| *time >= 0))))
    }

    /// Bytes on disk of partitions `0..count` of each topic: of their largest replica, which is the leader's or was.
    /// Partitions that no broker told of are left out. One request a broker, over a connection of its own: librdkafka
    /// has no call for it.
    ///
    /// # Errors
    /// As [`KafkaReader::cluster`], or a broker cannot be asked.
    pub async fn sizes(
        &self,
        settings: &KafkaSettings,
        brokers: &BTreeMap<i32, String>,
        topics: &BTreeMap<String, u32>,
    ) -> Result<BTreeMap<(String, u32), u64>, KafkaError> {
        if topics.values().all(|count| *count == 0) {
            return Ok(BTreeMap::new());
        }
        let asked = brokers.values().map(|broker| {
            self.handle.count(Request::DescribeLogDirs);
            wire::sizes(settings, broker, topics)
        });
        let mut largest: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for (at, bytes) in futures_util::future::try_join_all(asked).await?.into_iter().flatten() {
            let known = largest.entry(at).or_default();
            *known = bytes.max(*known);
        }
        Ok(largest)
    }

    /// Asks the brokers whether topics could be created; creates none. Needs the right to create them.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn validate_topics(&self, topics: &[NewTopic]) -> Result<PerTopic<()>, KafkaError> {
        writer::create(&self.handle, topics, true).await
    }

    /// Asks the brokers whether config keys of a topic could be pinned and unpinned; changes none. Needs the right to
    /// alter it.
    ///
    /// # Errors
    /// [`KafkaError::Topic`] with the brokers' reason, or the request failed.
    pub async fn validate_config(
        &self,
        topic: &str,
        set: &BTreeMap<String, String>,
        unset: &BTreeSet<String>,
    ) -> Result<(), KafkaError> {
        writer::alter(&self.handle, topic, set, unset, true).await
    }

    async fn offsets(&self, topics: &BTreeMap<String, u32>, spec: OffsetSpec) -> Result<Offsets, KafkaError> {
        // librdkafka refuses an empty list.
        if topics.values().all(|count| *count == 0) {
            return Ok(Offsets::new());
        }
        let ask = || {
            let wanted = topics.clone();
            self.handle.call(Request::ListOffsets, move |call| call.list_offsets(&wanted, spec))
        };
        let mut found = ask().await?;
        if found.as_ref().is_some_and(is_outdated) {
            // librdkafka goes on asking by the leaders it remembers, for a quarter of an hour; what the brokers say of all
            // topics it does remember.
            self.cluster().await?;
            found = ask().await?;
        }
        match found {
            Some(offsets) => Ok(offsets),
            None => self.without_leader(topics).await,
        }
    }

    /// Why no partition of any of these topics has a leader.
    async fn without_leader(&self, topics: &BTreeMap<String, u32>) -> Result<Offsets, KafkaError> {
        let names: Vec<String> = topics.keys().cloned().collect();
        let mut described = self.describe_topics(&names).await?;
        let mut offsets = Offsets::new();
        for (name, count) in topics {
            let reason = described.remove(name).and_then(Result::err).unwrap_or_else(TopicError::leaderless);
            offsets.extend((0..*count).map(|partition| ((name.clone(), partition), Err(reason.clone()))));
        }
        Ok(offsets)
    }

    /// One request a chunk of distinct names, and an answer for every name.
    async fn in_chunks<T, F, Fut>(&self, request: Request, names: &[String], ask: F) -> Result<PerTopic<T>, KafkaError>
    where
        F: Fn(Arc<Handle>, Vec<String>) -> Fut,
        Fut: Future<Output = Result<PerTopic<T>, KafkaError>>,
    {
        tracing::debug!(topics = names.len(), %request, "asking");
        let distinct: BTreeSet<&String> = names.iter().collect();
        let distinct: Vec<String> = distinct.into_iter().cloned().collect();
        let chunks: Vec<Vec<String>> = distinct.chunks(CHUNK).map(<[String]>::to_vec).collect();
        let mut answers: PerTopic<T> = stream::iter(chunks)
            .map(|chunk| ask(Arc::clone(&self.handle), chunk))
            .buffer_unordered(CONCURRENT)
            .try_fold(PerTopic::new(), |mut all, part| async move {
                all.extend(part);
                Ok(all)
            })
            .await?;
        for name in distinct {
            answers.entry(name).or_insert_with(|| Err(TopicError::unanswered()));
        }
        Ok(answers)
    }
}

fn offset(offsets: &Offsets, at: &(String, u32)) -> Result<i64, TopicError> {
    offsets.get(at).cloned().unwrap_or_else(|| Err(TopicError::unanswered())).map(|place| place.offset)
}

/// Offsets begin at zero.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Errors of a partition that another broker leads now, or the same one after it was started anew.
const OUTDATED: [&str; 4] =
    ["NOT_LEADER_OR_FOLLOWER", "NOT_LEADER_FOR_PARTITION", "FENCED_LEADER_EPOCH", "UNKNOWN_LEADER_EPOCH"];

/// Whether a partition was asked for where it was led before.
fn is_outdated(offsets: &Offsets) -> bool {
    offsets
        .values()
        .any(|place| matches!(place, Err(TopicError::Other { code, .. }) if OUTDATED.contains(&code.as_str())))
}

/// Something of every partition, in partition order; the first error stands for the topic.
fn per_topic<T>(
    topics: &BTreeMap<String, u32>,
    of: impl Fn(&(String, u32)) -> Result<T, TopicError>,
) -> PerTopic<Vec<T>> {
    let of_topic = |(name, count): (&String, &u32)| {
        (name.clone(), (0..*count).map(|partition| of(&(name.clone(), partition))).collect())
    };
    topics.iter().map(of_topic).collect()
}
