//! The reads of `status`: a statement a system table, for all objects at once. Times are seconds ago by the host's clock.

use crate::model::{ObjectName, quote};

/// A host in one row: `hostname`, `now_ms`, `clusters` (name, shard, replica).
pub const HOST: &str = "SELECT FQDN() AS hostname, toUnixTimestamp64Milli(now64(3)) AS now_ms, \
    (SELECT groupArray((cluster, shard_num, replica_num)) FROM system.clusters WHERE is_local) AS clusters";

/// Objects: `database`, `name`, `changed_ago`, `readonly`.
pub fn tables(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, name, {} AS changed_ago, \
         match(engine_full, '\\\\btable_readonly = (1|true)\\\\b') AS readonly \
         FROM system.tables WHERE (database, name) IN ({})",
        ago("metadata_modification_time"),
        pairs(names)
    )
}

/// Rows by table: `database`, `table`, `all_rows`, `all_bytes`, `newest_ago`.
pub fn parts(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, table, sum(rows) AS all_rows, sum(bytes_on_disk) AS all_bytes, {} AS newest_ago \
         FROM system.parts WHERE active AND (database, table) IN ({}) GROUP BY database, table",
        ago("max(modification_time)"),
        pairs(names)
    )
}

/// Consumers of Kafka tables: `database`, `table`, `member_id`, `assigned` (topic, partition), `polled_ago`,
/// `committed_ago`, `messages`, `exceptions` (ago, words).
pub fn consumers(names: &[ObjectName]) -> String {
    let since = |column: &str| format!("if(toUnixTimestamp({column}) = 0, NULL, {})", ago(column));
    format!(
        "SELECT database, table, consumer_id AS member_id, \
         arrayZip(`assignments.topic`, `assignments.partition_id`) AS assigned, {} AS polled_ago, \
         {} AS committed_ago, num_messages_read AS messages, \
         arrayMap((at, words) -> ({}, substringUTF8(words, 1, {WORDS})), `exceptions.time`, `exceptions.text`) AS exceptions \
         FROM system.kafka_consumers WHERE (database, table) IN ({}) ORDER BY database, table, consumer_id",
        since("last_poll_time"),
        since("last_commit_time"),
        ago("at"),
        pairs(names)
    )
}

/// Letters of an exception that are read: the rest is its stack.
const WORDS: usize = 2000;

/// Queues of Distributed tables: `database`, `table`, `files`, `bytes`, `broken`, `errors`, `blocked`, `exception`.
pub fn queues(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, table, sum(data_files) AS files, sum(data_compressed_bytes) AS bytes, \
         sum(broken_data_files) AS broken, sum(error_count) AS errors, max(is_blocked) AS blocked, \
         argMax(last_exception, last_exception_time) AS exception \
         FROM system.distribution_queue WHERE (database, table) IN ({}) GROUP BY database, table",
        pairs(names)
    )
}

/// Mutations that are not done: `database`, `table`, `unfinished`, `failed`.
pub fn mutations(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, table, count() AS unfinished, argMax(latest_fail_reason, latest_fail_time) AS failed \
         FROM system.mutations WHERE NOT is_done AND (database, table) IN ({}) GROUP BY database, table",
        pairs(names)
    )
}

/// Replicated tables: `database`, `table`, `readonly`, `queue`, `delay`, `exception`.
pub fn replicas(names: &[ObjectName]) -> String {
    format!(
        "SELECT database, table, is_readonly AS readonly, queue_size AS queue, absolute_delay AS delay, \
         zookeeper_exception AS exception FROM system.replicas WHERE (database, table) IN ({})",
        pairs(names)
    )
}

/// The highest offset in a table that keeps them, by partition: `partition`, `highest`.
pub fn highest(table: &ObjectName) -> String {
    format!(
        "SELECT kafka_partition AS partition, max(kafka_offset) AS highest FROM {} GROUP BY kafka_partition",
        quote::object(table)
    )
}

/// Seconds since a time; clocks of files may be ahead.
fn ago(time: &str) -> String {
    format!("toUInt64(greatest(0, dateDiff('second', {time}, now())))")
}

fn pairs(names: &[ObjectName]) -> String {
    let pair = |n: &ObjectName| format!("({},{})", quote::literal(&n.database), quote::literal(&n.table));
    names.iter().map(pair).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_in_every_read() {
        let names = [ObjectName::new("it's", "t")];
        for read in [tables, parts, consumers, queues, mutations, replicas] {
            let sql = read(&names);
            assert!(sql.contains(r"(('it\'s','t'))") || sql.contains(r"(('it\'s','t')) "), "{sql}");
        }
    }
}
