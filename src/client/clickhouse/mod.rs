//! ClickHouse over HTTP: a reader that can change nothing, a writer that never tries twice, and errors
//! that say whether a statement may have been executed.
//!
//! Knows nothing of what the statements say. The only user of reqwest in the crate.

mod error;
mod exception;
mod guard;
mod host;
mod reader;
mod redact;
mod retry;
mod session;
mod settings;
mod transport;
mod writer;

#[cfg(test)]
pub(crate) mod front;
#[cfg(test)]
mod front_tests;

pub use error::{Cause, ClickHouseError};
pub use host::Host;
pub use reader::ClickHouseReader;
pub use session::Session;
pub use settings::ClickHouseSettings;
pub use writer::{ClickHouseWriter, Execute};
