//! How large the tables are that a plan builds anew, and what of them would not fit: asked only where there are any.

use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use crate::model::{LiveClickHouse, Misfit, ObjectName, TableSize};
use crate::observe::ObserveError;
use crate::plan::{Action, Plan, TableAction};
use crate::sql::{Copy, copy};
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
    for step in &plan.steps {
        let Action::Table(TableAction::Copy(copy)) = &step.action else { continue };
        for host in &step.hosts {
            copies.entry(*host).or_default().push(copy);
        }
    }
    let asked = copies.iter().map(|(host, copies)| async move {
        let (sizes, misfits) = tokio::try_join!(sizes(&readers[*host], copies), misfits(&readers[*host], copies))?;
        Ok::<(usize, Answer), ClickHouseError>((*host, (sizes, misfits)))
    });
    for (host, (sizes, misfits)) in try_join_all(asked).await? {
        live.hosts[host].sizes.extend(sizes);
        live.hosts[host].misfits.extend(misfits);
    }
    Ok(!copies.is_empty())
}

async fn sizes(
    reader: &ClickHouseReader,
    copies: &[&Copy],
) -> Result<BTreeMap<ObjectName, TableSize>, ClickHouseError> {
    let tables: Vec<ObjectName> = copies.iter().map(|c| c.from.clone()).collect();
    let rows: Vec<SizeRow> = reader.rows(&copy::sizes(&tables)).await?;
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
