//! Change set + policy -> plan: every name, value, statement, host, order, timeout and reason. Pure.
//! After it nothing is left to decide: apply is a loop.

mod alter;
mod build;
mod hosts;
mod order;
mod pipeline;
mod reach;
mod rebuild;
mod surroundings;
mod topic;
mod widening;

pub mod checks;
pub mod hazard;
pub mod impact;
mod narrowing;
pub mod policy;
pub mod saved;
pub mod step;

pub use build::plan;
pub use hazard::Hazard;
pub use impact::{Class, Impact, Offsets};
pub use order::OrderError;
pub use policy::{Allowance, Policy};
pub use reach::{OnCluster, Reach};
pub use step::{Action, Awaited, Fill, FillingView, KafkaAction, Start, Step, TableAction};

use crate::diff::{AttributeChange, TopicChange};
use crate::model::{Census, ObjectName, Owner, ResourceId, Topology, Unread};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// What apply does, and what it leaves alone and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which servers it is about.
    pub header: Header,
    /// Every resource, topics first, by id.
    pub resources: Vec<ResourcePlan>,
    /// All steps in an order that respects their needs.
    pub steps: Vec<Step>,
}

/// Which servers a plan is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Project.
    pub project: String,
    /// Environment, if one was chosen.
    pub environment: Option<String>,
    /// Bootstrap servers.
    pub kafka: String,
    /// Cluster id of Kafka.
    pub cluster_id: String,
    /// How DDL reaches the hosts.
    pub topology: Topology,
    /// Hosts in shard order; steps refer to them by index.
    pub hosts: Vec<Host>,
    /// The hosts against the clusters.
    pub census: Census,
    /// Those that were not read and that the plan goes on without.
    pub left_out: BTreeSet<String>,
    /// Resources that were applied and that no manifest has any more: they stay as they are.
    pub undeclared: BTreeSet<ResourceId>,
}

/// A ClickHouse host of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// `host:port`.
    pub name: String,
    /// Server version.
    pub version: String,
}

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcePlan {
    /// The resource.
    pub id: ResourceId,
    /// What happens, in one word.
    pub verb: Verb,
    /// What it means for the rows that flow, where a running pipeline changes.
    pub impact: Option<Impact>,
    /// What differs.
    pub changes: Vec<Change>,
    /// Why nothing is done about it; not empty means the plan cannot be applied with it.
    pub blocked: Vec<Blocked>,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Nothing.
    Keep,
    /// It is made, as a whole or what is missing of it.
    Create,
    /// It is changed in place.
    Change,
    /// A table of it is built anew with its rows.
    Rebuild,
    /// It is dropped and made again.
    Recreate,
    /// It is dropped.
    Delete,
    /// It is left on the servers and forgotten.
    Forget,
    /// It should change and cannot.
    Blocked,
}

/// One difference, with where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Of a topic.
    Topic {
        /// What.
        change: TopicChange,
        /// What it endangers.
        hazards: Vec<Hazard>,
    },
    /// An object that is made.
    Make {
        /// Which.
        object: ObjectName,
        /// Engine, or `MaterializedView`.
        engine: String,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
    /// An object that is dropped.
    Unmake {
        /// Which.
        object: ObjectName,
        /// Indexes of hosts.
        hosts: Vec<usize>,
        /// What it endangers.
        hazards: Vec<Hazard>,
    },
    /// An object that is taken over.
    Adopt {
        /// Which.
        object: ObjectName,
        /// Whose mark it had.
        from: Option<Owner>,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
    /// An attribute of an object that differs.
    Attribute {
        /// Of which.
        object: ObjectName,
        /// What.
        change: AttributeChange,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
}

/// Why a resource is left as it is although it should change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blocked {
    /// Kafka cannot take partitions away.
    FewerPartitions {
        /// Live.
        live: u32,
        /// Desired.
        desired: u32,
    },
    /// The replication factor is changed by reassignment only.
    ReplicationFactor {
        /// Live, of each partition by its number.
        live: Vec<usize>,
        /// Desired.
        desired: u16,
    },
    /// More replicas than brokers.
    TooFewBrokers {
        /// Brokers alive.
        brokers: usize,
        /// Desired replicas.
        replicas: u16,
    },
    /// `min.insync.replicas` above the replicas: no producer with acks=all could write.
    MinInsyncReplicas {
        /// Effective value.
        min_isr: u64,
        /// Desired replicas.
        replicas: u16,
    },
    /// Another topic has the same name but for `.` and `_`.
    NameCollision(String),
    /// The brokers refuse what the manifest asks for.
    RefusedByBrokers(String),
    /// The topic could not be read.
    TopicUnknown(String),
    /// Attributes changed that this version only changes by dropping and creating.
    NeedsRecreate,
    /// Another project's mark claims an object.
    Foreign {
        /// Which.
        object: ObjectName,
        /// Whose.
        owner: Owner,
    },
    /// Whether an object is what it should be cannot be told.
    ObjectUnknown {
        /// Which.
        object: ObjectName,
        /// Index of the host.
        host: usize,
        /// Why.
        why: String,
    },
    /// The server does not accept what the manifest asks for.
    Refused {
        /// Which object.
        object: ObjectName,
        /// The server's words.
        why: String,
    },
    /// `lifecycle.deletion` forbids it.
    DeletionForbidden,
    /// Something that is not ours uses a table that would be dropped: reads it, writes into it or stands over it.
    ReadByStranger {
        /// The table.
        object: ObjectName,
        /// What uses it.
        reader: ObjectName,
    },
    /// A host that it needs was not read.
    HostUnread {
        /// Which.
        host: String,
        /// Why.
        why: Unread,
    },
    /// No host of this cluster answered.
    NoHosts(String),
    /// A table that has to be built anew cannot be.
    CannotRebuild {
        /// Which.
        object: ObjectName,
        /// Why.
        why: Obstacle,
    },
    /// Rows have values that a column's new type has no place for.
    DoesNotFit {
        /// The table.
        object: ObjectName,
        /// The column.
        column: String,
        /// How many rows.
        rows: u64,
        /// Index of the host.
        host: usize,
    },
}

/// Why a table cannot be built anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Obstacle {
    /// A replicated table whose path in Keeper names the table: two of them cannot stand side by side.
    KeeperPath,
    /// Replicas of one shard keep each other's rows: each would copy them.
    Replicas,
    /// A table that is not ours has the name of the new one.
    InTheWay {
        /// The table.
        table: ObjectName,
        /// Index of the host.
        host: usize,
    },
    /// The table is gone and a copy of it that may be unfinished is there.
    Gone {
        /// The copy.
        table: ObjectName,
        /// Index of the host.
        host: usize,
    },
    /// Rows have moved to other hosts, and an earlier apply that was cut has not swapped the tables of some.
    HalfMoved {
        /// Indexes of the hosts that still have the old table.
        left: Vec<usize>,
    },
    /// The hosts of the Distributed table's cluster are not those that keep the rows.
    OtherHosts {
        /// The cluster.
        cluster: String,
        /// Index of a host that is one of them and not the other.
        host: usize,
    },
    /// A table is to be renamed, and its rows are to move.
    Renamed,
    /// Rows are to move, and tables of a database cannot be exchanged.
    NoExchange {
        /// The database.
        database: String,
        /// Index of the host.
        host: usize,
    },
    /// The disks have no room for a second copy.
    NoSpace {
        /// Index of the host.
        host: usize,
        /// Bytes of the table.
        bytes: u64,
        /// Bytes free.
        free: u64,
    },
}

/// What a reader of the plan should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// Keys pinned on a topic by others, left alone.
    Unmanaged {
        /// Key.
        key: String,
        /// Value.
        value: String,
    },
    /// Hosts that have nothing of it, where others have.
    NewOn {
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
    /// More Kafka tables and consumers on a server than threads that read for them.
    FewBrokerThreads {
        /// Indexes of hosts.
        hosts: Vec<usize>,
        /// Tasks on the busiest of them after this.
        tasks: u32,
        /// Threads of that one.
        threads: u32,
    },
    /// More consumers than partitions.
    IdleConsumers {
        /// Hosts that read.
        hosts: usize,
        /// Consumers of each.
        consumers: u64,
        /// Partitions of all topics.
        partitions: u64,
    },
    /// Inserts through Distributed tables do not wait for the shards.
    BackgroundInsert {
        /// Hosts by index.
        hosts: Vec<usize>,
    },
    /// A table that was replaced is kept for a while.
    KeptOld {
        /// The table.
        object: ObjectName,
        /// The day on which a plan drops it.
        until: jiff::civil::Date,
    },
    /// A new target is filled with messages that were read before it came.
    Backfills {
        /// The target's table.
        table: ObjectName,
        /// The group that reads them.
        group: String,
        /// How many; `None` where it goes on with what an earlier apply began.
        messages: Option<u64>,
    },
    /// Members of a group that a dropped table leaves behind cannot be told from living ones: the group waits until
    /// their session ends.
    MembersStay {
        /// The group.
        group: String,
    },
    /// Messages are deleted with their topic.
    MessagesLost {
        /// All that the topic keeps.
        messages: u64,
        /// Those of them that a group of this project has not read.
        unread: u64,
    },
    /// A group begins to read, with what that means for the messages of its topics.
    GroupStarts {
        /// The group.
        group: String,
        /// Messages that the table has read already and reads again.
        again: u64,
        /// Messages kept that nobody of this pipeline reads.
        skipped: u64,
        /// Messages it has before it.
        ahead: u64,
    },
    /// A group that was there before goes on where it is.
    GroupContinues {
        /// The group.
        group: String,
        /// Messages it has before it.
        ahead: u64,
    },
    /// The group's offsets stay: rows read before are not read again.
    OffsetsKept {
        /// The group.
        group: String,
    },
    /// Something that no manifest declares uses a table of this one. It is left alone and would block a drop.
    NotManaged {
        /// What uses it.
        object: ObjectName,
        /// Its engine.
        engine: String,
        /// The table it uses.
        of: ObjectName,
        /// Whether it reads the table.
        reads: bool,
        /// Whether it writes into the table.
        writes: bool,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
    /// An object of ours has a clause that no manifest can ask for. It is left alone.
    Beyond {
        /// Which object.
        object: ObjectName,
        /// The clause, with what it is about.
        clause: String,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
    /// Whether the secrets of an object are still those it was made with cannot be told.
    SecretUnknown {
        /// Which object.
        object: ObjectName,
        /// References to its secrets.
        secrets: Vec<String>,
        /// Whether it is our side that does not know them; else the object carries no word of them.
        here: bool,
    },
    /// Something that carries this resource's mark and is not declared. It is left alone.
    NoLongerDeclared {
        /// What.
        object: ObjectName,
        /// Its engine.
        engine: String,
        /// Indexes of hosts.
        hosts: Vec<usize>,
    },
}

impl Plan {
    /// Whether it does nothing and nothing is blocked.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && !self.is_blocked()
    }

    /// Whether a resource is blocked.
    pub fn is_blocked(&self) -> bool {
        self.resources.iter().any(|r| !r.blocked.is_empty())
    }

    /// Hazards with the resources they are about, each once, in order.
    pub fn hazards(&self) -> Vec<(Hazard, ResourceId)> {
        let all = self.steps.iter().flat_map(|s| s.hazards.iter().map(|h| (*h, s.resource.clone())));
        let set: BTreeSet<_> = all.collect();
        set.into_iter().collect()
    }

    /// Number of resources with this verb.
    pub fn count(&self, verb: Verb) -> usize {
        self.resources.iter().filter(|r| r.verb == verb).count()
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verb::Keep => "keep",
            Verb::Create => "create",
            Verb::Change => "change",
            Verb::Rebuild => "rebuild",
            Verb::Recreate => "recreate",
            Verb::Delete => "delete",
            Verb::Forget => "forget",
            Verb::Blocked => "blocked",
        })
    }
}
