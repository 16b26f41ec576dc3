//! What an apply that was killed has left running.

use super::ObserveError;
use crate::client::clickhouse::ClickHouseReader;
use crate::sql::running;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(200);
/// How long a queue may stand still.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
struct Count {
    running: u32,
}

/// Waits until a host runs no statement of the project.
///
/// # Errors
/// The host does not answer or refuses.
pub async fn until_none(reader: &ClickHouseReader, project: &str) -> Result<(), ObserveError> {
    while !is_idle(reader, &running::count(project)).await? {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Waits until a host has done what the queue of its cluster has for it of the project.
///
/// # Errors
/// The host does not answer or refuses, or does not get on with it.
pub async fn until_none_queued(reader: &ClickHouseReader, project: &str) -> Result<(), ObserveError> {
    let begin = Instant::now();
    while !is_idle(reader, &running::queued(project)).await? {
        if begin.elapsed() > PATIENCE {
            return Err(ObserveError::Cluster(format!(
                "{} has statements of an earlier apply in system.distributed_ddl_queue and does not get on with them \
                 (log_comment {}…): they would be done after a plan was made. See why, or remove them from the queue",
                reader.host(),
                running::prefix(project)
            )));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

async fn is_idle(reader: &ClickHouseReader, question: &str) -> Result<bool, ObserveError> {
    let rows: Vec<Count> = reader.rows(question).await?;
    Ok(rows.iter().all(|row| row.running == 0))
}
