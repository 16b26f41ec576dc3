//! What is in no manifest any more is told, and goes only with `--prune`, as it was guarded when it was applied.

use super::Remembering;
use crate::fixture::project::{by_hand, try_ask_node};
use crate::fixture::{shared, unique};

fn topic(name: &str, lifecycle: &str) -> String {
    format!("kind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 1, replicationFactor: 1}}\n{lifecycle}")
}

fn chain(name: &str, case: &str, lifecycle: &str) -> String {
    format!(
        "kind: KafkaPipeline\nmetadata: {{name: {name}}}\nspec:\n  topic: {case}\n  source: {{table: {case}.{name}_kafka, group: {case}-{name}}}\n  \
         targets:\n    - table: {case}.{name}\n      columns: [{{name: n, type: UInt64}}]\n      orderBy: n\n{lifecycle}"
    )
}

const ALLOW: &str = "lifecycle: {deletion: allow}\n";
const ORPHAN: &str = "lifecycle: {deletion: orphan}\n";

async fn tables(case: &str) -> String {
    let query = format!("SELECT name FROM system.tables WHERE database = '{case}' ORDER BY name FORMAT TSV");
    try_ask_node(0, &query).await.expect("the tables").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_declared_no_longer_goes_as_it_was_guarded() {
    shared();
    let case = unique("pruned");
    let resources = |chains: &[(&str, &str)]| {
        let chains = chains.iter().map(|(name, lifecycle)| chain(name, &case, lifecycle));
        let all: Vec<String> = std::iter::once(topic(&case, ALLOW)).chain(chains).collect();
        all.join("---\n")
    };
    let here = Remembering::new(&case, &resources(&[("a", ALLOW), ("b", ""), ("c", ORPHAN), ("d", ALLOW)]));
    here.says(0, &["apply", "--yes"]).await;
    by_hand(0, &format!("CREATE TABLE {case}.somebody_else (a Int8) ENGINE = Null")).await;

    // It is told, and nothing happens to it.
    here.project.rewrite(&resources(&[("b", ""), ("c", ORPHAN), ("d", ALLOW)]));
    let told = here.says(0, &["apply", "--yes"]).await;
    assert!(told.contains("no longer declared 1: KafkaPipeline/a"), "{told}");
    assert!(here.says(0, &["drift"]).await.contains("KafkaPipeline/a is no longer declared"));
    let json: serde_json::Value =
        serde_json::from_str(&here.says(0, &["plan", "--format", "json"]).await).expect("JSON");
    assert_eq!(json["undeclared"][0], "KafkaPipeline/a");
    assert!(here.says(0, &["plan", "--format", "markdown"]).await.contains("no longer declared 1: KafkaPipeline/a"));
    assert_eq!(tables(&case).await, "a a_kafka a_mv b b_kafka b_mv c c_kafka c_mv d d_kafka d_mv somebody_else");

    // A saved plan prunes what was reviewed, and can be run again when that is done.
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.json");
    let plan = plan.to_str().expect("a path is text");
    let told = here.says(0, &["plan", "--prune", "-o", plan]).await;
    assert!(told.contains("1 to delete") && told.contains("deletes-data"), "{told}");
    here.says(0, &["apply", plan]).await;
    assert!(here.says(0, &["apply", plan]).await.contains("all of it is done"));
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 4 as applied"));
    assert_eq!(tables(&case).await, "b b_kafka b_mv c c_kafka c_mv d d_kafka d_mv somebody_else");
    assert!(!here.says(0, &["plan"]).await.contains("no longer declared"));

    // The guard of the last apply counts, and that of the one that may be forgotten.
    here.project.rewrite(&resources(&[("c", ORPHAN), ("d", ALLOW)]));
    let told = here.says(3, &["apply", "--prune", "--yes"]).await;
    assert!(told.contains("KafkaPipeline/b") && told.contains("lifecycle"), "{told}");
    here.project.rewrite(&resources(&[("b", ""), ("d", ALLOW)]));
    let told = here.says(0, &["apply", "--prune", "--yes"]).await;
    assert!(told.contains("1 to forget"), "{told}");
    assert_eq!(tables(&case).await, "b b_kafka b_mv c c_kafka c_mv d d_kafka d_mv somebody_else");
    assert!(!here.says(0, &["plan"]).await.contains("no longer declared"));

    // A resource by another name takes over what it declares: nothing of it goes.
    let renamed = chain("d", &case, ALLOW).replace("metadata: {name: d}", "metadata: {name: renamed}");
    here.project.rewrite(&[topic(&case, ALLOW), chain("b", &case, ""), renamed].join("---\n"));
    let told = here.says(0, &["apply", "--prune", "--yes"]).await;
    assert!(!told.contains("drop"), "{told}");
    assert_eq!(tables(&case).await, "b b_kafka b_mv c c_kafka c_mv d d_kafka d_mv somebody_else");

    let nothing = topic("nothing", "lifecycle: {state: absent}\n");
    // Most of it at once needs a flag of its own, and what is still used never goes.
    here.project.rewrite(&resources(&[]));
    assert!(here.says(3, &["plan", "--prune"]).await.contains("2 of the 3 resources"));
    here.project.rewrite(&nothing);
    assert!(here.says(3, &["plan", "--prune"]).await.contains("all 3 resources"));
    let external = chain("b", &case, "").replace(&format!("topic: {case}"), &format!("topic: {{external: {case}}}"));
    here.project.rewrite(&external);
    let told = here.says(3, &["plan", "--prune-most"]).await;
    assert!(
        told.contains(&format!("Topic/{case} is no longer declared, but KafkaPipeline/b still uses topic {case}")),
        "{told}"
    );
    here.project.rewrite(&resources(&[("b", ALLOW)]));
    here.says(0, &["apply", "--yes"]).await;
    here.project.rewrite(&nothing);
    here.says(0, &["apply", "--prune-most", "--yes"]).await;
    assert_eq!(tables(&case).await, "c c_kafka c_mv somebody_else");
    by_hand(0, &format!("DROP DATABASE {case}")).await;
    here.project.rewrite(&resources(&[]));
    here.forgotten().await;
}
