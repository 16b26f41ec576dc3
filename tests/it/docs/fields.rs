//! `docs/fields.md`: every field of every manifest, from the schema of the types that read them.

use super::field_effects::{EFFECTS, Effect};
use super::{cell, compare};
use serde_json::Value;
use sluice::manifest::DocumentKind;
use sluice::manifest::schema::KINDS;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// One field of a manifest.
struct Field {
    /// `spec.targets[].columns[].type`; `.*` stands for names that the author chooses.
    path: String,
    kind: String,
    default: String,
    about: String,
}

fn fields(kind: DocumentKind) -> Vec<Field> {
    let schema = kind.strict_schema();
    let mut found = Vec::new();
    for part in ["metadata", "spec", "lifecycle"] {
        object(&schema, resolved(&schema, &schema["properties"][part]), part, &mut found);
    }
    found
}

/// A schema with its reference followed and its null taken out.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        return resolved(root, &root["$defs"][name.trim_start_matches("#/$defs/")]);
    }
    let variants = schema["anyOf"].as_array().into_iter().flatten().filter(|v| v["type"] != "null");
    match variants.collect::<Vec<_>>()[..] {
        [one] => resolved(root, one),
        _ => schema,
    }
}

fn object(root: &Value, schema: &Value, path: &str, found: &mut Vec<Field>) {
    let required: BTreeSet<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let shape = resolved(root, property);
        let words = property["description"].as_str().or(shape["description"].as_str()).unwrap_or_default();
        let (about, default) = split_default(words, &property["default"], required.contains(name.as_str()));
        found.push(Field { path: path.clone(), kind: named(root, shape), default, about });
        // An environment holds the fields of the project once more.
        if path != "spec.environments" {
            inside(root, shape, &path, found);
        }
    }
}

/// Fields of what a field holds.
fn inside(root: &Value, shape: &Value, path: &str, found: &mut Vec<Field>) {
    object(root, shape, path, found);
    if shape["items"].is_object() {
        inside(root, resolved(root, &shape["items"]), &format!("{path}[]"), found);
    }
    let of_map = resolved(root, &shape["additionalProperties"]);
    if of_map["properties"].is_object() {
        inside(root, of_map, &format!("{path}.*"), found);
    }
    // A word or a map. Secrets are the same everywhere and told once.
    for variant in shape["anyOf"].as_array().into_iter().flatten().map(|v| resolved(root, v)) {
        object(root, variant, path, found);
    }
}

/// The words without their `Default: …` sentence, and the default.
fn split_default(words: &str, written: &Value, required: bool) -> (String, String) {
    let words = words.replace('\n', " ");
    if let Some((about, default)) = words.split_once("Default: ") {
        let end = default.find(". ").unwrap_or(default.len());
        let rest = default[end..].trim_start_matches(['.', ' ']);
        return (format!("{about}{rest}").trim().to_owned(), default[..end].trim_end_matches('.').to_owned());
    }
    if let Some(about) = words.strip_suffix(" Required.") {
        return (about.to_owned(), "required".to_owned());
    }
    let default = match written {
        _ if required => "required".to_owned(),
        Value::String(text) if !text.is_empty() => format!("`{text}`"),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("`{value}`"),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    (words, default)
}

/// What may be written, in a few words.
fn named(root: &Value, shape: &Value) -> String {
    if let Some(word) = shape["const"].as_str() {
        return format!("`{word}`");
    }
    let words: Vec<String> = shape["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v["const"].as_str())
        .map(|w| format!("`{w}`"))
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    if shape["oneOf"].is_array() {
        return "`{fromEnv: NAME}` or `{fromFile: PATH}`".to_owned();
    }
    let variants: Vec<String> = shape["anyOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|v| named(root, resolved(root, v)))
        .filter(|n| n != "null")
        .collect();
    if !variants.is_empty() {
        return variants.join(", or ");
    }
    let several = shape["type"].as_array().into_iter().flatten();
    let types: Vec<&str> =
        several.chain([&shape["type"]]).filter_map(Value::as_str).filter(|word| *word != "null").collect();
    match types[..] {
        ["string", "number", "boolean"] => "scalar".to_owned(),
        ["array"] => format!("list of {}", named(root, resolved(root, &shape["items"]))),
        ["object"] if shape["properties"].is_object() => "map".to_owned(),
        ["object"] => format!("map to {}", named(root, resolved(root, &shape["additionalProperties"]))),
        _ => types.join(" or "),
    }
}

fn effect(kind: DocumentKind, path: &str) -> Option<&'static (&'static str, &'static str, Effect, &'static str)> {
    EFFECTS.iter().find(|(of, at, ..)| *at == path && (*of == kind.as_str() || *of == "any"))
}

#[test]
fn every_field_has_an_entry_and_every_entry_a_field() {
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for kind in KINDS {
        for field in fields(kind) {
            match effect(kind, &field.path) {
                Some((of, path, ..)) => drop(used.insert((*of, *path))),
                None => wrong.push(format!("{} {}: no entry", kind.as_str(), field.path)),
            }
            if field.about.is_empty() {
                wrong.push(format!("{} {}: no description", kind.as_str(), field.path));
            }
        }
    }
    let stale = EFFECTS.iter().filter(|(of, path, ..)| !used.contains(&(*of, *path)));
    wrong.extend(stale.map(|(of, path, ..)| format!("{of} {path}: an entry for no field")));
    assert!(wrong.is_empty(), "tests/it/docs/field_effects.rs:\n{}", wrong.join("\n"));
}

#[test]
fn the_fields_are_documented() {
    let mut out = String::from(INTRODUCTION);
    for effect in Effect::ALL {
        let _ = writeln!(out, "| **{}** | {} |", effect.word(), effect.meaning());
    }
    for kind in KINDS {
        let _ = write!(out, "\n## {}\n\n", kind.as_str());
        out.push_str("| Field | Type | Default | Changing it | What it is |\n|---|---|---|---|---|\n");
        for field in fields(kind) {
            let (word, note) = effect(kind, &field.path).map_or(("", ""), |(_, _, e, note)| (e.word(), *note));
            let changing = if note.is_empty() { format!("**{word}**") } else { format!("**{word}**: {note}") };
            let Field { path, kind, default, about } = field;
            let cells = [format!("`{path}`"), cell(&kind), cell(&default), cell(&changing), cell(&about)];
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
    }
    compare("docs/fields.md", &out);
}

const INTRODUCTION: &str = "\
# Fields of the manifests

Generated from the types that read them: `SLUICE_BLESS=1 cargo test --test it docs` writes this file anew. The same as a
JSON Schema, for editors: `schemas/manifest.schema.json`, or `sluice schema manifest`.

Every document has `apiVersion: sluice/v1`, `kind`, `metadata` and `spec`, and may have `lifecycle`. A field that may be
left out may also be empty. `[]` stands for the items of a list, `.*` for names that you choose. A *scalar* is a text, a
number or a boolean. `${NAME}` and `${NAME:-default}` are replaced in values, from `--var`, then the environment's `vars`,
then the project's, then the process's environment; `$$` is a plain `$`. A secret is `{fromEnv: NAME}` or
`{fromFile: PATH}` and nothing else.

What changing a field does in this version:

| Word | Means |
|---|---|
";
