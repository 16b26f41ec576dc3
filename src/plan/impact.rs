//! What a change of a pipeline means for the rows that flow through it.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How a running pipeline is changed: the heaviest way that the change takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// ALTERs beside the flow.
    InPlace,
    /// The entry views are taken away, everything is changed, and they are made again.
    Paused,
    /// Consumers come to hosts that had none.
    Joined,
    /// The Kafka table is dropped and made again.
    Reconnected,
    /// A new table is filled with the rows of another one while nothing flows.
    Filled,
    /// A table is built beside the old one, filled from it, and takes its name.
    Rebuilt,
}

/// What a reviewer wants to know first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// How.
    pub class: Class,
    /// How long nothing is ingested, apart from copying; `None` where nothing stops.
    pub pause: Option<Duration>,
    /// Rows that are copied, over all hosts; `None` where none are, or nobody knows.
    pub rows: Option<u64>,
    /// What becomes of the group's offsets.
    pub offsets: Offsets,
}

/// What becomes of the offsets of the consumer group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Offsets {
    /// The group goes on where it is.
    Kept,
    /// Another group goes on where the old one is.
    Carried,
    /// Messages that were read are read again.
    Replayed,
    /// Messages that nobody read are passed over.
    Skipped,
    /// Its topic is another one: it begins at the first message.
    Restarted,
}
