//! How a new target gets what was there before it.

use super::definition::Definition;
use super::name::ObjectName;
use super::token::Fragment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The text of the comment of a table until it holds everything that it is to be filled with.
pub const PENDING: &str = "sluice backfill: not filled yet";

/// Stands in the SELECT of a view for the condition that only an apply knows.
pub const BEFORE: &str = "<before the offsets of the group at this moment>";

/// The same in the view's comment.
pub const OFFSETS: &str = "<the offsets of the group at this moment>";

const UP_TO: &str = "sluice backfill up to ";
const NOTHING: &str = "nothing";

/// The offsets that a group has committed, by topic and partition: what is before them is filled in.
pub type UpTo = BTreeMap<(String, u32), i64>;

/// A target that is filled when it is added to a pipeline that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredBackfill {
    /// The table with the rows. Its comment tells whether it is filled.
    pub local: ObjectName,
    /// The Distributed table over it.
    pub through: Option<ObjectName>,
    /// The view that fills it from then on.
    pub view: ObjectName,
    /// With what.
    pub from: BackfillFrom,
}

/// What a target is filled with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackfillFrom {
    /// With the messages that the pipeline has read already, by a group of its own.
    Topic(Box<Reread>),
    /// With the rows of a table.
    Table(Box<Refill>),
}

/// Messages that are read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reread {
    /// The Kafka table that reads them.
    pub kafka: Definition,
    /// The view that writes them; [`BEFORE`] and [`OFFSETS`] stand for what an apply puts there.
    pub view: Definition,
    /// The group of the Kafka table.
    pub group: String,
}

/// Rows of a table that are written into another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refill {
    /// Where the rows are.
    pub from: ObjectName,
    /// What is inserted into: the table, or the Distributed one over it.
    pub into: ObjectName,
    /// Columns, in the order in which the SELECT gives them.
    pub columns: Vec<String>,
    /// The SELECT over `from`.
    pub query: Fragment,
}

/// The text of the comment of a view that fills up to some offsets: what is told there outlasts an apply.
pub fn up_to_text(up_to: &UpTo) -> String {
    let one = |((topic, partition), offset): (&(String, u32), &i64)| format!("{topic}/{partition}:{offset}");
    let all: Vec<String> = up_to.iter().map(one).collect();
    format!("{UP_TO}{}", if all.is_empty() { NOTHING.to_owned() } else { all.join(", ") })
}

/// The offsets in such a text; `None` for any other.
pub fn up_to(text: &str) -> Option<UpTo> {
    let list = text.strip_prefix(UP_TO)?;
    if list == NOTHING {
        return Some(UpTo::new());
    }
    let one = |part: &str| {
        let (topic, rest) = part.split_once('/')?;
        let (partition, offset) = rest.split_once(':')?;
        Some(((topic.to_owned(), partition.parse().ok()?), offset.parse().ok()?))
    };
    list.split(", ").map(one).collect()
}

/// The text of the comment while the offsets are not known.
pub fn up_to_unknown() -> String {
    format!("{UP_TO}{OFFSETS}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_back() {
        let some = UpTo::from([(("a.b-c_d".into(), 0), 12), (("a.b-c_d".into(), 11), 0), (("x".into(), 2), i64::MAX)]);
        for offsets in [UpTo::new(), some] {
            assert_eq!(up_to(&up_to_text(&offsets)), Some(offsets));
        }
        for other in ["", "Numbers", PENDING, &up_to_unknown(), "sluice backfill up to x/1", "sluice backfill up to "] {
            assert_eq!(up_to(other), None, "{other}");
        }
    }
}
