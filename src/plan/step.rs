//! Steps: plain values, each with all it needs to be shown, run and judged.

use super::{Hazard, Reach};
use crate::model::{Definition, Fragment, ObjectName, Refill, ResourceId, TableConsumer, UpTo};
use crate::sql::{self, AlterCommand, Copy, Statement};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The resource it serves.
    pub resource: ResourceId,
    /// What it does.
    pub action: Action,
    /// ClickHouse hosts it runs on, by index; empty for Kafka.
    pub hosts: BTreeSet<usize>,
    /// How its statement comes to them.
    pub reach: Reach,
    /// Indexes of steps that must be done before.
    pub needs: BTreeSet<usize>,
    /// What it endangers.
    pub hazards: Vec<Hazard>,
    /// How long it may take.
    pub timeout: Duration,
}

impl Step {
    /// The statement it sends to ClickHouse; `None` for Kafka. The same for showing and for running.
    pub fn statement(&self) -> Option<Statement> {
        match &self.action {
            Action::Kafka(_) => None,
            Action::Table(action) => Some(action.statement(&self.reach)),
        }
    }
}

/// What a step does, and where. Closed: a new one does not compile until it is rendered, run and ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// At the brokers.
    Kafka(KafkaAction),
    /// On ClickHouse hosts.
    Table(TableAction),
}

/// What a step does at the brokers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KafkaAction {
    /// Creates a topic.
    CreateTopic {
        /// Name at the brokers.
        name: String,
        /// Partitions.
        partitions: u32,
        /// Replicas of each.
        replication_factor: u16,
        /// Keys to pin.
        config: BTreeMap<String, String>,
    },
    /// Adds partitions.
    GrowTopic {
        /// Name at the brokers.
        name: String,
        /// Partitions now.
        from: u32,
        /// Partitions after.
        to: u32,
    },
    /// Pins and unpins config keys, all or none.
    AlterTopic {
        /// Name at the brokers.
        name: String,
        /// Keys to pin.
        set: BTreeMap<String, String>,
        /// Keys to unpin.
        unset: BTreeSet<String>,
    },
    /// Deletes a topic and waits until its id is gone.
    DeleteTopic {
        /// Name at the brokers.
        name: String,
        /// Topic id: another topic of the same name is left alone.
        id: String,
    },
    /// Removes from a group the members that dropped Kafka tables left behind: until they are gone their
    /// partitions stay assigned to nobody alive.
    RemoveMembers {
        /// The dropped Kafka table.
        table: ObjectName,
        /// The group.
        group: String,
        /// The table as each host had it: only its consumers are removed.
        consumers: Vec<TableConsumer>,
    },
    /// Gives a group without members its offsets.
    SetOffsets {
        /// The Kafka table that will read with them.
        table: ObjectName,
        /// The group.
        group: String,
        /// Topics.
        topics: Vec<String>,
        /// Where it begins.
        start: Start,
        /// Whether the group of before still reads: a first place, for an apply that is cut before the last one is set.
        early: bool,
    },
    /// Deletes the offsets that a group without members has of some topics.
    ForgetOffsets {
        /// The Kafka table that read with them.
        table: ObjectName,
        /// The group.
        group: String,
        /// Topics.
        topics: Vec<String>,
    },
    /// Deletes a group, as soon as nobody is in it.
    DeleteGroup {
        /// The Kafka table that read with it.
        table: ObjectName,
        /// The group.
        group: String,
    },
    /// Waits until a group has read all that its view is to take.
    AwaitBackfill(Box<Awaited>),
}

/// A new target that is being filled from the topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaited {
    /// The Kafka table that reads for it.
    pub kafka: ObjectName,
    /// The view that fills it: its comment tells up to where.
    pub view: ObjectName,
    /// The table with the rows.
    pub local: ObjectName,
    /// The Distributed table over it.
    pub through: Option<ObjectName>,
    /// The group.
    pub group: String,
}

/// The view that fills a new target with messages that were read before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillingView {
    /// The view.
    pub view: Definition,
    /// The Kafka table of the pipeline: nothing may read from it while its group is asked.
    pub source: ObjectName,
    /// The group of the pipeline.
    pub group: String,
    /// Topics.
    pub topics: Vec<String>,
    /// Up to where it reads, where another host has the view already; else up to where the group is then.
    pub up_to: Option<UpTo>,
}

/// A new table that is filled with the rows of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// What is written, from where.
    pub refill: Refill,
    /// The table with the rows: it is emptied before and counted after.
    pub to: ObjectName,
    /// Hosts that read their part of the rows, by index.
    pub reads: BTreeSet<usize>,
    /// Hosts whose new rows are counted: one of each shard.
    pub counts: BTreeSet<usize>,
}

/// Where a group begins to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Start {
    /// At the first message kept.
    Earliest,
    /// After the last message of the moment.
    Latest,
    /// At the first message of this time or later, in milliseconds since 1970.
    At(i64),
    /// Where another group stands.
    Of(String),
}

/// What a step does on ClickHouse hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TableAction {
    /// Creates a database unless it is there.
    CreateDatabase {
        /// Its name.
        name: String,
    },
    /// Creates a table or a view.
    Create(Box<Definition>),
    /// Creates the view that fills a new target from the topic.
    CreateFillingView(Box<FillingView>),
    /// Fills a new table with the rows of another one, and counts both.
    Fill(Box<Fill>),
    /// Sets the comment, and with it the owner mark.
    Comment {
        /// The object.
        name: ObjectName,
        /// The whole comment.
        comment: String,
        /// Whether this takes the object over.
        adopts: bool,
    },
    /// Changes a table in place, all commands or none.
    Alter {
        /// The table.
        name: ObjectName,
        /// What changes, in order.
        commands: Vec<AlterCommand>,
    },
    /// Replaces a view's SELECT; the next block passes the new one.
    ModifyQuery {
        /// The view.
        name: ObjectName,
        /// The SELECT.
        query: Fragment,
    },
    /// Sends what a Distributed table has queued.
    Flush {
        /// The Distributed table.
        name: ObjectName,
    },
    /// Copies all rows into a table, counts both and compares a checksum of every row.
    Copy(Box<Copy>),
    /// Lets a table merge its parts again: a copy that was cut has stopped it.
    StartMerges {
        /// The table.
        name: ObjectName,
    },
    /// Swaps the names of two tables at one moment.
    Exchange {
        /// One.
        left: ObjectName,
        /// The other.
        right: ObjectName,
    },
    /// Renames tables, one after the other.
    Rename {
        /// Old and new names.
        pairs: Vec<(ObjectName, ObjectName)>,
    },
    /// Drops a table or a view.
    Drop {
        /// The object.
        name: ObjectName,
        /// Whether it is a view.
        is_view: bool,
        /// Whether to wait until its data is gone, and whatever runs on it.
        sync: bool,
    },
}

impl Action {
    /// How long it may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(match self {
            // Creation and deletion of topics are asynchronous at the brokers.
            Action::Kafka(KafkaAction::CreateTopic { .. } | KafkaAction::DeleteTopic { .. }) => 60,
            Action::Kafka(
                KafkaAction::GrowTopic { .. }
                | KafkaAction::AlterTopic { .. }
                | KafkaAction::RemoveMembers { .. }
                | KafkaAction::SetOffsets { .. }
                | KafkaAction::ForgetOffsets { .. },
            ) => 30,
            // A member that could not be removed stays until its session ends (45 s).
            Action::Kafka(KafkaAction::DeleteGroup { .. }) => 120,
            Action::Table(
                TableAction::CreateDatabase { .. }
                | TableAction::Create(_)
                | TableAction::CreateFillingView(_)
                | TableAction::Comment { .. }
                | TableAction::ModifyQuery { .. }
                | TableAction::StartMerges { .. }
                | TableAction::Exchange { .. }
                | TableAction::Rename { .. },
            ) => 60,
            // A drop may wait for a stream that is running (13.5 s were seen with a dead broker).
            Action::Table(TableAction::Drop { .. }) => 120,
            // It sends data.
            Action::Table(TableAction::Flush { .. }) => 300,
            // It may rewrite a column of every part.
            Action::Table(TableAction::Alter { .. }) => 6 * 3600,
            Action::Table(TableAction::Copy(_) | TableAction::Fill(_))
            | Action::Kafka(KafkaAction::AwaitBackfill(_)) => 7 * 24 * 3600,
        })
    }
}

impl TableAction {
    /// The statement it sends.
    pub fn statement(&self, reach: &Reach) -> Statement {
        let on_cluster = reach.cluster();
        match self {
            TableAction::CreateDatabase { name } => sql::change::create_database(name, on_cluster),
            TableAction::Create(definition) => sql::create(definition, reach.uuid(), on_cluster),
            TableAction::CreateFillingView(filling) => {
                sql::backfill::create_view(&filling.view, filling.up_to.as_ref(), on_cluster)
            }
            TableAction::Fill(fill) => sql::backfill::fill(&fill.refill),
            TableAction::Comment { name, comment, .. } => sql::change::modify_comment(name, comment, on_cluster),
            TableAction::Alter { name, commands } => sql::alter::alter(name, commands, on_cluster),
            TableAction::ModifyQuery { name, query } => sql::change::modify_query(name, query, on_cluster),
            TableAction::Flush { name } => sql::change::flush_distributed(name, on_cluster),
            TableAction::Copy(copy) => copy.statement(),
            TableAction::StartMerges { name } => sql::change::start_merges(name, on_cluster),
            TableAction::Exchange { left, right } => sql::change::exchange(left, right, on_cluster),
            TableAction::Rename { pairs } => sql::change::rename(pairs, on_cluster),
            TableAction::Drop { name, is_view, sync } => sql::change::drop(name, *is_view, *sync, on_cluster),
        }
    }
}

impl From<KafkaAction> for Action {
    fn from(action: KafkaAction) -> Self {
        Action::Kafka(action)
    }
}

impl From<TableAction> for Action {
    fn from(action: TableAction) -> Self {
        Action::Table(action)
    }
}
