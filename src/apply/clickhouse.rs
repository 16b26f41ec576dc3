//! Steps on ClickHouse hosts: one statement, on all hosts of the step at the same time.

use super::StepError;
use super::kafka::chain;
use super::passed::{on_cluster, passed};
use super::run::Hands;
use crate::client::clickhouse::{ClickHouseError, Execute};
use crate::model::SecretRef;
use crate::plan::{Reach, Step, TableAction};
use crate::sql::{Statement, running};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::time::Duration;

pub(super) async fn run(step: &Step, action: &TableAction, hands: &Hands<'_>) -> Result<(), StepError> {
    let statement = action.statement(&step.reach);
    match &step.reach {
        Reach::EachHost | Reach::EachAlike { .. } => sent(&statement, &step.hosts, step.timeout, &[], hands).await,
        Reach::Passed { through } => passed(step, action, &statement, through, hands).await,
        Reach::OnCluster(on) => on_cluster(step, action, &statement, on, hands).await,
    }
}

/// Sends a statement to several hosts at once.
pub(super) async fn sent(
    statement: &Statement,
    hosts: &BTreeSet<usize>,
    timeout: Duration,
    settings: &[(&str, String)],
    hands: &Hands<'_>,
) -> Result<(), StepError> {
    let answers = hosts.iter().map(|host| async move {
        let name = query_id(hands);
        let failed = match execute(statement, *host, &name, timeout, settings, hands).await {
            Ok(_) => return None,
            Err(Unsent::NoSecret) => error(Some(*host), statement, "a secret has no value".into(), false, hands),
            Err(Unsent::Refused(e)) => error(Some(*host), statement, chain(&e), e.is_in_doubt(), hands),
        };
        Some(failed)
    });
    // Every host is waited for: what the others did must be known before anything else starts.
    together(join_all(answers).await.into_iter().flatten().collect(), statement)
}

/// One error of those of several hosts.
pub(super) fn together(failed: Vec<StepError>, statement: &Statement) -> Result<(), StepError> {
    match failed.len() {
        0 => Ok(()),
        1 => failed.into_iter().next().map_or(Ok(()), Err),
        _ => {
            let told = |e: &StepError| format!("{}: {}", e.host.as_deref().unwrap_or("?"), e.words);
            Err(StepError {
                host: None,
                statement: Some(statement.shown()),
                words: failed.iter().map(told).collect::<Vec<_>>().join("; "),
                in_doubt: failed.iter().any(|e| e.in_doubt),
            })
        }
    }
}

pub(super) fn error(
    host: Option<usize>,
    statement: &Statement,
    words: String,
    in_doubt: bool,
    hands: &Hands<'_>,
) -> StepError {
    let host = host.and_then(|host| hands.plan.header.hosts.get(host)).map(|host| host.name.clone());
    StepError { host, statement: Some(statement.shown()), words, in_doubt }
}

/// Why a statement was not run, or not to its end.
pub(super) enum Unsent {
    NoSecret,
    /// The server's words, secrets taken out.
    Refused(ClickHouseError),
}

/// A name for a statement by which a later apply finds it running.
pub(super) fn query_id(hands: &Hands<'_>) -> String {
    format!("{}{}", running::prefix(&hands.plan.header.project), uuid::Uuid::new_v4())
}

pub(super) async fn execute(
    statement: &Statement,
    host: usize,
    query_id: &str,
    timeout: Duration,
    settings: &[(&str, String)],
    hands: &Hands<'_>,
) -> Result<String, Unsent> {
    let text = statement.revealed(hands.secrets).ok_or(Unsent::NoSecret)?;
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let options = Execute { timeout, query_id: query_id.to_owned(), settings };
    hands.clickhouse[host].execute(&text, &options).await.map_err(|error| {
        let shown: Vec<_> = statement.secrets().filter_map(|s| shown_secret(s, hands)).collect();
        Unsent::Refused(error.redacted(&shown))
    })
}

fn shown_secret(secret: &SecretRef, hands: &Hands<'_>) -> Option<(secrecy::SecretString, String)> {
    Some((hands.secrets.get(secret)?.clone(), secret.to_string()))
}
