//! What can go wrong between us and a ClickHouse server.

use super::host::Host;
use super::redact::Redaction;
use secrecy::SecretString;
use std::time::Duration;
use std::{error, fmt};

/// Why a request to ClickHouse failed. `in_doubt` is true where a write may have been executed all the
/// same; of a read it is always false.
#[derive(Debug, thiserror::Error)]
pub enum ClickHouseError {
    /// The URL is not usable. Its text is left out: it may hold a password.
    #[error("the ClickHouse URL cannot be used: {reason}; write it as http://host:8123")]
    BadUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// User, password or certificate cannot be used as they are.
    #[error("the ClickHouse connection to {host} cannot be set up: {reason}")]
    BadSettings {
        /// The server the connection was for.
        host: Host,
        /// What is wrong; holds no secret.
        reason: String,
    },
    /// A reader was given something else than a read; nothing was sent.
    #[error(
        "`{beginning} …` does not read, so it is not sent to ClickHouse at {host} by a reader; this is a fault of the program"
    )]
    NotARead {
        /// The server it was for.
        host: Host,
        /// The statement's first words.
        beginning: String,
    },
    /// No connection, or one that broke before the answer was complete.
    #[error("no answer from ClickHouse at {host}{}; check the address and that the server runs", doubt(*in_doubt))]
    Unreachable {
        /// The server.
        host: Host,
        /// What the network said.
        source: Cause,
        /// Whether the statement may have been executed.
        in_doubt: bool,
    },
    /// The answer did not come in time.
    #[error("ClickHouse at {host} did not answer within {} s{}; check its load, or raise the timeout", after.as_secs_f64(), doubt(*in_doubt))]
    Timeout {
        /// The server.
        host: Host,
        /// How long we waited.
        after: Duration,
        /// Whether the statement may have been executed.
        in_doubt: bool,
    },
    /// The server refused the statement or failed in it.
    #[error("ClickHouse at {host} refused: {message} (code {code}{}){}", named(name), doubt(*in_doubt))]
    Refused {
        /// The server.
        host: Host,
        /// ClickHouse's error code.
        code: i32,
        /// The code's name, such as `UNKNOWN_TABLE`; empty when the server gave none.
        name: String,
        /// The server's words, without code, class and version around them.
        message: String,
        /// Whether the statement may have been executed, wholly or on some hosts.
        in_doubt: bool,
    },
    /// The server does not accept the user or the password.
    #[error(
        "ClickHouse at {host} does not let the user `{user}` in; check the user name and the password, and the addresses that user may come from"
    )]
    Unauthorized {
        /// The server.
        host: Host,
        /// The user.
        user: String,
    },
    /// What answers is no ClickHouse: another HTTP server, a proxy in front of a dead one, a redirect.
    #[error("{host} does not answer as ClickHouse does (HTTP status {status}){}; check port and path of the URL: it must be ClickHouse's HTTP interface itself", doubt(*in_doubt))]
    NotClickHouse {
        /// The server.
        host: Host,
        /// HTTP status.
        status: u16,
        /// Whether the statement may have been executed.
        in_doubt: bool,
    },
    /// The answer is not in the form that was asked for.
    #[error("cannot read the answer of ClickHouse at {host}: {what}, near `{near}`{}", doubt(*in_doubt))]
    Malformed {
        /// The server.
        host: Host,
        /// What does not fit.
        what: String,
        /// The place in the answer, shortened.
        near: String,
        /// Whether the statement may have been executed.
        in_doubt: bool,
    },
}

impl ClickHouseError {
    /// Whether the statement that failed may have been executed, wholly or in part. The state of the server
    /// has to be read again before anything else is decided.
    pub fn is_in_doubt(&self) -> bool {
        match self {
            ClickHouseError::BadUrl { .. }
            | ClickHouseError::BadSettings { .. }
            | ClickHouseError::NotARead { .. }
            | ClickHouseError::Unauthorized { .. } => false,
            ClickHouseError::Unreachable { in_doubt, .. }
            | ClickHouseError::Timeout { in_doubt, .. }
            | ClickHouseError::Refused { in_doubt, .. }
            | ClickHouseError::NotClickHouse { in_doubt, .. }
            | ClickHouseError::Malformed { in_doubt, .. } => *in_doubt,
        }
    }

    /// Why there is no server to be read, where that is so, in a few words; nothing of what a server says of itself or
    /// of the one who asks.
    pub fn silence(&self) -> Option<String> {
        match self {
            ClickHouseError::Unreachable { source, .. } => Some(source.to_string()),
            ClickHouseError::Timeout { after, .. } => Some(format!("no answer within {} s", after.as_secs_f64())),
            ClickHouseError::NotClickHouse { status, .. } => {
                Some(format!("what answers is no ClickHouse, HTTP status {status}"))
            }
            ClickHouseError::BadUrl { .. }
            | ClickHouseError::BadSettings { .. }
            | ClickHouseError::NotARead { .. }
            | ClickHouseError::Unauthorized { .. }
            | ClickHouseError::Refused { .. }
            | ClickHouseError::Malformed { .. } => None,
        }
    }

    /// ClickHouse's error code, where the server gave one.
    pub fn code(&self) -> Option<i32> {
        match self {
            ClickHouseError::Refused { code, .. } => Some(*code),
            ClickHouseError::BadUrl { .. }
            | ClickHouseError::BadSettings { .. }
            | ClickHouseError::NotARead { .. }
            | ClickHouseError::Unreachable { .. }
            | ClickHouseError::Timeout { .. }
            | ClickHouseError::Unauthorized { .. }
            | ClickHouseError::NotClickHouse { .. }
            | ClickHouseError::Malformed { .. } => None,
        }
    }

    /// Replaces secret values in the server's words by the references they are shown as: the plain value,
    /// its forms inside SQL strings, and a beginning of it where the server cut a quotation off with `...`.
    #[must_use]
    pub fn redacted(self, secrets: &[(SecretString, String)]) -> Self {
        let redaction = Redaction::new(secrets);
        match self {
            ClickHouseError::Refused { host, code, name, message, in_doubt } => {
                ClickHouseError::Refused { host, code, name, message: redaction.apply(&message), in_doubt }
            }
            ClickHouseError::Malformed { host, what, near, in_doubt } => ClickHouseError::Malformed {
                host,
                what: redaction.apply(&what),
                near: redaction.apply(&near),
                in_doubt,
            },
            // Nothing in these comes from a statement or an answer.
            same @ (ClickHouseError::BadUrl { .. }
            | ClickHouseError::BadSettings { .. }
            | ClickHouseError::NotARead { .. }
            | ClickHouseError::Unreachable { .. }
            | ClickHouseError::Timeout { .. }
            | ClickHouseError::Unauthorized { .. }
            | ClickHouseError::NotClickHouse { .. }) => same,
        }
    }
}

fn doubt(in_doubt: bool) -> &'static str {
    if in_doubt { "; whether the statement was executed is not known" } else { "" }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(", {name}") }
}

/// What the network said: the innermost of the HTTP client's errors, which alone tells the reason.
#[derive(Debug)]
pub struct Cause(String);

impl Cause {
    pub(super) fn of(error: &reqwest::Error) -> Self {
        let mut innermost: &dyn error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        // The outermost error alone would show the URL; no inner one does.
        match error::Error::source(error) {
            Some(_) => Self(innermost.to_string()),
            None => Self("the request could not be sent".to_owned()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for Cause {}
