//! Secrets in settings of Kafka tables.

use super::*;
use crate::fixture::project::{Project, ask, by_hand};
use crate::fixture::unique;

const VALUE: &str = "p4ss'w\\ord\"`";

#[tokio::test]
async fn a_password_is_nowhere_to_be_seen_and_compares_equal() {
    let name = unique("secret");
    let settings = "settings: {kafka_sasl_password: {fromEnv: SASL_PASSWORD}, kafka_sasl_username: reader, ";
    let manifests = simple(&name, "").replace("settings: {", settings);
    let project = Project::of(&name, &manifests).secret("SASL_PASSWORD", VALUE);
    let prepared = project.plan_with(&Policy::default()).await;
    let shown: Vec<String> =
        prepared.plan.steps.iter().filter_map(|s| Some(s.action.statement(None)?.shown())).collect();
    let shown = format!("{:?} {}", prepared.plan, shown.join("\n"));
    assert!(shown.contains("<secret fromEnv SASL_PASSWORD>") && !shown.contains("p4ss"), "{shown}");
    // A step that fails tells its statement and the server's words, both without it.
    for node in 0..4 {
        by_hand(node, &format!("CREATE DATABASE {name}")).await;
        by_hand(node, &format!("CREATE TABLE {name}.kafka (a Int8) ENGINE = Null")).await;
    }
    let failed = format!("{:?}", project.run(&prepared).await);
    assert!(failed.contains("already exists") && !failed.contains("p4ss"), "{failed}");
    for node in 0..4 {
        by_hand(node, &format!("DROP TABLE {name}.kafka")).await;
    }
    project.apply().await;
    let statement =
        format!("SELECT create_table_query FROM system.tables WHERE database = '{name}' AND name = 'kafka'");
    let statement = ask(&statement).await;
    assert!(statement.contains("[HIDDEN]") && !statement.contains("p4ss"), "{statement}");
    project.assert_converged().await;
    project.clean().await;
}
