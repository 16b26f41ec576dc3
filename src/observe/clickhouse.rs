//! One ClickHouse host: what it is and what it has, in two requests.

use super::ObserveError;
use crate::client::clickhouse::ClickHouseReader;
use crate::model::create::parse_create;
use crate::model::{LiveHost, LiveObject, ObjectName, Owner};
use crate::sql::read;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct HostRow {
    version: String,
    hostname: String,
    databases: Vec<String>,
    database_engines: Vec<(String, String)>,
    clusters: Vec<(String, u32, u32)>,
    foreground_insert: String,
}

#[derive(Debug, Deserialize)]
struct ObjectRow {
    database: String,
    name: String,
    uuid: String,
    statement: String,
    readers: Vec<(String, String)>,
}

/// Reads a host and the objects of `names` (sorted) on it, both requests at once. A definition that cannot be taken
/// apart is told as such (an empty one is a lack of grants, never an absent table).
///
/// # Errors
/// The host does not answer or refuses.
pub async fn host(reader: &ClickHouseReader, names: &[ObjectName]) -> Result<LiveHost, ObserveError> {
    let (facts, mut objects, kept) = tokio::try_join!(facts(reader), objects(reader, names), kept(reader, names))?;
    objects.extend(kept);
    let readers = objects.iter().flat_map(|o| &o.readers).map(|(database, table)| ObjectName::new(database, table));
    let others: BTreeSet<ObjectName> = readers.filter(|r| names.binary_search(r).is_err()).collect();
    let other_readers = owners(reader, &others.into_iter().collect::<Vec<_>>()).await?;
    let name = reader.host().to_string();
    let (mut known, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
    for row in objects {
        let object = ObjectName::new(row.database, row.name);
        let readers = row.readers.into_iter().map(|(database, table)| ObjectName::new(database, table)).collect();
        match parse_create(&row.statement) {
            Ok(definition) => drop(known.insert(object, LiveObject { definition, uuid: row.uuid, readers })),
            Err(error) => drop(unreadable.insert(object, error.to_string())),
        }
    }
    Ok(LiveHost {
        version: facts.version,
        hostname: facts.hostname,
        clusters: facts.clusters.into_iter().map(|(c, shard, replica)| (c, (shard, replica))).collect(),
        databases: facts.databases.into_iter().collect(),
        foreground_insert: facts.foreground_insert == "1",
        objects: known,
        unreadable,
        unalterable: BTreeMap::new(),
        database_engines: facts.database_engines.into_iter().collect(),
        sizes: BTreeMap::new(),
        misfits: BTreeMap::new(),
        other_readers,
        name,
    })
}

async fn facts(reader: &ClickHouseReader) -> Result<HostRow, ObserveError> {
    let mut rows: Vec<HostRow> = reader.rows(read::HOST).await?;
    rows.pop().ok_or_else(|| ObserveError::Cluster(format!("{} said nothing about itself", reader.host())))
}

/// Whose the views are that read our tables: one more request, where there are any.
async fn owners(
    reader: &ClickHouseReader,
    views: &[ObjectName],
) -> Result<BTreeMap<ObjectName, Option<Owner>>, ObserveError> {
    let owner = |row: &ObjectRow| Owner::read(&parse_create(&row.statement).ok()?.comment).1;
    let rows = objects(reader, views).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let owner = owner(&row);
            (ObjectName::new(row.database, row.name), owner)
        })
        .collect())
}

/// Tables that stood aside for a new one: their names carry days that nobody here knows.
async fn kept(reader: &ClickHouseReader, names: &[ObjectName]) -> Result<Vec<ObjectRow>, ObserveError> {
    let databases: BTreeSet<&str> = names.iter().map(|n| n.database.as_str()).collect();
    if databases.is_empty() {
        return Ok(Vec::new());
    }
    Ok(reader.rows(&read::kept(&databases)).await?)
}

async fn objects(reader: &ClickHouseReader, names: &[ObjectName]) -> Result<Vec<ObjectRow>, ObserveError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Ok(reader.rows(&read::objects(names)).await?)
}
