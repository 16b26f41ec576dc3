//! What is wrong with a definition, as far as only a server can tell: about which part of which object it is, in words
//! that need no place in a manifest. Whoever knows the manifests finds the place.

use super::name::ObjectName;

/// One complaint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The object it is about.
    pub object: ObjectName,
    /// The part of it.
    pub part: Part,
    /// A name inside of that part, where the server named one.
    pub word: Option<String>,
    /// Whether the object cannot be made as it is.
    pub fatal: bool,
    /// What kind of complaint.
    pub kind: ComplaintKind,
    /// One sentence: what is wrong.
    pub message: String,
    /// Words for the place.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// What kind of complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComplaintKind {
    /// The server does not accept the definition.
    Refused,
    /// The server does not know the message format.
    UnknownFormat,
    /// A view gives a column that its target does not have.
    Exceeds,
    /// A view leaves a column of its target empty.
    Lacks,
    /// No value of the view's type becomes one of the target's.
    CannotConvert,
    /// Some values of the view's type are none of the target's.
    Narrows,
}

/// A part of a definition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// No part in particular.
    Whole,
    /// A column of a table, or an output of a view.
    Column(String),
    /// A setting.
    Setting(String),
    /// The cluster of a Distributed table.
    Cluster,
    /// The sharding key of a Distributed table.
    ShardingKey,
    /// The engine or one of its arguments.
    Engine,
    /// PARTITION BY.
    PartitionBy,
    /// ORDER BY.
    OrderBy,
    /// PRIMARY KEY.
    PrimaryKey,
    /// SAMPLE BY.
    SampleBy,
    /// Table TTL.
    Ttl,
    /// A data skipping index.
    Index(String),
    /// A projection.
    Projection(String),
    /// A constraint.
    Constraint(String),
    /// A view's SELECT.
    Query,
}
