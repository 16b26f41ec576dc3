//! Findings as SARIF 2.1.0, for code scanning and editors. The types hold what is needed of the standard.

use super::{Spot, level, told};
use crate::manifest::{Files, Finding, Place};
use crate::render::finding_codes::{CODES, Level};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::collections::BTreeSet;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What may stand in a path of a URI as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Debug, Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Columns count characters, not the UTF-16 units of the standard's default.
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Debug, Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Debug, Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    full_description: Text,
    help: Text,
    default_configuration: Configuration,
}

#[derive(Debug, Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Debug, Serialize)]
struct Text {
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

/// The findings as a SARIF log. `folder` is the project's, seen from the root of the repository.
pub fn sarif(findings: &[Finding], files: &Files, folder: &str) -> String {
    let seen: BTreeSet<&str> = findings.iter().map(|f| f.code).collect();
    let rules: Vec<Rule> = CODES.iter().filter(|(code, ..)| seen.contains(code)).map(rule).collect();
    let results = findings.iter().map(|f| outcome(f, &rules, files, folder)).collect();
    let driver = Driver { name: "sluice", version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Nothing in it is a map with keys that are no texts: this cannot fail.
    format!("{:#}\n", serde_json::to_value(log).unwrap_or_default())
}

fn rule((id, level, sentence): &(&'static str, Level, &'static str)) -> Rule {
    let text = || Text { text: (*sentence).to_owned() };
    let level = match level {
        Level::Error | Level::Both => "error",
        Level::Warning => "warning",
    };
    Rule {
        id,
        short_description: text(),
        full_description: text(),
        help: Text { text: format!("{sentence} `sluice validate` says with each finding what to do.") },
        default_configuration: Configuration { level },
    }
}

fn outcome(finding: &Finding, rules: &[Rule], files: &Files, folder: &str) -> Outcome {
    let at = |place, id, words: Option<&str>| location(place, files, folder, id, words);
    let also = finding.also.iter().zip(1..);
    Outcome {
        rule_id: finding.code,
        rule_index: rules.iter().position(|r| r.id == finding.code),
        level: level(finding.severity),
        message: Text { text: told(finding) },
        locations: finding.place.and_then(|p| at(p, None, None)).into_iter().collect(),
        related_locations: also.filter_map(|((p, words), id)| at(*p, Some(id), Some(words))).collect(),
    }
}

fn location(place: Place, files: &Files, folder: &str, id: Option<usize>, words: Option<&str>) -> Option<Location> {
    let spot = Spot::of(place, files)?.below(folder);
    let path = utf8_percent_encode(&spot.path, PATH);
    let absolute = spot.path.starts_with('/');
    let artifact_location = Artifact {
        uri: if absolute { format!("file://{path}") } else { path.to_string() },
        uri_base_id: (!absolute).then_some("%SRCROOT%"),
    };
    let region =
        Region { start_line: spot.start.0, start_column: spot.start.1, end_line: spot.end.0, end_column: spot.end.1 };
    let message = words.map(|w| Text { text: w.to_owned() });
    Some(Location { id, physical_location: Physical { artifact_location, region }, message })
}
