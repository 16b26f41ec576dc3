//! The JSON Schema of the manifests: as the types give it, good for every manifest here, and strict.

use crate::docs::compare;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::{Value, json};
use sluice::manifest::manifest_schema;
use std::fs;
use std::path::{Path, PathBuf};

fn schema() -> Validator {
    jsonschema::validator_for(&manifest_schema()).unwrap()
}

/// YAML files below a folder of the repository, sorted.
fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("yaml" | "yml") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text)
        .filter_map(|d| Value::deserialize(d).ok())
        .filter(|d| !d.is_null())
        .collect()
}

fn faults(schema: &Validator, document: &Value) -> Vec<String> {
    schema.iter_errors(document).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn the_schema_in_the_repository_is_the_one_the_types_give() {
    let seen = format!("{}\n", serde_json::to_string_pretty(&manifest_schema()).unwrap());
    compare("schemas/manifest.schema.json", &seen);
    let seen = format!("{}\n", serde_json::to_string_pretty(&sluice::render::health::schema()).unwrap());
    compare("schemas/status.schema.json", &seen);
    let seen = format!("{}\n", serde_json::to_string_pretty(&sluice::render::json::schema()).unwrap());
    compare("schemas/plan.schema.json", &seen);
    let seen = format!("{}\n", serde_json::to_string_pretty(&sluice::render::drift::schema()).unwrap());
    compare("schemas/drift.schema.json", &seen);
    let seen = format!("{}\n", serde_json::to_string_pretty(&sluice::render::history::schema()).unwrap());
    compare("schemas/history.schema.json", &seen);
    let seen = format!("{}\n", serde_json::to_string_pretty(&sluice::render::findings::schema()).unwrap());
    compare("schemas/validate.schema.json", &seen);
}

#[test]
fn every_manifest_here_meets_the_schema() {
    let schema = schema();
    let (mut seen, mut wrong) = (0, Vec::new());
    // Those of the recipes are for other programs.
    let is_ours = |file: &PathBuf| !file.components().any(|part| part.as_os_str() == "ci");
    for file in ["manifests", "examples"].into_iter().flat_map(yaml_files).filter(is_ours) {
        for document in documents(&fs::read_to_string(&file).unwrap()) {
            seen += 1;
            let name = file.display();
            wrong.extend(faults(&schema, &document).into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    assert!(seen >= 6, "only {seen} documents were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_of_form_do_not_meet_it() {
    let schema = schema();
    let mut cases = 0;
    for case in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bad")).unwrap() {
        let name = case.unwrap().file_name().to_string_lossy().into_owned();
        // What only the program's environment tells, a schema cannot.
        if !["field-", "type-", "kind-unknown"].iter().any(|form| name.starts_with(form)) {
            continue;
        }
        cases += 1;
        let texts = yaml_files(&format!("tests/cases/bad/{name}")).into_iter().map(|f| fs::read_to_string(f).unwrap());
        let refused = texts.flat_map(|text| documents(&text)).any(|document| !schema.is_valid(&document));
        assert!(refused, "tests/cases/bad/{name} meets the schema");
    }
    assert!(cases > 10, "only {cases} cases were found");
}

#[test]
fn a_wrong_type_or_an_unknown_field_is_refused_at_every_depth() {
    let schema = schema();
    let pipeline = json!({
        "apiVersion": "sluice/v1",
        "kind": "KafkaPipeline",
        "metadata": {"name": "orders"},
        "spec": {
            "topic": {"external": "orders"},
            "source": {"errors": {"mode": "stream"}, "settings": {"kafka_thread_per_consumer": 1}},
            "targets": [{
                "table": "raw.orders",
                "columns": [{"name": "id", "type": "UInt64"}],
                "distributed": {"shardingKey": "id"},
            }],
        },
        "lifecycle": {"deletion": "forbid"},
    });
    assert_eq!(faults(&schema, &pipeline), [""; 0]);
    let places = ["", "/metadata", "/spec", "/spec/topic", "/spec/source", "/spec/source/errors", "/spec/targets/0"];
    let deeper = ["/spec/targets/0/columns/0", "/spec/targets/0/distributed", "/lifecycle"];
    for place in places.into_iter().chain(deeper) {
        let mut unknown = pipeline.clone();
        unknown.pointer_mut(place).unwrap()["surprise"] = json!(1);
        assert!(!schema.is_valid(&unknown), "an unknown field at {place:?} meets the schema");
    }
    for (place, value) in [
        ("/metadata/name", json!({})),
        ("/spec/topic", json!(["orders"])),
        ("/spec/source/errors/mode", json!("never")),
        ("/spec/source/settings", json!("kafka_thread_per_consumer")),
        ("/spec/targets", json!({"table": "raw.orders"})),
        ("/spec/targets/0/table", Value::Null),
        ("/spec/targets/0/columns/0/type", json!(["UInt64"])),
        ("/lifecycle/deletion", json!(true)),
    ] {
        let mut wrong = pipeline.clone();
        *wrong.pointer_mut(place).unwrap() = value.clone();
        assert!(!schema.is_valid(&wrong), "{value} at {place} meets the schema");
    }
}

/// What an editor cannot show while somebody types, with the reason: `tests/cases/beyond_schema.txt` has a heading for each
/// reason and the cases below it.
#[test]
fn what_the_schema_cannot_tell_is_listed_with_the_reason() {
    let schema = schema();
    let listed =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/beyond_schema.txt")).unwrap();
    let listed: Vec<&str> = listed.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let (mut blind, mut caught) = (Vec::new(), 0);
    for case in crate::bad_manifests::cases("bad") {
        let texts = yaml_files(case.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap());
        let refused = texts.iter().any(|file| match fs::read(file).map(String::from_utf8) {
            // An editor tells without a schema what is no text and what is no YAML.
            Ok(Ok(text)) => serde_yaml::Deserializer::from_str(&text).any(|d| match Value::deserialize(d) {
                Ok(document) => !document.is_null() && !schema.is_valid(&document),
                Err(_) => true,
            }),
            Ok(Err(_)) => true,
            Err(error) => panic!("{}: {error}", file.display()),
        });
        match refused {
            true => caught += 1,
            false => blind.push(case.file_name().unwrap().to_string_lossy().into_owned()),
        }
    }
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert!(caught >= 40, "only {caught} mistakes are caught");
    assert_eq!(blind, sorted, "tests/cases/beyond_schema.txt");
}
