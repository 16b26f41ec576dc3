//! One ClickHouse host: what it is and what it has, in four requests.

use super::ObserveError;
use super::surroundings;
use crate::client::clickhouse::ClickHouseReader;
use crate::model::create::parse_create;
use crate::model::{ClusterMember, Definition, Dependant, Engine, LiveHost, LiveObject, ObjectName};
use crate::sql::read;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct HostRow {
    version: String,
    hostname: String,
    databases: Vec<(String, String)>,
    clusters: Vec<(String, u32, u32)>,
    foreground_insert: String,
    members: Vec<(String, u32, u32, String, String, u16)>,
    macros: Vec<(String, String)>,
    broker_threads: u32,
    broker_tasks: u32,
}

#[derive(Debug, Deserialize)]
struct ObjectRow {
    database: String,
    name: String,
    uuid: String,
    statement: String,
    readers: Vec<(String, String)>,
}

/// Reads a host, the objects of `names` (sorted) on it and what is around them, all requests at once. A definition
/// that cannot be taken apart is told as such (an empty one is a lack of grants, never an absent table).
///
/// # Errors
/// The host does not answer or refuses.
pub(crate) async fn host(
    reader: &ClickHouseReader,
    project: &str,
    names: &[ObjectName],
    clusters: &BTreeSet<&str>,
) -> Result<LiveHost, ObserveError> {
    let (facts, mut objects, kept, mut dependants, mut undeclared) = tokio::try_join!(
        facts(reader, clusters),
        objects(reader, names),
        kept(reader, names),
        surroundings::dependants(reader, names),
        surroundings::undeclared(reader, project, names),
    )?;
    objects.extend(kept);
    let consuming = undeclared.iter().filter(|(_, u)| u.engine == "Kafka").map(|(name, _)| name.clone());
    for row in self::objects(reader, &consuming.collect::<Vec<_>>()).await? {
        if let Some(found) = undeclared.get_mut(&ObjectName::new(row.database, row.name)) {
            found.definition = parse_create(&row.statement).ok();
        }
    }
    let mut other_readers = BTreeMap::new();
    for row in &objects {
        let views = row.readers.iter().map(|(database, table)| ObjectName::new(database, table));
        for view in views.filter(|v| names.binary_search(v).is_err()) {
            // A view that may not be seen is somebody's all the same.
            let dependant = dependants
                .entry(view.clone())
                .or_insert_with(|| Dependant { engine: Engine::VIEW.into(), ..Dependant::default() });
            dependant.reads.insert(ObjectName::new(&row.database, &row.name));
            other_readers.insert(view, dependant.owner.clone());
        }
    }
    let made = made(reader, facts, objects);
    Ok(LiveHost { other_readers, dependants, undeclared, ..made })
}

/// Reads a host and all that is in its databases, but for those of the server's own.
///
/// # Errors
/// The host does not answer or refuses.
pub(super) async fn whole(
    reader: &ClickHouseReader,
    clusters: &BTreeSet<&str>,
    without: &[&str],
) -> Result<LiveHost, ObserveError> {
    let everything = async { Ok(reader.rows(&read::everything(without)).await?) };
    let (facts, objects) = tokio::try_join!(facts(reader, clusters), everything)?;
    Ok(made(reader, facts, objects))
}

/// What a host says of itself and of some objects.
fn made(reader: &ClickHouseReader, facts: HostRow, objects: Vec<ObjectRow>) -> LiveHost {
    let (mut known, mut unreadable) = (BTreeMap::new(), BTreeMap::new());
    for row in objects {
        let object = ObjectName::new(row.database, row.name);
        let readers = row.readers.into_iter().map(|(database, table)| ObjectName::new(database, table)).collect();
        match parse_create(&row.statement).map(Definition::arguments_as_settings) {
            Ok(definition) => drop(known.insert(object, LiveObject { definition, uuid: row.uuid, readers })),
            Err(error) => drop(unreadable.insert(object, error.to_string())),
        }
    }
    let places = facts.clusters.into_iter().map(|(c, shard, replica)| (c, (shard, replica)));
    let member = |(cluster, shard, replica, name, address, port)| ClusterMember {
        cluster,
        place: (shard, replica),
        name,
        address,
        port,
    };
    LiveHost {
        name: reader.host().to_string(),
        version: facts.version,
        hostname: facts.hostname,
        clusters: places.collect(),
        members: facts.members.into_iter().map(member).collect(),
        macros: facts.macros.into_iter().collect(),
        databases: facts.databases.iter().map(|(name, _)| name.clone()).collect(),
        database_engines: facts.databases.into_iter().collect(),
        broker_threads: facts.broker_threads,
        broker_tasks: facts.broker_tasks,
        foreground_insert: facts.foreground_insert == "1",
        objects: known,
        unreadable,
        unalterable: BTreeMap::new(),
        sizes: BTreeMap::new(),
        misfits: BTreeMap::new(),
        unfillable: BTreeMap::new(),
        ..LiveHost::default()
    }
}

async fn facts(reader: &ClickHouseReader, clusters: &BTreeSet<&str>) -> Result<HostRow, ObserveError> {
    let mut rows: Vec<HostRow> = reader.rows(&read::host(clusters)).await?;
    rows.pop().ok_or_else(|| ObserveError::Cluster(format!("{} said nothing about itself", reader.host())))
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
