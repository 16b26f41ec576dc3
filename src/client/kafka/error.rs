//! What can go wrong, by question: did the request fail, or did the brokers refuse one topic?

use super::counts::Request;
use super::group::GroupError;
use std::time::Duration;

/// A request failed, or an operation on a single topic was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KafkaError {
    /// A connection property that cannot be used.
    #[error("connection property `{key}` cannot be used: {reason}")]
    Property {
        /// Its name.
        key: String,
        /// Why, without its value.
        reason: String,
    },
    /// The client could not be set up; nothing was sent.
    #[error("the Kafka client for {servers} could not be set up: {reason}")]
    Setup {
        /// Bootstrap servers.
        servers: String,
        /// librdkafka's words.
        reason: String,
    },
    /// No broker answered in time.
    #[error(
        "no Kafka broker of {servers} answered {request} within {within:?} ({last}); check the bootstrap servers, \
         `security.protocol` and that the brokers run"
    )]
    Unreachable {
        /// Bootstrap servers.
        servers: String,
        /// What was asked.
        request: Request,
        /// The timeout.
        within: Duration,
        /// The last error of a broker.
        last: String,
    },
    /// The brokers refused the login.
    #[error(
        "the Kafka brokers of {servers} refused the login: {reason}; check the `sasl.*` properties of the connection"
    )]
    Login {
        /// Bootstrap servers.
        servers: String,
        /// The last error of a broker.
        reason: String,
    },
    /// The brokers answered with an error.
    #[error("{request} failed at {servers}: {message} ({code})")]
    Request {
        /// Bootstrap servers.
        servers: String,
        /// What was asked.
        request: Request,
        /// The error's name.
        code: String,
        /// The broker's or librdkafka's words.
        message: String,
    },
    /// An operation on one topic was refused.
    #[error("{request} was refused for topic `{topic}` at {servers}")]
    Topic {
        /// Bootstrap servers.
        servers: String,
        /// What was asked.
        request: Request,
        /// Topic.
        topic: String,
        /// The brokers' reason.
        source: TopicError,
    },
    /// An operation on one consumer group was refused.
    #[error("{request} was refused for consumer group `{group}` at {servers}")]
    Group {
        /// Bootstrap servers.
        servers: String,
        /// What was asked.
        request: Request,
        /// Group.
        group: String,
        /// The brokers' reason.
        source: GroupError,
    },
    /// Records of a writer that is the only one were not written.
    #[error("nothing could be written to topic `{topic}` at {servers}: {reason}")]
    NotWritten {
        /// Topic.
        topic: String,
        /// Bootstrap servers.
        servers: String,
        /// librdkafka's words.
        reason: String,
    },
    /// A deleted topic did not go away in time.
    #[error("topic `{topic}` (id {id}) is still there {within:?} after its deletion; run the command again later")]
    StillPresent {
        /// Topic.
        topic: String,
        /// Its id.
        id: String,
        /// How long was waited.
        within: Duration,
    },
    /// A topic was not ready in time.
    #[error("topic `{topic}` is not ready after {within:?}: {missing}; see whether all brokers run")]
    NotReady {
        /// Topic.
        topic: String,
        /// How long was waited.
        within: Duration,
        /// What it lacks.
        missing: String,
    },
    /// Messages were not written.
    #[error("{failed} message(s) were not delivered, {delivered} were; first failure at topic `{topic}`: {reason}")]
    Delivery {
        /// Topic of the first failure.
        topic: String,
        /// librdkafka's words about the first failure.
        reason: String,
        /// Messages known to be written.
        delivered: u64,
        /// Messages not known to be written.
        failed: u64,
    },
}

/// The brokers refused one topic of a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// There is no such topic.
    #[error("the topic does not exist")]
    NotFound,
    /// The principal may not do this; the broker's words.
    #[error("the login lacks the right to do this: {0}")]
    Forbidden(String),
    /// There is such a topic already; the broker's words.
    #[error("the topic exists already: {0}")]
    Exists(String),
    /// A config key or value is wrong; the broker's words.
    #[error("the config is not valid: {0}")]
    InvalidConfig(String),
    /// Anything else.
    #[error("{message} ({code})")]
    Other {
        /// The error's name in the protocol, e.g. `INVALID_REPLICATION_FACTOR`.
        code: String,
        /// The broker's words.
        message: String,
    },
}

impl TopicError {
    /// A topic that an answer leaves out.
    pub(super) fn unanswered() -> Self {
        TopicError::Other { code: "NO_ANSWER".to_owned(), message: "the answer leaves the topic out".to_owned() }
    }

    /// A topic whose partitions have no leader.
    pub(super) fn leaderless() -> Self {
        let message = "its partitions have no leader; see whether all brokers run".to_owned();
        TopicError::Other { code: "LEADER_NOT_AVAILABLE".to_owned(), message }
    }

    /// Names of errors that pass by themselves.
    const PASSING: [&str; 4] =
        ["THROTTLING_QUOTA_EXCEEDED", "NOT_CONTROLLER", "LEADER_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"];

    /// Whether the same request may succeed a moment later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            TopicError::NotFound | TopicError::Forbidden(_) | TopicError::Exists(_) | TopicError::InvalidConfig(_) => {
                false
            }
            TopicError::Other { code, .. } => Self::PASSING.contains(&code.as_str()),
        }
    }
}
