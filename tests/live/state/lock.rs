//! One apply at a time: refused, waited for, taken over from the dead, and fenced where the dead wake up.

use super::{Remembering, resources};
use crate::fixture::relay::{Fate, Relay};
use crate::fixture::{shared, unique};
use futures_util::FutureExt as _;
use rustix::process::Signal;
use sluice::client::Servers;
use sluice::memory::{Memory, MemoryError};
use sluice::model::{Secrets, StateTopic};
use sluice::state::Holder;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// How long an apply may take to come to its statement.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that holds the statement which makes the table back, until it is let go.
struct Held {
    relay: Relay,
    reached: Arc<Semaphore>,
    go: Arc<Semaphore>,
    /// Statements that changed something, in the order in which they came.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Held {
    /// `pass`: the statement is run when it is let go; else it is only answered.
    fn new(case: &str, pass: bool) -> Self {
        let (reached, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (marked, waited, noted) = (reached.clone(), go.clone(), seen.clone());
        let wanted = format!("CREATE TABLE {case}.rows");
        let relay = Relay::deciding(&shared().clickhouse_urls[0], move |asked| {
            let (marked, waited) = (marked.clone(), waited.clone());
            let words: Vec<&str> = asked.statement.split_whitespace().take(3).collect();
            let held = words.join(" ") == wanted || asked.statement.starts_with(&wanted);
            if asked.statement.starts_with("CREATE") && !asked.statement.starts_with("CREATE TEMPORARY") {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(asked.statement.clone());
            }
            async move {
                if held {
                    marked.add_permits(1);
                    waited.acquire().await.expect("nobody closes it").forget();
                    if !pass {
                        return Fate::Answer(200, Vec::new(), String::new());
                    }
                }
                Fate::Pass
            }
            .boxed()
        });
        Self { relay, reached, go, seen }
    }

    async fn reached(&self) {
        timeout(PATIENCE, self.reached.acquire()).await.expect("the apply comes to it").expect("it is open").forget();
    }

    fn let_go(&self) {
        self.go.add_permits(1);
    }

    fn made(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_second_is_refused_or_waits() {
    shared();
    let case = unique("locked");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let held = Held::new(&case, true);
    let first = here.begin("ann", Some(&held.relay), &["apply", "--yes"]);
    held.reached().await;

    let refused = here.says(3, &["apply", "--yes"]).await;
    for part in
        ["the lock is held by ann on ", "`sluice --project ", "apply --yes`, plan ", " s ago)", "--lock-timeout"]
    {
        assert!(refused.contains(part), "{part}:\n{refused}");
    }
    assert!(here.says(3, &["drift"]).await.contains("the lock is held by ann on "));
    assert!(here.says(0, &["plan"]).await.contains("note: ann on "));
    assert!(here.says(0, &["history"]).await.contains("1  running"));

    let second = here.begin("bob", None, &["apply", "--yes", "--lock-timeout", "2m"]);
    let watch = here.begin("bob", None, &["drift", "--lock-timeout", "2m"]);
    held.let_go();
    first.ends(0).await;
    assert!(second.ends(0).await.contains("No changes"));
    assert!(watch.ends(0).await.contains("0 drifted, 0 pending"));
    assert!(here.says(0, &["unlock"]).await.contains("Nobody holds the lock"));
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_of_a_killed_apply_is_taken_over() {
    shared();
    let case = unique("killed");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let held = Held::new(&case, true);
    let first = here.begin("ann", Some(&held.relay), &["apply", "--yes"]);
    held.reached().await;
    first.killed().await;
    let begin = Instant::now();
    let told = here.says(0, &["apply", "--yes"]).await;
    assert!(told.contains("note: took over the lock of ann on "), "{told}");
    assert!(begin.elapsed() > Duration::from_secs(8), "its heartbeats were not waited for");
    let history = here.says(0, &["history"]).await;
    let lines: Vec<&str> = history.lines().collect();
    assert!(lines[0].starts_with("2  done") && lines[1].starts_with("1  cut"), "{history}");
    // What was begun and what became of it stands in the journal, a step each.
    let detail = here.says(0, &["history", "1"]).await;
    assert!(detail.contains("begun   create table") && detail.contains("not begun"), "{detail}");
    here.clean().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_apply_that_wakes_up_is_fenced_before_its_next_step() {
    shared();
    let case = unique("frozen");
    let here = Remembering::new(&case, &resources(&case, 3600));
    // It is told that its statement was run, and nobody runs it: what it does next would be seen.
    let held = Held::new(&case, false);
    let frozen = here.begin("ann", Some(&held.relay), &["apply", "--yes", "--jobs", "1"]);
    held.reached().await;
    frozen.signal(Signal::STOP);
    let told = here.says(0, &["apply", "--yes"]).await;
    assert!(told.contains("note: took over the lock of ann on "), "{told}");
    let made = held.made();
    held.let_go();
    frozen.signal(Signal::CONT);
    let woken = frozen.ends(3).await;
    assert!(woken.contains("stops before its next step"), "{woken}");
    assert_eq!(held.made(), made, "nothing was made after it woke up");
    here.clean().await;
}

/// Newcomers at the same moment: one of them gets the lock, the others are told who.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_at_once_one_gets_it() {
    shared();
    let case = unique("at_once");
    let here = Remembering::new(&case, &resources(&case, 3600));
    let compiled = here.project.compiled();
    let servers = Servers::connect(&compiled.kafka, &compiled.clickhouse, &Secrets::new()).expect("the servers");
    let topic = StateTopic { name: here.topic(), replication_factor: 1 };
    let holder = |n: usize| Holder {
        session: format!("session {n}"),
        user: format!("user {n}"),
        host: "here".into(),
        process: 1,
        command: "sluice apply".into(),
        environment: None,
        since: "2026-11-20T14:02:00Z".into(),
        plan: None,
    };
    let memories: Vec<Memory> = (0..4).map(|_| Memory::of(&servers, &topic).expect("a memory")).collect();
    let claims = memories.iter().enumerate().map(|(n, memory)| memory.lock(holder(n), Duration::ZERO, |_| {}));
    let mut got = Vec::new();
    for claim in futures_util::future::join_all(claims).await {
        match claim {
            Ok(lock) => got.push(lock),
            Err(MemoryError::Held(lease)) => assert!(lease.holder.user.starts_with("user ")),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(got.len(), 1);
    let lock = got.remove(0);
    lock.write(vec![]).await.expect("it is still held");
    lock.release().await.expect("it is given up");
    here.forgotten().await;
}
