//! A member of a consumer group that decides itself where each partition begins, and commits what it chooses.
//!
//! Everything happens in [`GroupConsumer::poll`], on the thread that calls it: messages, and partitions that come and
//! go. Commits may be made from any thread.

use super::context::Context;
use super::counts::Request;
use super::error::KafkaError;
use super::settings::KafkaSettings;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::KafkaError as RdError;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{ClientContext, Message as _, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A partition of a topic.
pub type Partition = (String, i32);

/// Kilobytes that librdkafka may hold beside those that were handed out.
const PREFETCHED_KB: &str = "32768";

/// How long after its queue was full librdkafka fetches again. Its 1,000 leave a fast consumer without messages.
const REFILL_MS: &str = "10";

/// How long a group waits for a member that says nothing. librdkafka's 45 s are long for partitions that nobody reads;
/// a member that comes back later is refused, and harms nothing.
const SESSION_MS: &str = "10000";

/// What a group has committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommittedOffset {
    /// Offset of the next message to consume; none where nothing was committed.
    pub offset: Option<i64>,
    /// What was written beside it.
    pub metadata: String,
}

/// A message in librdkafka's memory.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// Topic.
    pub topic: &'a str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value; none is a tombstone.
    pub payload: Option<&'a [u8]>,
    /// When it was written, in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled<'a> {
    /// Nothing within the time.
    Nothing,
    /// A message.
    Message(Incoming<'a>),
    /// A partition of this number, of whatever topic, has no further message now.
    End(i32),
    /// Something failed. What passes by itself is not told.
    Failed(KafkaError),
}

/// Is told of partitions that come and go, on the thread that polls and before it gets a message of them.
pub trait GroupListener: Send + Sync + 'static {
    /// Partitions come: where each of them begins. One that is left out brings no message that counts.
    fn assigned(&self, assignment: &Assignment<'_>, partitions: &[Partition]) -> BTreeMap<Partition, i64>;

    /// Partitions go to another member once this returns. `lost`: they are gone already, and a commit would fail.
    fn revoked(&self, assignment: &Assignment<'_>, partitions: &[Partition], lost: bool);
}

/// The group as seen while partitions come and go.
pub struct Assignment<'a> {
    consumer: &'a BaseConsumer<GroupContext>,
}

impl Assignment<'_> {
    /// As [`GroupConsumer::committed`].
    ///
    /// # Errors
    /// The brokers did not answer, or refused.
    pub fn committed(&self, partitions: &[Partition]) -> Result<BTreeMap<Partition, CommittedOffset>, KafkaError> {
        committed(self.consumer, partitions)
    }

    /// As [`GroupConsumer::commit`].
    ///
    /// # Errors
    /// The brokers did not answer, or refused.
    pub fn commit(&self, offsets: &BTreeMap<Partition, (i64, String)>) -> Result<(), KafkaError> {
        commit(self.consumer, offsets)
    }
}

/// The member.
pub struct GroupConsumer {
    consumer: BaseConsumer<GroupContext>,
}

impl GroupConsumer {
    /// Joins a group for topics; the connection is made by the first poll. A member with an instance name that joins again
    /// gets its partitions back at once; without one the group waits until it believes that the old member is dead.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn join(
        settings: &KafkaSettings,
        group: &str,
        instance: Option<&str>,
        topics: &[String],
        listener: Arc<dyn GroupListener>,
    ) -> Result<Self, KafkaError> {
        let context = Context::new(settings);
        let mut config = settings.client_config()?;
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Where a partition begins is decided by the listener: a position that is no longer there is an error.
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            // Only partitions that move pause.
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("queued.max.messages.kbytes", PREFETCHED_KB)
            .set("fetch.queue.backoff.ms", REFILL_MS);
        if !settings.properties.contains_key("session.timeout.ms") {
            config.set("session.timeout.ms", SESSION_MS);
        }
        if let Some(instance) = instance {
            config.set("group.instance.id", instance);
        }
        let context = GroupContext { context, settings: settings.clone(), listener };
        let consumer = config.create_with_context(context).map_err(|e: RdError| settings.refusal(&e))?;
        let consumer: BaseConsumer<GroupContext> = consumer;
        let names: Vec<&str> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|e| failed(&consumer, Request::Metadata, &e))?;
        Ok(Self { consumer })
    }

    /// Waits for something and hands it over.
    pub fn poll<T>(&self, within: Duration, take: impl FnOnce(Polled<'_>) -> T) -> T {
        match self.consumer.poll(within) {
            None => take(Polled::Nothing),
            Some(Ok(message)) => take(Polled::Message(Incoming {
                topic: message.topic(),
                partition: message.partition(),
                offset: message.offset(),
                key: message.key(),
                payload: message.payload(),
                timestamp_ms: message.timestamp().to_millis(),
            })),
            Some(Err(RdError::PartitionEOF(partition))) => take(Polled::End(partition)),
            Some(Err(error)) if passes(&error) => {
                tracing::info!(target: "librdkafka", "{error}");
                take(Polled::Nothing)
            }
            Some(Err(error)) => take(Polled::Failed(failed(&self.consumer, Request::Fetch, &error))),
        }
    }

    /// What the group has committed, an answer for each partition.
    ///
    /// # Errors
    /// The brokers did not answer, or refused.
    pub fn committed(&self, partitions: &[Partition]) -> Result<BTreeMap<Partition, CommittedOffset>, KafkaError> {
        committed(&self.consumer, partitions)
    }

    /// Brings no further messages of the partitions it has now; false where that failed.
    pub fn pause(&self) -> bool {
        self.consumer.assignment().is_ok_and(|all| self.consumer.pause(&all).is_ok())
    }

    /// Brings messages again; false where that failed.
    pub fn resume(&self) -> bool {
        self.consumer.assignment().is_ok_and(|all| self.consumer.resume(&all).is_ok())
    }

    /// Commits offsets with what is to be written beside them, and waits for the brokers. They refuse it to a member
    /// that the group has gone on without; of a member they do not ask whether a partition is its own.
    ///
    /// # Errors
    /// The brokers did not answer, or refused.
    pub fn commit(&self, offsets: &BTreeMap<Partition, (i64, String)>) -> Result<(), KafkaError> {
        commit(&self.consumer, offsets)
    }
}

fn list(partitions: &[Partition]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

fn committed(
    consumer: &BaseConsumer<GroupContext>,
    partitions: &[Partition],
) -> Result<BTreeMap<Partition, CommittedOffset>, KafkaError> {
    let timeout = consumer.context().settings.timeout;
    let fail = |e: &RdError| failed(consumer, Request::FetchOffsets, e);
    let found = consumer.committed_offsets(list(partitions), timeout).map_err(|e| fail(&e))?;
    let mut all = BTreeMap::new();
    for element in found.elements() {
        element.error().map_err(|e| fail(&e))?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            Offset::Beginning | Offset::End | Offset::Stored | Offset::Invalid | Offset::OffsetTail(_) => None,
        };
        let committed = CommittedOffset { offset, metadata: element.metadata().to_owned() };
        all.insert((element.topic().to_owned(), element.partition()), committed);
    }
    Ok(all)
}

fn commit(
    consumer: &BaseConsumer<GroupContext>,
    offsets: &BTreeMap<Partition, (i64, String)>,
) -> Result<(), KafkaError> {
    let fail = |e: &RdError| failed(consumer, Request::CommitOffsets, e);
    let mut list = TopicPartitionList::new();
    for ((topic, partition), (offset, metadata)) in offsets {
        let mut element = list.add_partition(topic, *partition);
        element.set_offset(Offset::Offset(*offset)).map_err(|e| fail(&e))?;
        element.set_metadata(metadata);
    }
    consumer.commit(&list, CommitMode::Sync).map_err(|e| fail(&e))
}

/// Whether librdkafka goes on by itself.
fn passes(error: &RdError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::RequestTimedOut
                | RDKafkaErrorCode::NotCoordinator
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::NetworkException
                | RDKafkaErrorCode::RebalanceInProgress
                | RDKafkaErrorCode::UnknownMemberId
                | RDKafkaErrorCode::IllegalGeneration
                | RDKafkaErrorCode::PollExceeded
                // A topic that was made a moment ago is not known to every broker; that it is there was seen before.
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}

fn failed(consumer: &BaseConsumer<GroupContext>, request: Request, error: &RdError) -> KafkaError {
    let context = consumer.context();
    let code = error.rdkafka_error_code();
    let words = code.map_or_else(|| error.to_string(), |code| code.to_string());
    let message = match context.context.broker_error() {
        Some(heard) if code.is_none_or(|c| c != RDKafkaErrorCode::AutoOffsetReset) => format!("{words} ({heard})"),
        Some(_) | None => words,
    };
    KafkaError::Request {
        servers: context.settings.bootstrap_servers.clone(),
        request,
        code: code.map_or_else(|| "CLIENT".to_owned(), |code| format!("{code:?}")),
        message: context.context.redact(&message),
    }
}

/// Ties librdkafka's events to the listener.
struct GroupContext {
    context: Context,
    settings: KafkaSettings,
    listener: Arc<dyn GroupListener>,
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: RdError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<Partition> =
            list.elements().iter().map(|e| (e.topic().to_owned(), e.partition())).collect();
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assignment = Assignment { consumer };
        let done = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let starts = self.listener.assigned(&assignment, &partitions);
            for ((topic, partition), offset) in starts {
                // A partition of the list, so it is found there.
                let _ = list.set_partition_offset(&topic, partition, Offset::Offset(offset));
            }
            if cooperative { consumer.incremental_assign(list) } else { consumer.assign(list) }
        } else {
            self.listener.revoked(&assignment, &partitions, consumer.assignment_lost());
            if cooperative { consumer.incremental_unassign(list) } else { consumer.unassign() }
        };
        if let Err(error) = done {
            tracing::warn!("the assignment of partitions was not taken: {error}");
        }
    }
}
