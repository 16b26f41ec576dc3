//! Secrets in settings of Kafka tables.

use super::*;
use crate::fixture::project::{Project, ask, by_hand};
use crate::fixture::unique;
use sluice::plan::Note;

const VALUE: &str = "p4ss'w\\ord\"`";

#[tokio::test]
async fn a_password_is_nowhere_to_be_seen_and_compares_equal() {
    let name = unique("secret");
    let settings = "settings: {kafka_sasl_password: {fromEnv: SASL_PASSWORD}, kafka_sasl_username: reader, ";
    let manifests = simple(&name, "").replace("settings: {", settings);
    let project = Project::of(&name, &manifests).secret("SASL_PASSWORD", VALUE);
    let prepared = project.plan_with(&Policy::default()).await;
    let shown: Vec<String> = prepared.plan.steps.iter().filter_map(|s| Some(s.statement()?.shown())).collect();
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

#[tokio::test]
async fn a_changed_secret_is_seen_and_never_shown() {
    let name = unique("rotated");
    let settings = "settings: {kafka_sasl_password: {fromEnv: SASL_PASSWORD}, ";
    let manifests = simple(&name, "").replace("settings: {", settings);
    let project = Project::of(&name, &manifests).secret("SASL_PASSWORD", VALUE);
    project.apply().await;
    let comment = format!("SELECT comment FROM system.tables WHERE database = '{name}' AND name = 'kafka'");
    let mark = ask(&comment).await;
    assert!(mark.contains(&format!(" KafkaPipeline/{name} secrets=")), "{mark}");
    let project = project.secret("SASL_PASSWORD", "another");
    let plan = project.plan().await;
    let changed = "kafka setting kafka_sasl_password: [HIDDEN] -> <secret fromEnv SASL_PASSWORD>, whose value changed";
    assert_eq!(attributes(&plan), [format!("{changed} @[0, 1, 2, 3]")]);
    assert!(!format!("{plan:?}").contains("another"), "{plan:?}");
    // A new comment says of the secret what the old one said: the table still has the old one.
    let project = project.secret("SASL_PASSWORD", VALUE);
    project.rewrite(&manifests.replace("description: Numbers", "description: Figures"));
    project.apply().await;
    assert_eq!(ask(&comment).await, mark.replace("Numbers", "Figures"));
    // Without a seal nothing is claimed, and nothing stands in the way.
    for node in 0..4 {
        let bare = format!("Figures [sluice {name} KafkaPipeline/{name}]");
        by_hand(node, &format!("ALTER TABLE {name}.kafka MODIFY COMMENT '{bare}'")).await;
    }
    let plan = project.secret("SASL_PASSWORD", "another").plan().await;
    assert!(plan.is_empty(), "{:#?}", plan.resources);
    let unknown = |n: &Note| matches!(n, Note::SecretUnknown { object, here: false, .. } if object.table == "kafka");
    assert!(of(&plan, &pipeline(&name)).notes.iter().any(unknown), "{:#?}", plan.resources);
    let project = Project::of(&name, &manifests);
    project.clean().await;
}
