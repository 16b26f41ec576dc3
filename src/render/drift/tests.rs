//! Drift in all formats.

use super::{json, markdown, prometheus, schema, text};
use crate::drift::{Applied, AppliedResource, Drift, LastApplied};
use crate::model::{DesiredTopic, Kind, Lifecycle, ResourceId, UnmanagedConfig};
use crate::plan::{Change, Plan};
use crate::render::testing::{hostile, obstructed, whole};
use crate::render::text::Style;

const STYLE: Style = Style { colour: false, width: 120, sql: false };

/// A record that knows every resource of a plan: what was applied of it does not matter here.
fn record(plan: &Plan) -> LastApplied {
    let topic = DesiredTopic {
        id: ResourceId::new(Kind::Topic, "t"),
        name: "t".into(),
        partitions: 1,
        replication_factor: 1,
        config: Default::default(),
        unmanaged_config: UnmanagedConfig::Report,
        lifecycle: Lifecycle::default(),
    };
    let applied = |n: usize| Applied {
        at: format!("2026-11-20T14:{:02}:00Z", n % 60),
        whole: !n.is_multiple_of(5),
        resource: AppliedResource::Topic(topic.clone()),
    };
    plan.resources.iter().enumerate().map(|(n, r)| (r.id.clone(), applied(n))).collect()
}

/// Half of what differs was changed on the servers, the other half is pending; the last resource is declared no longer.
fn found() -> Drift {
    let forth = whole();
    let mut back = whole();
    for (n, resource) in back.resources.iter_mut().enumerate() {
        let mut at = 0;
        resource.changes.retain(|_| {
            at += 1;
            (at + n) % 2 == 0
        });
    }
    let gone = forth.resources.last().expect("resources").id.clone();
    let mut less = forth.clone();
    less.resources.retain(|r| r.id != gone);
    Drift::of(&record(&back), true, &back, &less)
}

#[test]
fn as_text() {
    insta::assert_snapshot!(text(&found(), STYLE));
}

#[test]
fn as_markdown() {
    insta::assert_snapshot!(markdown(&found()));
}

#[test]
fn as_metrics() {
    insta::assert_snapshot!(prometheus(&found()));
}

#[test]
fn as_json_by_its_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for drift in [found(), Drift::of(&LastApplied::new(), false, &obstructed(), &obstructed())] {
        let value: serde_json::Value = serde_json::from_str(&json(&drift)).unwrap();
        assert!(validator.is_valid(&value), "{value:#}");
        assert_eq!(value.as_object().unwrap().keys().next().map(String::as_str), Some("format"));
    }
}

#[test]
fn without_a_record_all_that_differs_is_told_and_nothing_is_pending() {
    let drift = Drift::of(&LastApplied::new(), false, &obstructed(), &obstructed());
    assert_eq!(drift.pending(), 0);
    insta::assert_snapshot!(text(&drift, STYLE));
}

#[test]
fn what_is_as_applied_and_differs_from_the_manifests_is_pending() {
    let mut back = whole();
    back.resources.iter_mut().for_each(|r| {
        r.changes.clear();
        r.blocked.clear();
    });
    back.steps.clear();
    let drift = Drift::of(&record(&back), true, &back, &whole());
    assert_eq!((drift.drifted(), drift.unread()), (0, 0));
    let asked = whole().resources.iter().filter(|r| !r.changes.is_empty()).count();
    assert!(drift.pending() >= asked && asked > 0);
    // What both plans would do was done by hand, whatever the manifests say.
    let drift = Drift::of(&record(&back), true, &whole(), &whole());
    let pending: Vec<&Change> = drift.resources.iter().flat_map(|r| &r.pending.changes).collect();
    assert_eq!(pending, Vec::<&Change>::new());
    assert!(drift.drifted() >= asked);
}

#[test]
fn data_stays_on_its_line() {
    let drift = Drift::of(&LastApplied::new(), false, &hostile(), &hostile());
    let lines = prometheus(&drift);
    assert!(lines.lines().all(|l| l.starts_with("# ") || l.starts_with("sluice_")), "{lines}");
    for shown in [text(&drift, STYLE), markdown(&drift)] {
        assert!(!shown.contains('\u{1b}') && !shown.contains("<script"), "{shown}");
    }
}
