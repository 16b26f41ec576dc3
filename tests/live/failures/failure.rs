//! What a host does to a statement.

use crate::fixture::relay::Fate;

/// How a host fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// It answers with an exception.
    Refuses,
    /// It does nothing and says nothing.
    Hangs,
    /// It closes the connection and has done nothing.
    ClosesBefore,
    /// It does it and closes the connection.
    ClosesAfter,
    /// It is down from then on, as one that is killed, until the run has ended.
    GoesDown,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Refuses, Self::Hangs, Self::ClosesBefore, Self::ClosesAfter, Self::GoesDown];

    /// What the relay does.
    pub fn fate(self) -> Fate {
        match self {
            Self::Refuses => Fate::Refuse { code: 497, words: "joe: Not enough privileges. (ACCESS_DENIED)".into() },
            Self::Hangs => Fate::Hang,
            Self::ClosesBefore => Fate::CloseBefore,
            Self::ClosesAfter => Fate::CloseAfter,
            Self::GoesDown => Fate::Down,
        }
    }

    /// Whether the statement is done.
    pub fn does_it(self) -> bool {
        self == Self::ClosesAfter
    }

    /// Whether nobody who sent it can know if it was done.
    pub fn leaves_doubt(self) -> bool {
        self != Self::Refuses
    }
}
