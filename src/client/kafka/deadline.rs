//! A point in time after which waiting stops.

use std::time::{Duration, Instant};

/// Copied into every wait of one request, so that they share one allowance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// The deadline that is `span` away.
    pub(super) fn after(span: Duration) -> Self {
        Self(now() + span)
    }

    /// What is left, zero when it has passed.
    pub(super) fn remaining(self) -> Duration {
        self.0.saturating_duration_since(now())
    }

    /// Whether it has passed.
    pub(super) fn is_over(self) -> bool {
        self.remaining().is_zero()
    }
}

#[expect(clippy::disallowed_methods, reason = "a client bounds its waits by the clock")]
fn now() -> Instant {
    Instant::now()
}
