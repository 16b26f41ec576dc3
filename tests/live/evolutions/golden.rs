//! The plan of a change as text, without what differs from run to run.

use super::case::Case;
use crate::fixture::{masked, shared};
use sluice::plan::{Action, KafkaAction, Plan, Policy};
use sluice::render::{self, Style};

/// Columns: as wide as a page of the docs shows.
const STYLE: Style = Style { colour: false, width: 120, sql: true };

/// The plan as a reviewer reads it, on servers with lasting names.
pub fn text(plan: &Plan, policy: &Policy) -> String {
    let endpoints = shared();
    let cluster_id = plan.header.cluster_id.clone();
    let mut shown = plan.clone();
    shown.header.kafka = "kafka:9092".into();
    shown.header.cluster_id = "MkU3OEVBNTcwNTJENDM2Qg".into();
    let several = shown.header.hosts.len() > 1;
    for (i, host) in shown.header.hosts.iter_mut().enumerate() {
        host.name = if several { format!("ch{}:8123", i + 1) } else { "clickhouse:8123".into() };
    }
    let mut text = render::plan(&shown, policy, STYLE);
    for step in &plan.steps {
        if let Action::Kafka(KafkaAction::DeleteTopic { id, .. }) = &step.action {
            text = text.replace(id.as_str(), "<its id>");
        }
    }
    text = text.replace(&cluster_id, "MkU3OEVBNTcwNTJENDM2Qg");
    for broker in endpoints.kafka_brokers.split(',') {
        let port = broker.rsplit(':').next().expect("a port");
        text = text.replace(broker, "kafka:9092").replace(&format!("localhost:{port}"), "localhost:9092");
    }
    for (i, url) in endpoints.clickhouse_urls.iter().enumerate() {
        text = text.replace(url.trim_start_matches("http://"), &format!("ch{}:8123", i + 1));
    }
    // Ids, dates in names, and how much there was to read, copy or delete at the moment.
    masked(
        &text,
        &[
            (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>"),
            (r"_20\d{6}(_?\d{4,6})?\b", "_<date>"),
            (r"\b[\d,]+ of them have not\b", "N of them have not"),
            (r"\b[\d,.]+( |\u{a0})(rows?|messages?|parts?|bytes|[KMG]i?B|B)\b", "N $2"),
        ],
    )
}

/// Compares with the file of the case; with `SLUICE_BLESS` writes it.
#[expect(clippy::disallowed_methods, reason = "expectations are files, written anew where somebody asks for it")]
pub fn compare(case: &Case, made: &str) {
    let path = case.golden();
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(&path, made).expect("the plan is written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(written.as_str(), made);
    let diff = diff.unified_diff().header("plan.txt", "this plan").to_string();
    // Where prose is folded depends on how many messages there are at the moment.
    assert!(
        written.split_whitespace().eq(made.split_whitespace()),
        "{}: the plan is another one; SLUICE_BLESS=1 writes it anew\n{diff}",
        case.folder
    );
}
