//! Which failures pass by themselves, and how long that is believed.

use crate::client::clickhouse::ClickHouseError;
use crate::consume::run::Events;
use std::time::Duration;
use tokio::time::Instant;

/// First and longest pause between two attempts.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Between two lines about the same trouble.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// How long a run that has an end waits for a server that is away.
pub(in super::super) const ONCE_GIVES_UP: Duration = Duration::from_secs(300);

/// How long a table may be missing: somebody may be swapping it for another.
const TABLE_MISSING: Duration = Duration::from_secs(60);

/// The patience with one request.
pub(super) struct Patience {
    begin: Instant,
    give_up: Option<Duration>,
    pause: Duration,
    said: Option<Instant>,
}

/// What waiting does about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cure {
    /// It passes, or the network decides.
    Waiting,
    /// It passes soon, or never.
    WaitingAWhile,
    /// Nothing.
    None,
}

impl Patience {
    pub fn new(give_up: Option<Duration>) -> Self {
        Self { begin: Instant::now(), give_up, pause: PAUSES.0, said: None }
    }

    /// Whether to try again.
    pub fn bears(&self, error: &ClickHouseError) -> bool {
        let limit = match cure(error) {
            Cure::Waiting => self.give_up,
            Cure::WaitingAWhile => Some(TABLE_MISSING.min(self.give_up.unwrap_or(TABLE_MISSING))),
            Cure::None => return false,
        };
        limit.is_none_or(|limit| self.begin.elapsed() < limit)
    }

    /// Pauses before the next attempt, and says why from time to time.
    pub async fn wait(&mut self, events: &dyn Events, what: &str, error: &ClickHouseError) {
        if self.said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            let cause = std::error::Error::source(error).map_or_else(String::new, |c| format!(": {c}"));
            events.say(&format!("{what}: {error}{cause}; trying again"));
            self.said = Some(Instant::now());
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSES.1);
    }

    /// The request went through.
    pub fn over(&self, events: &dyn Events) {
        if self.said.is_some() {
            events.say(&format!("goes on after {:.1} s", self.begin.elapsed().as_secs_f64()));
        }
    }
}

fn cure(error: &ClickHouseError) -> Cure {
    match error {
        ClickHouseError::Unreachable { .. } | ClickHouseError::Timeout { .. } => Cure::Waiting,
        // A proxy in front of a server that restarts.
        ClickHouseError::NotClickHouse { .. } | ClickHouseError::Malformed { .. } => Cure::Waiting,
        ClickHouseError::BadUrl { .. }
        | ClickHouseError::BadSettings { .. }
        | ClickHouseError::NotARead { .. }
        | ClickHouseError::Unauthorized { .. } => Cure::None,
        ClickHouseError::Refused { code, message, .. } => of_code(*code, message),
    }
}

fn of_code(code: i32, message: &str) -> Cure {
    match code {
        // Time, load and memory: TIMEOUT_EXCEEDED, TOO_SLOW, TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, MEMORY_LIMIT_EXCEEDED,
        // TOO_MANY_PARTS, CANNOT_SCHEDULE_TASK, QUOTA_EXCEEDED.
        159 | 160 | 202 | 203 | 241 | 252 | 439 | 201
        // Links between servers: DNS_ERROR, SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, ALL_REPLICAS_ARE_STALE.
        | 198 | 209 | 210 | 279 | 369
        // Replicas and disks: TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE, TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE,
        // UNKNOWN_STATUS_OF_INSERT, NO_ZOOKEEPER, KEEPER_EXCEPTION, S3_ERROR.
        | 242 | 243 | 285 | 286 | 319 | 225 | 999 | 499
        // Ends of queries and of servers: ABORTED, QUERY_WAS_CANCELLED, DEADLOCK_AVOIDED, and the three of unknown origin.
        | 236 | 394 | 473 | 1000..=1002 => Cure::Waiting,
        // The shard's words, where the connection between servers broke in the middle (ATTEMPT_TO_READ_AFTER_EOF).
        32 if message.contains("while receiving packet") => Cure::Waiting,
        // UNKNOWN_TABLE, UNKNOWN_DATABASE, TABLE_IS_DROPPED, NO_SUCH_COLUMN_IN_TABLE, TABLE_WAS_NOT_DROPPED.
        60 | 81 | 218 | 16 => Cure::WaitingAWhile,
        _ => Cure::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_not_waited_for_and_a_table_only_a_while() {
        assert_eq!(of_code(27, ""), Cure::None);
        assert_eq!(of_code(38, ""), Cure::None);
        assert_eq!(of_code(469, ""), Cure::None);
        assert_eq!(of_code(210, ""), Cure::Waiting);
        assert_eq!(of_code(60, ""), Cure::WaitingAWhile);
        assert_eq!(of_code(32, "Attempt to read after eof"), Cure::None);
        assert_eq!(of_code(32, "Attempt to read after eof: while receiving packet from h:9000"), Cure::Waiting);
    }
}
