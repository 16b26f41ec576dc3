//! What a project remembers: who holds the lock, what was applied last, and what became of every apply and its steps.
//!
//! Pure: records to knowledge and back. `memory` reads and writes them; docs/state.md tells the format to others.

mod apply;
mod lease;
mod record;
mod remembered;
mod settled;
#[cfg(test)]
mod tests;

pub use apply::{ApplyRecord, End, HostState, StepRecord, StepState};
pub use lease::{Holder, Lease};
pub use record::{AppliedRecord, Key, Record, StateError, tombstone, written};
pub use remembered::{KEPT_APPLIES, KEPT_STEPS, Records, Remembered};
pub use settled::{begun, settled};
