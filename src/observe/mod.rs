//! Live servers -> live state, with what could not be read. Reads only; decides nothing.

pub mod alterable;
pub mod canonical;
mod carriers;
pub(crate) mod census;
pub mod clickhouse;
pub mod everything;
mod formatted;
pub mod health;
pub mod hosts;
pub mod kafka;
pub mod running;
mod surroundings;

use crate::client::clickhouse::ClickHouseError;
use crate::client::kafka::KafkaError;

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
}

impl ObserveError {
    /// Why a host does not answer, where it is that.
    pub(crate) fn silence(&self) -> Option<String> {
        match self {
            ObserveError::ClickHouse(error) => error.silence(),
            ObserveError::Kafka(_) | ObserveError::Cluster(_) => None,
        }
    }
}
