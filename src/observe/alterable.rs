//! Whether a server alters tables as planned: tried on temporary ones of the same definition.
//!
//! The server alone knows which ALTER it takes. What it refuses in the middle of an apply would leave a pipeline half
//! changed; asked beforehand, the table is built anew instead.

use super::canonical::{execute, without_secrets};
use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use crate::model::create::parse_create;
use crate::model::{Definition, ObjectName};
use crate::sql::alter::alter_temporary;
use crate::sql::{AlterCommand, create_temporary, read};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A table as it is, and what is to be done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial<'a> {
    /// Its definition on the server.
    pub live: &'a Definition,
    /// Statements in order.
    pub statements: Vec<&'a [AlterCommand]>,
}

/// What became of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The definition after it.
    Altered(Box<Definition>),
    /// The server's words against it.
    Refused(String),
    /// It could not be tried, for want of a right or because the table has no temporary like.
    Untried,
}

#[derive(Debug, Deserialize)]
struct TemporaryRow {
    name: String,
    statement: String,
}

/// Tries the changes of several tables in one session.
///
/// # Errors
/// The host does not answer.
pub async fn trials(
    reader: &ClickHouseReader,
    trials: &BTreeMap<ObjectName, Trial<'_>>,
) -> Result<BTreeMap<ObjectName, Verdict>, ClickHouseError> {
    let mut verdicts = BTreeMap::new();
    let mut altered = BTreeMap::new();
    let mut session = reader.session();
    for (i, (name, trial)) in trials.iter().enumerate() {
        let temporary = format!("t{i}");
        let create = create_temporary(&without_secrets(trial.live), &temporary);
        if execute(&mut session, &create.shown()).await?.is_err() {
            verdicts.insert(name.clone(), Verdict::Untried);
            continue;
        }
        let mut refusal = None;
        for commands in &trial.statements {
            // Parts that are not there need not be written.
            let commands: Vec<AlterCommand> = commands.iter().filter(|c| !c.is_background()).cloned().collect();
            if commands.is_empty() {
                continue;
            }
            let statement = alter_temporary(&temporary, &commands);
            if let Err((code, message)) = execute(&mut session, &statement.shown()).await? {
                refusal = Some(format!("{message} (code {code})"));
                break;
            }
        }
        match refusal {
            Some(words) => drop(verdicts.insert(name.clone(), Verdict::Refused(words))),
            None => drop(altered.insert(temporary, name.clone())),
        }
    }
    let rows: Vec<TemporaryRow> = session.rows(read::TEMPORARY).await?;
    // The tables are gone in a minute anyway; a failure to end the session now changes nothing.
    let _ = session.close().await;
    for row in rows {
        let Some(name) = altered.remove(&row.name) else { continue };
        let verdict = parse_create(&row.statement).map_or(Verdict::Untried, |d| Verdict::Altered(Box::new(d)));
        verdicts.insert(name, verdict);
    }
    Ok(verdicts)
}
