//! A YAML document as a tree that remembers where everything was written.

use super::finding::{FileId, Place};

/// One value with its place: bytes `start..end` of its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Byte offset of the first character, tag and anchor included; of a block scalar (`|`) the first character of
    /// its first line that is not blank.
    pub start: usize,
    /// Byte offset after the last character.
    pub end: usize,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// A single value.
    Scalar(ScalarNode),
    /// A list.
    Sequence(Vec<Node>),
    /// Fields in the order they were written; names are unique.
    Mapping(Vec<Entry>),
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarNode {
    /// Its text, escapes and folding resolved.
    pub text: String,
    /// How it was written.
    pub style: Style,
    /// Whether its type follows from its look (`3` is a number); quoted and block texts are texts.
    pub typed: bool,
    /// Where the text comes from.
    pub origin: Origin,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// `|`: line by line.
    Literal,
    /// `>`: lines joined.
    Folded,
}

/// Where the text of a scalar comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the file.
    Written,
    /// Variables were put in: the text may be anybody's and is not repeated in findings.
    Substituted,
    /// A variable is not set: nothing is known of the value.
    Unknown,
}

/// One field of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Byte offset of the first character of the name.
    pub start: usize,
    /// Byte offset after the last character of the name.
    pub end: usize,
    /// Its value.
    pub value: Node,
}

impl Entry {
    /// The place of the name.
    pub fn place(&self, file: FileId) -> Place {
        Place { file, start: self.start, end: self.end }
    }
}

impl Node {
    /// The value of a field, if this is a mapping that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|e| &e.value)
    }

    /// A field, if this is a mapping that has it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|e| e.name == name)
    }

    /// The fields; none unless this is a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Mapping(entries) => entries,
            NodeKind::Scalar(_) | NodeKind::Sequence(_) => &[],
        }
    }

    /// The text, if this is a scalar.
    pub fn text(&self) -> Option<&str> {
        self.scalar().map(|s| s.text.as_str())
    }

    /// The scalar, if this is one.
    pub fn scalar(&self) -> Option<&ScalarNode> {
        match &self.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => None,
        }
    }

    /// Number of nodes, bytes of text and levels: what a copy of it costs.
    pub fn size(&self) -> Size {
        let inner = |children: &mut dyn Iterator<Item = (usize, &Node)>| {
            children.fold(Size { nodes: 1, bytes: 0, levels: 1 }, |sum, (name, child)| {
                let size = child.size();
                Size {
                    nodes: sum.nodes + size.nodes,
                    bytes: sum.bytes + size.bytes + name,
                    levels: sum.levels.max(size.levels + 1),
                }
            })
        };
        match &self.kind {
            NodeKind::Scalar(scalar) => Size { nodes: 1, bytes: scalar.text.len(), levels: 1 },
            NodeKind::Sequence(items) => inner(&mut items.iter().map(|n| (0, n))),
            NodeKind::Mapping(entries) => inner(&mut entries.iter().map(|e| (e.name.len(), &e.value))),
        }
    }

    /// Where findings about it point: never more than one line. A block under a name is shown by its name.
    pub fn shown(&self, text: &str, name: Option<(usize, usize)>, file: FileId) -> Place {
        let written = text.get(self.start..self.end).unwrap_or_default();
        let Some(first) = written.find('\n') else { return Place { file, start: self.start, end: self.end } };
        let block = match &self.kind {
            NodeKind::Scalar(_) => false,
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => true,
        };
        match name {
            Some((start, end)) if block => Place { file, start, end },
            Some(_) | None => Place { file, start: self.start, end: self.start + written[..first].trim_end().len() },
        }
    }
}

/// What a copy of a node costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Number of nodes.
    pub nodes: usize,
    /// Bytes of text.
    pub bytes: usize,
    /// Levels of nesting, itself included.
    pub levels: usize,
}
