//! Records are read back as they were written, whatever a resource holds, and what is too old goes.

use super::*;
use crate::drift::{Applied, AppliedResource};
use crate::model::{DesiredTopic, Kind, Lifecycle, ResourceId, UnmanagedConfig};
use std::collections::{BTreeMap, BTreeSet};

fn holder() -> Holder {
    Holder {
        session: "s".into(),
        user: "ann".into(),
        host: "h".into(),
        process: 7,
        command: "sluice apply".into(),
        environment: None,
        since: "2026-11-20T14:02:00Z".into(),
        plan: None,
    }
}

fn topic(name: &str) -> (ResourceId, Applied) {
    let id = ResourceId::new(Kind::Topic, name);
    let topic = DesiredTopic {
        id: id.clone(),
        name: name.into(),
        partitions: 3,
        replication_factor: 1,
        config: BTreeMap::from([("retention.ms".to_owned(), "1".to_owned())]),
        unmanaged_config: UnmanagedConfig::Report,
        lifecycle: Lifecycle::default(),
    };
    (id, Applied { at: "2026-11-20T14:02:00Z".into(), whole: true, resource: AppliedResource::Topic(topic) })
}

fn apply(number: u64) -> ApplyRecord {
    ApplyRecord {
        number,
        holder: holder(),
        began: "2026-11-20T14:02:00.000Z".into(),
        ended: None,
        end: None,
        steps: 2,
        done: 0,
        resources: BTreeSet::from([topic("t").0]),
    }
}

fn step(apply: u64, step: usize) -> StepRecord {
    StepRecord {
        apply,
        step,
        resource: topic("t").0,
        what: "create topic t".into(),
        state: StepState::Begun,
        hosts: BTreeMap::from(["a", "b"].map(|host| (host.to_owned(), HostState::Begun))),
        began: "2026-11-20T14:02:00.000Z".into(),
        ended: None,
        failure: None,
    }
}

fn read(all: impl IntoIterator<Item = Record>) -> Result<Remembered, StateError> {
    let mut records = Records::default();
    for ((key, value), offset) in all.into_iter().zip(0..) {
        records.put(offset, key.as_bytes(), value);
    }
    Remembered::of(&records)
}

#[test]
fn what_was_written_is_read_back() {
    let (id, applied) = topic("t");
    let lease = Lease { holder: holder(), beat: 2, age_seconds: 4, released: false };
    let steps = [step(1, 1).done("later".into()), step(1, 2).failed("later".into(), Some("b"), false, "no".into())];
    let mut all = vec![
        written(&Key::Lease, &lease),
        written(&Key::Apply(1), &apply(1)),
        written(&Key::Resource(id.clone()), &AppliedRecord { apply: 1, applied: applied.clone() }),
    ];
    all.extend(steps.iter().map(|s| written(&Key::Step(1, s.step), s)));
    let known = read(all.clone()).unwrap();
    assert_eq!((known.held(), known.next(), &known.applied[&id]), (Some(&lease), 2, &applied));
    assert_eq!((known.steps(1).unwrap(), known.steps(2).unwrap()), (steps.to_vec(), vec![]));
    assert_eq!(
        known.steps(1).unwrap()[1].hosts,
        BTreeMap::from([("a".to_owned(), HostState::InDoubt), ("b".to_owned(), HostState::Failed),])
    );
    // The last record of a key counts, and a tombstone takes it back.
    all.push(written(&Key::Lease, &Lease { released: true, ..lease }));
    all.push(tombstone(&Key::Resource(id)));
    let known = read(all).unwrap();
    assert_eq!((known.held(), known.applied.len()), (None, 0));
}

#[test]
fn records_of_others_are_refused_with_their_place() {
    let refused = |key: &str, value: &str| read([(key.to_owned(), Some(value.as_bytes().to_vec()))]).unwrap_err();
    assert!(matches!(refused("lease", r#"{"format": "1.1"}"#), StateError::Newer { found, .. } if found == "1.1"));
    assert!(matches!(refused("new/kind", r#"{"format": "2.0"}"#), StateError::Newer { .. }));
    for (key, value) in [
        ("new/kind", r#"{"format": "1.0"}"#),
        ("lease", "{"),
        ("lease", "[]"),
        ("lease", r#"{"format": 1}"#),
        ("lease", r#"{"format": "one"}"#),
        ("lease", r#"{"format": "1.0"}"#),
        ("apply/000001", "{}"),
    ] {
        assert!(matches!(refused(key, value), StateError::Damaged { .. }), "{key} {value}");
    }
}

#[test]
fn old_steps_go_first_and_old_applies_after_them() {
    let applies = (1..=KEPT_APPLIES).map(|n| written(&Key::Apply(n), &apply(n)));
    let steps = (1..=KEPT_APPLIES).map(|n| written(&Key::Step(n, 1), &step(n, 1)));
    let known = read(applies.chain(steps)).unwrap();
    let gone: BTreeSet<String> = known.outdated(KEPT_APPLIES + 1).into_iter().map(|(key, _)| key).collect();
    assert!(gone.contains("apply/000001") && !gone.contains("apply/000002"));
    let last = KEPT_APPLIES + 1 - KEPT_STEPS;
    assert!(gone.contains(&Key::Step(last, 1).to_string()) && !gone.contains(&Key::Step(last + 1, 1).to_string()));
}
