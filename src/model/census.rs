//! The hosts that a project reaches, against those that its clusters have.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A member of a cluster, as a server of it knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterMember {
    /// Which cluster.
    pub cluster: String,
    /// Shard and replica number.
    pub place: (u32, u32),
    /// Host name in the server's configuration.
    pub name: String,
    /// What the name resolves to.
    pub address: String,
    /// TCP port.
    pub port: u16,
}

/// What came out of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Census {
    /// Hosts of which nothing is known.
    pub unread: Vec<UnreadHost>,
    /// What else a reader should know of the hosts.
    pub remarks: Vec<HostRemark>,
}

/// A host that should be read and was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadHost {
    /// `host:port` of its HTTP interface or, where that is not known, the address in its cluster.
    pub name: String,
    /// Why it was not read.
    pub why: Unread,
    /// The clusters that it is or may be on. What is on none of them does not need it.
    pub clusters: BTreeSet<String>,
}

/// Why a host was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unread {
    /// It does not answer; what the network said.
    Silent(String),
    /// Its cluster has it, and no host that answers is it.
    NotListed {
        /// Hosts that do not answer and may be it under another name.
        perhaps: Vec<String>,
    },
}

/// What a reader should know of the hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostRemark {
    /// A host answers and finds itself on no cluster of the project.
    OnNoCluster {
        /// Which.
        host: String,
    },
    /// A host that may stay away was named, and none that is away is called so.
    NotAway {
        /// As it was named.
        host: String,
    },
}
