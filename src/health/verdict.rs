//! The one word about a resource.

use std::fmt;

/// How a resource is, from the best to the worst: what is worse hides what is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Everything that was sent has arrived.
    Healthy,
    /// There is nothing to do: no message is there.
    Idle,
    /// Something has not arrived yet and is on its way.
    Lagging,
    /// It could not be told.
    Unknown,
    /// Something has not arrived and does not move.
    Stuck,
    /// Something is missing or wrong that no waiting mends.
    Broken,
}

impl Verdict {
    /// Every verdict, from the best to the worst.
    pub const ALL: [Verdict; 6] =
        [Verdict::Healthy, Verdict::Idle, Verdict::Lagging, Verdict::Unknown, Verdict::Stuck, Verdict::Broken];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Healthy => "healthy",
            Verdict::Idle => "idle",
            Verdict::Lagging => "lagging",
            Verdict::Unknown => "unknown",
            Verdict::Stuck => "stuck",
            Verdict::Broken => "broken",
        }
    }

    /// Whether nobody has to look at it.
    pub fn is_well(self) -> bool {
        match self {
            Verdict::Healthy | Verdict::Idle | Verdict::Lagging => true,
            Verdict::Unknown | Verdict::Stuck | Verdict::Broken => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
