//! Whose an object is.

use super::*;
use crate::fixture::project::{Project, ask, by_hand};
use crate::fixture::unique;
use sluice::model::Owner;
use std::collections::BTreeSet;

#[tokio::test]
async fn objects_of_another_project_are_never_touched() {
    let name = unique("mine");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    let state = format!(
        "SELECT hostName(), name, create_table_query, uuid FROM clusterAllReplicas(dwh_test, system.tables) \
         WHERE database = '{name}' ORDER BY ALL"
    );
    let before = ask(&state).await;
    let other = Project::of("another_project", &simple(&name, "ttl: day + INTERVAL 1 DAY"));
    let wish = Policy { recreate: BTreeSet::from([pipeline(&name)]), ..allowing(&Hazard::ALL) };
    for policy in [Policy::default(), wish] {
        let prepared = other.plan_with(&policy).await;
        let owner = Owner::new(&name, &pipeline(&name));
        let object = ObjectName::new(&name, "rows_local");
        assert!(blocked(&prepared.plan).contains(&Blocked::Foreign { object, owner }), "{:?}", blocked(&prepared.plan));
        other.run(&prepared).await;
        assert_eq!(ask(&state).await, before);
    }
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn an_unmarked_table_is_adopted_and_compared() {
    let name = unique("adopt");
    let table = |columns: &str| {
        format!("CREATE TABLE {name}.rows_local ({columns}) ENGINE = MergeTree ORDER BY n COMMENT 'made by hand'")
    };
    for node in 0..4 {
        by_hand(node, &format!("CREATE DATABASE {name}")).await;
        by_hand(node, &table(if node == 3 { "n UInt64, day String" } else { "n UInt64, day Date" })).await;
    }
    by_hand(0, &format!("INSERT INTO {name}.rows_local VALUES (7, '2026-11-22')")).await;
    let project = Project::of(&name, &simple(&name, ""));
    let plan = project.plan().await;
    let expected =
        ["rows_local comment: made by hand -> Numbers @[0, 1, 2, 3]", "rows_local column day: String -> Date @[3]"];
    assert_eq!(attributes(&plan), expected);
    by_hand(3, &format!("DROP TABLE {name}.rows_local")).await;
    let plan = project.plan().await;
    assert!(steps(&plan).contains(&"adopt rows_local".to_owned()), "{:?}", steps(&plan));
    let adopts = |c: &Change| matches!(c, Change::Adopt { from: None, hosts, .. } if *hosts == [0, 1, 2]);
    assert!(of(&plan, &pipeline(&name)).changes.iter().any(adopts), "{:#?}", plan.resources);
    project.apply().await;
    assert_eq!(ask(&format!("SELECT n FROM {name}.rows")).await, "7");
    let comment = format!("SELECT comment FROM system.tables WHERE database = '{name}' AND name = 'rows_local'");
    assert_eq!(ask(&comment).await, format!("Numbers [sluice {name} KafkaPipeline/{name}]"));
    project.clean().await;
}

#[tokio::test]
async fn a_strangers_view_stops_the_drop_of_what_it_reads() {
    let name = unique("reader");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    by_hand(1, &format!("CREATE TABLE {name}.theirs (n UInt64) ENGINE = Null")).await;
    let view = format!("CREATE MATERIALIZED VIEW {name}.their_mv TO {name}.theirs AS SELECT n FROM {name}.rows_local");
    by_hand(1, &view).await;
    project.assert_converged().await;
    let wish = Policy { recreate: BTreeSet::from([pipeline(&name)]), ..allowing(&Hazard::ALL) };
    let prepared = project.plan_with(&wish).await;
    let stranger = Blocked::ReadByStranger {
        object: ObjectName::new(&name, "rows_local"),
        reader: ObjectName::new(&name, "their_mv"),
    };
    assert_eq!(blocked(&prepared.plan), [stranger]);
    assert_eq!(steps(&prepared.plan), [""; 0]);
    by_hand(1, &format!("DROP VIEW {name}.their_mv")).await;
    assert!(!project.plan_with(&wish).await.plan.is_blocked());
    project.assert_converged().await;
    project.clean().await;
}
