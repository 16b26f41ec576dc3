//! Steps on ClickHouse hosts: one statement, on all hosts of the step at the same time.

use super::StepError;
use super::passed::{on_cluster, passed};
use super::run::Hands;
use super::trouble::Trouble;
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
        let answer = execute(statement, *host, &query_id(hands), timeout, settings, hands).await;
        answer.err().map(|unsent| Trouble::from(unsent).on(name(*host, hands)))
    });
    // Every host is waited for: what the others did must be known before anything else starts.
    together(join_all(answers).await.into_iter().flatten().collect(), statement)
}

/// One error of those of several hosts.
pub(super) fn together(failed: Vec<Trouble>, statement: &Statement) -> Result<(), StepError> {
    Trouble::of_all(failed).map_or(Ok(()), |trouble| Err(trouble.of_step(statement)))
}

/// How a plan calls a host.
pub(super) fn name<'a>(host: usize, hands: &'a Hands<'_>) -> &'a str {
    hands.plan.header.hosts.get(host).map_or("?", |host| &host.name)
}

/// Why a statement was not run, or not to its end.
pub(super) enum Unsent {
    NoSecret,
    /// The server's words, secrets taken out.
    Refused(ClickHouseError),
}

impl From<Unsent> for Trouble {
    fn from(unsent: Unsent) -> Self {
        match unsent {
            Unsent::NoSecret => "a secret has no value".to_owned().into(),
            Unsent::Refused(error) => error.into(),
        }
    }
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
