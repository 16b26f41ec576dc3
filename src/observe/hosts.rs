//! Which ClickHouse hosts there are: listed in the project, or derived from `system.clusters`.

use super::ObserveError;
use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::model::Topology;
use crate::sql::read;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
struct Member {
    host: String,
}

/// A reader for each host, with its URL. On a single server that is the one of the project.
///
/// # Errors
/// A URL that is none, a server that does not answer, a cluster it does not know, hosts that share an address.
pub async fn hosts(servers: &Servers, topology: &Topology) -> Result<Vec<(String, ClickHouseReader)>, ObserveError> {
    let connection = servers.connection();
    let urls = match topology.cluster() {
        None => vec![connection.url.clone()],
        Some(_) if !connection.hosts.is_empty() => connection.hosts.clone(),
        Some(cluster) => derived(&servers.reader(&connection.url)?, &connection.url, cluster).await?,
    };
    let readers = urls.into_iter().map(|url| Ok((url.clone(), servers.reader(&url)?)));
    readers.collect::<Result<Vec<_>, ObserveError>>()
}

async fn derived(reader: &ClickHouseReader, url: &str, cluster: &str) -> Result<Vec<String>, ObserveError> {
    let members: Vec<Member> = reader.rows(&read::members(cluster)).await?;
    if members.is_empty() {
        let host = reader.host();
        let words = format!("{host} knows no cluster `{cluster}`: check `clickhouse.cluster` against system.clusters");
        return Err(ObserveError::Cluster(words));
    }
    let distinct: BTreeSet<&String> = members.iter().map(|m| &m.host).collect();
    if distinct.len() < members.len() {
        let words = format!(
            "the hosts of cluster `{cluster}` share addresses, so their HTTP interfaces cannot be told apart: \
             list them in `clickhouse.hosts`"
        );
        return Err(ObserveError::Cluster(words));
    }
    members.iter().map(|m| reader.host().with_name(&m.host)).collect::<Option<Vec<_>>>().ok_or_else(|| {
        ObserveError::Cluster(format!(
            "{url} cannot be turned into an address of another host: list them in `clickhouse.hosts`"
        ))
    })
}
