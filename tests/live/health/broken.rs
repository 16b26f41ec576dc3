//! Chains that are broken: each is recognised, with what is behind it and what to do.

use super::*;
use crate::fixture::project::{by_hand, produce};
use crate::fixture::shared;
use sluice::health::Cause;

/// What the chain fails of.
fn causes(report: &Report) -> Vec<Cause> {
    let of_reason = |r: &Reason| if let Reason::Failing { cause, .. } = r { Some(*cause) } else { None };
    of(report).reasons.iter().filter_map(of_reason).collect()
}

#[tokio::test]
async fn a_missing_schema_file() {
    let (project, name) = applied("schema", 1, ", format: Protobuf, schema: {file: nowhere, message: Row}").await;
    produce(&name, ["x".to_owned()]).await;
    let report = once(&project, Verdict::Broken, "failing").await;
    assert_eq!((causes(&report), lag(&report)), (vec![Cause::FormatSchema], Some(1)));
    says(&report, "failing", &["nowhere.proto", "offset 0"], "format_schema_path of every host");
    project.clean().await;
}

#[tokio::test]
async fn brokers_that_clickhouse_cannot_reach() {
    let name = unique("nobroker");
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  \
         kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\", \
         kafkaBrokers: \"127.0.0.1:1\"}}\n  state: none\n"
    );
    let project = Project::written(&header, "");
    project.rewrite(&chain(&name, 1, ""));
    project.apply().await;
    // Nothing was sent: nothing waits, and yet nothing will ever arrive.
    let report = once(&project, Verdict::Broken, "failing").await;
    assert_eq!((causes(&report), lag(&report)), (vec![Cause::Brokers], Some(0)));
    says(&report, "failing", &["127.0.0.1:1"], "clickhouse.kafkaBrokers");
    project.clean().await;
}

#[tokio::test]
async fn brokers_and_hosts_that_do_not_answer_at_all() {
    let name = unique("silent");
    let brokers = Project::of(&name, &chain(&name, 1, "")).var("KAFKA_BROKERS", "127.0.0.1:1");
    let urls = format!("{},http://127.0.0.1:1", shared().clickhouse_urls[..3].join(","));
    let host = Project::of(&name, &chain(&name, 1, "")).var("CLICKHOUSE_URLS", &urls);
    host.rewrite(&chain(&name, 1, ""));
    let (brokers, host) = tokio::join!(brokers.status(), host.status());
    assert!(brokers.resources.iter().all(|r| !r.verdict.is_well()), "{brokers:#?}");
    says(&brokers, "brokers-silent", &["127.0.0.1:1"], "kafka.bootstrapServers");
    assert_eq!(lag(&brokers), None);
    says(&host, "host-silent", &["127.0.0.1:1 does not answer"], "start 127.0.0.1:1");
    // Nothing was applied either.
    says(&host, "missing", &["none of its 4 objects"], "sluice apply");
}

#[tokio::test]
async fn a_view_that_throws() {
    let (project, name) = applied("throws", 1, ", errors: {mode: stop}").await;
    produce(&name, [row(1), r#"{"n": 2, "day": "yesterday"}"#.to_owned()]).await;
    let report = once(&project, Verdict::Stuck, "failing").await;
    assert_eq!((causes(&report), lag(&report)), (vec![Cause::Message], Some(2)));
    let reason = ["Cannot parse date", &format!("{name}.rows_mv"), &format!("{name}[0] offset 0")];
    says(&report, "failing", &reason, "{mode: stream}");
    project.clean().await;
}

#[tokio::test]
async fn a_table_that_takes_no_inserts() {
    let (project, name) = applied("closed", 1, "").await;
    for node in 0..4 {
        by_hand(node, &format!("ALTER TABLE {name}.rows_local MODIFY SETTING table_readonly = 1")).await;
    }
    let report = once(&project, Verdict::Broken, "read-only").await;
    says(&report, "read-only", &[&format!("{name}.rows_local"), "4 hosts"], "table_readonly = 0");
    produce(&name, [row(1)]).await;
    project.status_once(|r| lag(r) == Some(1)).await;
    for node in 0..4 {
        by_hand(node, &format!("ALTER TABLE {name}.rows_local RESET SETTING table_readonly")).await;
    }
    once(&project, Verdict::Healthy, "arrived").await;
    project.clean().await;
}

#[tokio::test]
async fn a_queue_that_waits_and_one_that_is_stuck() {
    let (project, name) = applied("queue", 1, "").await;
    let insert = format!(
        "INSERT INTO {name}.rows SETTINGS distributed_foreground_insert = 0 SELECT number, today() FROM numbers(64)"
    );
    // One host lacks a column of the table, as after half an ALTER.
    by_hand(2, &format!("ALTER TABLE {name}.rows_local RENAME COLUMN day TO other")).await;
    by_hand(0, &insert).await;
    let report = once(&project, Verdict::Stuck, "queue-stuck").await;
    let advice = format!("SYSTEM FLUSH DISTRIBUTED {name}.rows");
    says(&report, "queue-stuck", &[&format!("cannot be sent from {name}.rows"), "No such column day"], &advice);
    by_hand(2, &format!("ALTER TABLE {name}.rows_local RENAME COLUMN other TO day")).await;
    by_hand(0, &format!("SYSTEM FLUSH DISTRIBUTED {name}.rows")).await;
    once(&project, Verdict::Idle, "never-sent").await;
    // Stopped before anything failed: it only waits.
    by_hand(0, &format!("SYSTEM STOP DISTRIBUTED SENDS {name}.rows")).await;
    by_hand(0, &insert).await;
    let shown = |r: &Report| of(r).reasons.iter().any(|reason| reason.code().starts_with("queue-"));
    let report = project.status_once(shown).await;
    assert!(of(&report).verdict >= Verdict::Lagging, "{report:#?}");
    by_hand(0, &format!("SYSTEM START DISTRIBUTED SENDS {name}.rows")).await;
    project.clean().await;
}

#[tokio::test]
async fn an_object_missing_on_one_host_and_a_view_that_was_dropped() {
    let (project, name) = applied("missing", 1, "").await;
    by_hand(2, &format!("DROP TABLE {name}.rows_mv")).await;
    let report = once(&project, Verdict::Broken, "missing").await;
    let host = shared().clickhouse_urls[2].trim_start_matches("http://").to_owned();
    says(&report, "missing", &[&format!("{name}.rows_mv on {host}")], "sluice plan, then sluice apply");
    for node in [0, 1, 3] {
        // A block that began while the view was there would still bring the row.
        by_hand(node, &format!("DROP TABLE {name}.rows_mv SYNC")).await;
    }
    produce(&name, [row(1)]).await;
    let report = project.status_once(|r| lag(r) == Some(1)).await;
    says(&report, "missing", &[&format!("{name}.rows_mv on 4 hosts")], "sluice apply");
    project.apply().await;
    once(&project, Verdict::Healthy, "arrived").await;
    project.clean().await;
}
