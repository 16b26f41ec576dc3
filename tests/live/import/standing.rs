//! What stands in some databases, on every node.

use crate::fixture::project::{by_hand, try_ask_node};
use crate::fixture::{masked, shared};
use sluice::model::Owner;
use sluice::model::quote::{identifier, literal};
use std::collections::BTreeMap;

/// Statements by node, database and name.
pub type Statements = BTreeMap<(usize, String, String), String>;

async fn rows(databases: &[String], what: &str) -> Vec<(usize, String, String, String)> {
    let list = databases.iter().map(|d| literal(d)).collect::<Vec<_>>().join(",");
    let mut found = Vec::new();
    for node in 0..shared().clickhouse_urls.len() {
        let sql = format!(
            "SELECT database, name, {what} FROM system.tables WHERE database IN ({list}) ORDER BY ALL FORMAT JSONCompactEachRow"
        );
        let answer = try_ask_node(node, &sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        for line in answer.lines().filter(|l| !l.is_empty()) {
            let [database, name, value]: [String; 3] = serde_json::from_str(line).expect("three texts");
            found.push((node, database, name, value));
        }
    }
    found
}

/// The CREATE statements, comments and UUIDs left out.
pub async fn statements(databases: &[String]) -> Statements {
    let rows = rows(databases, "create_table_query").await;
    let plain = |text: String| masked(&text, &[(r" COMMENT '(\\.|[^'\\])*'( AS |$)", "$2"), ("UUID '[^']*'", "UUID")]);
    rows.into_iter().map(|(node, database, name, text)| ((node, database, name), plain(text))).collect()
}

/// The UUIDs.
pub async fn uuids(databases: &[String]) -> Statements {
    let rows = rows(databases, "toString(uuid)").await;
    rows.into_iter().map(|(node, database, name, uuid)| ((node, database, name), uuid)).collect()
}

/// Takes the owner marks away: nobody's objects now.
pub async fn unmark(databases: &[String]) {
    for (node, database, name, comment) in rows(databases, "comment").await {
        if let (text, Some(_)) = Owner::read(&comment) {
            let table = format!("{}.{}", identifier(&database), identifier(&name));
            by_hand(node, &format!("ALTER TABLE {table} MODIFY COMMENT {}", literal(text))).await;
        }
    }
}
