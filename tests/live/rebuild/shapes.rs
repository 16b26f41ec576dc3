//! Every change that takes a rebuild.

use super::*;
use crate::fixture::unique;
use sluice::plan::{Class, Hazard};

/// Applies the change and proves that every row is there.
async fn changed(from: &str, to: &str, method: CopyMethod) -> (String, Project) {
    let name = unique("shape");
    let (project, before) = filled(&name, from).await;
    project.rewrite(&table(&name, COLUMNS, to));
    let plan = project.plan().await;
    assert_eq!(methods(&plan), [method], "{:#?}", plan.resources);
    let impact = plan.resources.iter().find_map(|r| r.impact.clone()).expect("a running pipeline is changed");
    assert_eq!((impact.class, impact.rows), (Class::Rebuilt, Some(4 * ROWS)));
    assert!(plan.hazards().iter().any(|(h, _)| *h == Hazard::CopiesData), "{:?}", plan.hazards());
    project.apply().await;
    assert_eq!(contents(&name).await, before);
    (name, project)
}

#[tokio::test]
async fn another_sorting_key_is_copied_by_partition() {
    let parts = "partitionBy: toYYYYMM(day)";
    let from = format!("{parts}\n      orderBy: n");
    let to = format!("{parts}\n      orderBy: day, n");
    let (name, project) = changed(&from, &to, CopyMethod::ByPartition).await;
    assert_eq!(beside(&name).await, "rows_local__old_00000101\t4");
    project.clean().await;
}

#[tokio::test]
async fn another_partition_key_is_copied_as_a_whole() {
    let (_, project) = changed("orderBy: n", "orderBy: n\n      partitionBy: toYYYYMM(day)", CopyMethod::Whole).await;
    project.clean().await;
}

#[tokio::test]
async fn other_granules_share_the_parts() {
    let to = "orderBy: n\n      settings: {index_granularity: 1024}";
    let (_, project) = changed("orderBy: n", to, CopyMethod::AttachPartitions).await;
    project.clean().await;
}

#[tokio::test]
async fn an_engine_that_replaces_begins_to_do_so_after_the_copy() {
    let name = unique("replacing");
    let parts = "partitionBy: toYYYYMM(day)";
    let (project, _) = filled(&name, &format!("{parts}\n      orderBy: n")).await;
    fill(&name).await;
    let before = contents(&name).await;
    project.rewrite(&table(
        &name,
        COLUMNS,
        &format!("{parts}\n      orderBy: n, day\n      engine: ReplacingMergeTree"),
    ));
    assert_eq!(methods(&project.plan().await), [CopyMethod::ByPartition]);
    // Merges go on after the swap, so only the old table can be counted at leisure.
    project.apply().await;
    let old = format!("SELECT count() FROM clusterAllReplicas(dwh_test, {name}, rows_local__old_00000101)");
    assert_eq!(ask(&old).await, before.split('\t').next().unwrap());
    for node in 0..4 {
        by_hand(node, &format!("OPTIMIZE TABLE {name}.rows_local FINAL")).await;
    }
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, (4 * ROWS).to_string());
    project.clean().await;
}

#[tokio::test]
async fn a_narrower_key_column_is_cast_and_what_does_not_fit_blocks() {
    let name = unique("narrow");
    let more = "orderBy: n";
    let (project, before) = filled(&name, more).await;
    by_hand(2, &format!("INSERT INTO {name}.rows_local (n, day, word) VALUES (5000000000, '2026-01-01', 'big')")).await;
    let narrow = COLUMNS.replace("UInt64", "UInt32");
    project.rewrite(&table(&name, &narrow, more));
    let object = sluice::model::ObjectName::new(name.clone(), "rows_local");
    let misfit = Blocked::DoesNotFit { object, column: "n".into(), rows: 1, host: 2 };
    assert_eq!(blocked(&project.plan().await), [misfit]);
    by_hand(2, &format!("ALTER TABLE {name}.rows_local DELETE WHERE word = 'big' SETTINGS mutations_sync = 1")).await;
    project.apply().await;
    let after = ask(&format!("SELECT count(), sum(cityHash64(toUInt64(n), day, word)) FROM {name}.rows")).await;
    assert_eq!(after, before);
    assert_eq!(ask(&format!("SELECT toTypeName(any(n)) FROM {name}.rows")).await, "UInt32");
    project.clean().await;
}

#[tokio::test]
async fn rows_with_a_null_are_compared_too_and_a_table_may_be_empty() {
    let name = unique("nulls");
    let columns = COLUMNS.replace("String", "Nullable(String)");
    let project = Project::of(&name, &table(&name, &columns, "orderBy: n"));
    project.apply().await;
    // The other three nodes have no row.
    by_hand(1, &format!("INSERT INTO {name}.rows_local VALUES (1, '2026-01-01', NULL), (2, '2026-01-01', 'b')")).await;
    project.rewrite(&table(&name, &columns, "orderBy: n\n      partitionBy: toYYYYMM(day)"));
    assert_eq!(methods(&project.plan().await), [CopyMethod::Whole]);
    project.apply().await;
    let rows = ask(&format!("SELECT groupArray((n, word)) FROM (SELECT * FROM {name}.rows ORDER BY n)")).await;
    assert_eq!(rows, "[(1,NULL),(2,'b')]");
    project.clean().await;
}

#[tokio::test]
async fn rows_that_are_older_than_a_constraint_are_copied_and_new_ones_are_held_to_it() {
    let constraint = "orderBy: n\n      constraints: [{name: few, check: n < 10}]";
    let to = constraint.replace("orderBy: n", "orderBy: day, n\n      partitionBy: toYYYYMM(day)");
    let (name, project) = changed("orderBy: n", &to, CopyMethod::Whole).await;
    let before = contents(&name).await;
    let insert = |n: u64| format!("INSERT INTO {name}.rows_local (n, day, word) VALUES ({n}, '2026-01-01', '')");
    let refused = try_by_hand(0, &insert(11)).await.expect_err("the constraint holds");
    assert!(refused.contains("VIOLATED_CONSTRAINT"), "{refused}");
    // The old rows are copied once more, now with a constraint on both sides.
    project.rewrite(&table(&name, COLUMNS, constraint));
    project.apply_with(&on(26)).await;
    assert_eq!(contents(&name).await, before);
    try_by_hand(0, &insert(11)).await.expect_err("the constraint holds");
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn texts_that_are_no_arrays_are_found_before_anything_is_copied() {
    let name = unique("arrays");
    let (project, before) = filled(&name, "orderBy: n").await;
    let columns = COLUMNS.replace("{name: word, type: String}", "{name: word, type: Array(Int32)}");
    project.rewrite(&table(&name, &columns, "orderBy: day, n"));
    let found = blocked(&project.plan().await);
    let refused =
        |b: &Blocked| matches!(b, Blocked::ObjectUnknown { why, .. } if why.contains("word cannot be converted"));
    assert!(!found.is_empty() && found.iter().all(refused), "{found:?}");
    for node in 0..4 {
        by_hand(
            node,
            &format!("ALTER TABLE {name}.rows_local UPDATE word = '[1, 2]' WHERE 1 SETTINGS mutations_sync = 1"),
        )
        .await;
    }
    project.apply().await;
    assert_ne!(contents(&name).await, before);
    assert_eq!(
        ask(&format!("SELECT count(), uniqExact(n), any(word) FROM {name}.rows")).await,
        "200000\t200000\t[1,2]"
    );
    project.assert_converged().await;
    project.clean().await;
}
