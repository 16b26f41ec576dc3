//! The reads: what a host is, and what it has of the objects asked for.

use crate::model::{ObjectName, quote};
use std::collections::BTreeSet;

/// Facts of a host in one row: `version`, `hostname`, `databases` (name, engine), `foreground_insert`, `clusters` (name, shard,
/// replica) in which it finds itself, `members` (cluster, shard, replica, name, address, port) of the clusters asked for,
/// `macros` (name, value), `broker_threads` of the pool that all Kafka tables share (0 where it is not known), `broker_tasks` of
/// those that are there.
pub fn host(clusters: &BTreeSet<&str>) -> String {
    let asked: Vec<String> = clusters.iter().map(|c| quote::literal(c)).collect();
    format!(
        "{HOST}, (SELECT groupArray((cluster, shard_num, replica_num, host_name, host_address, port)) \
         FROM system.clusters WHERE has([{}], cluster)) AS members",
        asked.join(",")
    )
}

const HOST: &str = "SELECT version() AS version, FQDN() AS hostname, \
    (SELECT groupArray((name, engine)) FROM system.databases) AS databases, \
    (SELECT groupArray((cluster, shard_num, replica_num)) FROM system.clusters WHERE is_local) AS clusters, \
    (SELECT groupArray((macro, substitution)) FROM system.macros) AS macros, \
    (SELECT toUInt32OrZero(any(value)) FROM system.server_settings \
     WHERE name = 'background_message_broker_schedule_pool_size') AS broker_threads, \
    (SELECT toUInt32(sum(if(match(engine_full, 'kafka_thread_per_consumer = (1|true)'), \
     greatest(1, toUInt32OrZero(extract(engine_full, 'kafka_num_consumers = (\\\\d+)'))), 1))) \
     FROM system.tables WHERE engine = 'Kafka') AS broker_tasks, \
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
    format!(
        "SELECT database, name, toString(uuid) AS uuid, create_table_query AS statement, \
         arrayZip(dependencies_database, dependencies_table) AS readers \
         FROM system.tables WHERE (database, name) IN ({})",
        pairs(names)
    )
}

/// The objects of all databases but these, as [`objects`].
pub fn everything(without: &[&str]) -> String {
    let databases: Vec<String> = without.iter().map(|d| quote::literal(d)).collect();
    format!(
        "SELECT database, name, toString(uuid) AS uuid, create_table_query AS statement, \
         arrayZip(dependencies_database, dependencies_table) AS readers \
         FROM system.tables WHERE NOT is_temporary AND NOT startsWith(name, '.inner') AND database NOT IN ({})",
        databases.join(",")
    )
}

/// The objects of these names, shortly: `database`, `name`, `uuid`, `statement`.
pub fn standing(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, name, toString(uuid) AS uuid, create_table_query AS statement FROM system.tables \
         WHERE (database, name) IN ({})",
        pairs(names)
    )
}

/// A database if it is there, in the same columns.
pub fn database(name: &str) -> String {
    format!(
        "SELECT d.name AS database, '' AS name, toString(d.uuid) AS uuid, '' AS statement FROM system.databases AS d \
         WHERE d.name = {}",
        quote::literal(name)
    )
}

/// What became of the statement with this `log_comment` that went ON CLUSTER: `host`, `port`, `status`, `code`, `error`.
pub fn ddl_queue(comment: &str) -> String {
    format!(
        "SELECT assumeNotNull(host) AS host, assumeNotNull(port) AS port, toString(status) AS status, \
         toInt32(assumeNotNull(exception_code)) AS code, assumeNotNull(exception_text) AS error \
         FROM system.distributed_ddl_queue WHERE settings['log_comment'] = {} AND isNotNull(host)",
        quote::literal(comment)
    )
}

/// Needles that one search takes.
const NEEDLES: usize = 250;

/// What else may use these objects: `database`, `name`, `engine`, `statement`, `uses` (database, name). Only kinds
/// that hold the names of tables: the text of every other table on the server is none of our business, and dear.
pub fn dependants(names: &[ObjectName]) -> String {
    let databases: BTreeSet<&str> = names.iter().map(|n| n.database.as_str()).collect();
    let needles: Vec<String> = databases.iter().map(|d| quote::literal(d)).collect();
    let mention = match needles.len() <= NEEDLES {
        true => format!(" AND multiSearchAny(create_table_query, [{}])", needles.join(",")),
        false => String::new(),
    };
    format!(
        "SELECT database, name, engine, create_table_query AS statement, \
         arrayZip(loading_dependencies_database, loading_dependencies_table) AS uses FROM system.tables \
         WHERE engine IN ('MaterializedView', 'View', 'LiveView', 'WindowView', 'Distributed', 'Buffer', 'Dictionary') \
         AND NOT is_temporary AND (database, name) NOT IN ({}){mention} ORDER BY database, name",
        pairs(names)
    )
}

/// Objects with the mark of a project, apart from these: `database`, `name`, `engine`, `comment`. Read from the
/// comments alone: they are at hand, where a statement has to be written first.
pub fn marked(mark: &str, names: &[ObjectName]) -> String {
    format!(
        "SELECT database, name, engine, comment FROM system.tables WHERE position(comment, {}) > 0 \
         AND NOT is_temporary AND (database, name) NOT IN ({}) ORDER BY database, name",
        quote::literal(mark),
        pairs(names)
    )
}

fn pairs(names: &[ObjectName]) -> String {
    let pair = |n: &ObjectName| format!("({},{})", quote::literal(&n.database), quote::literal(&n.table));
    names.iter().map(pair).collect::<Vec<_>>().join(",")
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

/// Names of formats that messages can be read in, a line each.
pub const INPUT_FORMATS: &str = "SELECT name FROM system.formats WHERE is_input";

/// Names of formats that messages can be written in, a line each.
pub const OUTPUT_FORMATS: &str = "SELECT name FROM system.formats WHERE is_output";

/// Asks whether values of the first type of each pair become values of the second, without converting any; without
/// `convert`, whether the first type has a value at all.
pub fn conversions(pairs: &[&(String, String)], convert: bool) -> String {
    let ask = |(i, (from, to)): (usize, &&(String, String))| {
        let value = format!("materialize(defaultValueOfTypeName({}))", quote::literal(from));
        match convert {
            true => format!("CAST({value}, {}) AS c{i}", quote::literal(to)),
            false => format!("{value} AS c{i}"),
        }
    };
    let asked: Vec<String> = pairs.iter().enumerate().map(ask).collect();
    format!("DESCRIBE TABLE (SELECT {})", asked.join(", "))
}

/// The statements in the server's spelling: `text`, in order, NULL for what is none.
pub fn spelling(statements: &[String]) -> String {
    let texts: Vec<String> =
        statements.iter().enumerate().map(|(i, t)| format!("({i},{})", quote::literal(t))).collect();
    format!(
        "SELECT formatQuerySingleLineOrNull(t.2) AS text FROM (SELECT arrayJoin([{}]) AS t) ORDER BY t.1",
        texts.join(",")
    )
}

/// The server's names of these types: `names`, in order.
pub fn type_names(types: &[&str]) -> String {
    let names: Vec<String> =
        types.iter().map(|t| format!("toTypeName(defaultValueOfTypeName({}))", quote::literal(t))).collect();
    format!("SELECT [{}] AS names", names.join(","))
}
