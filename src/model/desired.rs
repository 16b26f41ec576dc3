//! The desired state: what the manifests ask for, fully resolved. No optional field of a manifest survives here.

use super::backfill::{BackfillFrom, DesiredBackfill};
use super::connection::Topology;
use super::consumption::Consumption;
use super::definition::Definition;
use super::name::{ObjectName, ResourceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything one project wants on the servers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Desired {
    /// `metadata.name` of the project; also the owner in marks.
    pub project: String,
    /// How DDL reaches the hosts.
    pub topology: Topology,
    /// Topics, sorted by id.
    pub topics: Vec<DesiredTopic>,
    /// Pipelines, sorted by id.
    pub pipelines: Vec<DesiredPipeline>,
}

impl Desired {
    /// Every object name of every pipeline, absent ones included.
    pub fn object_names(&self) -> BTreeSet<ObjectName> {
        let objects = self.pipelines.iter().flat_map(|p| &p.objects);
        let names = |o: &DesiredObject| [Some(o.definition.name.clone()), o.renamed_from.clone()];
        objects.flat_map(names).flatten().collect()
    }
}

impl DesiredPipeline {
    /// Names of what stands on the servers only while a target is filled.
    pub fn passing_names(&self) -> impl Iterator<Item = ObjectName> + '_ {
        self.backfills.iter().flat_map(|backfill| match &backfill.from {
            BackfillFrom::Topic(reread) => vec![reread.kafka.name.clone(), reread.view.name.clone()],
            BackfillFrom::Table(_) => Vec::new(),
        })
    }
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct DesiredTopic {
    /// Its resource.
    pub id: ResourceId,
    /// Name at the brokers.
    pub name: String,
    /// Number of partitions.
    pub partitions: u32,
    /// Replicas of each partition.
    pub replication_factor: u16,
    /// Keys pinned on the topic.
    pub config: BTreeMap<String, String>,
    /// What to do with keys pinned on the topic that the manifest does not name.
    pub unmanaged_config: UnmanagedConfig,
    /// Guards.
    pub lifecycle: Lifecycle,
}

/// What to do with config keys others pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum UnmanagedConfig {
    /// Show them, leave them.
    #[default]
    Report,
    /// Leave them, say nothing.
    Ignore,
    /// Unpin them. Throttle keys are never touched.
    Remove,
}

/// A resource that comes to ClickHouse objects, of whatever kind: its objects and how they hang together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct DesiredPipeline {
    /// Its resource.
    pub id: ResourceId,
    /// Topics it reads, as named at the brokers.
    pub topics: Vec<String>,
    /// Topics it writes, as named at the brokers.
    pub writes_topics: Vec<String>,
    /// Consumer group; of an `OutgoingSink` the one that the Kafka engine wants and nobody reads with.
    pub group: String,
    /// Where the group begins when it has no offsets yet.
    pub start_from: Option<StartFrom>,
    /// The resource it was before it got its name.
    pub renamed_from: Option<ResourceId>,
    /// All objects, in the order they are created.
    pub objects: Vec<DesiredObject>,
    /// Targets that are filled when they are added.
    pub backfills: Vec<DesiredBackfill>,
    /// Of a `ManualConsumer`: what runs it must know.
    pub consumption: Option<Consumption>,
    /// Guards.
    pub lifecycle: Lifecycle,
}

/// One ClickHouse object of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct DesiredObject {
    /// What it is for.
    pub role: Role,
    /// What it is, owner mark in the comment.
    pub definition: Definition,
    /// Tables of this project a view reads.
    pub reads: Vec<ObjectName>,
    /// The clusters whose hosts carry it; empty on a single server.
    pub clusters: BTreeSet<String>,
    /// Another resource declares it too and owns it: this one never creates, changes or drops it.
    pub owned_elsewhere: bool,
    /// The name it had before.
    pub renamed_from: Option<ObjectName>,
    /// Old names of renamed columns, by their new ones.
    pub renamed_columns: BTreeMap<String, String>,
    /// Indexes and projections that are written for old rows too when they are added.
    pub materialize: BTreeSet<String>,
    /// Of a Distributed table: whether old rows move to their shards when the sharding key changes.
    pub reshard: bool,
}

/// Where a group begins when it has no offsets yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum StartFrom {
    /// At the first message kept.
    Earliest,
    /// After the last message of the moment.
    Latest,
    /// Where the group before it stands.
    Keep,
    /// At the first message of this time or later, in milliseconds since 1970.
    At(i64),
}

/// What an object does in its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub enum Role {
    /// Kafka-engine table that reads.
    Source,
    /// Kafka-engine table that writes.
    Sink,
    /// Table with the rows of one host.
    Local,
    /// Distributed table over the local ones.
    Distributed,
    /// Null table that several views read.
    Hub,
    /// Materialized view.
    View,
    /// The view between the Kafka table and everything else: consumption starts with it.
    EntryView,
    /// Materialized view that publishes what is inserted into tables of others.
    Feed,
}

/// Guards of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub struct Lifecycle {
    /// Whether it may be deleted.
    pub deletion: Deletion,
    /// What to do with a change that no ALTER makes.
    pub incompatible: Incompatible,
    /// Whether it should exist.
    pub state: Presence,
    /// How long a replaced table is kept.
    pub keep_old_for: KeepFor,
}

/// How long a replaced table is kept, in days: its name carries the day on which it was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct KeepFor {
    /// Days; none for a table that goes at once.
    pub days: u16,
}

impl Default for KeepFor {
    fn default() -> Self {
        Self { days: 7 }
    }
}

/// Whether a resource may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum Deletion {
    /// Never.
    #[default]
    Forbid,
    /// Yes; this is the allowance for the data it loses.
    Allow,
    /// Leave it on the servers and forget it.
    Orphan,
}

/// What to do with a change that no ALTER makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum Incompatible {
    /// Rebuild, keeping every row.
    #[default]
    Rebuild,
    /// Drop and create again.
    Recreate,
    /// Refuse.
    Block,
}

/// Whether a resource should exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum Presence {
    /// It should.
    #[default]
    Present,
    /// It should not.
    Absent,
}
