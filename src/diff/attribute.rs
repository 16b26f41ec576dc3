//! What of an object differs, with both sides as text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands for a value that is not shown.
const CONCEALED: &str = "(hidden)";

/// What of an object differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Attribute {
    /// Another kind of object: a table where a view should be.
    Kind,
    /// The user's part of the comment.
    Comment,
    /// A column: its presence, type, default, codec, TTL or comment.
    Column(String),
    /// The same columns in another order.
    ColumnOrder,
    /// Engine or one of its arguments.
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
    /// A setting.
    Setting(String),
    /// A data skipping index.
    Index(String),
    /// A projection.
    Projection(String),
    /// A constraint.
    Constraint(String),
    /// A view's SELECT.
    Query,
    /// The table a view inserts into.
    Target,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attribute::Kind => f.write_str("kind"),
            Attribute::Comment => f.write_str("comment"),
            Attribute::Column(name) => write!(f, "column {name}"),
            Attribute::ColumnOrder => f.write_str("order of columns"),
            Attribute::Engine => f.write_str("engine"),
            Attribute::PartitionBy => f.write_str("partitionBy"),
            Attribute::OrderBy => f.write_str("orderBy"),
            Attribute::PrimaryKey => f.write_str("primaryKey"),
            Attribute::SampleBy => f.write_str("sampleBy"),
            Attribute::Ttl => f.write_str("ttl"),
            Attribute::Setting(name) => write!(f, "setting {name}"),
            Attribute::Index(name) => write!(f, "index {name}"),
            Attribute::Projection(name) => write!(f, "projection {name}"),
            Attribute::Constraint(name) => write!(f, "constraint {name}"),
            Attribute::Query => f.write_str("select"),
            Attribute::Target => f.write_str("target"),
        }
    }
}

/// One difference, with both sides as text. `None` is absence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttributeChange {
    /// What differs.
    pub attribute: Attribute,
    /// What the server has.
    pub old: Option<String>,
    /// What the manifest wants.
    pub new: Option<String>,
}

impl AttributeChange {
    /// Leaves out the server's side where the manifest has a secret: servers before 22.12 tell secrets in clear, and so
    /// may those that are asked to.
    pub fn conceal(&mut self) {
        if self.old.is_some() && self.may_show_secret() {
            self.old = Some(CONCEALED.to_owned());
        }
    }

    fn may_show_secret(&self) -> bool {
        let by_name = match &self.attribute {
            Attribute::Setting(name) => {
                let name = name.to_ascii_lowercase();
                ["password", "secret", "credential", "token"].iter().any(|w| name.contains(w))
            }
            Attribute::Kind
            | Attribute::Comment
            | Attribute::Column(_)
            | Attribute::ColumnOrder
            | Attribute::Engine
            | Attribute::PartitionBy
            | Attribute::OrderBy
            | Attribute::PrimaryKey
            | Attribute::SampleBy
            | Attribute::Ttl
            | Attribute::Index(_)
            | Attribute::Projection(_)
            | Attribute::Constraint(_)
            | Attribute::Query
            | Attribute::Target => false,
        };
        by_name || self.new.as_ref().is_some_and(|n| n.contains("<secret from"))
    }
}
