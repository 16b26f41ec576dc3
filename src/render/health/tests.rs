//! Every reason has words, and hostile words stay data in every format.

use super::{json, markdown, next, prometheus, schema, text, why};
use crate::health::{
    Cause, ChainFacts, Facts, HostChain, Member, PartitionLag, Reason, Report, ResourceHealth, TableTotal, TopicFacts,
    Verdict,
};
use crate::model::{Kind, ObjectName, ResourceId};
use crate::render::Style;

const HOSTILE: &str = "Code: 1.\n| x |\u{1b}[2J <b> \"q\"";

pub(super) fn reasons() -> Vec<Reason> {
    let table = ObjectName::new("d", "rows");
    let hosts = vec!["ch1".to_owned()];
    let words = HOSTILE.to_owned();
    let member = Member {
        id: "thief-1".into(),
        client_id: "thief".into(),
        host: "/10.0.0.9".into(),
        partitions: vec![("t".into(), 0)],
    };
    let failing = Cause::ALL.map(|cause| Reason::Failing {
        hosts: (1..=4).map(|n| format!("ch{n}")).collect(),
        cause,
        times: 3,
        ago: 2,
        words: words.clone(),
        at: Some(("t".into(), 1, 4711)),
    });
    let mut all = vec![
        Reason::Arrived,
        Reason::Gaps { offsets: 1 },
        Reason::NeverSent,
        Reason::Emptied,
        Reason::Behind { messages: 48_112, committed_ago: Some(3) },
        Reason::Retried { hosts: hosts.clone(), cause: Cause::Shard, words: words.clone() },
        Reason::HeldByTheDead { partitions: vec![("t".into(), 0)] },
        Reason::QueueWaits { table: table.clone(), hosts: hosts.clone(), files: 2 },
        Reason::ReplicaBehind { table: table.clone(), host: "ch1".into(), delay: 300 },
        Reason::HostSilent { host: "ch1".into(), words: words.clone() },
        Reason::BrokersSilent { words: words.clone() },
        Reason::TopicUnknown { topic: "t".into(), words: words.clone() },
        Reason::GroupUnknown { group: "g".into(), words: words.clone() },
        Reason::Standing { messages: 5, committed_ago: None },
        Reason::NobodyReads { messages: 5, group: "g".into() },
        Reason::NeverRun { messages: 5 },
        Reason::NotRunning { messages: 5, young: false },
    ];
    all.extend(failing);
    all.extend([
        Reason::QueueStuck { table: table.clone(), hosts: hosts.clone(), files: 2, broken: 0, words: words.clone() },
        Reason::QueueStuck { table: table.clone(), hosts: hosts.clone(), files: 0, broken: 1, words: String::new() },
        Reason::MutationFails { table: table.clone(), host: "ch1".into(), words: words.clone() },
        Reason::TopicAbsent { topic: "t".into() },
        Reason::Missing { objects: vec![(table.clone(), hosts.clone())], all: false },
        Reason::Missing { objects: vec![(table.clone(), hosts.clone())], all: true },
        Reason::ReadOnly { table: table.clone(), hosts: hosts.clone(), replica: None },
        Reason::ReadOnly { table, hosts, replica: Some(words) },
        Reason::Stolen { group: "g".into(), members: vec![member] },
        Reason::Lost { messages: 3 },
    ]);
    all
}

fn report() -> Report {
    let place = PartitionLag {
        topic: "t".into(),
        partition: 0,
        first: 0,
        next: 10,
        committed: Some(4),
        empty: false,
        reader: Some("thief".into()),
    };
    let table = TableTotal {
        table: ObjectName::new("d", "rows_local"),
        errors: false,
        rows: 4,
        bytes: 4200,
        newest_ago: Some(95),
    };
    let chain = ChainFacts {
        group: "g".into(),
        partitions: vec![place],
        lag: Some(6),
        passed: Some(4),
        hosts: vec![
            HostChain { host: "ch1".into(), present: 4, ..HostChain::default() },
            HostChain { host: "ch2".into(), silent: Some(HOSTILE.into()), ..HostChain::default() },
        ],
        tables: vec![table],
        objects: (4, 4),
        ..ChainFacts::default()
    };
    let topic = TopicFacts {
        name: "t".into(),
        partitions: vec![(0, 10)],
        messages: Some(10),
        bytes: Some(1_234_567),
        newest_ago: Some(12),
    };
    let one = |id: ResourceId, verdict, reasons, facts| ResourceHealth { id, verdict, reasons, facts };
    Report {
        project: "shop".into(),
        resources: vec![
            one(ResourceId::new(Kind::Topic, "t"), Verdict::Healthy, vec![Reason::Arrived], Facts::Topic(topic)),
            one(ResourceId::new(Kind::KafkaPipeline, "p"), Verdict::Broken, reasons(), Facts::Chain(chain)),
        ],
        left_out: vec![HOSTILE.into()],
    }
}

const PLAIN: Style = Style { colour: false, width: 100, sql: false };

#[test]
fn every_reason_has_words_and_what_is_not_well_has_advice() {
    let mut shown = String::new();
    for reason in reasons() {
        let advice = next(&reason);
        let well = matches!(reason.verdict(), Verdict::Healthy | Verdict::Idle);
        assert!(advice.is_some() || well, "{reason:?}");
        let advice = advice.unwrap_or_default();
        shown.push_str(&format!("{:<8} {}: {:?}\n    {advice}\n", reason.verdict(), reason.code(), why(&reason)));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_report_as_text() {
    let text = text(&report(), true, PLAIN);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    insta::assert_snapshot!(text);
    let coloured = super::text(&report(), true, Style { colour: true, ..PLAIN });
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text);
}

#[test]
fn a_report_as_markdown_and_metrics() {
    insta::assert_snapshot!(markdown(&report()));
    insta::assert_snapshot!(prometheus(&report()));
}

#[test]
fn json_meets_its_schema_and_keeps_every_word() {
    let value: serde_json::Value = serde_json::from_str(&json(&report())).unwrap();
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let faults: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
    assert_eq!(faults, [""; 0]);
    assert_eq!((value["format"].as_str(), value["verdict"].as_str()), (Some("1.0"), Some("broken")));
    assert_eq!(value["notRead"][0], HOSTILE);
}
