//! Real Kafka and real ClickHouse on this machine, without containers: installed once into a cache
//! folder, started as plain processes, found again through a state file, stopped by process id.
//!
//! Knows nothing of manifests. Whether an engine answers is asked of a [`Probe`]; [`Clients`] is the one
//! that speaks the real protocols. Everything is blocking, and only for Linux (`/proc`).
//!
//! - [`up`] installs, starts and waits; [`Sandbox`] stops and starts single engines;
//! - [`status`] and [`down`] work from the folder alone, in any process.

mod clickhouse;
mod disk;
mod down;
mod endpoints;
mod engine;
mod error;
mod install;
mod kafka;
mod options;
mod ports;
mod probe;
mod process;
mod python;
mod ready;
mod running;
mod shape;
mod state;
mod status;
mod up;
mod wait;

pub use down::down;
pub use endpoints::Endpoints;
pub use error::SandboxError;
pub use install::{CHDB_VERSION, CLICKHOUSE_VERSION, KAFKA_VERSION, MIN_PYTHON};
pub use options::{Lifetime, Options, Ports, Probe, Progress};
pub use probe::Clients;
pub use process::Condition;
pub use running::Sandbox;
pub use status::{EngineStatus, Status, status};
pub use up::up;

#[cfg(test)]
mod live;
#[cfg(test)]
mod testing;
