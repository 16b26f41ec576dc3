//! Finding the coordinator of a group and taking members out of it.

use super::super::deadline::Deadline;
use super::super::group::Removal;
use super::connection::{Address, Array, Connection};
use super::error::WireError;
use super::login::log_in;
use super::security::Security;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, FindCoordinatorRequest, GroupId, LeaveGroupRequest,
};
use kafka_protocol::protocol::{Request, StrBytes};
use std::collections::BTreeSet;

/// The first version that takes ids of members. Later ones add a reason, and arrays in another form.
const LEAVE: i16 = 3;

/// Versions that ask for one group.
const COORDINATOR: std::ops::RangeInclusive<i16> = 1..=3;

/// The key is a consumer group.
const GROUP: i8 = 0;

/// Once through: from the bootstrap servers to the coordinator's answer.
pub(super) async fn leave(
    servers: &[Address],
    security: &Security,
    group: &str,
    member_ids: &BTreeSet<String>,
    deadline: Deadline,
) -> Result<Removal, WireError> {
    let (mut first, versions) = any(servers, security, deadline).await?;
    let version = *COORDINATOR.end().min(&newest::<FindCoordinatorRequest>(&versions));
    if !COORDINATOR.contains(&version) || newest::<LeaveGroupRequest>(&versions) < LEAVE {
        return Err(WireError::Unsupported(
            "the brokers know no removal of members (Kafka 2.4 and later do)".to_owned(),
        ));
    }
    let address = coordinator(&mut first, version, group).await?;
    if address == *first.address() {
        return take_out(&mut first, group, member_ids).await;
    }
    drop(first);
    let (mut connection, _) = open(&address, security, deadline, deadline).await?;
    take_out(&mut connection, group, member_ids).await
}

/// A connection to the first of the servers that answers. Each gets its share of the time, so that a silent one does
/// not take it all.
async fn any(
    servers: &[Address],
    security: &Security,
    deadline: Deadline,
) -> Result<(Connection, ApiVersionsResponse), WireError> {
    let mut last = WireError::Unreachable("no bootstrap server is named".to_owned());
    for (i, address) in servers.iter().enumerate() {
        let left = u32::try_from(servers.len() - i).unwrap_or(u32::MAX);
        let attempt = Deadline::after(deadline.remaining() / left);
        match open(address, security, attempt, deadline).await {
            Ok(opened) => return Ok(opened),
            Err(error @ (WireError::Unreachable(_) | WireError::Garbage(_))) => last = error,
            Err(error @ (WireError::Login(_) | WireError::Refused { .. } | WireError::Unsupported(_))) => {
                return Err(error);
            }
        }
    }
    Err(last)
}

/// A connection that is ready for requests, and what the broker on its other end knows.
pub(super) async fn open(
    address: &Address,
    security: &Security,
    attempt: Deadline,
    deadline: Deadline,
) -> Result<(Connection, ApiVersionsResponse), WireError> {
    let mut connection = Connection::open(address, security, attempt).await?;
    let versions = Array { at: 2, element: 6 };
    let answer = connection.ask(&ApiVersionsRequest::default(), 0, Some(versions)).await?;
    WireError::check("ApiVersions", answer.error_code)?;
    if let Some(login) = &security.login {
        log_in(&mut connection, login).await?;
    }
    connection.extend(deadline);
    Ok((connection, answer))
}

/// The newest version of a request that the broker knows, -1 for none.
pub(super) fn newest<R: Request>(versions: &ApiVersionsResponse) -> i16 {
    versions.api_keys.iter().find(|api| api.api_key == R::KEY).map_or(-1, |api| api.max_version)
}

async fn coordinator(connection: &mut Connection, version: i16, group: &str) -> Result<Address, WireError> {
    let key = StrBytes::from_string(group.to_owned());
    let request = FindCoordinatorRequest::default().with_key(key).with_key_type(GROUP);
    let answer = connection.ask(&request, version, None).await?;
    WireError::check("FindCoordinator", answer.error_code)?;
    let port = u16::try_from(answer.port).ok().filter(|port| *port > 0);
    let Some(port) = port.filter(|_| !answer.host.is_empty()) else {
        return Err(connection.garbage(&"the coordinator has no address"));
    };
    Ok(Address { host: answer.host.to_string(), port })
}

async fn take_out(
    connection: &mut Connection,
    group: &str,
    member_ids: &BTreeSet<String>,
) -> Result<Removal, WireError> {
    let member = |id: &String| MemberIdentity::default().with_member_id(StrBytes::from_string(id.clone()));
    let request = LeaveGroupRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_members(member_ids.iter().map(member).collect());
    let members = Array { at: 6, element: 6 };
    let answer = connection.ask(&request, LEAVE, Some(members)).await?;
    let gone = [ResponseError::UnknownMemberId.code(), ResponseError::GroupIdNotFound.code()];
    if gone.contains(&answer.error_code) {
        return Ok(Removal::Done { removed: Vec::new(), gone: member_ids.iter().cloned().collect() });
    }
    WireError::check("LeaveGroup", answer.error_code)?;
    let (mut removed, mut left) = (Vec::new(), member_ids.clone());
    for member in &answer.members {
        // The answer may hold no member that was not asked about.
        let Some(id) = left.take(member.member_id.as_str()) else { continue };
        match member.error_code {
            0 => removed.push(id),
            code if gone.contains(&code) => {
                left.insert(id);
            }
            code => return Err(WireError::Refused { request: "LeaveGroup", code }),
        }
    }
    Ok(Removal::Done { removed, gone: left.into_iter().collect() })
}
