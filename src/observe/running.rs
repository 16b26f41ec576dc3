//! What an apply that was killed has left running.

use super::ObserveError;
use crate::client::clickhouse::ClickHouseReader;
use crate::sql::running;
use serde::Deserialize;
use std::time::Duration;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Deserialize)]
struct Count {
    running: u32,
}

/// Waits until a host runs no statement of the project.
///
/// # Errors
/// The host does not answer or refuses.
pub async fn until_none(reader: &ClickHouseReader, project: &str) -> Result<(), ObserveError> {
    loop {
        let rows: Vec<Count> = reader.rows(&running::count(project)).await?;
        if rows.iter().all(|row| row.running == 0) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}
