//! `state: absent`.

use super::*;
use crate::fixture::project::{Project, ask};
use crate::fixture::unique;

fn absent(name: &str, deletion: &str) -> String {
    let lifecycle = format!("lifecycle: {{state: absent, deletion: {deletion}}}");
    simple(name, "").replace("\nspec:", &format!("\n{lifecycle}\nspec:"))
}

async fn objects(name: &str) -> String {
    let all = "clusterAllReplicas(dwh_test, system.tables)";
    ask(&format!("SELECT count(), countIf(comment LIKE '%[sluice %') FROM {all} WHERE database = '{name}'")).await
}

#[tokio::test]
async fn what_should_not_exist_goes_only_where_deletion_is_allowed() {
    let name = unique("absent");
    let project = Project::of(&name, &simple(&name, ""));
    project.apply().await;
    assert_eq!(objects(&name).await, "16\t16");
    project.rewrite(&absent(&name, "forbid"));
    let plan = project.plan().await;
    assert_eq!(blocked(&plan), [Blocked::DeletionForbidden, Blocked::DeletionForbidden]);
    assert_eq!(steps(&plan), [""; 0]);
    // Forgotten: our marks are taken off, the objects and the topic stay.
    project.rewrite(&absent(&name, "orphan"));
    project.apply().await;
    assert_eq!(objects(&name).await, "16\t0");
    // Adopted again, and now they may go.
    project.rewrite(&simple(&name, ""));
    project.apply().await;
    assert_eq!(objects(&name).await, "16\t16");
    project.rewrite(&absent(&name, "allow"));
    let plan = project.plan().await;
    assert_eq!(
        unconsented(&plan, &Policy { deletion_allowed: [pipeline(&name), topic(&name)].into(), ..allowing(&[]) }),
        []
    );
    let made = steps(&plan);
    let at = |step: &str| made.iter().position(|s| s == step).unwrap_or_else(|| panic!("no {step} in {made:?}"));
    assert!(at("drop rows_mv") < at("flush rows") && at("flush rows") < at("drop rows"), "{made:?}");
    assert!(at("drop rows") < at("drop rows_local"), "{made:?}");
    assert!(at("drop kafka") < at(&format!("delete topic {name}")), "{made:?}");
    project.apply().await;
    assert_eq!(objects(&name).await, "0\t0");
    project.clean().await;
}
