//! What a verdict rests on, resource by resource, as it is shown.

use super::passage::Passage;
use super::reading::{Consumer, Mutations, Queue, Replica};
use super::reason::Reason;
use super::verdict::Verdict;
use crate::model::{ObjectName, ResourceId};

/// A whole look at a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The project.
    pub project: String,
    /// Topics, then chains, as the project lists them.
    pub resources: Vec<ResourceHealth>,
    /// What could not be read and no verdict needs.
    pub left_out: Vec<String>,
}

impl Report {
    /// The worst verdict; healthy where there is nothing.
    pub fn verdict(&self) -> Verdict {
        self.resources.iter().map(|r| r.verdict).max().unwrap_or(Verdict::Healthy)
    }
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceHealth {
    /// Which.
    pub id: ResourceId,
    /// The one word.
    pub verdict: Verdict,
    /// Why, the worst first; never empty.
    pub reasons: Vec<Reason>,
    /// What it rests on.
    pub facts: Facts,
}

/// What is known of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Facts {
    /// Of a topic.
    Topic(TopicFacts),
    /// Of a chain.
    Chain(ChainFacts),
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicFacts {
    /// Its name at the brokers.
    pub name: String,
    /// First and next offset of each partition.
    pub partitions: Vec<(u64, u64)>,
    /// Offsets kept; none where it could not be read.
    pub messages: Option<u64>,
    /// Bytes on the brokers' disks, of one replica each.
    pub bytes: Option<u64>,
    /// Since its newest message, in seconds.
    pub newest_ago: Option<u64>,
}

/// A chain: what flows from topics into tables, or out of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChainFacts {
    /// Its consumer group; empty where it has none.
    pub group: String,
    /// Its partitions, sorted.
    pub partitions: Vec<PartitionLag>,
    /// Offsets kept that the group has not read; none where that could not be told.
    pub lag: Option<u64>,
    /// Offsets that the group has passed, those that are gone included.
    pub passed: Option<u64>,
    /// Offsets kept in the topics it writes, of a sink.
    pub written: Option<u64>,
    /// A Kafka table reads for it.
    pub reads_by_engine: bool,
    /// Members of its group.
    pub members: usize,
    /// Since the newest message of its topics, in seconds.
    pub newest_message_ago: Option<u64>,
    /// Its hosts.
    pub hosts: Vec<HostChain>,
    /// Tables that keep rows, all hosts together.
    pub tables: Vec<TableTotal>,
    /// Objects on hosts: those that are there, and all that should be.
    pub objects: (usize, usize),
    /// Why rows need not be as many as messages.
    pub passages: Vec<Passage>,
}

impl ChainFacts {
    /// Rows of all tables but those of errors.
    pub fn rows(&self) -> u64 {
        self.tables.iter().filter(|t| !t.errors).map(|t| t.rows).sum()
    }

    /// Rows of the tables of errors.
    pub fn errors(&self) -> u64 {
        self.tables.iter().filter(|t| t.errors).map(|t| t.rows).sum()
    }

    /// Hosts that answered.
    pub fn told(&self) -> usize {
        self.hosts.iter().filter(|h| h.silent.is_none()).count()
    }

    /// Whether some host did not answer: its rows and objects are in no sum.
    pub fn is_partial(&self) -> bool {
        self.told() < self.hosts.len()
    }

    /// Since the youngest part of any table was written, in seconds.
    pub fn newest_row_ago(&self) -> Option<u64> {
        self.tables.iter().filter_map(|t| t.newest_ago).min()
    }
}

/// A group's place in a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionLag {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: u32,
    /// First offset kept.
    pub first: u64,
    /// Offset of the next message to come.
    pub next: u64,
    /// Offset of the next message to be read, where the group has one.
    pub committed: Option<u64>,
    /// No message stands between the group's place and the end: only marks of transactions, or nothing any more.
    pub empty: bool,
    /// Who reads it: the client id of the group's member.
    pub reader: Option<String>,
}

impl PartitionLag {
    /// Offsets kept that have not been read. A group without a place begins at the first message kept, as Kafka tables
    /// do.
    pub fn lag(&self) -> u64 {
        if self.empty { 0 } else { self.ahead() }
    }

    /// Offsets after the group's place that no message has.
    pub fn gap(&self) -> u64 {
        if self.empty { self.ahead() } else { 0 }
    }

    fn ahead(&self) -> u64 {
        self.next.saturating_sub(self.committed.unwrap_or(self.first).max(self.first))
    }

    /// Offsets that are gone and were never read.
    pub fn lost(&self) -> u64 {
        self.committed.map_or(0, |c| self.first.saturating_sub(c))
    }
}

/// A chain on one host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostChain {
    /// The host.
    pub host: String,
    /// Why it told nothing.
    pub silent: Option<String>,
    /// Since one of its objects was last made or changed, in seconds.
    pub changed_ago: Option<u64>,
    /// Objects that are there.
    pub present: usize,
    /// Objects that should be and are not.
    pub missing: Vec<ObjectName>,
    /// Consumers of its Kafka table, with their exceptions since that change.
    pub consumers: Vec<Consumer>,
    /// Queues of its Distributed tables.
    pub queues: Vec<(ObjectName, Queue)>,
    /// Mutations of its tables, where there are any.
    pub mutations: Vec<(ObjectName, Mutations)>,
    /// Its replicas.
    pub replicas: Vec<(ObjectName, Replica)>,
    /// Rows and bytes of its local tables.
    pub rows: Vec<(ObjectName, u64, u64)>,
}

/// A table that keeps rows, all hosts together; replicas of a shard count once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTotal {
    /// The table on each host.
    pub table: ObjectName,
    /// Whether it keeps messages that could not be read.
    pub errors: bool,
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Since the youngest part was written, in seconds.
    pub newest_ago: Option<u64>,
}
