//! What the server keeps, without what every object of the corpus has.

use super::case::{BASE, Case, Kind};
use crate::fixture::shared;

/// The statement of the object a case is about, shortened to what the case says.
pub fn shortened(case: &Case, database: &str, statement: &str) -> String {
    let text = statement.replace(&shared().kafka_brokers, "BROKERS").replace(database, "forms");
    let text = text.replace(&format!("`{}", case.column()), "`c").replace(&case.table(), "case");
    match case.kind {
        Kind::Column => strip(&after_columns(&text), "…, ", ") ENGINE = MergeTree ORDER BY tuple()"),
        Kind::Table => after_columns(&text),
        Kind::Value => strip(&query(&text), "SELECT ", " AS c FROM forms.forms_hub AS src"),
        Kind::Where => strip(&query(&text), "SELECT src.id AS id FROM forms.forms_hub AS src WHERE ", ""),
        Kind::Select => query(&text).replace("forms.forms_hub AS source", "source"),
        Kind::Kafka => settings(&text),
        Kind::Distributed => strip(&after_columns(&text), "…) ENGINE = ", ""),
    }
}

fn strip(text: &str, before: &str, after: &str) -> String {
    let text = text.strip_prefix(before).unwrap_or(text);
    text.strip_suffix(after).unwrap_or(text).to_owned()
}

/// A table from its own columns on, without our comment and the granularity that every MergeTree table shows.
fn after_columns(text: &str) -> String {
    let inside = text.split_once('(').map_or(text, |(_, rest)| rest);
    let base = BASE.map(|(name, data_type)| format!("`{name}` {data_type}")).join(", ");
    let text = inside.replacen(&base, "…", 1);
    let text = text.rfind(" COMMENT '").map_or(text.as_str(), |at| &text[..at]);
    strip(text, "", " SETTINGS index_granularity = 8192")
}

/// A view's SELECT.
fn query(text: &str) -> String {
    let begins = [" AS SELECT ", " AS WITH "].into_iter().filter_map(|word| text.find(word)).min();
    begins.map_or("", |at| &text[at + " AS ".len()..]).to_owned()
}

/// The settings of a Kafka table, without those that every pipeline has.
fn settings(text: &str) -> String {
    let text = after_columns(text);
    let (engine, settings) = text.split_once(" SETTINGS ").unwrap_or((&text, ""));
    let same = ["kafka_broker_list = 'BROKERS'", "kafka_topic_list = 'forms'", "kafka_num_consumers = 1"];
    let kept =
        settings.split(", ").filter(|s| !same.contains(s) && !s.starts_with("kafka_group_name = 'clickhouse-forms_"));
    let settings: Vec<&str> = kept.collect();
    strip(&format!("{engine} {}", settings.join(", ")), "…) ENGINE = Kafka ", "")
}
