//! Plan -> outcomes: a loop over steps that were decided before. Asks nothing, decides nothing.

mod backfill;
mod clickhouse;
mod copy;
mod groups;
mod kafka;
mod outcome;
mod run;
mod spread;
mod trouble;

pub use outcome::{Events, Outcome, StepError};
pub use run::{Stop, run};
