//! Who may change the servers.

use serde::{Deserialize, Serialize};

/// Whoever applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Tells this run from every other.
    pub session: String,
    /// Name of the user.
    pub user: String,
    /// Name of the machine.
    pub host: String,
    /// Process id on that machine.
    pub process: u32,
    /// The command as typed, without values of variables.
    pub command: String,
    /// The environment, if one was chosen.
    pub environment: Option<String>,
    /// When it began, by its clock, as in RFC 3339.
    pub since: String,
    /// First digits of the id of the plan that it runs; none while it makes one.
    pub plan: Option<String>,
}

/// A claim to be the only one, which is repeated while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// Whose.
    pub holder: Holder,
    /// How often it was repeated.
    pub beat: u64,
    /// Seconds since it was taken, by the holder's own clock: nobody has to compare clocks.
    pub age_seconds: u64,
    /// Whether the holder has given it up.
    pub released: bool,
}
