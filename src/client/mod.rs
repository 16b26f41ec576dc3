//! The clients of the servers: the only users of reqwest and rdkafka. Narrow readers and writers with
//! timeouts, and no secret in anything they say.

pub mod clickhouse;
pub mod kafka;
mod servers;

pub use servers::{ConnectError, Servers};
