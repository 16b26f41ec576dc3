//! When a read is tried again.

use backon::{ExponentialBuilder, Retryable};
use std::future::Future;
use std::time::Duration;

/// What trying again can do about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Again {
    /// Nothing: the answer would be the same, or the wait was long enough.
    Never,
    /// It passes by itself, but the server may have done its part.
    Passes,
    /// The server never saw the request.
    NotSent,
}

/// A failed request and what can be done about it.
#[derive(Debug)]
pub(super) struct Failure<E> {
    pub error: E,
    pub again: Again,
}

/// Runs `request` up to three times while it fails in at least the way of `from`: 100 and 200 ms apart, each
/// up to twice as long by chance, so that many readers of one server do not come back together.
pub(super) async fn retried<T, E, F>(from: Again, request: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, Failure<E>>>,
{
    let pauses =
        ExponentialBuilder::default().with_min_delay(Duration::from_millis(100)).with_max_times(2).with_jitter();
    request.retry(pauses).when(|f: &Failure<E>| f.again >= from).await.map_err(|f| f.error)
}
