//! Every reason has words, and hostile words stay data in every format.

use super::{json, markdown, next, prometheus, schema, text, why};
use crate::health::{
    ChainFacts, Comparison, Facts, HostChain, PartitionLag, Reason, Report, ResourceHealth, Side, TableTotal,
    TopicFacts, Verdict, examples,
};
use crate::model::{Kind, ObjectName, ResourceId};
use crate::render::Style;

const HOSTILE: &str = "Code: 1.\n| x |\u{1b}[2J <b> \"q\"";

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
            one(ResourceId::new(Kind::KafkaPipeline, "p"), Verdict::Broken, examples(HOSTILE), Facts::Chain(chain)),
        ],
        left_out: vec![HOSTILE.into()],
    }
}

fn compared() -> Vec<Comparison> {
    let side = |kind, rows, per_second| Side {
        id: ResourceId::new(kind, "p"),
        rows,
        errors: 0,
        lag: Some(6),
        highest: [(0, 3), (1, 4711)].into(),
        per_second,
    };
    let sides = vec![side(Kind::ManualConsumer, 1_204_117, 184_000), side(Kind::KafkaPipeline, 4, 0)];
    vec![Comparison { topic: "t".into(), sides }]
}

const PLAIN: Style = Style { colour: false, width: 100, sql: false };

#[test]
fn every_reason_has_words_and_what_is_not_well_has_advice() {
    let mut shown = String::new();
    for reason in examples(HOSTILE) {
        let advice = next(&reason, &ResourceId::parse("ManualConsumer/orders").unwrap());
        let well = matches!(reason.verdict(), Verdict::Healthy | Verdict::Idle);
        assert!(advice.is_some() || well, "{reason:?}");
        let advice = advice.unwrap_or_default();
        shown.push_str(&format!("{:<8} {}: {:?}\n    {advice}\n", reason.verdict(), reason.code(), why(&reason)));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_report_as_text() {
    let text = text(&report(), &compared(), true, PLAIN);
    assert!(!text.contains('\u{1b}'), "{text:?}");
    insta::assert_snapshot!(text);
    let coloured = super::text(&report(), &compared(), true, Style { colour: true, ..PLAIN });
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), text);
}

#[test]
fn a_report_as_markdown_and_metrics() {
    insta::assert_snapshot!(markdown(&report(), &compared()));
    insta::assert_snapshot!(prometheus(&report()));
}

#[test]
fn json_meets_its_schema_and_keeps_every_word() {
    let value: serde_json::Value = serde_json::from_str(&json(&report(), &compared())).unwrap();
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let faults: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
    assert_eq!(faults, [""; 0]);
    assert_eq!((value["format"].as_str(), value["verdict"].as_str()), (Some("1.0"), Some("broken")));
    assert_eq!(value["notRead"][0], HOSTILE);
}
