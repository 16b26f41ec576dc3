//! Waiting with an end: short pauses at first, longer ones later, never past the deadline.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A wait that began when it was made.
pub(super) struct Wait {
    deadline: Instant,
    pause: Duration,
}

impl Wait {
    /// A wait of `within` at most.
    #[expect(clippy::disallowed_methods, reason = "a deadline for processes needs the clock")]
    pub(super) fn new(within: Duration) -> Self {
        Self { deadline: Instant::now() + within, pause: FIRST_PAUSE }
    }

    /// Pauses, and says whether there was still time for it.
    #[expect(clippy::disallowed_methods, reason = "a deadline for processes needs the clock")]
    pub(super) fn pause(&mut self) -> bool {
        let left = self.deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        !left.is_zero()
    }

    /// Asks until the answer is yes; false if it never was.
    pub(super) fn until(mut self, mut done: impl FnMut() -> bool) -> bool {
        loop {
            if done() {
                return true;
            }
            if !self.pause() {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_the_condition_or_the_deadline() {
        let mut asked = 0;
        let third = || {
            asked += 1;
            asked == 3
        };
        assert!(Wait::new(Duration::from_secs(60)).until(third));
        assert!(!Wait::new(Duration::from_millis(1)).until(|| false));
    }
}
