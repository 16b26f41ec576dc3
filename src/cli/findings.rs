//! Findings on their way out: as text, and as JSON for programs.

use super::settings::Look;
use crate::manifest::{Files, Finding, Place, Severity};
use crate::render::finding;
use serde_json::{Value, json};

/// Version of the JSON below; it grows when a field changes its meaning or goes.
const VERSION: u32 = 1;

pub(super) fn text(findings: &[Finding], files: &Files, look: Look) -> String {
    finding::render(findings, files, look.colour, look.width)
}

/// `2 errors and 1 warning`.
pub(super) fn tally(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let errors = crate::render::words::count(of(Severity::Error), "error");
    let warnings = crate::render::words::count(of(Severity::Warning), "warning");
    format!("{errors} and {warnings}")
}

pub(super) fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

/// `{version, findings: [{severity, code, message, label, help, place, also}]}`; lines and columns count from 1.
pub(super) fn json(findings: &[Finding], files: &Files) -> String {
    let findings: Vec<Value> = findings.iter().map(|f| one(f, files)).collect();
    format!("{:#}\n", json!({"version": VERSION, "findings": findings}))
}

fn one(finding: &Finding, files: &Files) -> Value {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let also: Vec<Value> =
        finding.also.iter().map(|(place, words)| json!({"label": words, "place": at(*place, files)})).collect();
    json!({
        "severity": severity,
        "code": finding.code,
        "message": finding.message,
        "label": finding.label,
        "help": finding.help,
        "place": finding.place.map(|p| at(p, files)),
        "also": also,
    })
}

fn at(place: Place, files: &Files) -> Value {
    let (line, column) = files.line_column(place.file, place.start).unzip();
    let (end_line, end_column) = files.line_column(place.file, place.end).unzip();
    json!({
        "file": files.get(place.file).map(|f| &f.path),
        "line": line,
        "column": column,
        "endLine": end_line,
        "endColumn": end_column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::FileId;

    #[test]
    fn json_has_lines_and_columns() {
        let mut files = Files::default();
        files.add("a.yaml", "a: 1\nb: é2\n");
        let place = Place { file: FileId(0), start: 10, end: 11 };
        let found = [Finding::error("a/b", "no", place).label("here").help("do"), Finding::warning("c/d", "x", None)];
        let value: Value = serde_json::from_str(&json(&found, &files)).unwrap();
        let first = &value["findings"][0]["place"];
        assert_eq!(*first, json!({"file": "a.yaml", "line": 2, "column": 5, "endLine": 2, "endColumn": 6}));
        assert_eq!(value["findings"][1]["place"], Value::Null);
        assert_eq!(tally(&found), "1 error and 1 warning");
    }
}
