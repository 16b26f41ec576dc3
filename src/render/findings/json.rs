//! Findings as one JSON document: versioned, with a schema.

use super::{Spot, level};
use crate::manifest::{Files, Finding, Place, Severity};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Fields may be added under the same first number; what is there keeps its meaning.
const FORMAT: &str = "1.0";

/// What `sluice validate --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "sluice validate")]
struct ValidateOutput {
    /// Version of this format.
    format: &'static str,
    /// How many findings are errors.
    errors: usize,
    /// How many findings are warnings.
    warnings: usize,
    /// In the order of their places.
    findings: Vec<FindingOutput>,
}

/// One finding.
#[derive(Debug, Serialize, JsonSchema)]
struct FindingOutput {
    /// `error` or `warning`.
    severity: &'static str,
    /// Stable code, `area/what`.
    code: &'static str,
    /// What is wrong.
    message: String,
    /// What is to be said of the very place.
    label: String,
    /// What to do.
    help: Option<String>,
    /// Where; null when it is about no file.
    place: Option<PlaceOutput>,
    /// Other places that belong to it.
    also: Vec<AlsoOutput>,
}

/// Another place.
#[derive(Debug, Serialize, JsonSchema)]
struct AlsoOutput {
    /// What is to be said of it.
    label: String,
    /// Where.
    place: Option<PlaceOutput>,
}

/// A piece of a file; lines and columns count from 1, columns in characters.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PlaceOutput {
    /// Path, relative to the folder of the project file.
    file: String,
    /// Line of the first character.
    line: usize,
    /// Column of the first character.
    column: usize,
    /// Line after the last character.
    end_line: usize,
    /// Column after the last character.
    end_column: usize,
}

/// The findings as one JSON document.
pub fn json(findings: &[Finding], files: &Files) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let output = ValidateOutput {
        format: FORMAT,
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        findings: findings.iter().map(|f| one(f, files)).collect(),
    };
    // Nothing in it is a map with keys that are no texts: this cannot fail.
    format!("{:#}\n", serde_json::to_value(output).unwrap_or_default())
}

/// The JSON Schema of it.
pub fn schema() -> Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<ValidateOutput>()
        .to_value()
}

fn one(finding: &Finding, files: &Files) -> FindingOutput {
    FindingOutput {
        severity: level(finding.severity),
        code: finding.code,
        message: finding.message.clone(),
        label: finding.label.clone(),
        help: finding.help.clone(),
        place: finding.place.and_then(|p| at(p, files)),
        also: finding.also.iter().map(|(p, words)| AlsoOutput { label: words.clone(), place: at(*p, files) }).collect(),
    }
}

fn at(place: Place, files: &Files) -> Option<PlaceOutput> {
    let spot = Spot::of(place, files)?;
    Some(PlaceOutput {
        file: spot.path,
        line: spot.start.0,
        column: spot.start.1,
        end_line: spot.end.0,
        end_column: spot.end.1,
    })
}
