//! What the manifests describe, as a graph: who hands data to whom. Made from the desired state alone; one file per
//! format.

mod build;
mod dot;
mod mermaid;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;

/// A graph. Nodes are numbered through all groups, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    /// Resources, and last what belongs to none of them.
    pub groups: Vec<Group>,
    /// Who hands data to whom, sorted.
    pub edges: Vec<Edge>,
}

/// What one resource consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `KIND/NAME`.
    pub title: String,
    /// In the order they are made.
    pub nodes: Vec<Node>,
}

/// A topic, an object, or a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its number.
    pub number: usize,
    /// Its name on the servers.
    pub name: String,
    /// What it is.
    pub what: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// A Kafka topic.
    Topic,
    /// A Kafka-engine table.
    Kafka,
    /// A materialized view.
    View,
    /// A Null table between views.
    Hub,
    /// A table with rows.
    Table,
    /// A Distributed table.
    Distributed,
    /// `sluice consume`.
    Consumer,
    /// A table of somebody else.
    Foreign,
}

impl NodeKind {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Topic => "topic",
            NodeKind::Kafka => "Kafka table",
            NodeKind::View => "materialized view",
            NodeKind::Hub => "Null table",
            NodeKind::Table => "table",
            NodeKind::Distributed => "Distributed table",
            NodeKind::Consumer => "sluice consume",
            NodeKind::Foreign => "table of another resource",
        }
    }
}

/// Data goes from one node to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Number of the node that gives.
    pub from: usize,
    /// Number of the node that takes.
    pub to: usize,
    /// A Distributed table and what lies below it on each host: data is written through it and read through it.
    pub spread: bool,
}

#[cfg(test)]
mod tests;
