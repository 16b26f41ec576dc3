//! When the group may be told something, and what a refusal means.

use super::error::ConsumeError;
use super::run::{Events, now};
use super::sink::ONCE_GIVES_UP;
use crate::client::kafka::KafkaError;
use std::time::Duration;
use tokio::time::Instant;

/// From a refused commit to the next.
const PAUSE: Duration = Duration::from_millis(300);
/// Between two lines about the same trouble.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Errors that no waiting cures.
const FINAL: [&str; 6] = [
    "GroupAuthorizationFailed",
    "TopicAuthorizationFailed",
    "OffsetMetadataTooLarge",
    "InvalidGroupId",
    "FencedInstanceId",
    "Authentication",
];

/// Whether no waiting cures it.
pub(super) fn is_final(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Request { code, .. } if FINAL.contains(&code.as_str()))
}

/// One commit at a time, for all partitions together.
#[derive(Debug)]
pub(super) struct Commits {
    waits: bool,
    /// The first failure since a success, and the last line about it.
    failing: Option<(Instant, Option<Instant>)>,
    after: Option<Instant>,
    give_up: Option<Duration>,
}

impl Commits {
    pub fn new(once: bool) -> Self {
        Self { waits: false, failing: None, after: None, give_up: once.then_some(ONCE_GIVES_UP) }
    }

    /// Whether an answer is awaited.
    pub fn waits(&self) -> bool {
        self.waits
    }

    pub fn may_ask(&self) -> bool {
        !self.waits && self.after.is_none_or(|after| now() >= after)
    }

    pub fn asked(&mut self) {
        self.waits = true;
    }

    /// The answer is there.
    ///
    /// # Errors
    /// It does not pass, or lasts too long.
    pub fn answered(&mut self, result: Result<(), KafkaError>, events: &dyn Events) -> Result<(), ConsumeError> {
        self.waits = false;
        let Err(error) = result else {
            if let Some((since, Some(_))) = self.failing.take() {
                events.say(&format!("offsets are committed again after {:.1} s", since.elapsed().as_secs_f64()));
            }
            self.after = None;
            return Ok(());
        };
        let (since, said) = self.failing.unwrap_or_else(|| (now(), None));
        if is_final(&error) {
            return Err(error.into());
        }
        if let Some(after) = self.give_up.filter(|limit| since.elapsed() > *limit) {
            return Err(ConsumeError::GaveUp { after, source: Box::new(error.into()) });
        }
        self.after = Some(now() + PAUSE);
        // A group that is being divided anew refuses for a moment, which is nothing to tell.
        let told = since.elapsed() > Duration::from_secs(2) && said.is_none_or(|at| at.elapsed() > SAY_EVERY);
        if told {
            events.say(&format!("offsets cannot be committed: {error}; trying again"));
        }
        self.failing = Some((since, if told { Some(now()) } else { said }));
        Ok(())
    }
}
