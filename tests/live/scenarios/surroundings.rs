//! What the servers have and no manifest mentions: reported, left alone, and in the way of a drop it would break.

use super::*;
use crate::fixture::project::{Project, ask, by_hand};
use crate::fixture::unique;
use sluice::plan::Note;
use std::collections::BTreeSet;

/// `object verb table @[hosts]` of everything that is not managed, and `object undeclared @[hosts]`.
fn beside(plan: &Plan) -> Vec<String> {
    let notes = plan.resources.iter().flat_map(|r| &r.notes);
    notes
        .filter_map(|n| match n {
            Note::NotManaged { object, engine, of, reads, writes, hosts } => Some(format!(
                "{} {engine} {}{} {} @{hosts:?}",
                object.table,
                if *reads { "r" } else { "" },
                if *writes { "w" } else { "" },
                of.table
            )),
            Note::NoLongerDeclared { object, engine, hosts } => {
                Some(format!("{} {engine} undeclared @{hosts:?}", object.table))
            }
            Note::Unmanaged { .. }
            | Note::BackgroundInsert { .. }
            | Note::MembersStay { .. }
            | Note::MessagesLost { .. }
            | Note::GroupStarts { .. }
            | Note::GroupContinues { .. }
            | Note::KeptOld { .. }
            | Note::Backfills { .. }
            | Note::OffsetsKept { .. }
            | Note::Beyond { .. }
            | Note::SecretUnknown { .. }
            | Note::NewOn { .. }
            | Note::FewBrokerThreads { .. }
            | Note::IdleConsumers { .. } => None,
        })
        .collect()
}

#[tokio::test]
async fn what_uses_our_tables_is_told_left_alone_and_stops_their_drop() {
    let name = unique("beside");
    let theirs = format!("{name}_theirs");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    assert_eq!(beside(&project.plan().await), [""; 0]);
    by_hand(1, &format!("CREATE DATABASE {theirs}")).await;
    for (sql, expected) in [
        (format!("CREATE TABLE {theirs}.src (n UInt64) ENGINE = Null"), None),
        (
            format!("CREATE MATERIALIZED VIEW {theirs}.writer TO {name}.rows_local AS SELECT n FROM {theirs}.src"),
            Some("writer MaterializedView w rows_local @[1]"),
        ),
        (
            format!(
                "CREATE MATERIALIZED VIEW {theirs}.joins TO {theirs}.src AS SELECT n FROM {theirs}.src JOIN {name}.rows USING n"
            ),
            Some("joins MaterializedView r rows @[1]"),
        ),
        (
            format!("CREATE VIEW {theirs}.plain AS SELECT n FROM {name}.`rows` WHERE n > 1"),
            Some("plain View r rows @[1]"),
        ),
        (
            format!("CREATE TABLE {theirs}.spread (n UInt64) ENGINE = Distributed(dwh_test, {name}, rows_local)"),
            Some("spread Distributed rw rows_local @[1]"),
        ),
        (
            format!("CREATE TABLE {theirs}.buffer (n UInt64) ENGINE = Buffer({name}, rows, 1, 1, 1, 1, 1, 1, 1)"),
            Some("buffer Buffer rw rows @[1]"),
        ),
        (
            format!(
                "CREATE DICTIONARY {theirs}.words (n UInt64, day Date) PRIMARY KEY n SOURCE(CLICKHOUSE(DB '{name}' TABLE 'rows_local')) LAYOUT(FLAT()) LIFETIME(0)"
            ),
            Some("words Dictionary r rows_local @[1]"),
        ),
        // A copy has the comment of its model, mark and all.
        (format!("CREATE TABLE {name}.copy AS {name}.rows_local"), Some("copy MergeTree undeclared @[1]")),
        (format!("CREATE TABLE {name}.rows_local__old_20261122 AS {name}.rows_local"), None),
    ] {
        by_hand(1, &sql).await;
        let plan = project.plan().await;
        assert!(plan.is_empty(), "{sql}: {:#?}", plan.resources);
        let found = beside(&plan);
        match expected {
            Some(expected) => assert!(found.iter().any(|f| f == expected), "{sql}: {found:?}"),
            None => assert!(!found.iter().any(|f| f.starts_with("src") || f.contains("__old_")), "{sql}: {found:?}"),
        }
    }
    let wish = Policy { recreate: BTreeSet::from([pipeline(&name)]), ..allowing(&Hazard::ALL) };
    let prepared = project.plan_with(&wish).await;
    let blocking = |b: &Blocked| {
        let Blocked::ReadByStranger { object, reader } = b else { panic!("{b:?}") };
        format!("{} {}", reader.table, object.table)
    };
    let mut found: Vec<String> = blocked(&prepared.plan).iter().map(blocking).collect();
    found.sort();
    let expected =
        ["buffer rows", "joins rows", "plain rows", "spread rows_local", "words rows_local", "writer rows_local"];
    assert_eq!(found, expected);
    assert_eq!(steps(&prepared.plan), [""; 0]);
    let shown = sluice::render::plan(
        &project.plan().await,
        &Policy::default(),
        sluice::render::Style { colour: false, width: 160, sql: false },
    );
    assert!(shown.contains("not managed 7"), "{shown}");
    by_hand(1, &format!("DROP DATABASE {theirs}")).await;
    assert!(!project.plan_with(&wish).await.plan.is_blocked());
    assert_eq!(ask(&format!("SELECT count() FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}' AND name IN ('copy', 'rows_local__old_20261122')")).await, "2");
    project.clean().await;
}

#[tokio::test]
async fn clauses_that_no_manifest_asks_for_are_told_and_a_refreshed_view_is_another_kind() {
    let name = unique("beyond");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    by_hand(2, &format!("ALTER TABLE {name}.rows_local MODIFY COLUMN n UInt64 STATISTICS(tdigest)")).await;
    let plan = project.plan().await;
    assert!(plan.is_empty(), "{:#?}", plan.resources);
    let statistics = |n: &Note| {
        matches!(n, Note::Beyond { object, clause, hosts }
            if object.table == "rows_local" && clause.starts_with("column n STATISTICS") && *hosts == [2])
    };
    assert!(of(&plan, &pipeline(&name)).notes.iter().any(statistics), "{:#?}", plan.resources);
    let query = format!("SELECT n, toDate(day) AS day FROM {name}.kafka");
    by_hand(1, &format!("DROP VIEW {name}.rows_mv")).await;
    let mark = format!("Numbers [sluice {name} KafkaPipeline/{name}]");
    let refreshed =
        format!("CREATE MATERIALIZED VIEW {name}.rows_mv REFRESH EVERY 1 YEAR APPEND TO {name}.rows EMPTY AS {query}");
    by_hand(1, &refreshed).await;
    by_hand(1, &format!("ALTER TABLE {name}.rows_mv MODIFY COMMENT '{mark}'")).await;
    let changed = attributes(&project.plan().await);
    let kind = "rows_mv kind: MaterializedView REFRESH EVERY 1 YEAR APPEND -> MaterializedView @[1]";
    assert!(changed.iter().any(|c| c == kind), "{changed:?}");
    project.clean().await;
}
