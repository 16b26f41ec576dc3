//! A server finishes what it has begun, also when the apply that asked for it was killed.

use super::*;
use crate::fixture::project::{Project, ask, until};
use crate::fixture::{shared, unique};
use sluice::client::clickhouse::{ClickHouseSettings, ClickHouseWriter, Execute};
use std::time::Duration;

#[tokio::test]
async fn an_apply_waits_for_the_statements_of_one_that_was_killed() {
    let name = unique("killed");
    let project = Project::of(&name, &simple(&name, ""));
    let left = |project: &str| {
        let writer = ClickHouseWriter::connect(&shared().clickhouse_urls[0], &ClickHouseSettings::default()).unwrap();
        let query_id = format!("sluice/{project}/{}", uuid::Uuid::new_v4());
        let options = Execute { timeout: Duration::from_secs(60), query_id, settings: Vec::new() };
        tokio::spawn(async move { writer.execute("SELECT sleepEachRow(1) FROM numbers(3)", &options).await.unwrap() })
    };
    let running =
        |project: &str| format!("SELECT count() FROM system.processes WHERE startsWith(query_id, 'sluice/{project}/')");
    let (ours, theirs) = (left(&name), left(&format!("{name}_other")));
    until(&running(&name), "1").await;
    project.settle().await;
    assert_eq!(ask(&running(&name)).await, "0");
    ours.await.unwrap();
    // What another project runs is none of our business.
    let theirs_again = left(&format!("{name}_other"));
    until(&running(&format!("{name}_other")), "1").await;
    project.settle().await;
    assert!(!theirs_again.is_finished());
    theirs.await.unwrap();
    theirs_again.await.unwrap();
}
