//! How an exchange on a connection of our own can end badly.

use kafka_protocol::ResponseError;

/// Why there is no answer, or none that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WireError {
    /// Nobody answered, or not in time.
    Unreachable(String),
    /// What came is no answer to what was asked.
    Garbage(String),
    /// The login was refused.
    Login(String),
    /// The broker answered with an error.
    Refused {
        /// What of: the request's name in the protocol.
        request: &'static str,
        /// Its number in the protocol.
        code: i16,
    },
    /// This client cannot speak to these brokers.
    Unsupported(String),
}

impl WireError {
    /// The error of a request; `Ok` for code 0.
    pub(super) fn check(request: &'static str, code: i16) -> Result<(), WireError> {
        if code == 0 { Ok(()) } else { Err(WireError::Refused { request, code }) }
    }

    /// Whether the same request may succeed a moment later: coordinators move and load.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            WireError::Refused { code, .. } => [
                ResponseError::CoordinatorLoadInProgress,
                ResponseError::CoordinatorNotAvailable,
                ResponseError::NotCoordinator,
            ]
            .iter()
            .any(|e| e.code() == *code),
            WireError::Unreachable(_) | WireError::Garbage(_) | WireError::Login(_) | WireError::Unsupported(_) => {
                false
            }
        }
    }
}

/// The name of an error as the protocol has it: `GROUP_AUTHORIZATION_FAILED`.
pub(super) fn name(code: i16) -> String {
    match ResponseError::try_from_code(code) {
        None | Some(ResponseError::Unknown(_)) => code.to_string(),
        Some(known) => screaming(&format!("{known:?}")),
    }
}

fn screaming(camel: &str) -> String {
    let mut out = String::new();
    for (i, letter) in camel.chars().enumerate() {
        if i > 0 && letter.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_protocol() {
        assert_eq!(
            [30, 25, 58, 9999].map(name),
            ["GROUP_AUTHORIZATION_FAILED", "UNKNOWN_MEMBER_ID", "SASL_AUTHENTICATION_FAILED", "9999"]
        );
    }

    #[test]
    fn only_a_coordinator_on_the_move_is_worth_another_try() {
        let passing: Vec<i16> =
            (-1..130).filter(|code| WireError::Refused { request: "LeaveGroup", code: *code }.is_passing()).collect();
        assert_eq!(passing, [14, 15, 16]);
        assert!(!WireError::Unreachable(String::new()).is_passing());
    }
}
