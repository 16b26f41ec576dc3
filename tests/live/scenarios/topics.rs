//! Topics over time.

use super::*;
use crate::fixture::project::{Project, brokers, produce};
use crate::fixture::unique;
use sluice::client::kafka::NewTopic;
use sluice::diff::TopicChange;
use sluice::plan::Note;
use std::collections::{BTreeMap, BTreeSet};

fn yaml(name: &str, partitions: u32, replicas: u16, more: &str) -> String {
    format!(
        "kind: Topic\nmetadata: {{name: {name}}}\nspec:\n  partitions: {partitions}\n  replicationFactor: {replicas}\n  {more}\n"
    )
}

fn changes(plan: &Plan, name: &str) -> Vec<TopicChange> {
    let changes = of(plan, &topic(name)).changes.iter();
    changes
        .map(|c| match c {
            Change::Topic { change, .. } => change.clone(),
            Change::Make { .. } | Change::Unmake { .. } | Change::Adopt { .. } | Change::Attribute { .. } => {
                panic!("{c:?} of a topic")
            }
        })
        .collect()
}

async fn alter(name: &str, set: &[(&str, &str)], unset: &[&str]) {
    let set: BTreeMap<String, String> = set.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    let unset: BTreeSet<String> = unset.iter().map(|k| (*k).into()).collect();
    brokers().alter_config(name, &set, &unset).await.unwrap();
}

async fn partitions(name: &str) -> usize {
    let found = brokers().reader().describe_topics(&[name.to_owned()]).await.unwrap();
    found[name].as_ref().unwrap().replicas.len()
}

#[tokio::test]
async fn config_changed_by_hand_is_seen_and_repaired() {
    let name = unique("cfg");
    let config = "config: {retention.ms: 86400000, cleanup.policy: delete}";
    let project = Project::of(&name, &yaml(&name, 1, 1, config));
    project.apply().await;
    alter(&name, &[("retention.ms", "1000"), ("segment.ms", "60000")], &[]).await;
    let plan = project.plan_once(|p| !p.is_empty()).await;
    let set = |old: &str, pinned| TopicChange::Set {
        key: "retention.ms".into(),
        old: Some(old.into()),
        pinned,
        new: "86400000".into(),
    };
    assert_eq!(changes(&plan, &name), [set("1000", true)]);
    let note = Note::Unmanaged { key: "segment.ms".into(), value: "60000".into() };
    assert_eq!(of(&plan, &topic(&name)).notes, [note]);
    project.apply().await;
    // Another tool unpins it: the inherited value is not ours, whatever it is.
    alter(&name, &[], &["retention.ms"]).await;
    let plan = project.plan_once(|p| !p.is_empty()).await;
    assert_eq!(changes(&plan, &name), [set("604800000", false)]);
    project.apply().await;
    project.rewrite(&yaml(&name, 1, 1, &format!("{config}\n  unmanagedConfig: ignore")));
    assert_eq!(of(&project.plan().await, &topic(&name)).notes, []);
    project.rewrite(&yaml(&name, 1, 1, &format!("{config}\n  unmanagedConfig: remove")));
    let unset = TopicChange::Unset { key: "segment.ms".into(), old: Some("60000".into()) };
    assert_eq!(changes(&project.plan().await, &name), [unset]);
    project.apply().await;
    project.clean().await;
}

#[tokio::test]
async fn partitions_grow_with_consent_only() {
    let name = unique("grow");
    let project = Project::of(&name, &yaml(&name, 1, 1, ""));
    project.apply().await;
    project.rewrite(&yaml(&name, 3, 1, ""));
    let plan = project.plan().await;
    assert_eq!(steps(&plan), [format!("grow {name} 1 3")]);
    assert_eq!(unconsented(&plan, &Policy::default()), [Hazard::ChangesKeyMapping]);
    let policy = allowing(&[Hazard::ChangesKeyMapping]);
    assert_eq!(unconsented(&plan, &policy), []);
    project.apply_with(&policy).await;
    assert_eq!(partitions(&name).await, 3);
    project.clean().await;
}

#[tokio::test]
async fn what_kafka_cannot_do_is_blocked_with_both_numbers() {
    let name = unique("fewer");
    let project = Project::of(&name, &yaml(&name, 3, 1, ""));
    project.apply().await;
    project.rewrite(&yaml(&name, 2, 3, ""));
    let plan = project.plan().await;
    let expected = [
        Blocked::FewerPartitions { live: 3, desired: 2 },
        Blocked::ReplicationFactor { live: vec![1, 1, 1], desired: 3 },
    ];
    assert_eq!(blocked(&plan), expected);
    assert_eq!(steps(&plan), [""; 0]);
    let prepared = project.plan_with(&allowing(&Hazard::ALL)).await;
    assert!(project.run(&prepared).await.done.is_empty());
    assert_eq!(partitions(&name).await, 3);
    project.rewrite(&yaml(&name, 3, 1, ""));
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn what_the_brokers_would_refuse_is_blocked_before_anything_is_done() {
    let name = unique("refused");
    let of = |partitions, replicas, more: &str| Project::of(&name, &yaml(&name, partitions, replicas, more));
    let brokers = blocked(&of(1, 3, "").plan().await);
    assert!(brokers.contains(&Blocked::TooFewBrokers { brokers: 1, replicas: 3 }), "{brokers:?}");
    let told = blocked(&of(1, 1, "config: {retention.mss: 1}").plan().await);
    assert!(
        matches!(told.as_slice(), [Blocked::RefusedByBrokers(words)] if words.contains("retention.mss")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_minimum_of_replicas_that_others_pinned_is_seen_before_anything_is_done() {
    let name = unique("min_isr");
    let config = BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]);
    let topic = NewTopic { name: name.clone(), partitions: 1, replication_factor: 1, config };
    brokers().create_topics(std::slice::from_ref(&topic), false).await.unwrap();
    brokers().await_present(&name, 1, std::time::Duration::from_secs(30)).await.unwrap();
    let plan = Project::of(&name, &yaml(&name, 1, 1, "config: {retention.ms: 3600000}")).plan().await;
    assert_eq!(blocked(&plan), [Blocked::MinInsyncReplicas { min_isr: 2, replicas: 1 }]);
    assert_eq!(steps(&plan), [""; 0]);
    brokers().delete_topic(&name).await.unwrap();
}

#[tokio::test]
async fn a_name_that_differs_by_dot_and_underscore_collides() {
    let stem = unique("dot");
    let dotted = NewTopic { name: format!("{stem}.x"), partitions: 1, replication_factor: 1, config: BTreeMap::new() };
    brokers().create_topics(std::slice::from_ref(&dotted), false).await.unwrap();
    brokers().await_present(&dotted.name, 1, std::time::Duration::from_secs(30)).await.unwrap();
    let name = format!("{stem}_x");
    let plan = Project::of(&stem, &yaml(&name, 1, 1, "")).plan().await;
    assert!(blocked(&plan).contains(&Blocked::NameCollision(dotted.name.clone())), "{:?}", blocked(&plan));
    assert_eq!(steps(&plan), [""; 0]);
    brokers().delete_topic(&dotted.name).await.unwrap();
}

#[tokio::test]
async fn a_topic_is_recreated_with_consent_only() {
    let name = unique("again");
    let project = Project::of(&name, &yaml(&name, 2, 1, ""));
    project.apply().await;
    produce(&name, ["a".to_owned(), "b".to_owned()]).await;
    let wish = Policy { recreate: BTreeSet::from([topic(&name)]), ..allowing(&[]) };
    let prepared = project.plan_with(&wish).await;
    assert_eq!(steps(&prepared.plan), [format!("delete topic {name}"), format!("create topic {name}")]);
    assert_eq!(unconsented(&prepared.plan, &wish), [Hazard::RecreatesTopic]);
    let id = || async { brokers().reader().describe_topics(std::slice::from_ref(&name)).await.unwrap()[&name].clone() };
    let before = id().await.unwrap().id;
    assert_eq!(project.run(&prepared).await.failed, []);
    project.assert_converged().await;
    assert_ne!(id().await.unwrap().id, before);
    let marks = brokers().reader().watermarks(&BTreeMap::from([(name.clone(), 2)])).await.unwrap();
    assert_eq!(marks[&name].as_ref().unwrap().iter().map(|m| m.span()).sum::<u64>(), 0);
    project.clean().await;
}
