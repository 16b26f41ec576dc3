//! Kafka: the only user of rdkafka.
//!
//! Reading and writing are apart: a plan holds a [`KafkaReader`], which has no call that changes anything. Two kinds
//! of failure are apart as well: [`KafkaError`] says that a request failed, [`TopicError`] that the brokers refused
//! one topic of a request that went through.
//!
//! No handle ever creates a topic by asking for it: `allow.auto.create.topics` is off on all of them.

mod consumer;
mod context;
mod counts;
mod deadline;
mod error;
mod facts;
mod group;
mod group_reader;
mod group_writer;
mod handle;
mod hidden;
mod native;
mod peek;
mod producer;
mod reader;
mod settings;
mod tail;
mod transactions;
mod waits;
mod wire;
mod writer;

pub use consumer::{Assignment, CommittedOffset, GroupConsumer, GroupListener, Incoming, Partition, Polled};
pub use counts::{Request, RequestCounts};
pub use error::{KafkaError, TopicError};
pub use facts::{ClusterFacts, NewTopic, PerTopic, TopicDescription, Watermark};
pub use group::{Committed, Group, GroupError, GroupMember, GroupState, PerGroup, Positions, Removal};
pub use peek::Spot;
pub use producer::{Producer, Record};
pub use reader::KafkaReader;
pub use settings::KafkaSettings;
pub use tail::{Stored, Tail};
pub use transactions::{SoleWriter, WriteError};
pub use waits::Absence;
pub use writer::KafkaWriter;
