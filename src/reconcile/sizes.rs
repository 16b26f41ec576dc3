//! How large the tables are that a plan copies, and what of them would not fit: asked only where there are any.

use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use crate::model::{LiveClickHouse, Misfit, ObjectName, TableSize};
use crate::observe::ObserveError;
use crate::plan::{Action, Fill, Plan, TableAction};
use crate::sql::{Copy, backfill, copy};
use futures_util::future::try_join_all;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A type that no value can be asked for one by one (ILLEGAL_TYPE_OF_ARGUMENT).
const CANNOT_BE_NULL: i32 = 43;

#[derive(Debug, Deserialize)]
struct SizeRow {
    database: String,
    name: String,
    rows: u64,
    bytes: u64,
    partitions: u64,
    free: u64,
}

#[derive(Debug, Deserialize)]
struct CountRow {
    rows: u64,
}

type Answer = (BTreeMap<ObjectName, TableSize>, BTreeMap<(ObjectName, String), Misfit>);

/// Reads them into the live state; false where the plan copies nothing.
pub(super) async fn read(
    plan: &Plan,
    live: &mut LiveClickHouse,
    readers: &[ClickHouseReader],
) -> Result<bool, ObserveError> {
    let mut copies: BTreeMap<usize, Vec<&Copy>> = BTreeMap::new();
    let mut fills: BTreeMap<usize, Vec<&Fill>> = BTreeMap::new();
    for step in &plan.steps {
        match &step.action {
            Action::Table(TableAction::Copy(copy)) => {
                step.hosts.iter().for_each(|host| copies.entry(*host).or_default().push(copy));
            }
            Action::Table(TableAction::Fill(fill)) => {
                fill.reads.iter().for_each(|host| fills.entry(*host).or_default().push(fill));
            }
            Action::Table(_) | Action::Kafka(_) => {}
        }
    }
    let asked = copies.iter().map(|(host, copies)| async move {
        let tables: Vec<ObjectName> = copies.iter().map(|c| c.from.clone()).collect();
        let (sizes, misfits) = tokio::try_join!(sizes(&readers[*host], &tables), misfits(&readers[*host], copies))?;
        Ok::<(usize, Answer), ClickHouseError>((*host, (sizes, misfits)))
    });
    let found = try_join_all(asked).await?;
    let known = &*live;
    let asked = fills.iter().map(|(host, fills)| async move {
        // A table that this plan makes first cannot be asked about.
        let there = |f: &&&Fill| known.hosts[*host].objects.contains_key(&f.refill.from);
        let fills: Vec<&Fill> = fills.iter().filter(there).copied().collect();
        let tables: Vec<ObjectName> = fills.iter().map(|f| f.refill.from.clone()).collect();
        let (sizes, refused) = tokio::try_join!(sizes(&readers[*host], &tables), unfillable(&readers[*host], &fills))?;
        Ok::<_, ClickHouseError>((*host, sizes, refused))
    });
    let filled = try_join_all(asked).await?;
    for (host, (sizes, misfits)) in found {
        live.hosts[host].sizes.extend(sizes);
        live.hosts[host].misfits.extend(misfits);
    }
    for (host, sizes, refused) in filled {
        live.hosts[host].sizes.extend(sizes);
        live.hosts[host].unfillable.extend(refused);
    }
    Ok(!copies.is_empty() || !fills.is_empty())
}

/// Tables that a server would not fill: it refuses the SELECT.
async fn unfillable(
    reader: &ClickHouseReader,
    fills: &[&Fill],
) -> Result<BTreeMap<ObjectName, String>, ClickHouseError> {
    let mut refused = BTreeMap::new();
    for fill in fills {
        match reader.rows::<serde::de::IgnoredAny>(&backfill::describe(&fill.refill)).await {
            Ok(_) => {}
            Err(ClickHouseError::Refused { message, .. }) => drop(refused.insert(fill.to.clone(), message)),
            Err(other) => return Err(other),
        }
    }
    Ok(refused)
}

async fn sizes(
    reader: &ClickHouseReader,
    tables: &[ObjectName],
) -> Result<BTreeMap<ObjectName, TableSize>, ClickHouseError> {
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<SizeRow> = reader.rows(&copy::sizes(tables)).await?;
    let size = |r: SizeRow| {
        let size = TableSize { rows: r.rows, bytes: r.bytes, partitions: r.partitions, free: r.free };
        (ObjectName::new(r.database, r.name), size)
    };
    Ok(rows.into_iter().map(size).collect())
}

async fn misfits(
    reader: &ClickHouseReader,
    copies: &[&Copy],
) -> Result<BTreeMap<(ObjectName, String), Misfit>, ClickHouseError> {
    let mut found = BTreeMap::new();
    for copy in copies {
        for (column, value) in &copy.columns {
            let Some(question) = copy::misfits(&copy.from, value) else { continue };
            let answer = match ask(reader, &question).await? {
                Err((CANNOT_BE_NULL, _)) => ask(reader, &copy::trial(&copy.from, value)).await?,
                answer => answer,
            };
            let misfit = match answer {
                Ok(rows) => Misfit::Rows(rows),
                Err((_, words)) => Misfit::Refused(words),
            };
            found.insert((copy.from.clone(), column.clone()), misfit);
        }
    }
    Ok(found)
}

/// A count; the inner error is the server's refusal.
async fn ask(reader: &ClickHouseReader, sql: &str) -> Result<Result<u64, (i32, String)>, ClickHouseError> {
    match reader.rows::<CountRow>(sql).await {
        Ok(rows) => Ok(Ok(rows.first().map_or(0, |r| r.rows))),
        Err(ClickHouseError::Refused { code, message, .. }) => Ok(Err((code, message))),
        Err(other) => Err(other),
    }
}
