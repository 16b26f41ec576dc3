//! How many requests were asked of the brokers, by kind: the cost of a plan is a promise, so it is counted.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Request {
    /// Metadata of the cluster and all topics.
    Metadata,
    /// Metadata of named topics, with ids and errors.
    DescribeTopics,
    /// Config of topics.
    DescribeConfigs,
    /// First or next offset of partitions.
    ListOffsets,
    /// Creation of topics, validation included.
    CreateTopics,
    /// Deletion of topics.
    DeleteTopics,
    /// Growth of topics.
    CreatePartitions,
    /// Change of config, validation included.
    AlterConfigs,
    /// State and members of groups.
    DescribeGroups,
    /// Committed offsets of a group.
    FetchOffsets,
    /// Change of the committed offsets of a group.
    CommitOffsets,
    /// Deletion of the committed offsets of a group.
    DeleteOffsets,
    /// Deletion of groups.
    DeleteGroups,
    /// Removal of members from a group.
    LeaveGroup,
    /// Messages.
    Fetch,
    /// Sizes of partitions on the disks of a broker.
    DescribeLogDirs,
}

impl Request {
    /// Every kind.
    pub const ALL: [Request; 16] = [
        Request::Metadata,
        Request::DescribeTopics,
        Request::DescribeConfigs,
        Request::ListOffsets,
        Request::CreateTopics,
        Request::DeleteTopics,
        Request::CreatePartitions,
        Request::AlterConfigs,
        Request::DescribeGroups,
        Request::FetchOffsets,
        Request::CommitOffsets,
        Request::DeleteOffsets,
        Request::DeleteGroups,
        Request::LeaveGroup,
        Request::Fetch,
        Request::DescribeLogDirs,
    ];

    /// The protocol's name of it.
    pub fn as_str(self) -> &'static str {
        match self {
            Request::Metadata => "Metadata",
            Request::DescribeTopics => "DescribeTopics",
            Request::DescribeConfigs => "DescribeConfigs",
            Request::ListOffsets => "ListOffsets",
            Request::CreateTopics => "CreateTopics",
            Request::DeleteTopics => "DeleteTopics",
            Request::CreatePartitions => "CreatePartitions",
            Request::AlterConfigs => "IncrementalAlterConfigs",
            Request::DescribeGroups => "DescribeGroups",
            Request::FetchOffsets => "OffsetFetch",
            Request::CommitOffsets => "OffsetCommit",
            Request::DeleteOffsets => "OffsetDelete",
            Request::DeleteGroups => "DeleteGroups",
            Request::LeaveGroup => "LeaveGroup",
            Request::Fetch => "Fetch",
            Request::DescribeLogDirs => "DescribeLogDirs",
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Requests asked so far through one handle and its clones. What librdkafka sends by itself (handshakes, its own
/// metadata after connecting, look-ups of leaders) is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestCounts([u64; Request::ALL.len()]);

impl RequestCounts {
    /// Requests of one kind.
    pub fn of(&self, request: Request) -> u64 {
        self.0[request as usize]
    }

    /// Requests of all kinds.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The counters behind [`RequestCounts`].
#[derive(Debug, Default)]
pub(super) struct Counters([AtomicU64; Request::ALL.len()]);

impl Counters {
    pub(super) fn add(&self, request: Request) {
        self.0[request as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> RequestCounts {
        RequestCounts(std::array::from_fn(|i| self.0[i].load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_counter() {
        let counters = Counters::default();
        for (i, request) in Request::ALL.into_iter().enumerate() {
            for _ in 0..=i {
                counters.add(request);
            }
        }
        let counts = counters.read();
        assert_eq!(Request::ALL.map(|r| counts.of(r)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(counts.total(), 136);
    }
}
