//! The SASL login: Kafka's two requests around the messages of `rsasl`.

use super::connection::{Array, Connection};
use super::error::{WireError, name};
use super::security::Login;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use rsasl::prelude::{Mechname, MessageSent, SASLClient, SASLConfig, State};
use secrecy::ExposeSecret;

/// SCRAM takes two rounds; a server that goes on asking is none.
const ROUNDS: usize = 4;

/// Iterations of SCRAM: fewer make a password easy to guess from what was overheard (RFC 5802), and with more a false
/// server could keep us computing. Kafka allows 4,096 to 16,384.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4_096..=100_000;

/// Logs in on a fresh connection.
pub(super) async fn log_in(connection: &mut Connection, login: &Login) -> Result<(), WireError> {
    let mechanism = StrBytes::from_static_str(login.mechanism);
    let mechanisms = Array { at: 2, element: 2 };
    let answer =
        connection.ask(&SaslHandshakeRequest::default().with_mechanism(mechanism), 1, Some(mechanisms)).await?;
    if answer.error_code == ResponseError::UnsupportedSaslMechanism.code() {
        let offered: Vec<&str> = answer.mechanisms.iter().map(|m| m.as_str()).collect();
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        return Err(WireError::Login(format!("the broker does not take {}; it takes {offered}", login.mechanism)));
    }
    WireError::check("SaslHandshake", answer.error_code)?;
    authenticate(connection, login).await
}

async fn authenticate(connection: &mut Connection, login: &Login) -> Result<(), WireError> {
    let failed = |e: &dyn std::fmt::Display| WireError::Login(format!("{}: {e}", login.mechanism));
    let (user, password) = (login.user.expose_secret().to_owned(), login.password.expose_secret().to_owned());
    let config = SASLConfig::with_credentials(None, user, password).map_err(|e| failed(&e))?;
    let mechanism = Mechname::parse(login.mechanism.as_bytes()).map_err(|e| failed(&e))?;
    let mut session = SASLClient::new(config).start_suggested(&[mechanism]).map_err(|e| failed(&e))?;
    let mut heard: Option<Vec<u8>> = None;
    for _ in 0..ROUNDS {
        if heard.as_deref().and_then(iterations).is_some_and(|count| !ITERATIONS.contains(&count)) {
            return Err(failed(&"the broker asks for too few or too many iterations"));
        }
        let mut say = Vec::new();
        let state = session.step(heard.as_deref(), &mut say).map_err(|e| failed(&e))?;
        if matches!(state, State::Finished(MessageSent::No)) {
            return Ok(());
        }
        let request = SaslAuthenticateRequest::default().with_auth_bytes(say.into());
        let answer = connection.ask(&request, 0, None).await?;
        if answer.error_code != 0 {
            let words = answer.error_message.map(|m| m.to_string()).filter(|m| !m.is_empty());
            return Err(WireError::Login(words.unwrap_or_else(|| name(answer.error_code))));
        }
        if matches!(state, State::Finished(MessageSent::Yes)) {
            return Ok(());
        }
        heard = Some(answer.auth_bytes.to_vec());
    }
    Err(failed(&"the broker does not come to an end"))
}

/// The iterations a server's first SCRAM message asks for, if it is one.
fn iterations(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?;
    text.split(',').find_map(|part| part.strip_prefix("i="))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_read_from_the_first_message_only() {
        assert_eq!(iterations(b"r=abc,s=QSXCR+Q6sek8bf92,i=4096"), Some(4096));
        assert_eq!(iterations(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), None);
        assert_eq!(iterations(&[0xff, 0xfe]), None);
    }
}
