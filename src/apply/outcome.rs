//! What became of the steps.

use futures_util::future::{BoxFuture, ready};
use std::fmt;
use std::time::Duration;

/// What became of a plan's steps, by index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Steps that are done, in the order they were.
    pub done: Vec<usize>,
    /// Steps that failed, with why.
    pub failed: Vec<(usize, StepError)>,
    /// Steps that were not started.
    pub not_started: Vec<usize>,
    /// Somebody stopped it.
    pub interrupted: bool,
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// The ClickHouse host, where it is about one.
    pub host: Option<String>,
    /// The statement, secrets as their references.
    pub statement: Option<String>,
    /// The server's words, secrets taken out.
    pub words: String,
    /// Whether it may have been executed all the same.
    pub in_doubt: bool,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for StepError {}

/// Whoever watches an apply.
pub trait Events: Sync {
    /// A step is about to begin. It does not where this fails: whoever keeps a journal has to have written it down.
    ///
    /// # Errors
    /// Why it may not.
    fn admit(&self, _step: usize) -> BoxFuture<'_, Result<(), StepError>> {
        Box::pin(ready(Ok(())))
    }
    /// A step begins.
    fn started(&self, step: usize);
    /// A copy on a host has come so far.
    fn progress(&self, step: usize, host: usize, done: u64, total: u64);
    /// A step ended after `took`.
    fn finished(&self, step: usize, took: Duration, result: Result<(), &StepError>);
}
