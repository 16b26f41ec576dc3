//! What `status` and `verify` know: readings of the servers -> a verdict for each resource, with its reasons. Pure.
//!
//! One look at the servers decides: what they tell with a time (commits, polls, exceptions, the newest message) says
//! whether a lag is young, moves or stands. What could not be read is unknown and never healthy.

mod arrival;
mod cause;
mod chain;
mod compare;
mod examples;
mod facts;
mod group;
mod judge;
mod passage;
mod reading;
mod reason;
mod topic;
mod verdict;

#[cfg(test)]
mod tests;

pub use arrival::{Arrival, Ends, arrivals, ends};
pub use cause::Cause;
pub use compare::{Comparison, Highest, Side, compare};
pub use examples::examples;
pub use facts::{ChainFacts, Facts, HostChain, PartitionLag, Report, ResourceHealth, TableTotal, TopicFacts};
pub use judge::judge;
pub use passage::Passage;
pub use reading::{
    Consumer, Exception, GroupReading, HostFacts, HostReading, KafkaReading, Member, Mutations, Queue, Readings,
    Replica, TableReading, TopicNumbers, TopicReading,
};
pub use reason::Reason;
pub use verdict::Verdict;

/// What happened longer ago than this, in seconds, says nothing of now: several flushes of a Kafka table at their
/// defaults (7.5 s) and a session timeout of its consumers (45 s) fit in.
pub const RECENT: u64 = 60;
