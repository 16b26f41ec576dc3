//! Consumes topics into a table without the Kafka engine: every message once, whatever dies in between.
//!
//! The order of things is the whole trick. Before a range of messages is inserted, the group's commit says so: it
//! carries the ranges in flight beside the offset (`intent`). The insert has a token made of the same range, so the
//! server drops what it has already. Only then does the offset move. Whoever comes after a crash finds the ranges in the
//! group, inserts exactly them again under the same tokens, and goes on.
//!
//! - `framing` puts each message's offset beside its rows without reading the rest of it;
//! - `lane` is one partition: what to take, what to insert, what to commit; pure;
//! - `sink` is ClickHouse: repeats what is in doubt, finds the messages that are refused;
//! - `engine` is the thread that polls and everything it owns.

mod batch;
mod begin;
mod commits;
mod dead_letter;
mod engine;
mod error;
mod framing;
mod intent;
mod lane;
mod options;
mod run;
mod sink;
mod statistics;

pub use error::ConsumeError;
pub use options::{From, Options};
pub use run::{Events, Stop, run};
pub use statistics::{Latency, Report, Statistics};
