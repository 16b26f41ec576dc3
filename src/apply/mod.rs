//! Plan -> outcomes: a loop over steps that were decided before. Asks nothing, decides nothing.

mod answers;
mod backfill;
mod clickhouse;
mod copy;
mod effect;
mod groups;
mod kafka;
mod outcome;
mod passed;
mod run;
mod spread;
mod trouble;

pub use outcome::{Events, Outcome, StepError};
pub use run::{Stop, run};
