//! The JSON Schema of the manifests, from the types that read them.

use super::consumer::ManualConsumerSpec;
use super::envelope::{API_VERSION, LifecycleSpec, Metadata};
use super::pipeline::KafkaPipelineSpec;
use super::project::ProjectSpec;
use super::sink::OutgoingSinkSpec;
use super::topic::TopicSpec;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One schema for every kind of manifest: `oneOf` by `kind`. It accepts what the loader accepts before variables
/// are put in; a field that may be left out may also be empty.
pub fn manifest_schema() -> Value {
    let mut generator = generator();
    let kinds: Vec<Value> = KINDS.into_iter().map(|kind| kind.document(&mut generator)).collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sluice manifest",
        "description": "A document of a sluice project: Project, Topic, KafkaPipeline, OutgoingSink or ManualConsumer.",
        "oneOf": kinds,
        "$defs": generator.take_definitions(true),
    });
    loosen(&mut schema);
    for (part, fields) in examples() {
        for (field, values) in fields {
            if let Some(field) = schema.pointer_mut(&format!("/$defs/{part}/properties/{field}")) {
                field["examples"] = json!(values);
            }
        }
    }
    schema
}

/// Examples of the fields of each part.
fn examples() -> BTreeMap<String, BTreeMap<String, Vec<Value>>> {
    // The text is part of the program, and a test reads it.
    serde_yaml::from_str(include_str!("examples.yaml")).unwrap_or_default()
}

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentKind {
    /// `kind: Project`
    Project,
    /// `kind: Topic`
    Topic,
    /// `kind: KafkaPipeline`
    KafkaPipeline,
    /// `kind: OutgoingSink`
    OutgoingSink,
    /// `kind: ManualConsumer`
    ManualConsumer,
}

/// Every kind that can be read.
pub const KINDS: [DocumentKind; 5] = [
    DocumentKind::Project,
    DocumentKind::Topic,
    DocumentKind::KafkaPipeline,
    DocumentKind::OutgoingSink,
    DocumentKind::ManualConsumer,
];

impl DocumentKind {
    /// The word in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            DocumentKind::Project => "Project",
            DocumentKind::Topic => "Topic",
            DocumentKind::KafkaPipeline => "KafkaPipeline",
            DocumentKind::OutgoingSink => "OutgoingSink",
            DocumentKind::ManualConsumer => "ManualConsumer",
        }
    }

    /// The schema of the whole document, strictly as the types say; shared parts under `$defs`.
    pub fn strict_schema(self) -> Value {
        let mut generator = generator();
        let mut schema = self.document(&mut generator);
        schema["$defs"] = Value::Object(generator.take_definitions(true));
        schema
    }

    fn document(self, generator: &mut SchemaGenerator) -> Value {
        let (spec, about) = match self {
            DocumentKind::Project => {
                (part::<ProjectSpec>(generator), "Connections, environments, defaults: one per repository.")
            }
            DocumentKind::Topic => (part::<TopicSpec>(generator), "A Kafka topic."),
            DocumentKind::KafkaPipeline => (
                part::<KafkaPipelineSpec>(generator),
                "Topics, the Kafka table that reads them, and the tables behind it.",
            ),
            DocumentKind::OutgoingSink => (
                part::<OutgoingSinkSpec>(generator),
                "A Kafka table that writes to a topic, a Distributed table over it, and views that feed it.",
            ),
            DocumentKind::ManualConsumer => {
                (part::<ManualConsumerSpec>(generator), "Topics, and the tables that `sluice consume` fills from them.")
            }
        };
        let mut metadata = part::<Metadata>(generator);
        metadata["description"] = json!("Name and description of the resource.");
        let mut lifecycle = part::<LifecycleSpec>(generator);
        lifecycle["description"] = json!("Guards of the resource.");
        json!({
            "title": self.as_str(),
            "description": about,
            "type": "object",
            "properties": {
                "apiVersion": {"const": API_VERSION, "description": "Version of the manifest language."},
                "kind": {"const": self.as_str(), "description": "Kind of the document."},
                "metadata": metadata,
                "spec": spec,
                "lifecycle": lifecycle,
            },
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "additionalProperties": false,
        })
    }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12().into_generator()
}

fn part<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// What the loader takes beyond the types: an optional field may be empty, and a number or a boolean may stand
/// where a text is meant. The other way round a variable (`${NAME}`) may stand for a number or a boolean.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Object(object) => loosen_object(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

const VARIABLE: &str = r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}";

fn loosen_object(object: &mut Map<String, Value>) {
    object.values_mut().for_each(loosen);
    let required: Vec<String> = object
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    let closed = object.contains_key("additionalProperties");
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            if closed && !required.contains(name) {
                *property = or_null(property.take());
            }
        }
    }
    let word = |v: &Value| v.get("const").is_some() && v["type"] == "string";
    if let Some(Value::Array(words)) = object.get_mut("oneOf")
        && words.iter().all(word)
    {
        words.push(json!({"type": "string", "pattern": VARIABLE, "description": "One of these by a variable."}));
    }
    if object.contains_key("const") || object.contains_key("enum") || object.contains_key("pattern") {
        return;
    }
    let Some(types) = object.get_mut("type") else { return };
    let has =
        |types: &Value, word: &str| types == word || types.as_array().is_some_and(|a| a.iter().any(|t| t == word));
    let add = |types: &mut Value, word: &str| {
        if !has(types, word) {
            let mut list = types.as_array().cloned().unwrap_or_else(|| vec![types.clone()]);
            list.push(json!(word));
            *types = Value::Array(list);
        }
    };
    if has(types, "string") {
        add(types, "number");
        add(types, "boolean");
    } else if has(types, "integer") || has(types, "number") || has(types, "boolean") {
        add(types, "string");
        object.insert("pattern".into(), json!(VARIABLE));
    }
}

fn or_null(property: Value) -> Value {
    let nullable =
        |p: &Value| p["type"] == "null" || p["type"].as_array().is_some_and(|t| t.iter().any(|t| t == "null"));
    if nullable(&property) || property["anyOf"].as_array().is_some_and(|a| a.iter().any(nullable)) {
        return property;
    }
    let mut out = json!({});
    let mut property = property;
    if let Value::Object(object) = &mut property {
        for name in ["description", "default"] {
            if let Some(value) = object.remove(name) {
                out[name] = value;
            }
        }
    }
    out["anyOf"] = json!([property, {"type": "null"}]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_an_example_that_is_accepted_and_nothing_else_has() {
        let schema = manifest_schema();
        let definitions = schema["$defs"].as_object().unwrap();
        let mut fields: Vec<String> = Vec::new();
        for (part, definition) in definitions {
            for (name, field) in definition["properties"].as_object().into_iter().flatten() {
                let examples = field["examples"].as_array().unwrap_or_else(|| panic!("{part}.{name} has no example"));
                let mut alone = field.clone();
                alone["$defs"] = schema["$defs"].clone();
                let validator = jsonschema::validator_for(&alone).unwrap();
                let wrong: Vec<&Value> = examples.iter().filter(|e| !validator.is_valid(e)).collect();
                assert!(!examples.is_empty() && wrong.is_empty(), "{part}.{name}: {wrong:?}");
                fields.push(format!("{part}.{name}"));
            }
        }
        let known = examples().into_iter().flat_map(|(part, f)| f.into_keys().map(move |n| format!("{part}.{n}")));
        let stale: Vec<String> = known.filter(|field| !fields.contains(field)).collect();
        assert_eq!(stale, Vec::<String>::new());
    }

    #[test]
    fn the_schema_accepts_what_the_loader_accepts_and_refuses_what_it_refuses() {
        let schema = jsonschema::validator_for(&manifest_schema()).unwrap();
        let topic = json!({"apiVersion": API_VERSION, "kind": "Topic", "metadata": {"name": "a"}, "spec": {"partitions": 1, "replicationFactor": 1}});
        let with = |pointer: &str, name: &str, value: Value| {
            let mut changed = topic.clone();
            changed.pointer_mut(pointer).unwrap()[name] = value;
            changed
        };
        for good in [
            topic.clone(),
            with("/spec", "config", json!({"a": 1, "b": "x", "c": true})),
            with("/spec", "config", Value::Null),
            with("/spec", "topicName", json!(2024)),
            with("/spec", "partitions", json!("${N:-3}")),
            with("/spec", "unmanagedConfig", json!("${U}")),
            with("", "lifecycle", json!({"deletion": "orphan"})),
            with("", "lifecycle", Value::Null),
        ] {
            assert!(schema.is_valid(&good), "{good}");
        }
        for bad in [
            with("/spec", "partitons", json!(3)),
            with("/spec", "partitions", json!("three")),
            with("/spec", "partitions", json!(-1)),
            with("/spec", "partitions", Value::Null),
            with("/spec", "unmanagedConfig", json!("never")),
            with("", "kind", json!("Topics")),
            with("", "apiVersion", json!("sluice/v2")),
            with("/metadata", "name", json!(["a"])),
        ] {
            assert!(!schema.is_valid(&bad), "{bad}");
        }
    }
}
