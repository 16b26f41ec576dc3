//! Requests that librdkafka has no call for, over a connection of our own: the crate `kafka-protocol` has the messages,
//! rustls the protection, `rsasl` the login. What of the connection's properties this client cannot honour, it says.
//!
//! Nothing that comes from the other side is believed: frames are bounded, arrays are checked before memory is reserved
//! for them, every wait ends, and what cannot be read is an error.

mod connection;
mod error;
#[cfg(test)]
mod front;
#[cfg(test)]
mod front_tests;
mod leave;
mod login;
mod security;
mod sizes;
mod tls;

use super::counts::Request;
use super::deadline::Deadline;
use super::error::KafkaError;
use super::group::{GroupError, Removal};
use super::hidden::Hidden;
use super::settings::KafkaSettings;
use super::waits::backoff;
use backon::Retryable as _;
use connection::Address;
use error::WireError;
use kafka_protocol::ResponseError;
use security::Security;
use std::collections::{BTreeMap, BTreeSet};

/// Takes members out of a group; asks again while its coordinator moves or loads.
pub(super) async fn remove_members(
    settings: &KafkaSettings,
    group: &str,
    member_ids: BTreeSet<String>,
) -> Result<Removal, KafkaError> {
    let security = match Security::of(settings) {
        Ok(security) => security,
        Err(why) => return unsupported(settings, &why),
    };
    let servers: Vec<Address> = settings.bootstrap_servers.split(',').filter_map(Address::parse).collect();
    let deadline = Deadline::after(settings.timeout);
    let attempt = || leave::leave(&servers, &security, group, &member_ids, deadline);
    let outcome = attempt.retry(backoff(settings.timeout)).when(|e| e.is_passing() && !deadline.is_over()).await;
    match outcome {
        Ok(removal) => Ok(removal),
        Err(WireError::Unsupported(why)) => unsupported(settings, &why),
        Err(error) => Err(explain(settings, group, error)),
    }
}

/// Bytes of partitions on the disks of one broker.
pub(super) async fn sizes(
    settings: &KafkaSettings,
    broker: &str,
    topics: &BTreeMap<String, u32>,
) -> Result<Vec<((String, u32), u64)>, KafkaError> {
    let asked = async {
        let security = Security::of(settings).map_err(WireError::Unsupported)?;
        let address = Address::parse(broker);
        let address = address.ok_or_else(|| WireError::Unreachable(format!("{broker} is no address")))?;
        sizes::sizes(&address, &security, topics, Deadline::after(settings.timeout)).await
    };
    asked.await.map_err(|error: WireError| {
        let redact = |text: String| Hidden::new(settings).redact(&text);
        let (servers, request) = (broker.to_owned(), Request::DescribeLogDirs);
        match error {
            WireError::Unreachable(last) => {
                KafkaError::Unreachable { servers, request, within: settings.timeout, last: redact(last) }
            }
            WireError::Login(reason) => KafkaError::Login { servers, reason: redact(reason) },
            WireError::Refused { request: asked, code } => KafkaError::Request {
                servers,
                request,
                code: error::name(code),
                message: format!("the broker refused {asked}"),
            },
            WireError::Garbage(message) | WireError::Unsupported(message) => {
                KafkaError::Request { servers, request, code: "BAD_ANSWER".to_owned(), message: redact(message) }
            }
        }
    })
}

fn unsupported(settings: &KafkaSettings, why: &str) -> Result<Removal, KafkaError> {
    Ok(Removal::Unsupported(Hidden::new(settings).redact(why)))
}

fn explain(settings: &KafkaSettings, group: &str, error: WireError) -> KafkaError {
    let (servers, request) = (settings.bootstrap_servers.clone(), Request::LeaveGroup);
    let redact = |text: String| Hidden::new(settings).redact(&text);
    match error {
        WireError::Unreachable(last) => {
            KafkaError::Unreachable { servers, request, within: settings.timeout, last: redact(last) }
        }
        WireError::Login(reason) => KafkaError::Login { servers, reason: redact(reason) },
        WireError::Refused { request: asked, code } => {
            let message = format!("the broker refused {asked}");
            let source = if code == ResponseError::GroupAuthorizationFailed.code() {
                GroupError::Forbidden(message)
            } else {
                GroupError::Other { code: error::name(code), message }
            };
            KafkaError::Group { servers, request, group: group.to_owned(), source }
        }
        WireError::Garbage(message) | WireError::Unsupported(message) => {
            KafkaError::Request { servers, request, code: "BAD_ANSWER".to_owned(), message: redact(message) }
        }
    }
}
