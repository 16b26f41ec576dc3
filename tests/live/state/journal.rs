//! What became of applies and their steps, and the lock that somebody breaks.

use super::{Remembering, resources};
use crate::fixture::relay::{Fate, Relay};
use crate::fixture::{shared, unique};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_is_told_step_by_step_with_why_it_failed() {
    shared();
    let case = unique("told");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let view = format!("{case}.rows_mv");
    let relay = Relay::start(&shared().clickhouse_urls[0], move |asked| {
        match asked.statement.starts_with("CREATE MATERIALIZED VIEW") && asked.statement.contains(&view) {
            true => Fate::Refuse { code: 241, words: "no memory for views".into() },
            false => Fate::Pass,
        }
    });
    here.begin("ann", Some(&relay), &["apply", "--yes"]).ends(1).await;
    let told = here.says(0, &["history", "1"]).await;
    for part in
        ["1  failed", "ann on ", "done    create table", "failed  create view", "no memory for views", ": failed"]
    {
        assert!(told.contains(part), "{part}:\n{told}");
    }
    // What was begun and not ended is known as such.
    let drift = here.says(2, &["drift"]).await;
    assert!(drift.contains("its last apply was cut"), "{drift}");
    here.says(0, &["apply", "--yes"]).await;
    let json: serde_json::Value =
        serde_json::from_str(&here.says(0, &["history", "--format", "json"]).await).expect("JSON");
    let states: Vec<&str> = json["applies"].as_array().unwrap().iter().map(|a| a["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "failed"]);
    let json: serde_json::Value =
        serde_json::from_str(&here.says(0, &["history", "1", "--format", "json"]).await).expect("JSON");
    let journal = json["applies"][0]["journal"].as_array().expect("its steps");
    assert_eq!(journal.iter().filter(|step| step["state"] == "failed").count(), 1);
    assert!(here.says(64, &["history", "9"]).await.contains("those from 1 to 2 are remembered"));
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_lock_stops_its_holder_before_its_next_step() {
    shared();
    let case = unique("broken");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let go = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let reached = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let (waited, marked) = (go.clone(), reached.clone());
    let relay = Relay::deciding(&shared().clickhouse_urls[0], move |asked| {
        let (waited, marked) = (waited.clone(), marked.clone());
        Box::pin(async move {
            if asked.statement.starts_with("CREATE DATABASE") {
                marked.add_permits(1);
                waited.acquire().await.expect("it is open").forget();
            }
            Fate::Pass
        })
    });
    let first = here.begin("ann", Some(&relay), &["apply", "--yes", "--jobs", "1"]);
    let reached = tokio::time::timeout(Duration::from_secs(60), reached.acquire()).await;
    reached.expect("the apply comes to it").expect("it is open").forget();
    // Nobody can be asked here.
    assert!(here.says(64, &["unlock"]).await.contains("--yes"));
    let told = here.says(0, &["unlock", "--yes"]).await;
    assert!(told.contains("the lock is held by ann on ") && told.contains("The lock is broken"), "{told}");
    go.add_permits(1);
    let told = first.ends(3).await;
    assert!(told.contains("stops before its next step"), "{told}");
    here.says(0, &["apply", "--yes"]).await;
    here.clean().await;
}
