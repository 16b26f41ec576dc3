//! Statements that change or remove objects.

use super::statement::Statement;
use crate::model::{Fragment, ObjectName, quote};

/// ` ON CLUSTER name`, or nothing.
pub(super) fn on_cluster(cluster: Option<&str>) -> String {
    cluster.map(|c| format!(" ON CLUSTER {}", quote::identifier(c))).unwrap_or_default()
}

/// Creates a database unless it is there.
pub fn create_database(name: &str, cluster: Option<&str>) -> Statement {
    Statement::new(format!("CREATE DATABASE IF NOT EXISTS {}{}", quote::identifier(name), on_cluster(cluster)))
}

/// Drops a table or a view. With `sync` the answer comes when its data is gone, and with it its path in
/// Keeper: needed before a replicated table of the same path is made.
pub fn drop(name: &ObjectName, is_view: bool, sync: bool, cluster: Option<&str>) -> Statement {
    let kind = if is_view { "VIEW" } else { "TABLE" };
    let sync = if sync { " SYNC" } else { "" };
    Statement::new(format!("DROP {kind} IF EXISTS {}{}{sync}", quote::object(name), on_cluster(cluster)))
}

/// Sends what a Distributed table has queued, and fails when a shard does not take it.
pub fn flush_distributed(name: &ObjectName, cluster: Option<&str>) -> Statement {
    Statement::new(format!("SYSTEM FLUSH DISTRIBUTED {}{}", quote::object(name), on_cluster(cluster)))
}

/// Sets the comment of a table or a view.
pub fn modify_comment(name: &ObjectName, comment: &str, cluster: Option<&str>) -> Statement {
    let comment = quote::literal(comment);
    Statement::new(format!("ALTER TABLE {}{} MODIFY COMMENT {comment}", quote::object(name), on_cluster(cluster)))
}

/// Replaces a view's SELECT.
pub fn modify_query(name: &ObjectName, query: &Fragment, cluster: Option<&str>) -> Statement {
    Statement::new(format!("ALTER TABLE {}{} MODIFY QUERY\n{query}", quote::object(name), on_cluster(cluster)))
}

/// Lets a table merge its parts again.
pub fn start_merges(name: &ObjectName, cluster: Option<&str>) -> Statement {
    Statement::new(format!("SYSTEM START MERGES{} {}", on_cluster(cluster), quote::object(name)))
}

/// Swaps two names at one moment; for databases with the engines Atomic and Replicated.
pub fn exchange(left: &ObjectName, right: &ObjectName, cluster: Option<&str>) -> Statement {
    let (left, right) = (quote::object(left), quote::object(right));
    Statement::new(format!("EXCHANGE TABLES {left} AND {right}{}", on_cluster(cluster)))
}

/// Renames tables, one after the other.
pub fn rename(pairs: &[(ObjectName, ObjectName)], cluster: Option<&str>) -> Statement {
    let pair = |(from, to): &(ObjectName, ObjectName)| format!("{} TO {}", quote::object(from), quote::object(to));
    let pairs: Vec<String> = pairs.iter().map(pair).collect();
    Statement::new(format!("RENAME TABLE {}{}", pairs.join(", "), on_cluster(cluster)))
}
