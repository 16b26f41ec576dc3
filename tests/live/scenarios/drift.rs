//! Somebody changes the servers by hand.

use super::*;
use crate::fixture::project::{Project, ask, by_hand, produce, until};
use crate::fixture::unique;

#[tokio::test]
async fn dropped_objects_are_made_again_and_rows_flow() {
    let name = unique("gone");
    let stream = simple(&name, "").replace("source: {", "source: {errors: {mode: stream}, ");
    let project = Project::of(&name, &stream);
    project.apply().await;
    produce(&name, [row(1)]).await;
    until(&format!("SELECT n FROM {name}.rows"), "1").await;
    let hub = format!("{name}_hub");
    by_hand(1, &format!("DROP VIEW {name}.rows_mv")).await;
    by_hand(2, &format!("DROP TABLE {name}.{hub}")).await;
    by_hand(3, &format!("DROP TABLE {name}.rows")).await;
    by_hand(3, &format!("DROP TABLE {name}.rows_local")).await;
    for node in 0..4 {
        by_hand(node, &format!("DROP TABLE {name}.kafka")).await;
    }
    let plan = project.plan().await;
    let order = steps(&plan);
    let at = |step: &str| order.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {order:?}"));
    // A consumer that found its way in before the view of the rows was there would throw rows away.
    let entry = format!("{hub}_mv");
    assert!(at("create kafka") < at("create rows_mv") && at("create rows_mv") < at(&format!("create {entry}")));
    assert!(at(&format!("drop {entry}")) < at("create kafka"), "{order:?}");
    let mut found = made(&plan);
    found.sort();
    let all = |t: &str, hosts: &[usize]| (t.to_owned(), hosts.to_vec());
    let expected = [
        all(&hub, &[2]),
        all("kafka", &[0, 1, 2, 3]),
        all("rows", &[3]),
        all("rows_local", &[3]),
        all("rows_mv", &[1]),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(found, expected);
    project.apply().await;
    produce(&name, [row(2)]).await;
    until(&format!("SELECT count() FROM {name}.rows WHERE n = 2"), "1").await;
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn attributes_changed_by_hand_are_named_with_old_new_and_host() {
    let name = unique("drift");
    let project = Project::of(&name, &simple(&name, "settings: {merge_with_ttl_timeout: 7200}"));
    project.apply().await;
    let local = format!("ALTER TABLE {name}.rows_local");
    let query =
        ask(&format!("SELECT as_select FROM system.tables WHERE database = '{name}' AND name = 'rows_mv'")).await;
    for (node, change, repair, expected) in [
        (
            1,
            format!("{local} ADD COLUMN extra String DEFAULT 'x'"),
            format!("{local} DROP COLUMN extra"),
            "rows_local column extra: String DEFAULT 'x' -> - @[1]".to_owned(),
        ),
        (
            2,
            format!("{local} MODIFY COLUMN n COMMENT 'it''s'"),
            format!("{local} MODIFY COLUMN n REMOVE COMMENT"),
            r"rows_local column n: UInt64 COMMENT 'it\'s' -> UInt64 @[2]".to_owned(),
        ),
        (
            3,
            format!("{local} MODIFY TTL day + INTERVAL 1 YEAR"),
            format!("{local} REMOVE TTL"),
            "rows_local ttl: day + toIntervalYear(1) -> - @[3]".to_owned(),
        ),
        (
            0,
            format!("{local} MODIFY SETTING merge_with_ttl_timeout = 60"),
            format!("{local} MODIFY SETTING merge_with_ttl_timeout = 7200"),
            "rows_local setting merge_with_ttl_timeout: 60 -> 7200 @[0]".to_owned(),
        ),
        (
            1,
            format!("ALTER TABLE {name}.rows_mv MODIFY QUERY SELECT n + 1 AS n, toDate(day) AS day FROM {name}.kafka"),
            format!("ALTER TABLE {name}.rows_mv MODIFY QUERY {query}"),
            format!("rows_mv select: SELECT n + 1 AS n, toDate(day) AS day FROM {name}.kafka -> {query} @[1]"),
        ),
        (
            2,
            format!("ALTER TABLE {name}.rows DROP COLUMN day"),
            format!("ALTER TABLE {name}.rows ADD COLUMN day Date"),
            "rows column day: - -> Date @[2]".to_owned(),
        ),
        (
            3,
            format!("{local} ADD INDEX ix n TYPE minmax GRANULARITY 2"),
            format!("{local} DROP INDEX ix"),
            "rows_local index ix: n TYPE minmax GRANULARITY 2 -> - @[3]".to_owned(),
        ),
    ] {
        by_hand(node, &change).await;
        let plan = project.plan().await;
        assert_eq!(attributes(&plan), [expected], "{change}");
        assert!(!plan.is_empty());
        by_hand(node, &repair).await;
        project.assert_converged().await;
    }
    project.clean().await;
}

#[tokio::test]
async fn a_comment_changed_by_hand_is_put_right() {
    let name = unique("comment");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    let mark = format!("[sluice {name} KafkaPipeline/{name}]");
    by_hand(2, &format!("ALTER TABLE {name}.rows_local MODIFY COMMENT 'mine {mark}'")).await;
    assert_eq!(attributes(&project.plan().await), ["rows_local comment: mine -> Numbers @[2]"]);
    project.apply().await;
    // Without its mark it is nobody's, and is taken over again.
    by_hand(1, &format!("ALTER TABLE {name}.rows_mv MODIFY COMMENT 'Numbers'")).await;
    assert_eq!(steps(&project.plan().await), ["adopt rows_mv"]);
    project.apply().await;
    let marked = format!(
        "SELECT count() FROM clusterAllReplicas(dwh_test, system.tables) WHERE database = '{name}' AND comment = 'Numbers {mark}'"
    );
    assert_eq!(ask(&marked).await, "16");
    project.clean().await;
}
