//! The project file.

use super::names::database_fault;
use super::topic_name;
use crate::manifest::{ClickHouseSpec, Document, Finding, ProjectSpec, ProjectState};
use crate::model::StateTopic;
use crate::model::token::{closing, tokenize};

/// Hosts mean something on a cluster only.
pub(super) fn hosts(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) {
    let ClickHouseSpec { cluster, hosts, .. } = &document.spec.clickhouse;
    if cluster.is_none() && !hosts.0.is_empty() {
        let place = document.spans.key("spec.clickhouse.hosts");
        let message = "`hosts` lists the hosts of a cluster, but no cluster is named";
        let finding = Finding::warning("project/hosts-without-cluster", message, place).label("would be ignored");
        findings.push(finding.help("name `spec.clickhouse.cluster`, or leave `hosts` out for a single server"));
    }
}

/// Conversions by name make dates and times only.
pub(super) fn conversions(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) {
    for data_type in document.spec.defaults.conversions.keys().filter(|t| !is_time(t)) {
        let place = document.spans.key(&format!("spec.defaults.conversions.{data_type}"));
        let message = format!("columns cannot become `{data_type}` by their names alone");
        let finding = Finding::error("project/conversion-type", message, place).label("no date and no time");
        let finding = finding.did_you_mean(data_type, ["Date", "Date32", "DateTime", "DateTime64"]);
        let help =
            "Date, Date32, DateTime and DateTime64(…) are possible; for others write `type` and `from` on the column";
        findings.push(if finding.help.is_some() { finding } else { finding.help(help) });
    }
}

fn is_time(text: &str) -> bool {
    let Ok(tokens) = tokenize(text) else { return false };
    let named = |word: &str| ["Date", "Date32", "DateTime", "DateTime32", "DateTime64"].contains(&word);
    match tokens.as_slice() {
        [name] => name.name().is_some_and(named),
        [name, open, ..] if open.is("(") && closing(&tokens, 1) == Some(tokens.len() - 1) => {
            let wrapped = || is_time(&text[open.end..tokens[tokens.len() - 1].start]);
            name.name().is_some_and(|n| named(n) || (n == "Nullable" && wrapped()))
        }
        _ => false,
    }
}

/// The topic that holds the project's memory has a name Kafka takes.
pub(super) fn state_topic(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) {
    let written = match &document.spec.state {
        Some(ProjectState::None) => return,
        Some(ProjectState::Topic(topic)) => topic.topic.clone(),
        None => None,
    };
    let given = written.is_some();
    let name = written.unwrap_or_else(|| StateTopic::default_name(&document.metadata.name));
    let path = if given { "spec.state.topic" } else { "metadata.name" };
    if let Some((what, _)) = topic_name::fault(&name) {
        let message = format!("the name of the state topic, `{name}`, {what}");
        let finding = Finding::error("project/state-topic", message, document.spans.at(path)).label("Kafka refuses it");
        findings.push(finding.help(topic_name::HELP));
    } else if name.starts_with("__") {
        let message = format!("`{name}` is a name of Kafka's own topics");
        findings
            .push(Finding::error("project/state-topic", message, document.spans.at(path)).label("begins with `__`"));
    }
}

/// The database of the Kafka tables.
pub(super) fn databases(document: &Document<ProjectSpec>, findings: &mut Vec<Finding>) {
    let Some(fault) = document.spec.defaults.kafka_database.as_deref().and_then(database_fault) else { return };
    let place = document.spans.at("spec.defaults.kafkaDatabase");
    findings.push(Finding::error("project/database", fault, place).label("no place for tables"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_told_from_other_types() {
        for good in ["Date", "Date32", "DateTime", "DateTime('UTC')", "DateTime64(3, 'UTC')", "Nullable(DateTime64(3))"]
        {
            assert!(is_time(good), "{good}");
        }
        for bad in ["Int32", "datetime", "Date Date", "Array(Date)", "", "DateTime("] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
