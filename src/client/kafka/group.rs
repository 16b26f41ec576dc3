//! Consumer groups: what is known of them, and how the brokers refuse a change of one.

use super::error::TopicError;
use std::collections::BTreeMap;

/// One answer for each group asked for, by name.
pub type PerGroup<T> = BTreeMap<String, Result<T, GroupError>>;

/// Offsets of a group by topic and partition number: the next message it reads.
pub type Positions = BTreeMap<(String, u32), i64>;

/// What a group has committed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// Where it goes on.
    pub positions: Positions,
    /// The group whose offsets these are, where it got them to go on in its place and has read nothing since.
    pub follows: Option<String>,
}

/// Before the name of the group that is followed, in the metadata of an offset.
const FOLLOWS: &str = "sluice: goes on where this group stood: ";

/// The metadata that says which group is followed.
pub(super) fn followed(group: &str) -> String {
    format!("{FOLLOWS}{group}")
}

/// The group that the metadata of an offset names.
pub(super) fn follows(metadata: &str) -> Option<&str> {
    metadata.strip_prefix(FOLLOWS)
}

/// A consumer group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is doing.
    pub state: GroupState,
    /// Consumers in it, in the order of their ids; a consumer that died without leaving stays in here until its session
    /// times out.
    pub members: Vec<GroupMember>,
}

/// What a group is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// There is no such group, and no offset of it.
    Absent,
    /// It has offsets and no member.
    Empty,
    /// Its partitions are being given out anew.
    Rebalancing,
    /// Every member knows its partitions.
    Stable,
    /// The brokers told none that is known here.
    Unknown,
}

/// A consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id in the group, chosen by the brokers: client id, a hyphen and a UUID.
    pub member_id: String,
    /// The name it gave itself.
    pub client_id: String,
    /// The address it came from, as the brokers write it (`/10.0.0.1`).
    pub host: String,
    /// Topics and partitions that it reads, sorted; none while the group rebalances.
    pub partitions: Vec<(String, u32)>,
}

/// What became of members to be removed from a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// None of them is in the group any more.
    Done {
        /// Members this request removed.
        removed: Vec<String>,
        /// Members that had gone before, or a group that is no more.
        gone: Vec<String>,
    },
    /// Nothing was sent: this client cannot speak to these brokers on its own, for the reason given. The members go
    /// when their session times out.
    Unsupported(String),
}

/// The brokers refused an operation on one group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// It has members, and offsets of a group that is being read are not changed from outside.
    #[error("the group has live members")]
    Live,
    /// The principal may not do this; the broker's words.
    #[error("the login lacks the right to do this: {0}")]
    Forbidden(String),
    /// Anything else.
    #[error("{message} ({code})")]
    Other {
        /// The error's name in the protocol, e.g. `COORDINATOR_NOT_AVAILABLE`.
        code: String,
        /// The broker's words.
        message: String,
    },
}

impl GroupError {
    /// Names of errors that pass by themselves: coordinators move and load.
    const PASSING: [&str; 3] = ["COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR"];

    /// Whether the same request may succeed a moment later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        match self {
            GroupError::Live | GroupError::Forbidden(_) => false,
            GroupError::Other { code, .. } => Self::PASSING.contains(&code.as_str()),
        }
    }

    /// What the refusal of a partition says of its group; none where it is about the topic.
    pub(super) fn of_partition(refusal: &TopicError) -> Option<Self> {
        const LIVE: [&str; 4] =
            ["NON_EMPTY_GROUP", "UNKNOWN_MEMBER_ID", "GROUP_SUBSCRIBED_TO_TOPIC", "REBALANCE_IN_PROGRESS"];
        let TopicError::Other { code, message } = refusal else { return None };
        if LIVE.contains(&code.as_str()) {
            Some(GroupError::Live)
        } else if code == "GROUP_AUTHORIZATION_FAILED" {
            Some(GroupError::Forbidden(message.clone()))
        } else {
            let passing = Self::PASSING.contains(&code.as_str());
            passing.then(|| GroupError::Other { code: code.clone(), message: message.clone() })
        }
    }

    /// A group that an answer leaves out.
    pub(super) fn unanswered() -> Self {
        GroupError::Other { code: "NO_ANSWER".to_owned(), message: "the answer leaves the group out".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_coordinator_on_the_move_passes() {
        let other = |code: &str| GroupError::Other { code: code.to_owned(), message: String::new() };
        assert!(other("NOT_COORDINATOR").is_passing() && !other("INVALID_GROUP_ID").is_passing());
        assert!(!GroupError::Live.is_passing() && !GroupError::Forbidden(String::new()).is_passing());
    }

    #[test]
    fn what_a_partition_says_of_its_group_is_told_from_what_it_says_of_its_topic() {
        let of = |code: &str| {
            GroupError::of_partition(&TopicError::Other { code: code.to_owned(), message: "words".to_owned() })
        };
        assert_eq!(of("UNKNOWN_MEMBER_ID"), Some(GroupError::Live));
        assert_eq!(of("GROUP_AUTHORIZATION_FAILED"), Some(GroupError::Forbidden("words".to_owned())));
        assert!(of("COORDINATOR_LOAD_IN_PROGRESS").unwrap().is_passing());
        assert_eq!((of("OFFSET_METADATA_TOO_LARGE"), GroupError::of_partition(&TopicError::NotFound)), (None, None));
    }
}
