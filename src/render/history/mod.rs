//! What was applied, by whom and how it ended.

mod json;
mod text;

#[cfg(test)]
mod tests;

pub use json::{json, schema};
pub use text::text;

use std::time::Duration;

use crate::state::{ApplyRecord, End, Lease, StepRecord};

/// Applies to show, the last one first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// `metadata.name` of the project.
    pub project: String,
    /// The topic in which it is remembered.
    pub topic: String,
    /// Who holds the lock.
    pub lock: Option<Lease>,
    /// How many applies are remembered.
    pub remembered: usize,
    /// Those to show.
    pub applies: Vec<Told>,
}

/// An apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The apply.
    pub record: ApplyRecord,
    /// Its steps, where they are to be shown.
    pub steps: Option<Vec<StepRecord>>,
}

/// How an apply ended, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ended(End),
    Running,
    Cut,
}

impl State {
    fn of(record: &ApplyRecord, lock: Option<&Lease>) -> Self {
        let holds = lock.is_some_and(|lease| lease.holder.session == record.holder.session);
        match record.end {
            Some(end) => State::Ended(end),
            None if holds => State::Running,
            None => State::Cut,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            State::Ended(End::Done) => "done",
            State::Ended(End::Failed) => "failed",
            State::Ended(End::Interrupted) => "interrupted",
            State::Running => "running",
            State::Cut => "cut",
        }
    }
}

/// From one time to another; none where one is none, or clocks went backwards.
fn between(from: &str, to: Option<&str>) -> Option<Duration> {
    let time = |text: &str| text.parse::<jiff::Timestamp>().ok();
    Duration::try_from(time(to?)?.duration_since(time(from)?)).ok()
}
