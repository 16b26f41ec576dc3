//! Counting the rows where they should arrive.

use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// The tables the rows flow into.
pub(in crate::cli) const TABLES: [&str; 2] = ["raw.covid_new_cases", "ods.covid_cumulative"];

/// How long rows may take: the consumers join their group first.
const PATIENCE: Duration = Duration::from_secs(180);

/// Pause between two looks.
const BETWEEN: Duration = Duration::from_millis(250);

/// Rows by location of each of [`TABLES`].
pub(in crate::cli) type Arrival = [BTreeMap<String, u64>; 2];

#[derive(Deserialize)]
struct Row {
    location: String,
    rows: u64,
}

/// What is in the tables now, over all shards.
///
/// # Errors
/// The server does not answer.
pub(in crate::cli) async fn stored(reader: &ClickHouseReader) -> Result<Arrival, ClickHouseError> {
    let (first, second) = tokio::try_join!(count(reader, TABLES[0]), count(reader, TABLES[1]))?;
    Ok([first, second])
}

async fn count(reader: &ClickHouseReader, table: &str) -> Result<BTreeMap<String, u64>, ClickHouseError> {
    let sql = format!("SELECT toString(location_key) AS location, count() AS rows FROM {table} GROUP BY location");
    let rows: Vec<Row> = reader.rows(&sql).await?;
    Ok(rows.into_iter().map(|r| (r.location, r.rows)).collect())
}

/// Waits until both tables hold `expected`. What
/// is there when patience ends is the answer, complete or not.
///
/// # Errors
/// The server does not answer.
pub(in crate::cli) async fn await_rows(
    reader: &ClickHouseReader,
    expected: &Arrival,
) -> Result<Arrival, ClickHouseError> {
    let begin = Instant::now();
    loop {
        let now = stored(reader).await?;
        if now == *expected || begin.elapsed() > PATIENCE {
            return Ok(now);
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
