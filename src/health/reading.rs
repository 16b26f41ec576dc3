//! What one look at the servers told, before anybody thinks about it.

use crate::model::ObjectName;
use std::collections::{BTreeMap, BTreeSet};

/// All servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readings {
    /// The brokers.
    pub kafka: KafkaReading,
    /// The ClickHouse hosts, in the project's order.
    pub hosts: Vec<HostReading>,
}

impl Readings {
    /// The clock of the first host that answered, in milliseconds since 1970.
    pub fn now_ms(&self) -> Option<i64> {
        self.hosts.iter().find_map(|h| Some(h.facts.as_ref().ok()?.now_ms))
    }
}

/// The brokers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KafkaReading {
    /// Their words, where nothing could be read.
    pub silent: Option<String>,
    /// What consumers of this program call themselves.
    pub client_id: String,
    /// Topics by name.
    pub topics: BTreeMap<String, TopicReading>,
    /// Groups by name, or why one could not be read.
    pub groups: BTreeMap<String, Result<GroupReading, String>>,
    /// What could not be read and no verdict needs.
    pub left_out: Vec<String>,
}

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicReading {
    /// It is there.
    Present(TopicNumbers),
    /// It is not.
    Absent,
    /// It could not be read; the broker's words.
    Unknown(String),
}

/// A topic in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TopicNumbers {
    /// First and next offset of each partition.
    pub partitions: Vec<(u64, u64)>,
    /// Bytes on the brokers' disks, of one replica each.
    pub bytes: Option<u64>,
    /// Time of the newest message, in milliseconds since 1970.
    pub newest_ms: Option<i64>,
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupReading {
    /// Who is in it.
    pub members: Vec<Member>,
    /// Offset of the next message it reads, by topic and partition, where it has one.
    pub committed: BTreeMap<(String, u32), u64>,
    /// Partitions in which a reader found no message between that offset and the end.
    pub empty: BTreeSet<(String, u32)>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Member {
    /// Its id in the group.
    pub id: String,
    /// The name it gave itself.
    pub client_id: String,
    /// Where it came from.
    pub host: String,
    /// What it reads.
    pub partitions: Vec<(String, u32)>,
}

/// One ClickHouse host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostReading {
    /// How it is shown.
    pub name: String,
    /// What it told, or why it told nothing.
    pub facts: Result<HostFacts, String>,
}

/// What a host told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// Its clock, in milliseconds since 1970.
    pub now_ms: i64,
    /// Its own name, as its Kafka consumers use it.
    pub hostname: String,
    /// Clusters in which it finds itself, with shard and replica number.
    pub clusters: BTreeMap<String, (u32, u32)>,
    /// The objects asked for that exist.
    pub tables: BTreeMap<ObjectName, TableReading>,
}

/// One object on one host. All times are seconds ago by the host's own clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableReading {
    /// Since its definition was last changed.
    pub changed_ago: u64,
    /// Its setting `table_readonly` is on.
    pub readonly: bool,
    /// Rows in active parts.
    pub rows: u64,
    /// Bytes on disk of active parts.
    pub bytes: u64,
    /// Since the youngest active part was written; none without parts.
    pub newest_ago: Option<u64>,
    /// Consumers, of a Kafka table.
    pub consumers: Vec<Consumer>,
    /// What waits, of a Distributed table.
    pub queue: Queue,
    /// Mutations.
    pub mutations: Mutations,
    /// What a replicated table says of itself.
    pub replica: Option<Replica>,
}

/// A consumer of a Kafka table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consumer {
    /// Its id in the group; empty until it has joined.
    pub member_id: String,
    /// What it reads.
    pub assigned: Vec<(String, u32)>,
    /// Since it last asked for messages.
    pub polled_ago: Option<u64>,
    /// Since it last committed.
    pub committed_ago: Option<u64>,
    /// Messages it has read since it was made, those of blocks that failed included.
    pub read: u64,
    /// Its last exceptions, ten at most.
    pub exceptions: Vec<Exception>,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exception {
    /// When.
    pub ago: u64,
    /// The server's words.
    pub words: String,
}

impl Exception {
    /// What of it a person reads.
    pub fn gist(&self) -> String {
        super::cause::gist(&self.words)
    }
}

/// Rows on their way from a Distributed table to the shards.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// Files that wait.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were put aside because they cannot be sent.
    pub broken: u64,
    /// Failures so far.
    pub errors: u64,
    /// Sending is stopped.
    pub blocked: bool,
    /// The last failure.
    pub exception: String,
}

/// Mutations of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mutations {
    /// How many are not done.
    pub unfinished: u64,
    /// Why one of them fails.
    pub failed: Option<String>,
}

/// A replica of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replica {
    /// It takes no inserts.
    pub readonly: bool,
    /// Entries in its queue.
    pub queue: u64,
    /// Seconds behind the others.
    pub delay: u64,
    /// What it says of its keeper.
    pub exception: String,
}
