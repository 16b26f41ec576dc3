//! Why a consumer ends before its time.

use crate::client::clickhouse::ClickHouseError;
use crate::client::kafka::KafkaError;
use crate::model::ObjectName;
use std::time::Duration;

/// Nothing is lost by any of these: what was not confirmed is inserted by the next run, under the same tokens.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// Kafka failed in a way that does not pass.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// A ClickHouse client could not be made, or a server refuses what is no matter of a message.
    #[error(transparent)]
    ClickHouse(#[from] ClickHouseError),
    /// An insert is refused for another reason than its messages.
    #[error("messages {first} to {last} of topic `{topic}`, partition {partition}, cannot be inserted into {table}")]
    Insert {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// First offset.
        first: i64,
        /// Last offset.
        last: i64,
        /// Table.
        table: ObjectName,
        /// The server's words.
        source: Box<ClickHouseError>,
    },
    /// A message is bad, and the manifest says to stop there.
    #[error("topic `{topic}`, partition {partition}, offset {offset}: the message is refused: {reason}")]
    BadMessage {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// Offset.
        offset: i64,
        /// Why.
        reason: String,
    },
    /// The table or the group is further than the topic.
    #[error(
        "topic `{topic}`, partition {partition}, ends at offset {end}, but {who} is at {at}; a topic that was made anew \
         begins at 0 again: empty the table or use another one, and reset the group"
    )]
    Beyond {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// End of the topic.
        end: i64,
        /// What is further.
        who: String,
        /// Where it is.
        at: i64,
    },
    /// The metadata of the group was written by a program that does it otherwise.
    #[error(
        "topic `{topic}`, partition {partition}: the group says in a way this program cannot read which messages are in \
         flight (`{text}`); run the newer program"
    )]
    Metadata {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// What is there.
        text: String,
    },
    /// A Distributed table that sends a row elsewhere each time it is inserted.
    #[error(
        "{table} spreads rows by `{key}`, which is another value at each attempt: a repeated insert would lose rows on one \
         shard and double them on another; use a sharding key made of columns"
    )]
    ShardingKey {
        /// Table.
        table: ObjectName,
        /// Its sharding key.
        key: String,
    },
    /// There is no table.
    #[error("there is no table {table}; make it with `sluice apply`")]
    NoTable {
        /// Table.
        table: ObjectName,
    },
    /// A topic is not there.
    #[error("topic `{topic}` cannot be read: {reason}")]
    Topic {
        /// Topic.
        topic: String,
        /// Why.
        reason: String,
    },
    /// Bad messages are to be kept, and nobody said where.
    #[error("bad messages are to be kept as dead letters, but there is no table for them")]
    NoDeadLetters,
    /// A setting of the format is a secret, which no URL may hold.
    #[error("the format setting `{name}` is a secret; sluice consume sends settings in the URL and refuses it")]
    SecretSetting {
        /// Setting.
        name: String,
    },
    /// A server was away for too long.
    #[error("gave up after {after:?} without success; what was in flight is inserted by the next run")]
    GaveUp {
        /// How long.
        after: Duration,
        /// The last failure.
        source: Box<ConsumeError>,
    },
    /// A thread could not be started or ended badly.
    #[error("the consumer ended unexpectedly: {reason}")]
    Ended {
        /// Why.
        reason: String,
    },
}
