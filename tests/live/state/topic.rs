//! The topic itself: what others read in it, and when it is refused.

use super::{Remembering, header, resources};
use crate::fixture::project::{brokers, by_hand};
use crate::fixture::{shared, unique};
use sluice::client::kafka::{NewTopic, Producer, Record};
use std::collections::{BTreeMap, BTreeSet};

async fn write(topic: &str, key: &str, value: &str) {
    let settings = sluice::client::kafka::KafkaSettings::new(&shared().kafka_brokers);
    let record = Record { topic: topic.to_owned(), key: Some(key.into()), payload: value.into() };
    Producer::connect(&settings).expect("a producer").send([record]).await.expect("it is written");
}

async fn create(topic: &str, partitions: u32, policy: &str) {
    let config = BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]);
    let new = NewTopic { name: topic.to_owned(), partitions, replication_factor: 1, config };
    brokers().create_topics(&[new], false).await.expect("an answer").remove(topic).expect("one").expect("it is made");
    brokers().await_present(topic, partitions, std::time::Duration::from_secs(20)).await.expect("it is there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_kafka_tool_reads_it_and_no_secret_is_in_it() {
    shared();
    let case = unique("readable");
    let here = Remembering::new(&case, &resources(&case, 3600));
    here.says(0, &["apply", "--yes", "--var", "UNUSED=hunter2"]).await;
    let records = here.records().await;
    let mut last: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for record in &records {
        let key = String::from_utf8(record.key.clone()).expect("a key is text");
        let value = record.value.as_deref().map(|v| serde_json::from_slice(v).expect("a value is JSON"));
        let value: serde_json::Value = value.unwrap_or_default();
        assert!(value["format"] == "1.0" || value.is_null(), "{key}: {value}");
        assert!(!value.to_string().contains("hunter2"), "{key}: {value}");
        last.insert(key, value);
    }
    let keys: BTreeSet<String> = last.keys().filter(|key| !key.starts_with("step/")).cloned().collect();
    let topic = format!("resource/Topic/{case}");
    let chain = format!("resource/KafkaPipeline/{case}");
    assert_eq!(keys, BTreeSet::from(["apply/000001".to_owned(), chain.clone(), "lease".to_owned(), topic.clone()]));
    assert_eq!((&last[&chain]["whole"], &last[&topic]["apply"]), (&true.into(), &1.into()));
    assert_eq!((&last["lease"]["released"], &last["apply/000001"]["end"]), (&true.into(), &"done".into()));
    let steps: Vec<&serde_json::Value> = last.iter().filter(|(k, _)| k.starts_with("step/")).map(|(_, v)| v).collect();
    assert_eq!(steps.len() as u64, last["apply/000001"]["steps"].as_u64().expect("a number"));
    assert!(steps.iter().all(|step| step["state"] == "done"), "{steps:?}");
    let tables = steps.iter().filter(|step| step["what"].as_str().is_some_and(|w| w.starts_with("create table")));
    assert!(tables.clone().count() > 1);
    for step in tables {
        let hosts = step["hosts"].as_object().expect("hosts");
        assert!(hosts.len() == 1 && hosts.values().all(|state| state == "done"), "{step}");
    }
    // The intent stands before the result.
    let of_first = records.iter().filter(|r| r.key == b"step/000001/0001");
    let states: Vec<serde_json::Value> =
        of_first.filter_map(|r| serde_json::from_slice::<serde_json::Value>(r.value.as_deref()?).ok()).collect();
    assert_eq!(states.iter().map(|s| s["state"].clone()).collect::<Vec<_>>(), ["begun", "done"]);
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_refused_and_not_overwritten() {
    shared();
    let case = unique("unread");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let commands: [&[&str]; 5] = [&["plan"], &["apply", "--yes"], &["drift"], &["history"], &["unlock", "--yes"]];
    for (key, value, words) in [
        ("lease", "{\"format\": \"1.0\", ", "is damaged"),
        ("lease", "{\"format\": \"1.7\", \"new\": 1}", "has format 1.7"),
        ("resource/Topic/x", "{\"format\": \"2.0\"}", "has format 2.0"),
        ("ledger/7", "{\"format\": \"1.0\"}", "knows no such key"),
        ("apply/000001", "[]", "it is no JSON object"),
    ] {
        create(&here.topic(), 1, "compact").await;
        write(&here.topic(), key, value).await;
        for command in commands {
            let told = here.says(3, command).await;
            assert!(told.contains(words) && told.contains(key) && told.contains("nothing was overwritten"), "{told}");
        }
        assert_eq!(here.records().await.len(), 1, "{key}");
        brokers().delete_topic(&here.topic()).await.expect("it goes");
        brokers().await_absent(&here.topic(), "", std::time::Duration::from_secs(20)).await.expect("it is gone");
    }
    for (partitions, policy, words) in [(2, "compact", "has 2 partitions"), (1, "delete", "`cleanup.policy=delete`")] {
        create(&here.topic(), partitions, policy).await;
        for command in commands {
            assert!(here.says(3, command).await.contains(words));
        }
        brokers().delete_topic(&here.topic()).await.expect("it goes");
        brokers().await_absent(&here.topic(), "", std::time::Duration::from_secs(20)).await.expect("it is gone");
    }
    here.says(0, &["apply", "--yes"]).await;
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_environments_do_not_share_one() {
    shared();
    let case = unique("shared");
    let mut here = Remembering::new(&case, "");
    let environments =
        format!("  environments: {{one: {{}}, two: {{}}, three: {{state: {{topic: _sluice.{case}-three}}}}}}\n");
    here.project = crate::fixture::project::Project::written(&format!("{}{environments}", header(&case)), "");
    here.project.rewrite(&resources(&case, 3600));
    here.says(0, &["--env", "one", "apply", "--yes"]).await;
    for arguments in [&["--env", "two", "plan"][..], &["--env", "two", "apply", "--yes"], &["drift"], &["history"]] {
        let told = here.says(3, arguments).await;
        assert!(told.contains(&format!("the state topic `_sluice.{case}` is that of environment `one`")), "{told}");
    }
    here.says(0, &["--env", "three", "apply", "--yes"]).await;
    here.says(0, &["--env", "one", "drift"]).await;
    let _ = brokers().delete_topic(&format!("_sluice.{case}-three")).await;
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_its_deletion_the_objects_are_taken_over_by_their_marks() {
    shared();
    let case = unique("deleted");
    let here = Remembering::new(&case, &resources(&case, 3600));
    here.says(0, &["apply", "--yes"]).await;
    brokers().delete_topic(&here.topic()).await.expect("it goes");
    brokers().await_absent(&here.topic(), "", std::time::Duration::from_secs(20)).await.expect("it is gone");
    assert!(here.says(0, &["history"]).await.contains("Nothing was applied yet"));
    assert!(here.says(0, &["drift"]).await.contains("Nobody keeps what was applied"));
    assert!(here.says(0, &["apply", "--yes"]).await.contains("No changes"));
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 2 as applied"));

    // A plan that was saved and reviewed remembers what it leaves alone as well, and none that is refused makes the topic.
    let gone = async || {
        brokers().delete_topic(&here.topic()).await.expect("it goes");
        brokers().await_absent(&here.topic(), "", std::time::Duration::from_secs(20)).await.expect("it is gone");
    };
    gone().await;
    here.project.rewrite(&resources(&case, 7200));
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.json");
    let plan = plan.to_str().expect("a path is text");
    here.says(0, &["plan", "-o", plan]).await;
    by_hand(0, &format!("ALTER TABLE {case}.rows MODIFY SETTING merge_with_ttl_timeout = 1800")).await;
    here.says(3, &["apply", plan]).await;
    assert!(here.says(0, &["history"]).await.contains("Nothing was applied yet"));
    let absent = brokers().reader().describe_topics(&[here.topic()]).await.expect("an answer");
    assert!(absent.values().all(|answer| answer.is_err()), "{absent:?}");
    by_hand(0, &format!("ALTER TABLE {case}.rows MODIFY SETTING merge_with_ttl_timeout = 3600")).await;
    here.says(0, &["apply", plan]).await;
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 2 as applied"));
    // Also where all of it had been done.
    gone().await;
    assert!(here.says(0, &["apply", plan]).await.contains("all of it is done"));
    assert!(here.says(0, &["drift"]).await.contains("0 drifted, 0 pending, 2 as applied"));
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_it_everything_else_works_and_what_does_not_says_so() {
    shared();
    let case = unique("none");
    let mut here = Remembering::new(&case, &resources(&case, 3600));
    here.project = crate::fixture::project::Project::of(&case, &resources(&case, 3600));
    here.says(0, &["apply", "--yes"]).await;
    assert!(here.says(0, &["drift"]).await.contains("Nobody keeps what was applied"));
    for command in [&["history"][..], &["unlock"], &["plan", "--prune"], &["drift", "--fix"]] {
        let told = here.says(64, command).await;
        assert!(told.contains("remembers nothing") || told.contains("nobody keeps what was applied"), "{told}");
    }
    let absent = brokers().reader().describe_topics(&[here.topic()]).await.expect("an answer");
    assert!(absent.values().all(|answer| answer.is_err()), "{absent:?}");
    here.clean().await;
}
