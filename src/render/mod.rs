//! Plan and outcome -> text, a file per format. Pure: no clock, no terminal, the same input gives the same bytes.
//!
//! Nothing here decides anything: what is shown comes from the plan, statements from the function that apply
//! sends them with. Names, values and servers' words are data: all of them pass `paper`, which lets no control
//! character through.

mod action;
mod census;
mod difference;
mod fold;
mod hosts;
mod matrix;
mod metrics;
mod paper;
mod query;
mod reason;
mod remains;
mod replicas;
mod resource;
mod totals;

pub mod drift;
pub mod finding;
pub mod finding_codes;
pub mod findings;
pub mod graph;
pub mod health;
pub mod history;
pub mod json;
pub mod markdown;
pub mod moved;
pub mod outcome;
pub mod script;
pub mod text;
pub mod words;

pub use census::left_for_later;
pub use paper::escape;
pub use remains::remains;
pub use script::sql;
pub use text::{Style, plan, step};
pub use totals::consent;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod testing_evolution;
#[cfg(test)]
mod tests;
