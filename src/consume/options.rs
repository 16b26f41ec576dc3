//! What the one who runs it may choose.

use std::time::Duration;

/// How to consume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Stop at the ends that the topics have now.
    pub once: bool,
    /// Name of this member of the group: a run of the same name takes over at once from one that was killed.
    pub instance: Option<String>,
    /// Messages that are inserted without waiting for more; those that wait already come along.
    pub batch_size: u32,
    /// Longest time a message waits for others.
    pub timeout: Duration,
    /// Where a partition begins of which nothing was ever consumed.
    pub from: From,
}

/// Where a partition begins of which neither the group nor the table knows anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum From {
    /// At the first message kept.
    #[default]
    Earliest,
    /// After the last message of the moment.
    Latest,
    /// At the first message of this time or later, in milliseconds since 1970.
    At(i64),
}
