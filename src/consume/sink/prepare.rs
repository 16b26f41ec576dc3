//! What must hold before the first insert.

use super::Sink;
use crate::client::clickhouse::Host;
use crate::consume::error::ConsumeError;
use crate::model::consumption::{Consumption, varies};
use crate::model::{ClickHouseConnection, SettingValue};
use crate::sql::consume;
use serde::Deserialize;

/// Settings of every insert, known to all servers.
const SETTINGS: [(&str, &str); 11] = [
    // Confirmed means written: on every shard, not in a buffer or a queue. The old name of
    // `distributed_foreground_insert`, which newer servers know too.
    ("async_insert", "0"),
    ("insert_distributed_sync", "1"),
    ("insert_distributed_one_random_shard", "0"),
    ("insert_deduplicate", "1"),
    // Views on the table drop a repeated block as the table does.
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    // One block, read whole before any of it is written: a refused message leaves nothing behind, and a repetition is
    // cut into parts in the same way.
    ("input_format_parallel_parsing", "0"),
    ("max_insert_block_size", "100000000"),
    ("min_insert_block_size_rows", "100000000"),
    ("min_insert_block_size_bytes", "4000000000"),
    ("max_insert_threads", "1"),
    // Many days in one batch are slow, and still better than a consumer that never gets past them.
    ("max_partitions_per_insert_block", "0"),
];

/// Settings of newer servers, which could switch off what `insert_deduplicate` asks for.
const NEWER: [(&str, &str); 2] = [("deduplicate_insert", "enable"), ("deduplicate_insert_select", "force_enable")];

/// The servers that may take a row. A Distributed table has the same rows on all of them; another table is that of one
/// server, and the same batch on two would be there twice.
pub(super) fn urls(consumption: &Consumption, connection: &ClickHouseConnection) -> Vec<String> {
    let mut urls = vec![connection.url.clone()];
    if consumption.table != consumption.local {
        let same = |a: &str, b: &str| match (Host::parse(a), Host::parse(b)) {
            (Ok(a), Ok(b)) => a == b,
            (Ok(_) | Err(_), _) => a == b,
        };
        for host in &connection.hosts {
            if !urls.iter().any(|url| same(url, host)) {
                urls.push(host.clone());
            }
        }
    }
    urls
}

/// Settings of every insert: those of the format, then ours.
pub(super) fn settings(consumption: &Consumption) -> Result<Vec<(String, String)>, ConsumeError> {
    let mut settings = Vec::new();
    for (name, value) in &consumption.format_settings {
        match value {
            SettingValue::Text(text) | SettingValue::Number(text) => settings.push((name.clone(), text.clone())),
            SettingValue::Secret(_) => return Err(ConsumeError::SecretSetting { name: name.clone() }),
        }
    }
    settings.extend(SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Ok(settings)
}

/// Looks at the table and the server.
pub(super) async fn table(sink: &mut Sink) -> Result<(), ConsumeError> {
    #[derive(Deserialize)]
    struct Engine {
        engine: String,
        engine_full: String,
    }
    #[derive(Deserialize)]
    struct Name {
        name: String,
    }
    let table = sink.consumption.table.clone();
    let found: Vec<Engine> = sink.read(&consume::engine(&table)).await?;
    let Some(found) = found.first() else { return Err(ConsumeError::NoTable { table }) };
    if found.engine == "Distributed" && varies(&found.engine_full) {
        return Err(ConsumeError::ShardingKey { table, key: found.engine_full.clone() });
    }
    let names: Vec<&str> = NEWER.iter().map(|(name, _)| *name).collect();
    let known: Vec<Name> = sink.read(&consume::known_settings(&names)).await?;
    for (name, value) in NEWER {
        if known.iter().any(|k| k.name == name) {
            sink.settings.push((name.to_owned(), value.to_owned()));
        }
    }
    Ok(())
}
