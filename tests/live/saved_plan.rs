//! A plan that is saved, shown, moved away from, and run: as a pull request and its merge would do it.

use crate::fixture::project::{Project, by_hand};
use crate::fixture::shared;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn resources(seconds: u32, partitions: u32) -> String {
    format!(
        "kind: Topic\nmetadata: {{name: messages}}\nspec: {{topicName: saved_messages, partitions: {partitions}, \
         replicationFactor: 1}}\n---\nkind: KafkaPipeline\nmetadata: {{name: rows}}\nspec:\n  topic: messages\n  source: \
         {{table: saved.rows_kafka, group: saved-rows}}\n  targets:\n    - table: saved.rows\n      columns: [{{name: n, \
         type: UInt64}}]\n      orderBy: n\n      settings: {{merge_with_ttl_timeout: {seconds}}}\n      distributed: \
         {{shardingKey: n}}\n"
    )
}

async fn run(project: &Project, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.envs(shared().environment()).env("NO_COLOR", "1").stdin(Stdio::null());
    command.arg("--project").arg(project.file()).args(arguments);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.expect("it is waited for");
    ended.expect("the program runs")
}

/// What it says on both streams, when it ends with this code.
async fn says(project: &Project, code: i32, arguments: &[&str]) -> String {
    let ended = run(project, arguments).await;
    let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(code), "{arguments:?}:\n{said}");
    said
}

fn file(dir: &Path, name: &str) -> String {
    dir.join(name).to_str().expect("a path is text").to_owned()
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test edits a file")]
async fn what_was_reviewed_is_what_runs_or_what_moved_is_told() {
    let project = Project::of("saved", &resources(3600, 1));
    project.clean().await;
    let dir = tempfile::tempdir().unwrap();
    let plan = &file(dir.path(), "plan.json");
    for format in ["text", "markdown", "json", "sql"] {
        let made = run(&project, &["plan", "--format", format, "-o", plan]).await;
        let shown = run(&project, &["show", plan, "--format", format]).await;
        assert_eq!(String::from_utf8_lossy(&made.stdout), String::from_utf8_lossy(&shown.stdout));
        assert!(!shown.stdout.is_empty());
    }
    says(&project, 0, &["apply", plan]).await;
    project.assert_converged().await;
    assert!(says(&project, 0, &["apply", plan]).await.contains("all of it is done"));

    project.rewrite(&resources(7200, 1));
    says(&project, 0, &["plan", "-o", plan]).await;
    let set = async |seconds: u32| {
        by_hand(1, &format!("ALTER TABLE saved.rows_local MODIFY SETTING merge_with_ttl_timeout = {seconds}")).await;
    };
    set(1800).await;
    let moved = says(&project, 3, &["apply", plan]).await;
    assert!(moved.contains("merge_with_ttl_timeout") && moved.contains("1800 -> 7200"), "{moved}");
    assert!(moved.contains("reviewed as 3600 -> 7200"), "{moved}");
    // Somebody else's matter is no reason to refuse.
    set(3600).await;
    by_hand(2, "CREATE TABLE saved.somebody_else (a Int8) ENGINE = Null").await;
    says(&project, 0, &["apply", plan]).await;
    project.assert_converged().await;

    says(&project, 0, &["plan", "-o", plan]).await;
    project.rewrite(&resources(7200, 2));
    assert!(says(&project, 3, &["apply", plan]).await.contains("the manifests are not those"));
    says(&project, 0, &["plan", "-o", plan]).await;
    // Growing a topic has a danger that nobody allowed when the plan was made.
    assert!(says(&project, 3, &["apply", plan]).await.contains("--allow changes-key-mapping"));
    says(&project, 64, &["apply", plan, "--allow", "changes-key-mapping"]).await;
    says(&project, 0, &["plan", "-o", plan, "--allow", "changes-key-mapping"]).await;
    let text = std::fs::read_to_string(plan).unwrap();
    let edited = file(dir.path(), "edited.json");
    std::fs::write(&edited, text.replace("saved_messages", "other_messages")).unwrap();
    assert!(says(&project, 3, &["apply", &edited]).await.contains("it was edited"));
    let manifest = project.file().to_str().unwrap();
    assert!(says(&project, 64, &["apply", manifest]).await.contains("it is a manifest"));
    says(&project, 0, &["apply", plan]).await;
    project.assert_converged().await;
    project.clean().await;
}
