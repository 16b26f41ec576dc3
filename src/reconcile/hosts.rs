//! Reads every ClickHouse host, and says which were not read.

use super::ReconcileError;
use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::model::{Desired, DesiredPipeline, HostRemark, LiveClickHouse, LiveHost, ObjectName, scratch};
use crate::observe::census::{Silent, census};
use crate::observe::{self, ObserveError};
use crate::plan::Policy;
use futures_util::future::join_all;
use std::collections::BTreeSet;

/// The hosts that answered, by index.
pub(super) struct Hosts {
    pub urls: Vec<String>,
    pub readers: Vec<ClickHouseReader>,
    pub live: LiveClickHouse,
}

/// Reads all hosts at once. One that does not answer is told as such, as long as another one does.
pub(super) async fn read(desired: &Desired, servers: &Servers, policy: &Policy) -> Result<Hosts, ReconcileError> {
    let hosts = observe::hosts::hosts(servers, &desired.topology).await?;
    let names = names(desired);
    let clusters = clusters(desired);
    let reads = hosts.iter().map(|(_, reader)| observe::clickhouse::host(reader, &desired.project, &names, &clusters));
    let (mut answered, mut silent) = (Vec::new(), Vec::new());
    let mut first: Option<ObserveError> = None;
    for (answer, (url, reader)) in join_all(reads).await.into_iter().zip(&hosts) {
        match answer {
            Ok(host) => answered.push((host, (url.clone(), reader.clone()))),
            Err(error) => match error.silence() {
                Some(words) => {
                    silent.push(Silent { name: reader.host().to_string(), words });
                    first.get_or_insert(error);
                }
                None => return Err(error.into()),
            },
        }
    }
    if let Some(error) = first.filter(|_| answered.is_empty()) {
        return Err(error.into());
    }
    if let Some(cluster) = desired.topology.cluster() {
        // The replicas of a shard stand together.
        answered.sort_by_key(|(host, _)| host.clusters.get(cluster).copied().unwrap_or((u32::MAX, u32::MAX)));
    }
    let (found, (urls, readers)): (Vec<LiveHost>, (Vec<_>, Vec<_>)) = answered.into_iter().unzip();
    let mut census = census(&found, &silent, &clusters);
    let away = |host: &String| {
        let alone = Policy { unreachable: BTreeSet::from([host.clone()]), ..Policy::default() };
        census.unread.iter().any(|u| alone.leaves_out(&u.name))
    };
    let in_vain: Vec<&String> = policy.unreachable.iter().filter(|host| !away(host)).collect();
    let remarks = in_vain.into_iter().map(|host| HostRemark::NotAway { host: host.clone() });
    census.remarks.extend(remarks);
    Ok(Hosts { urls, readers, live: LiveClickHouse { hosts: found, census } })
}

/// The clusters that the project is about; none on a single server.
fn clusters(desired: &Desired) -> BTreeSet<&str> {
    let objects = desired.pipelines.iter().flat_map(|p| &p.objects);
    objects.flat_map(|o| &o.clusters).map(String::as_str).chain(desired.topology.cluster()).collect()
}

fn names(desired: &Desired) -> Vec<ObjectName> {
    let mut names = desired.object_names();
    names.extend(desired.pipelines.iter().flat_map(DesiredPipeline::passing_names));
    // What an earlier apply may have left beside the tables that it was to replace.
    let tables = desired.pipelines.iter().flat_map(|p| &p.objects).filter(|o| !o.definition.is_view());
    names.extend(tables.flat_map(|o| [scratch::next(&o.definition.name), scratch::through(&o.definition.name)]));
    names.into_iter().collect()
}
