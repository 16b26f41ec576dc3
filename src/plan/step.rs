//! Steps: plain values, each with all it needs to be shown, run and judged.

use super::Hazard;
use crate::model::{Definition, ObjectName, ResourceId};
use crate::sql::{self, Statement};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The resource it serves.
    pub resource: ResourceId,
    /// What it does.
    pub action: Action,
    /// ClickHouse hosts it runs on, by index; empty for Kafka.
    pub hosts: BTreeSet<usize>,
    /// Indexes of steps that must be done before.
    pub needs: BTreeSet<usize>,
    /// What it endangers.
    pub hazards: Vec<Hazard>,
    /// How long it may take.
    pub timeout: Duration,
}

/// What a step does. Closed: a new one does not compile until it is rendered, run and ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
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
    /// Creates a database unless it is there.
    CreateDatabase {
        /// Its name.
        name: String,
    },
    /// Creates a table or a view.
    Create(Box<Definition>),
    /// Sets the comment, and with it the owner mark.
    Comment {
        /// The object.
        name: ObjectName,
        /// The whole comment.
        comment: String,
        /// Whether this takes the object over.
        adopts: bool,
    },
    /// Sends what a Distributed table has queued.
    Flush {
        /// The Distributed table.
        name: ObjectName,
    },
    /// Drops a table or a view.
    Drop {
        /// The object.
        name: ObjectName,
        /// Whether it is a view.
        is_view: bool,
        /// Whether to wait until its data is gone.
        sync: bool,
    },
}

impl Action {
    /// The statement it sends to ClickHouse; `None` for Kafka. The same for showing and for running.
    pub fn statement(&self, on_cluster: Option<&str>) -> Option<Statement> {
        match self {
            Action::CreateTopic { .. }
            | Action::GrowTopic { .. }
            | Action::AlterTopic { .. }
            | Action::DeleteTopic { .. } => None,
            Action::CreateDatabase { name } => Some(sql::change::create_database(name, on_cluster)),
            Action::Create(definition) => Some(sql::create(definition, on_cluster)),
            Action::Comment { name, comment, .. } => Some(sql::change::modify_comment(name, comment, on_cluster)),
            Action::Flush { name } => Some(sql::change::flush_distributed(name, on_cluster)),
            Action::Drop { name, is_view, sync } => Some(sql::change::drop(name, *is_view, *sync, on_cluster)),
        }
    }

    /// How long it may take. Creation and deletion of topics are asynchronous at the brokers; a drop may
    /// wait for a stream that is running (13.5 s were seen with a dead broker); a flush sends data.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(match self {
            Action::CreateTopic { .. } | Action::DeleteTopic { .. } => 60,
            Action::GrowTopic { .. } | Action::AlterTopic { .. } => 30,
            Action::CreateDatabase { .. } | Action::Create(_) | Action::Comment { .. } => 60,
            Action::Drop { .. } => 120,
            Action::Flush { .. } => 300,
        })
    }
}
