//! Every reason has words, and hostile words stay data in every format.

use super::{json, markdown, next, prometheus, schema, text, why};
use crate::health::{
    ChainFacts, Comparison, Consumer, Exception, Facts, HostChain, PartitionLag, Reason, Replica, Report,
    ResourceHealth, Side, TableTotal, TopicFacts, Verdict, examples,
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
fn a_queue_is_told_for_what_it_is() {
    let told = |files, broken| {
        let (table, hosts) = (ObjectName::new("d", "rows"), vec!["ch1".to_owned()]);
        why(&Reason::QueueStuck { table, hosts, files, broken, words: String::new() })
    };
    assert_eq!(told(2, 0), "2 files cannot be sent from d.rows on ch1");
    assert_eq!(told(0, 1), "1 file of d.rows on ch1 put aside as broken");
    assert_eq!(told(1, 3), "1 file cannot be sent from d.rows on ch1, 3 put aside as broken");
}

#[test]
fn numbers_that_lack_a_host_say_so() {
    let lines = text(&report(), &[], true, PLAIN);
    let line = lines.lines().find(|l| l.starts_with("KafkaPipeline/p")).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    // Rows of one host of two, no table of errors, bytes of one host.
    assert_eq!(cells[4..8], ["4+", "-", "4.2", "kB+"], "{line}");
    assert!(lines.contains("4 of 4 objects on 1 of 2 hosts") && lines.contains("4 rows on 1 of 2 hosts"), "{lines}");
    assert!(!prometheus(&report()).contains("sluice_table_rows"), "a sum that lacks a host");
    let mut away = report();
    let Facts::Chain(chain) = &mut away.resources[1].facts else { panic!("a chain") };
    chain.hosts.remove(0);
    let lines = text(&away, &[], false, PLAIN);
    let line = lines.lines().find(|l| l.starts_with("KafkaPipeline/p")).unwrap();
    assert_eq!(line.split_whitespace().skip(4).collect::<Vec<_>>(), ["-", "-", "-", "95", "s"]);
}

#[test]
fn a_host_that_is_away_is_explained_once() {
    let silent = Reason::HostSilent { host: "ch2".into(), words: "connection refused".into() };
    let mut twice = report();
    for resource in &mut twice.resources {
        (resource.verdict, resource.reasons) = (Verdict::Unknown, vec![silent.clone()]);
    }
    let lines = text(&twice, &[], false, PLAIN);
    assert_eq!((lines.matches("connection refused").count(), lines.matches("next: ").count()), (1, 1), "{lines}");
    assert!(lines.contains("    ch2 does not answer, as above\n"), "{lines}");
}

#[test]
fn what_a_host_says_fits_its_chain() {
    let details = |change: fn(&mut ChainFacts)| {
        let mut report = report();
        let Facts::Chain(chain) = &mut report.resources[1].facts else { panic!("a chain") };
        chain.hosts.pop();
        change(chain);
        let all = text(&report, &[], true, PLAIN);
        all.lines().skip_while(|l| !l.trim_start().starts_with("host ")).take(3).collect::<Vec<_>>().join("\n")
    };
    let columns =
        |shown: &str| shown.lines().next().unwrap().split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(columns(&details(|_| {})), "host objects rows size");
    assert_eq!(columns(&details(|c| c.tables.clear())), "host objects");
    let engine = details(|chain| {
        chain.reads_by_engine = true;
        let exceptions = vec![Exception { ago: 7, words: "Code: 38. no date, Stack trace: x".into() }];
        let assigned = vec![("t".to_owned(), 0), ("t".to_owned(), 2)];
        chain.hosts[0].consumers = vec![Consumer { assigned, exceptions, polled_ago: Some(1), ..Consumer::default() }];
        let replica = Replica { queue: 3, delay: 4, ..Replica::default() };
        chain.hosts[0].replicas = vec![(ObjectName::new("d", "rows_local"), replica)];
    });
    assert_eq!(columns(&engine), "host objects rows size reads polled committed exceptions replicas");
    assert!(engine.contains("0 2     1 s          -           1  3 to do, 4 s behind"), "{engine}");
    assert!(engine.ends_with("ch1, last exception 7 s ago: Code: 38. no date"), "{engine}");
    assert!(details(|c| c.reads_by_engine = true).contains("no consumer"));
}

/// The text exposition format by its rules: HELP and TYPE once and before their samples, samples of a family together, no
/// series twice, labels quoted.
#[test]
fn metrics_can_be_scraped() {
    let mut report = report();
    let Facts::Chain(chain) = &mut report.resources[1].facts else { panic!("a chain") };
    chain.hosts.pop();
    chain.tables[0].table = ObjectName::new("d", "a\\b \"c\"\nd");
    let metrics = prometheus(&report);
    assert!(metrics.ends_with('\n'));
    assert!(
        metrics.contains(r#"table="d.`a\\\\b \"c\"\\nd`""#) || metrics.contains(r#"table="d.a\\b \"c\"\nd""#),
        "{metrics}"
    );
    let series =
        regex::Regex::new(r#"^([a-z_]+)\{([a-z_]+="([^"\\]|\\[\\"n])*"(,[a-z_]+="([^"\\]|\\[\\"n])*")*)\} \d+$"#)
            .unwrap();
    let (mut families, mut seen, mut samples) = (Vec::new(), std::collections::BTreeSet::new(), 0);
    let mut lines = metrics.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split(' ').next().unwrap();
            assert_eq!(lines.next(), Some(format!("# TYPE {name} gauge").as_str()));
            assert!(!families.contains(&name), "{name} twice");
            families.push(name);
            continue;
        }
        let found = series.captures(line).unwrap_or_else(|| panic!("{line}"));
        assert_eq!(families.last(), Some(&found.get(1).unwrap().as_str()), "{line}");
        assert!(seen.insert(line.rsplit_once(' ').unwrap().0), "{line} twice");
        samples += 1;
    }
    assert!(families.len() > 10 && samples > families.len(), "{metrics}");
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
