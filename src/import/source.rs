//! The Kafka-engine table of a pipeline or a sink.

use super::spec::{Collection, Errors, Schema, Source};
use super::stock::Stock;
use super::table::{self, is};
use crate::model::token::{TokenKind, tokenize};
use crate::model::{Definition, EngineArg, SettingValue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Settings that have fields of their own, or that the project gives.
const OWN: [&str; 10] = [
    "format_avro_schema_registry_url",
    "kafka_broker_list",
    "kafka_format",
    "kafka_group_name",
    "kafka_handle_error_mode",
    "kafka_num_consumers",
    "kafka_schema",
    "kafka_skip_broken_messages",
    "kafka_topic_list",
    "format_schema",
];

/// A setting's text.
pub fn told<'d>(definition: &'d Definition, key: &str) -> Option<&'d str> {
    definition.settings.get(key).and_then(SettingValue::plain)
}

/// The topics that it names.
pub fn topics(definition: &Definition) -> Vec<String> {
    let list = told(definition, "kafka_topic_list").unwrap_or_default();
    list.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// `key = value` beside a named collection.
fn named(arg: &EngineArg) -> Option<(String, SettingValue)> {
    match arg {
        EngineArg::Named(key, value) => Some((key.clone(), value.clone())),
        EngineArg::Text(_) => None,
        EngineArg::Expression(text) => {
            let tokens = tokenize(text.as_str()).ok()?;
            let [key, equals, value] = tokens.as_slice() else { return None };
            let value = match &value.kind {
                TokenKind::Text(text) => SettingValue::Text(text.clone()),
                TokenKind::Number(number) => SettingValue::Number(number.clone()),
                TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Mark(_) => return None,
            };
            equals.is("=").then(|| Some((key.name()?.to_owned(), value)))?
        }
    }
}

/// Whether it keeps errors for views.
pub fn streams_errors(definition: &Definition) -> bool {
    told(definition, "kafka_handle_error_mode") == Some("stream")
}

/// The fields, but for the table's own name and group: those have defaults that follow from the resource's name.
pub fn source(definition: &Definition, stock: &Stock, secrets: &mut Vec<String>) -> Source {
    let name = &definition.name;
    let collection = definition.engine.args.first().and_then(|first| match first {
        EngineArg::Expression(collection) => Some(collection.as_str().trim_matches('`').to_owned()),
        EngineArg::Text(_) | EngineArg::Named(..) => None,
    });
    let mut overrides: BTreeMap<String, Value> = BTreeMap::new();
    for (key, value) in definition.engine.args.iter().filter_map(named) {
        overrides.insert(key.clone(), table::setting(name, &key, &value, secrets));
    }
    let plain = |key: &str| definition.settings.get(key);
    let collection_is_there = collection.is_some();
    let skipped = plain("kafka_skip_broken_messages");
    let errors = match (streams_errors(definition), skipped) {
        (true, _) => Some(Errors { mode: "stream", ..Errors::default() }),
        (false, Some(max)) => {
            let max = (!is(definition, "kafka_skip_broken_messages", "1000"))
                .then(|| table::setting(name, "kafka_skip_broken_messages", max, secrets));
            Some(Errors { mode: "skip", max, ..Errors::default() })
        }
        (false, None) => None,
    };
    let usual = if collection_is_there { "" } else { "JSONEachRow" };
    Source {
        table: None,
        format: told(definition, "kafka_format").filter(|f| *f != usual).map(str::to_owned),
        schema: told(definition, "kafka_schema")
            .and_then(|s| s.rsplit_once(':'))
            .map(|(file, message)| Schema { file: file.to_owned(), message: message.to_owned() }),
        registry: plain("format_avro_schema_registry_url")
            .map(|v| table::setting(name, "format_avro_schema_registry_url", v, secrets)),
        group: None,
        consumers: plain("kafka_num_consumers")
            .filter(|v| collection_is_there || !v.same(&SettingValue::Number("1".into())))
            .map(|v| v.plain().and_then(|n| n.parse::<u32>().ok()).map_or(Value::Null, |n| json!(n))),
        cluster: stock.cluster_of(name, None),
        errors,
        settings: table::settings(definition, |key| !OWN.contains(&key), secrets),
        collection: collection.map(|name| match overrides.is_empty() {
            true => Collection::Name(name),
            false => Collection::With { name, overrides },
        }),
        columns: definition
            .columns
            .iter()
            .map(|c| super::spec::Column { codec: None, ttl: None, ..table::column(c) })
            .collect(),
    }
}
