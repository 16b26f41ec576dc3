//! Steps on ClickHouse hosts: one statement, on all hosts of the step at the same time.

use super::StepError;
use super::kafka::chain;
use super::run::Hands;
use crate::client::clickhouse::{ClickHouseError, ClickHouseWriter, Execute};
use crate::model::{SecretRef, Topology};
use crate::plan::{Step, TableAction};
use crate::sql::{Statement, running};
use futures_util::future::join_all;
use serde::Deserialize;
use std::time::Duration;

/// What the cluster answers for each host under ON CLUSTER.
#[derive(Debug, Deserialize)]
struct HostAnswer {
    host: String,
    status: Option<i64>,
    error: Option<String>,
}

pub(super) async fn run(step: &Step, action: &TableAction, hands: &Hands<'_>) -> Result<(), StepError> {
    let on_cluster = match &hands.plan.header.topology {
        Topology::OnCluster { cluster } => Some(cluster.as_str()),
        Topology::Single | Topology::PerHost { .. } => None,
    };
    let statement = action.statement(on_cluster);
    let answers =
        step.hosts.iter().map(|host| execute(&statement, &hands.clickhouse[*host], step.timeout, hands, on_cluster));
    // Every host is waited for: what the others did must be known before anything else starts.
    let failed: Vec<StepError> = join_all(answers).await.into_iter().filter_map(Result::err).collect();
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

async fn execute(
    statement: &Statement,
    writer: &ClickHouseWriter,
    timeout: Duration,
    hands: &Hands<'_>,
    on_cluster: Option<&str>,
) -> Result<(), StepError> {
    let failed = |words: String, in_doubt: bool| StepError {
        host: Some(writer.host().to_string()),
        statement: Some(statement.shown()),
        words,
        in_doubt,
    };
    let text = statement.revealed(hands.secrets).ok_or_else(|| failed("a secret has no value".into(), false))?;
    let mut settings = Vec::new();
    if on_cluster.is_some() {
        settings.push(("distributed_ddl_task_timeout".to_owned(), timeout.as_secs().to_string()));
        // Every host's answer is wanted, also when some did not come in time.
        settings.push(("distributed_ddl_output_mode".to_owned(), "null_status_on_timeout".to_owned()));
    }
    let options = Execute {
        timeout,
        query_id: format!("{}{}", running::prefix(&hands.plan.header.project), uuid::Uuid::new_v4()),
        settings,
    };
    let body = writer.execute(&text, &options).await.map_err(|error| {
        let shown: Vec<_> = statement.secrets().filter_map(|s| shown_secret(s, hands)).collect();
        let error = error.redacted(&shown);
        failed(words(&error), error.is_in_doubt())
    })?;
    if on_cluster.is_some() {
        every_host(&body).map_err(|words| failed(words, true))?;
    }
    Ok(())
}

fn shown_secret(secret: &SecretRef, hands: &Hands<'_>) -> Option<(secrecy::SecretString, String)> {
    Some((hands.secrets.get(secret)?.clone(), secret.to_string()))
}

fn words(error: &ClickHouseError) -> String {
    chain(error)
}

/// Under ON CLUSTER a request can succeed although hosts failed: their answers are in the body.
fn every_host(body: &str) -> Result<(), String> {
    let mut failed = Vec::new();
    for line in body.lines().filter(|l| !l.trim().is_empty()) {
        let answer: HostAnswer = serde_json::from_str(line)
            .map_err(|e| format!("the cluster's answer could not be read ({e}); check every host and plan again"))?;
        match (answer.status, answer.error.filter(|e| !e.is_empty())) {
            (Some(0), None) => {}
            (None, None) => failed.push(format!("{}: no answer in time, it may still come", answer.host)),
            (status, error) => {
                let code = status.map(|s| format!(" (code {s})")).unwrap_or_default();
                failed.push(format!("{}: {}{code}", answer.host, error.unwrap_or_else(|| "failed".into())));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_hosts_are_read_although_the_request_succeeded() {
        let row = |host: &str, status: &str, error: &str| {
            format!(r#"{{"host":"{host}","port":9000,"status":{status},"error":"{error}","num_hosts_remaining":0}}"#)
        };
        assert_eq!(every_host(""), Ok(()));
        assert_eq!(every_host(&row("a", "0", "")), Ok(()));
        let body = [row("a", "0", ""), row("b", "57", "exists"), row("c", "null", "")].join("\n");
        assert_eq!(every_host(&body), Err("b: exists (code 57); c: no answer in time, it may still come".into()));
        assert!(every_host("<html>").is_err());
    }
}
