//! Names and values that look like SQL stay data.

use crate::fixture::project::{Project, ask, produce, until};
use crate::fixture::unique;

/// Quotes of all kinds, comment marks, brackets of every language between YAML and SQL.
const HOSTILE: &str = "it's \"x\" `y` \\ \\' {n} -- /* */ ; ü中🦀 ${";

fn yaml_text(text: &str) -> String {
    // JSON is YAML; `$` stands doubled in manifests.
    serde_json::to_string(&text.replace('$', "$$")).unwrap()
}

#[tokio::test]
async fn hostile_names_and_values_survive_as_data() {
    let name = unique("hostile");
    let hostile = yaml_text(HOSTILE);
    let lines = yaml_text(&format!("{HOSTILE}\nsecond\tline [sluice x KafkaPipeline/y] ]"));
    let column = yaml_text("a'b`c\\d \"e\" {f} -- /* ü");
    let manifests = format!(
        r#"kind: Topic
metadata: {{name: {name}, description: {lines}}}
spec: {{partitions: 1, replicationFactor: 1, topicName: {name}-._x, schemaDescription: {{a: {hostile}}}}}
---
kind: KafkaPipeline
metadata: {{name: {name}, description: {lines}}}
spec:
  topic: {name}
  source:
    table: {table}
    group: {kafka}
    settings: {{kafka_client_id: {kafka}, kafka_flush_interval_ms: 500}}
  targets:
    - table: {target}
      columns:
        - {{name: {column}, type: UInt64, comment: {lines}}}
        - {{name: select, type: String}}
        - {{name: literal, type: String, expression: {literal}}}
        - {{name: fixed, type: String, default: {literal}}}
        - {{name: "1 2", type: "Enum8({enum_member} = 1)", expression: {literal}}}
      where: {filter}
      orderBy: {order}
      indexes: [{{name: {hostile}, expression: {order}, type: minmax}}]
      constraints: [{{name: {hostile}, check: {filter}}}]
      projections: [{{name: {projection}, orderBy: "`select`"}}]
"#,
        // Braces in these are the server's macros.
        kafka = yaml_text(&HOSTILE.replace(['{', '}'], "|")),
        // The server keeps a projection in a folder of its name: a slash it refuses.
        projection = yaml_text(&HOSTILE.replace('/', "|")),
        table = yaml_text(&format!("{name}.k'afka `\\ --")),
        target = yaml_text(&format!("{name}.r'ows `\\ --")),
        literal = yaml_text(&sluice::model::quote::literal(HOSTILE)),
        enum_member =
            sluice::model::quote::literal(HOSTILE).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$"),
        filter = yaml_text(&format!("`select` != {}", sluice::model::quote::literal(HOSTILE))),
        order = yaml_text(&sluice::model::quote::backquoted("a'b`c\\d \"e\" {f} -- /* ü")),
    );
    let project = Project::of(&name, &manifests);
    project.apply().await;
    let message = serde_json::json!({"a'b`c\\d \"e\" {f} -- /* ü": 7, "select": "x"}).to_string();
    produce(&format!("{name}-._x"), [message]).await;
    let table = format!("{name}.{}", sluice::model::quote::backquoted("r'ows `\\ --"));
    let expected = sluice::model::quote::literal(HOSTILE);
    until(
        &format!(
            "SELECT count() FROM {table} WHERE literal = {expected} AND fixed = {expected} AND `1 2` = {expected}"
        ),
        "1",
    )
    .await;
    let comments = format!(
        "SELECT countIf(comment = {}) FROM system.columns WHERE database = '{name}' AND table LIKE 'r%local'",
        sluice::model::quote::literal(&format!("{HOSTILE}\nsecond\tline [sluice x KafkaPipeline/y] ]"))
    );
    assert_eq!(ask(&comments).await, "1");
    let names = format!(
        "SELECT (SELECT count() FROM system.data_skipping_indices WHERE database = '{name}' AND name = {expected}), \
         (SELECT count() FROM system.projections WHERE database = '{name}' AND name = {projection})",
        projection = sluice::model::quote::literal(&HOSTILE.replace('/', "|")),
    );
    assert_eq!(ask(&names).await, "1\t1");
    project.assert_converged().await;
    project.clean().await;
}
