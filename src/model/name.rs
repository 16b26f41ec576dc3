//! Names: resource ids and qualified ClickHouse object names.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of resource a manifest can declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Kafka topic.
    Topic,
    /// Topics, a Kafka-engine table and the graph of targets behind it.
    KafkaPipeline,
    /// A Kafka-engine table that writes, and what feeds it.
    OutgoingSink,
    /// Topics, and the tables that `sluice consume` fills from them.
    ManualConsumer,
}

impl Kind {
    /// Every kind, in the order plans list them.
    pub const ALL: [Kind; 4] = [Kind::Topic, Kind::KafkaPipeline, Kind::OutgoingSink, Kind::ManualConsumer];

    /// The word used in manifests and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Topic => "Topic",
            Kind::KafkaPipeline => "KafkaPipeline",
            Kind::OutgoingSink => "OutgoingSink",
            Kind::ManualConsumer => "ManualConsumer",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `KIND/NAME`, the address of a resource in a project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId {
    /// What it is.
    pub kind: Kind,
    /// Its `metadata.name`.
    pub name: String,
}

impl ResourceId {
    /// Makes an id from its parts.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// Reads `KIND/NAME`; `None` when the kind is unknown or a part is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(kind))?;
        (!name.is_empty()).then(|| Self::new(kind, name))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl From<ResourceId> for String {
    fn from(id: ResourceId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ResourceId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no KIND/NAME"))
    }
}

/// A ClickHouse table or view, always qualified with its database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectName {
    /// Database, unquoted.
    pub database: String,
    /// Table or view, unquoted.
    pub table: String,
}

impl ObjectName {
    /// Makes a name from its unquoted parts.
    pub fn new(database: impl Into<String>, table: impl Into<String>) -> Self {
        Self { database: database.into(), table: table.into() }
    }

    /// Reads `database.table`; the first dot separates. `None` when there is no dot or a part is empty.
    pub fn parse(text: &str) -> Option<Self> {
        let (database, table) = text.split_once('.')?;
        (!database.is_empty() && !table.is_empty()).then(|| Self::new(database, table))
    }

    /// The same database with `suffix` added to the table's name.
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self::new(self.database.clone(), format!("{}{suffix}", self.table))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}
