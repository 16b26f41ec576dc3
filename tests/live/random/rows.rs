//! Rows in the tables of random pipelines: what a change leaves alone is in them as it was.

use super::model::{Column, Manifest, Target, Value};
use crate::fixture::project::{by_hand, try_ask_node};
use crate::forms::quoted;
use std::collections::{BTreeMap, BTreeSet};

/// Twelve rows that differ under every key and expire under no TTL; the columns are those that every table has.
const ROWS: &str = "SELECT number + 1, concat(char(97 + number), char(65 + number), 'x'), \
                    toDateTime('2100-01-01 00:00:00', 'UTC') + number * 3600 * 50, number + 1, \
                    ['a', toString(number)], number + 1, 1 FROM numbers(12)";
const COLUMNS: &str = "id, name, at, price, tags, ver, sign";

/// What is in a table: how many rows, and a checksum of each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    rows: String,
    columns: BTreeMap<String, String>,
}

/// Fills the tables of a pipeline that hold no rows of this test yet.
pub async fn fill(node: usize, manifest: &Manifest, filled: &mut BTreeSet<String>) {
    for target in &manifest.targets {
        if !filled.insert(target.name.clone()) {
            continue;
        }
        // They come as parts: what a constraint asks of rows is random, and so is what a view makes of them.
        let (table, aside) = (table(manifest, target), format!("{}.aside", manifest.name));
        by_hand(node, &format!("CREATE TABLE {aside} AS {table}")).await;
        for name in target.constraints.keys() {
            by_hand(node, &format!("ALTER TABLE {aside} DROP CONSTRAINT {name}")).await;
        }
        by_hand(node, &format!("INSERT INTO {aside} ({COLUMNS}) {ROWS}")).await;
        let parts = format!(
            "SELECT DISTINCT partition_id FROM system.parts WHERE database = '{}' AND table = 'aside' AND active",
            manifest.name
        );
        for id in try_ask_node(node, &parts).await.unwrap_or_else(|e| panic!("{parts}: {e}")).lines() {
            by_hand(node, &format!("ALTER TABLE {table} ATTACH PARTITION ID '{id}' FROM {aside}")).await;
        }
        by_hand(node, &format!("DROP TABLE {aside} SYNC")).await;
        let count = format!("SELECT count() FROM {table}");
        assert_eq!(try_ask_node(node, &count).await.as_deref(), Ok("12"), "{count}");
    }
}

fn table(manifest: &Manifest, target: &Target) -> String {
    format!("{}.{}", manifest.name, super::world::local_name(target))
}

/// What is in the filled tables of a pipeline, by target.
pub async fn contents(node: usize, manifest: &Manifest, filled: &BTreeSet<String>) -> BTreeMap<String, Contents> {
    let mut all = BTreeMap::new();
    for target in manifest.targets.iter().filter(|t| filled.contains(&t.name)) {
        let stored: Vec<&Column> = target.columns.iter().filter(|c| is_stored(c)).collect();
        // A NULL beside other values would make their hash NULL.
        let sums = stored.iter().map(|c| format!(", sum(cityHash64(id, ifNull(toString({}), 'none')))", c.name));
        let query = format!("SELECT count(){} FROM {}", sums.collect::<String>(), table(manifest, target));
        let answer = try_ask_node(node, &query).await.unwrap_or_else(|e| panic!("{query}: {e}"));
        let mut values = answer.split('\t').map(str::to_owned);
        let rows = values.next().expect("a count");
        let columns = stored.iter().map(|c| c.name.clone()).zip(values).collect();
        all.insert(target.name.clone(), Contents { rows, columns });
    }
    all
}

fn is_stored(column: &Column) -> bool {
    !matches!(column.value, Value::Computed("alias", _))
}

/// What a change did to rows that it was to leave alone, in words.
pub fn lost(
    before: (&Manifest, &BTreeMap<String, Contents>),
    after: (&Manifest, &BTreeMap<String, Contents>),
) -> Vec<String> {
    let mut lost = Vec::new();
    for (name, new) in after.1 {
        let Some(old) = before.1.get(name) else { continue };
        let target = |m: &'_ Manifest| m.targets.iter().find(|t| t.name == *name).cloned().expect("it is declared");
        let (was, is) = (target(before.0), target(after.0));
        if old.rows != new.rows {
            lost.push(format!("{name}: {} rows before, {} after", old.rows, new.rows));
        }
        for column in is.columns.iter().filter(|c| is_stored(c) && was.columns.iter().any(|o| is_as_it_was(o, c))) {
            let (old, new) = (&old.columns[&column.name], &new.columns[&column.name]);
            if old != new {
                lost.push(format!("{name}: other values in {}", quoted(&column.name)));
            }
        }
    }
    lost
}

/// Whether the values of a column are those that it had.
fn is_as_it_was(old: &Column, new: &Column) -> bool {
    old.name == new.name && old.data_type.meaning == new.data_type.meaning && old.value == new.value
}
