//! A table that is renamed takes its rows along, and nobody may read it under the old name.

use super::*;
use crate::fixture::project::{Project, ask, by_hand, produce, until};
use crate::fixture::unique;

#[tokio::test]
async fn a_table_that_a_stranger_reads_is_not_renamed_under_it() {
    let name = unique("moved");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "3").await;
    by_hand(0, &format!("CREATE TABLE {name}.theirs (n UInt64) ENGINE = Null")).await;
    let view = format!("CREATE MATERIALIZED VIEW {name}.theirs_mv TO {name}.theirs AS SELECT n FROM {name}.rows_local");
    by_hand(0, &view).await;
    let moved = simple(&name, "").replace(
        &format!("- table: {name}.rows\n"),
        &format!("- table: {name}.lines\n      renamedFrom: {name}.rows\n"),
    );
    project.rewrite(&moved);
    let object = |table: &str| ObjectName::new(name.clone(), table);
    let expected = Blocked::ReadByStranger { object: object("rows_local"), reader: object("theirs_mv") };
    assert_eq!(blocked(&project.plan().await), [expected]);
    by_hand(0, &format!("DROP VIEW {name}.theirs_mv")).await;
    project.apply().await;
    assert_eq!(ask(&format!("SELECT count() FROM {name}.lines")).await, "3");
    produce(&name, (4..=5).map(row)).await;
    until(&format!("SELECT count() FROM {name}.lines"), "5").await;
    assert_eq!(ask(&format!("EXISTS {name}.rows_local")).await, "0");
    project.clean().await;
}
