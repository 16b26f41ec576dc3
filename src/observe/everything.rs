//! Everything that the hosts have, whoever made it.

use super::ObserveError;
use super::census::census;
use super::{clickhouse, hosts};
use crate::client::Servers;
use crate::model::{LiveClickHouse, Topology};
use futures_util::future::try_join_all;
use std::collections::BTreeSet;

/// Reads every host, in shard order, without the databases `without`.
///
/// # Errors
/// A host that does not answer: what only it has would be missing without a word.
pub async fn read(servers: &Servers, topology: &Topology, without: &[&str]) -> Result<LiveClickHouse, ObserveError> {
    let readers = hosts::hosts(servers, topology).await?;
    let clusters: BTreeSet<&str> = topology.cluster().into_iter().collect();
    let mut hosts = try_join_all(readers.iter().map(|(_, r)| clickhouse::whole(r, &clusters, without))).await?;
    if let Some(cluster) = topology.cluster() {
        hosts.sort_by_key(|host| host.clusters.get(cluster).copied().unwrap_or((u32::MAX, u32::MAX)));
    }
    let census = census(&hosts, &[], &clusters);
    Ok(LiveClickHouse { hosts, census })
}
