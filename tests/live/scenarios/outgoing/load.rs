//! A sink changes while rows flow through it.

use super::*;
use crate::fixture::shared;
use sluice::client::clickhouse::{ClickHouseSettings, ClickHouseWriter, Execute};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Inserts one number after another on every node until it is stopped; gives the numbers whose INSERT succeeded.
struct Load {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<(Vec<u64>, Vec<String>)>>,
}

impl Load {
    fn begin(statement: impl Fn(u64) -> String + Send + Sync + Clone + 'static) -> Self {
        let (stop, next, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::default());
        let tasks = shared().clickhouse_urls.iter().map(|url| {
            let writer = ClickHouseWriter::connect(url, &ClickHouseSettings::default()).unwrap();
            let (stop, next, sent): (_, _, Arc<AtomicU64>) = (Arc::clone(&stop), Arc::clone(&next), Arc::clone(&sent));
            let statement = statement.clone();
            tokio::spawn(async move {
                let (mut done, mut failed) = (Vec::new(), Vec::new());
                // A pace that a queue can be emptied at: each row that is queued is an INSERT of its own.
                let mut pace = tokio::time::interval(Duration::from_millis(100));
                while !stop.load(Ordering::Relaxed) {
                    pace.tick().await;
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let query_id = uuid::Uuid::new_v4().to_string();
                    let options = Execute { timeout: Duration::from_secs(60), query_id, settings: Vec::new() };
                    match writer.execute(&statement(n), &options).await {
                        Ok(_) => {
                            sent.fetch_add(1, Ordering::Relaxed);
                            done.push(n);
                        }
                        Err(error) => failed.push(error.to_string()),
                    }
                }
                (done, failed)
            })
        });
        let tasks = tasks.collect();
        Self { stop, sent, tasks }
    }

    /// Waits until so many more INSERTs have succeeded.
    async fn more(&self, count: u64) {
        let from = self.sent.load(Ordering::Relaxed);
        let begin = tokio::time::Instant::now();
        while self.sent.load(Ordering::Relaxed) < from + count {
            assert!(begin.elapsed() < Duration::from_secs(60), "no INSERT succeeds");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The numbers that were inserted, and the words of the INSERTs that failed.
    async fn end(self) -> (BTreeSet<u64>, Vec<String>) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut done, mut failed) = (BTreeSet::new(), Vec::new());
        for task in self.tasks {
            let (numbers, words) = task.await.unwrap();
            done.extend(numbers);
            failed.extend(words);
        }
        (done, failed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_publishes_every_row_once_while_its_sink_changes() {
    let name = unique("feeds");
    let feed = |select: &str| {
        format!(
            "  feeds:\n    - {{view: {name}.out_mv, select: \"SELECT {select} FROM {name}_rows.rows WHERE n % 2 = 0\"}}\n"
        )
    };
    for node in 0..usize::from(NODES) {
        by_hand(node, &format!("CREATE DATABASE {name}_rows")).await;
        by_hand(node, &format!("CREATE TABLE {name}_rows.rows (n UInt64, text String) ENGINE = MergeTree ORDER BY n"))
            .await;
    }
    let wide = "{name: n, type: UInt64}, {name: text, type: String}, {name: twice, type: UInt64}";
    let forms = [
        outgoing(&name, N, &feed("n, text")),
        // A column comes, and the query gives it.
        outgoing(&name, wide, &feed("n, text, n * 2 AS twice")),
        // Only the query is another one.
        outgoing(&name, wide, &feed("n, upper(text) AS text, n * 2 AS twice")),
        // A setting.
        outgoing(
            &name,
            wide,
            &format!("  settings: {{kafka_client_id: out}}\n{}", feed("n, upper(text) AS text, n * 2 AS twice")),
        ),
        // A column goes.
        outgoing(&name, "{name: n, type: UInt64}, {name: twice, type: UInt64}", &feed("n, n * 2 AS twice")),
    ];
    let project = Project::of(&name, &forms[0]);
    project.apply().await;
    let rows = format!("{name}_rows.rows");
    let load = Load::begin(move |n| format!("INSERT INTO {rows} VALUES ({n}, 'x')"));
    load.more(40).await;
    for form in &forms[1..] {
        project.rewrite(form);
        let plan = project.plan().await;
        assert!(!plan.is_empty());
        assert_eq!(unconsented(&plan, &Policy::default()), [], "{:?}", steps(&plan));
        assert!(steps(&plan).iter().all(|s| s != "drop out_mv" && s != "drop out"), "{:?}", steps(&plan));
        project.apply().await;
        load.more(40).await;
    }
    let (done, failed) = load.end().await;
    assert_eq!(failed, Vec::<String>::new(), "a row was inserted and not published");
    let even: Vec<u64> = done.into_iter().filter(|n| n % 2 == 0).collect();
    let found = published(&name, 2, even.len()).await;
    assert_eq!(numbers(&found), even);
    let twice = |m: &&Value| m.get("twice").is_some_and(|t| *t == json!(m["n"].as_u64().unwrap() * 2));
    assert!(found.iter().filter(twice).count() > 40, "{found:?}");
    // Over another table the view has to go for a moment, and that is told.
    project.rewrite(&forms[4].replace(&format!("FROM {name}_rows.rows"), &format!("FROM {name}_rows.others")));
    for node in 0..usize::from(NODES) {
        by_hand(
            node,
            &format!("CREATE TABLE {name}_rows.others (n UInt64, text String) ENGINE = MergeTree ORDER BY n"),
        )
        .await;
    }
    let plan = project.plan().await;
    assert_eq!(unconsented(&plan, &Policy::default()), [Hazard::MissesRows]);
    project.apply_with(&allowing(&[Hazard::MissesRows])).await;
    by_hand(1, &format!("INSERT INTO {name}_rows.others VALUES (1000000, 'x')")).await;
    published(&name, 2, even.len() + 1).await;
    project.clean().await;
    for node in 0..usize::from(NODES) {
        by_hand(node, &format!("DROP DATABASE {name}_rows")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_made_anew_under_load_lose_no_queued_row() {
    let name = unique("anew");
    let project = Project::of(&name, &outgoing(&name, N, ""));
    project.apply().await;
    let into = format!("{name}.out_dist");
    let load = Load::begin(move |n| {
        format!(
            "INSERT INTO {into} (n) SETTINGS distributed_foreground_insert = 0, prefer_localhost_replica = 0 VALUES ({n})"
        )
    });
    load.more(40).await;
    // Both tables are swapped: what is queued in the old Distributed one is sent.
    project.rewrite(&outgoing(&name, N, "  settings: {kafka_client_id: out}\n  distributed: {shardingKey: n}\n"));
    project.apply().await;
    load.more(40).await;
    // A column goes while rows without it are queued.
    project.rewrite(&outgoing(&name, "{name: n, type: UInt64}", "  distributed: {shardingKey: n}\n"));
    project.apply().await;
    load.more(40).await;
    // Both are made anew although nothing differs.
    let again = Policy { recreate: BTreeSet::from([sink(&name)]), ..Policy::default() };
    let prepared = project.plan_with(&again).await;
    assert_eq!(unconsented(&prepared.plan, &again), []);
    assert_eq!(project.run(&prepared).await.failed, []);
    load.more(40).await;
    let (done, failed) = load.end().await;
    assert_eq!(failed, Vec::<String>::new());
    for node in 0..usize::from(NODES) {
        by_hand(node, &format!("SYSTEM FLUSH DISTRIBUTED {name}.out_dist")).await;
    }
    let found = numbers(&all(&name, 2).await);
    let set: BTreeSet<u64> = found.iter().copied().collect();
    let lost: Vec<&u64> = done.difference(&set).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), done.len());
    assert_eq!(set.len(), found.len(), "some came twice");
    project.assert_converged().await;
    project.clean().await;
}
