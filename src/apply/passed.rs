//! Statements that a server passes on to others: ON CLUSTER, a replicated table, a database of the engine Replicated.
//!
//! Guarantees: a step that ends well is done on every host, which each of them has shown. A host that did not answer in
//! time is followed in the cluster's queue; what stays unknown is told as in doubt.

use super::StepError;
use super::answers::{self, Answer};
use super::clickhouse::{Unsent, execute, name, query_id, sent, together};
use super::effect::{Effect, Seen, effect, look};
use super::kafka::chain;
use super::run::Hands;
use super::trouble::Trouble;
use crate::plan::{OnCluster, Step, TableAction};
use crate::sql::{Statement, read};
use futures_util::future::{join_all, try_join_all};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long the first answer is waited for: what takes longer is followed.
const FIRST: Duration = Duration::from_secs(60);
/// How long a host may give no sign: the time after which ClickHouse itself stops waiting for one
/// (`distributed_ddl_task_timeout`).
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Codes of errors after which the statement may be in the queue: TIMEOUT_EXCEEDED, KEEPER_EXCEPTION.
const MAYBE_QUEUED: [i32; 2] = [159, 999];

/// Of a host that a statement in the queue is not for.
const NOT_QUEUED: &str = "system.distributed_ddl_queue has the statement for other hosts and not for this one: compare \
                          system.clusters on the hosts, then apply again";

/// What the queue says of a host.
#[derive(Debug, Deserialize)]
struct Entry {
    host: String,
    port: u16,
    status: String,
    code: i32,
    error: String,
}

struct Passage<'a> {
    step: &'a Step,
    action: &'a TableAction,
    statement: &'a Statement,
    hands: &'a Hands<'a>,
    /// How each host was before.
    before: BTreeMap<usize, Seen>,
    begin: Instant,
}

/// Sends a statement ON CLUSTER.
pub(super) async fn on_cluster(
    step: &Step,
    action: &TableAction,
    statement: &Statement,
    on: &OnCluster,
    hands: &Hands<'_>,
) -> Result<(), StepError> {
    let passage = Passage::begin(step, action, statement, hands).await?;
    let (first, id) = (step.timeout.min(FIRST), query_id(hands));
    let settings = [
        ("distributed_ddl_task_timeout", first.as_secs().to_string()),
        // The answers of all hosts are wanted, also where some failed or did not come in time.
        ("distributed_ddl_output_mode", "never_throw".to_owned()),
        // It stands in the queue beside the statement.
        ("log_comment", id.clone()),
    ];
    let mut lost = None;
    let mut answers = match execute(statement, on.through, &id, first, &settings, hands).await {
        Ok(body) => answers::read(&body, &on.members),
        Err(Unsent::Refused(e)) if e.is_in_doubt() || e.code().is_some_and(|c| MAYBE_QUEUED.contains(&c)) => {
            lost = Some(chain(&e));
            answers::read("", &on.members)
        }
        Err(unsent) => return Err(Trouble::from(unsent).on(name(on.through, hands)).of_step(statement)),
    };
    let waiting = passage.follow(on, &id, &mut answers).await;
    let failed = answers.iter().filter_map(|(host, answer)| match answer {
        Answer::Done => None,
        Answer::Failed(words) => Some(Trouble::from(words.clone()).on(name(*host, hands))),
        Answer::Unknown => {
            let words = unknown(lost.as_deref(), waiting.get(host), &id);
            Some(Trouble { in_doubt: true, ..words.into() }.on(name(*host, hands)))
        }
    });
    together(failed.collect(), statement)?;
    passage.shown().await
}

/// What is said of a host that nothing is known of.
fn unknown(lost: Option<&str>, status: Option<&String>, id: &str) -> String {
    let lost = lost.map(|words| format!(" ({words})")).unwrap_or_default();
    match status {
        Some(status) => format!(
            "no answer in time{lost}; it is {status} in system.distributed_ddl_queue (log_comment {id}) and may \
             still be done: see why the host does not get on with it, then apply again"
        ),
        None => format!(
            "no answer in time{lost}, and nothing of it is in system.distributed_ddl_queue: it may have been done or \
             not. See whether the host is up, then apply again"
        ),
    }
}

/// Sends a statement to hosts that pass it on.
pub(super) async fn passed(
    step: &Step,
    action: &TableAction,
    statement: &Statement,
    through: &BTreeSet<usize>,
    hands: &Hands<'_>,
) -> Result<(), StepError> {
    let passage = Passage::begin(step, action, statement, hands).await?;
    let settings = [
        // Of a replicated table: all replicas have done it before the answer comes.
        ("alter_sync", "2".to_owned()),
        ("mutations_sync", "2".to_owned()),
        // Of a database: no rows about its replicas, an error where one of them fails.
        ("distributed_ddl_output_mode", "none".to_owned()),
        ("distributed_ddl_task_timeout", step.timeout.as_secs().to_string()),
    ];
    sent(statement, through, step.timeout, &settings, hands).await?;
    passage.shown().await
}

impl<'a> Passage<'a> {
    async fn begin(
        step: &'a Step,
        action: &'a TableAction,
        statement: &'a Statement,
        hands: &'a Hands<'a>,
    ) -> Result<Self, StepError> {
        let looks = step.hosts.iter().map(|host| async move {
            let seen = look(&hands.readers[*host], action).await;
            // Nothing was sent.
            let failed = |e| Trouble { in_doubt: false, ..Trouble::from(e) }.on(name(*host, hands)).of_step(statement);
            seen.map(|seen| (*host, seen)).map_err(failed)
        });
        let before = try_join_all(looks).await?.into_iter().collect();
        Ok(Self { step, action, statement, hands, before, begin: Instant::now() })
    }

    /// Waits for hosts that have not answered: in the queue, and by what they show. Gives what the queue says of those
    /// that stay unknown.
    async fn follow(&self, on: &OnCluster, id: &str, answers: &mut BTreeMap<usize, Answer>) -> BTreeMap<usize, String> {
        let mut sign = Instant::now();
        loop {
            let unknown: BTreeSet<usize> =
                answers.iter().filter(|(_, a)| **a == Answer::Unknown).map(|(host, _)| *host).collect();
            if unknown.is_empty() {
                return BTreeMap::new();
            }
            let question = read::ddl_queue(id);
            let entries = self.hands.readers[on.through].rows::<Entry>(&question).await.unwrap_or_default();
            let (mut waiting, queued) = (BTreeMap::new(), !entries.is_empty());
            for entry in entries {
                let Some(host) = on.members.get(&(entry.host.clone(), entry.port)) else { continue };
                if !unknown.contains(host) {
                    continue;
                }
                match (entry.status.as_str(), entry.code) {
                    ("Finished", 0) => drop(answers.insert(*host, Answer::Done)),
                    ("Finished", _) => drop(answers.insert(*host, Answer::Failed(entry.error))),
                    ("Active", _) => {
                        sign = Instant::now();
                        waiting.insert(*host, entry.status);
                    }
                    _ => drop(waiting.insert(*host, entry.status)),
                }
            }
            let unlisted =
                unknown.iter().filter(|host| !waiting.contains_key(host) && answers[host] == Answer::Unknown);
            for (host, effect) in self.effects(unlisted.copied()).await {
                match effect {
                    Some(Effect::Shown) => drop(answers.insert(host, Answer::Done)),
                    // Who is to do it is written down once and for all.
                    Some(Effect::NotShown | Effect::Unseen) if queued => {
                        drop(answers.insert(host, Answer::Failed(NOT_QUEUED.into())));
                    }
                    Some(Effect::NotShown | Effect::Unseen) | None => {}
                }
            }
            if self.begin.elapsed() > self.step.timeout || sign.elapsed() > PATIENCE {
                return waiting;
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until every host shows what the step does.
    async fn shown(&self) -> Result<(), StepError> {
        let begin = Instant::now();
        let mut left = self.step.hosts.clone();
        loop {
            for (host, effect) in self.effects(left.clone()).await {
                if matches!(effect, Some(Effect::Shown | Effect::Unseen)) {
                    left.remove(&host);
                }
            }
            if left.is_empty() {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE.min(self.step.timeout) {
                let words = "it was answered as done, and the host shows nothing of it: see whether it is up and \
                             replicates, then apply again";
                let failed =
                    |host: &usize| Trouble { in_doubt: true, ..words.to_owned().into() }.on(name(*host, self.hands));
                return together(left.iter().map(failed).collect(), self.statement);
            }
            sleep(LOOK).await;
        }
    }

    /// What hosts show; `None` of one that does not answer.
    async fn effects(&self, hosts: impl IntoIterator<Item = usize>) -> Vec<(usize, Option<Effect>)> {
        let looks = hosts.into_iter().map(|host| async move {
            let after = look(&self.hands.readers[host], self.action).await.ok();
            (host, after.zip(self.before.get(&host)).map(|(after, before)| effect(self.action, before, &after)))
        });
        join_all(looks).await
    }
}
