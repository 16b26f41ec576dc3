//! librdkafka's C interface, for what the rdkafka crate lacks: the errors of single topics in DescribeConfigs, the
//! incremental AlterConfigs, DescribeTopics with ids, ListOffsets, consumer groups and their offsets, and the brokers'
//! words about each topic.
//!
//! The face is safe: no pointer leaves this module. Every call owns its C objects through [`guard::Owned`], lives on
//! one thread, and borrows the client for as long as it lasts.

#![expect(unsafe_code, reason = "librdkafka is a C library and the rdkafka crate wraps too little of its admin API")]

mod call;
mod configs;
mod group_offsets;
mod groups;
mod guard;
mod metadata;
mod offsets;
mod outcome;
mod partitions;
mod raw;
mod text;
mod topics;

pub(super) use call::Call;
pub(super) use offsets::OffsetSpec;
pub(super) use outcome::NativeError;
pub(super) use partitions::{Offsets, Place};
