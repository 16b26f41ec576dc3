//! What stands in some databases, on every node.

use crate::fixture::project::{by_hand, try_ask_node};
use crate::fixture::shared;
use futures_util::future::join_all;
use regex::Regex;
use sluice::model::Owner;
use sluice::model::quote::{identifier, literal};
use std::collections::BTreeMap;

/// Statements by node, database and name.
pub type Statements = BTreeMap<(usize, String, String), String>;

/// Database, name and something more of every object, by node.
async fn rows(databases: &[String], what: &str) -> Vec<(usize, String, String, String)> {
    let list = databases.iter().map(|d| literal(d)).collect::<Vec<_>>().join(",");
    let sql = format!(
        "SELECT database, name, {what} FROM system.tables WHERE database IN ({list}) ORDER BY ALL FORMAT JSONCompactEachRow"
    );
    let nodes = 0..shared().clickhouse_urls.len();
    let answers = join_all(nodes.map(|node| try_ask_node(node, &sql))).await;
    let mut found = Vec::new();
    for (node, answer) in answers.into_iter().enumerate() {
        let answer = answer.unwrap_or_else(|e| panic!("{sql}: {e}"));
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
    let comment = Regex::new(r" COMMENT '(\\.|[^'\\])*'( AS |$)").expect("a pattern");
    let uuid = Regex::new("UUID '[^']*'").expect("a pattern");
    let plain = |text: &str| uuid.replace_all(&comment.replace_all(text, "$2"), "UUID").into_owned();
    rows.into_iter().map(|(node, database, name, text)| ((node, database, name), plain(&text))).collect()
}

/// The UUIDs.
pub async fn uuids(databases: &[String]) -> Statements {
    let rows = rows(databases, "toString(uuid)").await;
    rows.into_iter().map(|(node, database, name, uuid)| ((node, database, name), uuid)).collect()
}

/// Takes the owner marks away: nobody's objects now.
pub async fn unmark(databases: &[String]) {
    let rows = rows(databases, "comment").await;
    let alters = rows.iter().filter_map(|(node, database, name, comment)| match Owner::read(comment) {
        (text, Some(_)) => {
            let table = format!("{}.{}", identifier(database), identifier(name));
            Some((*node, format!("ALTER TABLE {table} MODIFY COMMENT {}", literal(text))))
        }
        (_, None) => None,
    });
    let runs = alters.map(|(node, sql)| async move { by_hand(node, &sql).await });
    join_all(runs).await;
}
