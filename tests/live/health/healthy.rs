//! Chains that work, as a user sees them: verdicts, formats, exit codes, and waiting for what was sent.

use super::*;
use crate::fixture::project::{by_hand, produce, until};
use crate::fixture::shared;
use assert_cmd::Command;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

/// The program as a process; waits beside the runtime.
pub async fn sluice(project: &Project, line: &str) -> (Option<i32>, String) {
    let mut command = Command::cargo_bin("sluice").unwrap();
    command.envs(shared().environment()).arg("--project").arg(project.file()).args(line.split(' '));
    let output: Output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn an_idle_chain_is_idle_and_one_with_rows_healthy_in_every_format() {
    let (project, name) = applied("well", 2, "").await;
    let report = project.status().await;
    assert_eq!((report.verdict(), of(&report).reasons[0].code()), (Verdict::Idle, "never-sent"));
    produce(&name, (0..10).map(row)).await;
    let (code, shown) = sluice(&project, "verify --timeout 120s").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("10 messages read, 10 rows"), "{shown}");
    for line in ["Topics     1 of 1", "Messages   10", "Objects    16 of 16 on 4 hosts", "Rows       10"] {
        assert!(shown.lines().any(|l| l == line), "{line}: {shown}");
    }
    let (code, json) = sluice(&project, "status --format json").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["verdict"].as_str()), (Some(0), Some("healthy")), "{json:#}");
    let (topic, chain) = (&json["resources"][0]["topic"], &json["resources"][1]["chain"]);
    assert_eq!((topic["messages"].as_u64(), topic["partitions"].as_array().unwrap().len()), (Some(10), 2));
    assert!(topic["bytes"].as_u64().is_some_and(|b| b > 100), "{topic}");
    assert!(topic["newestMessageAge"].as_u64().is_some_and(|age| age < 120), "{topic}");
    assert_eq!((chain["lag"].as_u64(), chain["read"].as_u64(), chain["rows"].as_u64()), (Some(0), Some(10), Some(10)));
    assert_eq!(json["notRead"], serde_json::json!([]));
    let read: u64 =
        chain["hosts"].as_array().unwrap().iter().map(|h| h["consumers"][0]["read"].as_u64().unwrap()).sum();
    assert_eq!(read, 10, "{chain:#}");
    let (_, metrics) = sluice(&project, "status --format prometheus").await;
    let rows = format!(r#"sluice_table_rows{{kind="KafkaPipeline",name="{name}",table="{name}.rows_local"}} 10"#);
    assert!(metrics.lines().any(|l| l == rows), "{metrics}");
    let (_, details) = sluice(&project, &format!("status KafkaPipeline/{name}")).await;
    assert!(
        details.contains("16 of 16 objects on 4 hosts") && details.contains("10 messages read, 10 rows"),
        "{details}"
    );
    let (code, _) = sluice(&project, "status KafkaPipeline/nobody").await;
    assert_eq!(code, Some(64));
    project.clean().await;
}

#[tokio::test]
async fn what_went_to_the_table_of_errors_has_arrived_too() {
    let name = unique("witherrors");
    let errors = format!(", errors: {{mode: stream, table: {name}.errors}}");
    let project = Project::of(&name, &chain(&name, 1, &errors));
    project.apply().await;
    let broken = ["no message".to_owned(), r#"{"n": 2, "day": "tomorrow"}"#.to_owned()];
    produce(&name, broken.into_iter().chain([row(1)])).await;
    let (code, shown) = sluice(&project, "verify --timeout 120s").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("3 messages read, 1 row, 2 errors"), "{shown}");
    assert!(shown.lines().any(|l| l == "Rows       1, 2 errors"), "{shown}");
    let (_, shown) = sluice(&project, "status").await;
    let line = shown.lines().find(|l| l.starts_with("KafkaPipeline/")).unwrap();
    // Verdict, messages, lag, rows, errors.
    assert_eq!(line.split_whitespace().collect::<Vec<_>>()[1..6], ["healthy", "3", "0", "1", "2"], "{shown}");
    project.clean().await;
}

#[tokio::test]
async fn a_watch_looks_again_and_ends_well() {
    let name = unique("watch");
    let project = Project::of(&name, &chain(&name, 1, ""));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sluice"));
    command.envs(shared().environment()).arg("--project").arg(project.file()).args(["status", "--watch=1"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let looks = lines.by_ref().filter(|l| l.as_ref().is_ok_and(|l| l.starts_with("RESOURCE"))).take(2).count();
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let rest = lines.count();
        (looks, rest, child.wait_with_output().unwrap())
    });
    let (looks, _, ended) = ended.await.unwrap();
    assert_eq!((looks, ended.status.code()), (2, Some(0)), "{ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[tokio::test]
async fn rows_that_a_filter_drops_are_no_loss() {
    let name = unique("filter");
    let text = chain(&name, 1, "").replace("orderBy: n", "orderBy: n\n      where: n % 2 = 0");
    let project = Project::of(&name, &text);
    project.apply().await;
    produce(&name, (0..10).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "5").await;
    let (code, shown) = sluice(&project, "verify --timeout 120s").await;
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("10 messages read, 5 rows (rows are filtered by where)"), "{shown}");
    project.clean().await;
}

#[tokio::test]
async fn what_does_not_arrive_is_told_with_its_reason() {
    let (project, name) = applied("late", 1, "").await;
    for node in 0..4 {
        by_hand(node, &format!("DROP TABLE {name}.rows_mv")).await;
    }
    produce(&name, [row(1)]).await;
    let (code, shown) = sluice(&project, "verify --timeout 1s").await;
    assert_eq!(code, Some(1), "{shown}");
    for words in ["not arrived", "1 message not read; broken", &format!("{name}.rows_mv on 4 hosts"), "sluice apply"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let (code, shown) = sluice(&project, "status").await;
    assert_eq!(code, Some(1), "{shown}");
    project.clean().await;
}
