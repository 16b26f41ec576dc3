//! A pipeline dropped and made again, on purpose.

use super::*;
use crate::fixture::project::{Project, ask, produce, until};
use crate::fixture::unique;
use sluice::plan::Note;
use std::collections::BTreeSet;

#[tokio::test]
async fn a_pipeline_is_recreated_with_consent_in_order_and_keeps_its_offsets() {
    let name = unique("anew");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "3").await;
    let committed = format!(
        "SELECT sum(num_commits) > 0 FROM clusterAllReplicas(dwh_test, system.kafka_consumers) WHERE database = '{name}'"
    );
    until(&committed, "1").await;
    let wish = Policy { recreate: BTreeSet::from([pipeline(&name)]), ..Policy::default() };
    let prepared = project.plan_with(&wish).await;
    assert_eq!(unconsented(&prepared.plan, &wish), [Hazard::DeletesData]);
    let group = format!("clickhouse-{name}-consumer");
    let leave = format!("leave {group}");
    let order = [
        "drop kafka",
        "drop rows_mv",
        "flush rows",
        "drop rows",
        "drop rows_local",
        leave.as_str(),
        "create kafka",
        "create rows_local",
        "create rows",
        "create rows_mv",
    ];
    let made = steps(&prepared.plan);
    let at = |step: &str| made.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {made:?}"));
    assert_eq!(made.len(), order.len(), "{made:?}");
    assert!(order[..6].is_sorted_by_key(|s| at(s)), "{made:?}");
    assert!(at(&leave) < at("create kafka"), "{made:?}");
    assert!(order[6..].iter().all(|s| at(s) <= at("create rows_mv")), "{made:?}");
    assert!(at("create rows_local") < at("create rows"), "{made:?}");
    assert!(of(&prepared.plan, &pipeline(&name)).notes.contains(&Note::OffsetsKept { group }));
    let allowed = Policy { recreate: wish.recreate.clone(), ..allowing(&[Hazard::DeletesData]) };
    assert_eq!(unconsented(&prepared.plan, &allowed), []);
    assert_eq!(project.run(&prepared).await.failed, []);
    project.assert_converged().await;
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, "0");
    produce(&name, (4..=5).map(row)).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "4\n5").await;
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn a_table_with_rows_and_one_that_passes_them_on_are_not_made_out_of_each_other() {
    let name = unique("apart");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "3").await;
    project.rewrite(&simple(&name, "distributed: none"));
    assert_eq!(blocked(&project.plan().await), [Blocked::NeedsRecreate]);
    project.rewrite(&simple(&name, "engine: \"Null\"").replace("      orderBy: n\n", ""));
    let plan = project.plan().await;
    assert_eq!(blocked(&plan), [Blocked::NeedsRecreate]);
    assert_eq!(ask(&format!("SELECT count() FROM {name}.rows")).await, "3");
    project.rewrite(&simple(&name, ""));
    project.assert_converged().await;
    project.clean().await;
}
