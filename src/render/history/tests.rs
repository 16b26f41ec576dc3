//! The history in both formats.

use super::{History, Told, json, schema, text};
use crate::model::{Kind, ResourceId};
use crate::render::text::Style;
use crate::state::{ApplyRecord, End, Holder, HostState, Lease, StepRecord, StepState};
use std::collections::{BTreeMap, BTreeSet};

const STYLE: Style = Style { colour: false, width: 120, sql: false };

fn holder(n: u64) -> Holder {
    Holder {
        session: format!("s{n}"),
        user: "ann".into(),
        host: "runner-7".into(),
        process: 4242,
        command: "sluice --env prod apply plan.json".into(),
        environment: None,
        since: "2026-11-20T14:02:00Z".into(),
        plan: Some("3f2a9c01d4e5".into()),
    }
}

fn record(number: u64, end: Option<End>) -> ApplyRecord {
    ApplyRecord {
        number,
        holder: holder(number),
        began: "2026-11-20T14:02:03Z".into(),
        ended: end.map(|_| "2026-11-20T14:02:45Z".into()),
        end,
        steps: 4,
        done: if end == Some(End::Done) { 4 } else { usize::from(end.is_some()) },
        resources: BTreeSet::from([ResourceId::new(Kind::KafkaPipeline, "orders")]),
    }
}

fn step(step: usize, what: &str) -> StepRecord {
    StepRecord {
        apply: 2,
        step,
        resource: ResourceId::new(Kind::KafkaPipeline, "orders"),
        what: what.into(),
        state: StepState::Begun,
        hosts: BTreeMap::from(["ch1:8123", "ch2:8123"].map(|host| (host.to_owned(), HostState::Begun))),
        began: "2026-11-20T14:02:04Z".into(),
        ended: None,
        failure: None,
    }
}

fn history(applies: Vec<Told>, lock: Option<Lease>) -> History {
    History { project: "shop".into(), topic: "_sluice.shop".into(), lock, remembered: 9, applies }
}

fn listed() -> History {
    let ends = [Some(End::Done), Some(End::Failed), Some(End::Interrupted), None, None];
    let applies = (1..=5).zip(ends).map(|(n, end)| Told { record: record(n, end), steps: None });
    let applies: Vec<Told> = applies.collect();
    let lease = Lease { holder: holder(5), beat: 3, age_seconds: 6, released: false };
    history(applies.into_iter().rev().collect(), Some(lease))
}

fn detailed() -> History {
    let done = step(1, "drop view raw.orders_mv  on all hosts").done("2026-11-20T14:02:05Z".into());
    let at = "2026-11-20T14:02:09Z".to_owned();
    let failed =
        step(2, "alter table raw.orders  on all hosts").failed(at, Some("ch2:8123"), false, "no \u{1b}[1m".into());
    history(
        vec![Told { record: record(2, Some(End::Failed)), steps: Some(vec![done, failed, step(3, "create view")]) }],
        None,
    )
}

#[test]
fn as_text() {
    insta::assert_snapshot!(format!("{}\n{}", text(&listed(), STYLE), text(&detailed(), STYLE)));
}

#[test]
fn as_json_by_its_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for history in [listed(), detailed(), history(vec![], None)] {
        let value: serde_json::Value = serde_json::from_str(&json(&history)).unwrap();
        assert!(validator.is_valid(&value), "{value:#}");
        assert_eq!(value.as_object().unwrap().keys().next().map(String::as_str), Some("format"));
    }
    let value: serde_json::Value = serde_json::from_str(&json(&listed())).unwrap();
    let states: Vec<&str> = value["applies"].as_array().unwrap().iter().map(|a| a["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["running", "cut", "interrupted", "failed", "done"]);
}
