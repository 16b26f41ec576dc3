//! The columns that a view is stored with, beside those that its query gives.

use super::*;
use crate::fixture::project::{Project, ask, by_hand, produce, until};
use crate::fixture::unique;

/// The types of the stored columns, in their order.
fn stored(name: &str) -> String {
    format!(
        "SELECT arrayStringConcat(groupArray(concat(name, ' ', type)), ', ') FROM (SELECT name, type FROM system.columns WHERE database = '{name}' AND table = 'rows_mv' ORDER BY position)"
    )
}

/// Makes the view anew with a query of its own text and other columns.
async fn remade_with(name: &str, columns: &str, query: &str) {
    let comment = format!("Numbers [sluice {name} KafkaPipeline/{name}]");
    by_hand(0, &format!("DROP TABLE {name}.rows_mv SYNC")).await;
    let view = format!("CREATE MATERIALIZED VIEW {name}.rows_mv TO {name}.rows ({columns})");
    by_hand(0, &format!("{view} COMMENT '{comment}' AS {query}")).await;
}

#[tokio::test]
async fn a_column_that_the_query_gives_and_the_view_was_stored_without_is_found() {
    let name = unique("stored");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    let query = "SELECT as_select FROM system.tables WHERE database = '{name}' AND name = 'rows_mv'";
    let written = ask(&query.replace("{name}", &name)).await;
    let written = written.trim();
    remade_with(&name, "n UInt64", written).await;
    let plan = project.plan().await;
    assert_eq!(attributes(&plan), ["rows_mv column day: - -> Date @[0]"]);
    assert_eq!(steps(&plan), ["query rows_mv"]);
    project.apply().await;
    until(&stored(&name), "n UInt64, day Date").await;
    // A type alone is no difference: rows do not pass through it.
    remade_with(&name, "n String, day Date", written).await;
    project.assert_converged().await;
    produce(&name, (1..=2).map(row)).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "1\n2").await;
    project.clean().await;
}

#[tokio::test]
async fn a_star_is_asked_about_and_converges() {
    let name = unique("starred");
    let wire = "kafka, columns: [{name: n, type: UInt64}, {name: day, type: String}], settings";
    let starred = simple(&name, "select: SELECT * FROM source")
        .replace("kafka, settings", wire)
        .replace("type: Date, from: String", "type: String");
    let project = Project::of(&name, &starred);
    project.apply().await;
    project.assert_converged().await;
    remade_with(&name, "n UInt64", &format!("SELECT * FROM {name}.kafka AS source")).await;
    assert_eq!(attributes(&project.plan().await), ["rows_mv column day: - -> String @[0]"]);
    project.apply().await;
    until(&stored(&name), "n UInt64, day String").await;
    project.clean().await;
}

#[tokio::test]
async fn a_view_over_a_source_whose_types_change_is_told_them() {
    let name = unique("retyped");
    let typed = |of: &str| simple(&name, "").replace("name: n, type: UInt64", &format!("name: n, type: {of}"));
    let project = Project::of(&name, &typed("UInt32").replace("orderBy: n", "orderBy: day"));
    project.apply().await;
    produce(&name, (1..=2).map(row)).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "1\n2").await;
    project.rewrite(&typed("UInt64").replace("orderBy: n", "orderBy: day"));
    let plan = project.plan().await;
    let steps = steps(&plan);
    let at = |step: &str| steps.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {steps:?}"));
    assert!(at("create kafka") < at("create rows_mv"), "{steps:?}");
    project.apply().await;
    until(&stored(&name), "n UInt64, day Date").await;
    produce(&name, (3..=4).map(row)).await;
    until(&format!("SELECT n FROM {name}.rows ORDER BY n"), "1\n2\n3\n4").await;
    project.assert_converged().await;
    project.clean().await;
}
