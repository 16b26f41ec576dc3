//! Live servers -> live state, with what could not be read. Reads only; decides nothing.

pub mod canonical;
pub mod clickhouse;
pub mod hosts;
pub mod kafka;

use crate::client::clickhouse::ClickHouseError;
use crate::client::kafka::KafkaError;
use crate::model::ObjectName;
use crate::model::create::CreateError;

/// Why the live state could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// Of Kafka.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// Of a ClickHouse host.
    #[error(transparent)]
    ClickHouse(#[from] ClickHouseError),
    /// The cluster is not known to the server, or its hosts cannot be told apart.
    #[error("{0}")]
    Cluster(String),
    /// A statement of the server could not be taken apart.
    #[error("the definition of {object} on {host} could not be read")]
    Definition {
        /// Which object.
        object: ObjectName,
        /// On which host.
        host: String,
        /// What is odd about it.
        source: CreateError,
    },
}
