//! The Kafka-engine tables of a pipeline: the one that reads and those that write.

use super::project::{self, Project};
use crate::manifest::{ErrorMode, MaybeSecret, SourceSpec};
use crate::model::{Column, Definition, Engine, EngineArg, Fragment, ObjectName, SettingValue, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Default of `source.errors.max`.
const SKIP_AT_MOST: u64 = 1000;

/// Settings that the server refuses as numbers, whatever is in the text.
const TEXTS: [&str; 8] = [
    "kafka_autodetect_client_rack",
    "kafka_client_id",
    "kafka_keeper_path",
    "kafka_replica_name",
    "kafka_row_delimiter",
    "kafka_sasl_mechanism",
    "kafka_sasl_password",
    "kafka_sasl_username",
];

/// What a Kafka table is made of, names resolved.
pub(super) struct KafkaTable<'a> {
    pub name: &'a ObjectName,
    pub columns: Vec<Column>,
    pub topics: &'a [String],
    pub group: &'a str,
    pub comment: String,
    pub directory: &'a Path,
}

pub(super) fn reading(table: KafkaTable<'_>, spec: &SourceSpec, project: &Project<'_>) -> Definition {
    let mut settings = BTreeMap::new();
    if spec.consumers.is_some() || spec.collection.is_none() {
        settings.insert("kafka_num_consumers".into(), number(spec.consumers.unwrap_or(1)));
    }
    match spec.errors.mode {
        ErrorMode::Stop => {}
        ErrorMode::Skip => {
            let max = spec.errors.max.unwrap_or(SKIP_AT_MOST);
            settings.insert("kafka_skip_broken_messages".into(), number(max));
        }
        ErrorMode::Stream => {
            settings.insert("kafka_handle_error_mode".into(), text("stream"));
        }
    }
    made(table, settings, spec, project)
}

/// A table through which messages are written.
pub(super) fn writing(table: KafkaTable<'_>, spec: &SourceSpec, project: &Project<'_>) -> Definition {
    made(table, BTreeMap::new(), spec, project)
}

/// What both have: the connection, the format, and what the author set.
fn made(
    table: KafkaTable<'_>,
    own: BTreeMap<String, SettingValue>,
    spec: &SourceSpec,
    project: &Project<'_>,
) -> Definition {
    let mut settings = connection(&table, project, spec.collection.is_some());
    settings.extend(own);
    let format = spec.format.as_deref();
    if format.is_some() || spec.collection.is_none() {
        settings.insert("kafka_format".into(), text(format.unwrap_or("JSONEachRow")));
    }
    if let Some(schema) = &spec.schema {
        settings.insert("kafka_schema".into(), text(&format!("{}:{}", schema.file, schema.message)));
    }
    if let Some(registry) = &spec.registry {
        settings.insert("format_avro_schema_registry_url".into(), setting(registry, table.directory));
    }
    for (key, value) in &spec.settings {
        settings.insert(key.clone(), setting(value, table.directory));
    }
    for (_, value) in settings.iter_mut().filter(|(key, _)| TEXTS.contains(&key.as_str())) {
        if let SettingValue::Number(number) = value {
            *value = SettingValue::Text(std::mem::take(number));
        }
    }
    let mut engine = Engine::plain("Kafka");
    if let Some(collection) = &spec.collection {
        engine.args.push(EngineArg::Expression(Fragment::new(&collection.name)));
        let named = |(k, v): (&String, &MaybeSecret)| EngineArg::Named(k.clone(), setting(v, table.directory));
        engine.args.extend(collection.overrides.iter().map(named));
    }
    Definition {
        columns: table.columns,
        settings,
        comment: table.comment,
        ..Definition::new(table.name.clone(), engine)
    }
}

fn connection(table: &KafkaTable<'_>, project: &Project<'_>, in_collection: bool) -> BTreeMap<String, SettingValue> {
    let mut settings = BTreeMap::new();
    if !in_collection {
        settings.insert("kafka_broker_list".into(), text(&project.kafka_brokers));
    }
    settings.insert("kafka_topic_list".into(), text(&table.topics.join(",")));
    settings.insert("kafka_group_name".into(), text(table.group));
    settings
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn number(value: impl Into<u64>) -> SettingValue {
    SettingValue::Number(value.into().to_string())
}

/// A setting as the author wrote it: bare numbers stay numbers.
pub(super) fn setting(written: &MaybeSecret, directory: &Path) -> SettingValue {
    match (written, project::value(written, directory)) {
        (_, Value::Secret(secret)) => SettingValue::Secret(secret),
        (MaybeSecret::Plain(scalar), Value::Plain(value)) if scalar.bare => match value.as_str() {
            "true" => SettingValue::Number("1".into()),
            "false" => SettingValue::Number("0".into()),
            _ => SettingValue::Number(value),
        },
        (_, Value::Plain(value)) => SettingValue::Text(value),
    }
}
