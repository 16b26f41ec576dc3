//! The reads: what a host is, and what it has of the objects asked for.

use crate::model::{ObjectName, quote};
use std::collections::BTreeSet;

/// Facts of a host in one row: `version`, `hostname`, `databases`, `foreground_insert`, `clusters` (name, shard, replica).
pub const HOST: &str = "SELECT version() AS version, FQDN() AS hostname, \
    (SELECT groupArray(name) FROM system.databases) AS databases, \
    (SELECT groupArray((name, engine)) FROM system.databases) AS database_engines, \
    (SELECT groupArray((cluster, shard_num, replica_num)) FROM system.clusters WHERE is_local) AS clusters, \
    (SELECT any(value) FROM system.settings WHERE name = 'distributed_foreground_insert') AS foreground_insert";

/// Members of a cluster, by shard and replica: `host`, `shard`, `replica`.
pub fn members(cluster: &str) -> String {
    let cluster = quote::literal(cluster);
    format!(
        "SELECT host_name AS host, shard_num AS shard, replica_num AS replica FROM system.clusters \
         WHERE cluster = {cluster} ORDER BY shard_num, replica_num"
    )
}

/// The objects of these names: `database`, `name`, `uuid`, `statement`, `readers` (database, name).
pub fn objects(names: &[ObjectName]) -> String {
    let pair = |n: &ObjectName| format!("({},{})", quote::literal(&n.database), quote::literal(&n.table));
    let pairs: Vec<String> = names.iter().map(pair).collect();
    format!(
        "SELECT database, name, toString(uuid) AS uuid, create_table_query AS statement, \
         arrayZip(dependencies_database, dependencies_table) AS readers \
         FROM system.tables WHERE (database, name) IN ({})",
        pairs.join(",")
    )
}

/// The tables of these databases that stood aside for a new one, as [`objects`].
pub fn kept(databases: &BTreeSet<&str>) -> String {
    let databases: Vec<String> = databases.iter().map(|d| quote::literal(d)).collect();
    format!(
        "SELECT database, name, toString(uuid) AS uuid, create_table_query AS statement, \
         arrayZip(dependencies_database, dependencies_table) AS readers \
         FROM system.tables WHERE database IN ({}) AND match(name, '__old_[0-9]{{8}}(_[0-9]+)?$')",
        databases.join(",")
    )
}

/// The statements of the temporary objects of a session: `name`, `statement`.
pub const TEMPORARY: &str =
    "SELECT name, create_table_query AS statement FROM system.tables WHERE is_temporary ORDER BY name";
