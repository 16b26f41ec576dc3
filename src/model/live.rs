//! The live state: what the servers say, host by host, with what could not be read.

use super::census::{Census, ClusterMember};
use super::definition::Definition;
use super::name::ObjectName;
use super::owner::Owner;
use super::topic::ConfigEntry;
use std::collections::{BTreeMap, BTreeSet};

/// Everything one plan rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The Kafka side.
    pub kafka: LiveKafka,
    /// The ClickHouse side.
    pub clickhouse: LiveClickHouse,
}

/// Brokers and the topics asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveKafka {
    /// Cluster id; empty when the brokers tell none.
    pub cluster_id: String,
    /// Number of brokers alive.
    pub brokers: usize,
    /// Names of all topics the principal can see, asked for or not (name collisions).
    pub names: BTreeSet<String>,
    /// What is known of each topic asked for.
    pub topics: BTreeMap<String, TopicFact>,
    /// Committed offsets of the groups asked for, by topic and partition; only where there is one.
    pub groups: BTreeMap<String, BTreeMap<(String, u32), i64>>,
    /// The group whose offsets a group got to go on with, while it has read nothing since.
    pub follows: BTreeMap<String, String>,
    /// First and next offset of each partition of the topics asked for.
    pub ends: BTreeMap<String, Vec<(i64, i64)>>,
    /// Offsets at the time a group is to start from, by group.
    pub starts: BTreeMap<String, BTreeMap<(String, u32), i64>>,
    /// What the brokers said when asked whether they would take a topic or a config, where they would not.
    pub refused: BTreeMap<String, String>,
}

/// What is known of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicFact {
    /// It exists.
    Present(LiveTopic),
    /// A named request confirmed that it does not exist.
    Absent,
    /// It could not be read; the broker's words.
    Unknown(String),
}

/// A topic as the brokers tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTopic {
    /// Topic id (KIP-516), base64; empty from brokers without ids.
    pub id: String,
    /// Replicas of each partition, by partition number.
    pub replicas: Vec<usize>,
    /// Config by key.
    pub config: BTreeMap<String, ConfigEntry>,
}

/// The ClickHouse servers, in shard order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveClickHouse {
    /// One entry a host that answered.
    pub hosts: Vec<LiveHost>,
    /// The hosts against the clusters.
    pub census: Census,
}

/// One ClickHouse server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LiveHost {
    /// How it is shown: `host:port` of its HTTP interface.
    pub name: String,
    /// Server version.
    pub version: String,
    /// Clusters in which the server finds itself, with shard and replica number.
    pub clusters: BTreeMap<String, (u32, u32)>,
    /// Members of the project's clusters as the server knows them.
    pub members: Vec<ClusterMember>,
    /// What it puts into the paths of replicated tables, by macro.
    pub macros: BTreeMap<String, String>,
    /// Its own name, as its Kafka consumers use it.
    pub hostname: String,
    /// Names of its databases.
    pub databases: BTreeSet<String>,
    /// Their engines: only `Atomic` and `Replicated` can exchange tables.
    pub database_engines: BTreeMap<String, String>,
    /// Threads of the pool that all Kafka tables of the server share; 0 where it is not known.
    pub broker_threads: u32,
    /// Tasks of the Kafka tables that are there: one a table or, with `kafka_thread_per_consumer`, one a consumer.
    pub broker_tasks: u32,
    /// Inserts into Distributed tables wait for the shards (`distributed_foreground_insert`).
    pub foreground_insert: bool,
    /// The objects asked for that exist.
    pub objects: BTreeMap<ObjectName, LiveObject>,
    /// Those that exist but whose definition could not be read, with why.
    pub unreadable: BTreeMap<ObjectName, String>,
    /// Tables that it refused to alter as planned, tried on temporary ones, with its words.
    pub unalterable: BTreeMap<ObjectName, String>,
    /// How large the tables are that a plan builds anew.
    pub sizes: BTreeMap<ObjectName, TableSize>,
    /// Rows of them that a column's new type or kind has no place for, by table and new column.
    pub misfits: BTreeMap<(ObjectName, String), Misfit>,
    /// Tables that it cannot fill as planned, with its words.
    pub unfillable: BTreeMap<ObjectName, String>,
    /// Views that read them and were not asked for, with the owner each is marked with.
    pub other_readers: BTreeMap<ObjectName, Option<Owner>>,
    /// What was not asked for and uses what was.
    pub dependants: BTreeMap<ObjectName, Dependant>,
    /// What was not asked for and carries this project's mark.
    pub undeclared: BTreeMap<ObjectName, Undeclared>,
}

/// An object outside of the manifests that breaks when a table of theirs goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dependant {
    /// Engine, as in `system.tables`.
    pub engine: String,
    /// Whose mark it carries.
    pub owner: Option<Owner>,
    /// Tables of the manifests it reads.
    pub reads: BTreeSet<ObjectName>,
    /// Tables of the manifests it writes into.
    pub writes: BTreeSet<ObjectName>,
}

/// An object with this project's mark that no manifest declares any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undeclared {
    /// Engine, as in `system.tables`.
    pub engine: String,
    /// What it is, of Kafka tables: their consumers have to be told from others.
    pub definition: Option<Definition>,
    /// Whose it was. A table made as a copy of another one has that one's comment, mark and all: a mark is no
    /// proof that sluice made it.
    pub owner: Owner,
}

/// How large a table is on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Partitions.
    pub partitions: u64,
    /// Bytes free on the disks of its storage policy.
    pub free: u64,
}

/// What of a column does not fit into its new shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// So many rows.
    Rows(u64),
    /// The server refuses to convert it, in its words.
    Refused(String),
}

/// One object on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveObject {
    /// What it is. After canonicalisation desired and live texts are in the same form.
    pub definition: Definition,
    /// UUID of this incarnation.
    pub uuid: String,
    /// Views that read it, whoever made them.
    pub readers: Vec<ObjectName>,
}

/// The server's own form of definitions whose letters differ from the live ones, by host and object.
pub type Canonical = BTreeMap<(usize, ObjectName), CanonicalForm>;

/// What a server made of a desired definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CanonicalForm {
    /// The definition in its words.
    Form(Box<Definition>),
    /// The definition in its spelling alone: what is equal in it is equal, and what differs need not mean otherwise.
    Formatted {
        /// The definition.
        form: Box<Definition>,
        /// Why it is no more than that.
        why: String,
    },
    /// It does not accept it.
    Refused(String),
    /// It could not be asked.
    Unknown(String),
}
