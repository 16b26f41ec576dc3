//! Ctrl-C, and the signal with which job runners ask for the same.

use super::report::{Exit, Failure};
use std::future::Future;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens from its making on: a signal that comes between two waits is not lost.
pub(super) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupts {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for work that may be cancelled at any point.
    ///
    /// # Errors
    /// Somebody interrupted it.
    pub async fn or<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            () = self.next() => Err(Failure::new(Exit::Interrupted, "interrupted")),
        }
    }
}
