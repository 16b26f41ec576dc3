//! The formats of `validate` for programs, over every project of `tests/cases/bad`.

use crate::bad_manifests::{cases, findings_in};
use crate::docs::compare;
use serde_json::Value;
use sluice::render::findings::{github, json, sarif, schema};

fn name(case: &std::path::Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn annotations_are_as_recorded_and_can_be_undone() {
    let mut all = String::new();
    for case in cases("bad") {
        let (loaded, findings) = findings_in(&case);
        let told = github(&findings, &loaded.files, "infra");
        assert_eq!(told.lines().count(), findings.len(), "{}", name(&case));
        let mut words: Vec<String> = told.lines().map(undone).collect();
        words.sort();
        let mut messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
        messages.sort_unstable();
        for (word, message) in words.iter().zip(messages) {
            assert!(word.starts_with(message), "{}: {word:?} is not {message:?}", name(&case));
        }
        all.push_str(&format!("# {}\n{told}", name(&case)));
    }
    compare("tests/cases/findings/github.txt", &all);
}

/// The message of a command, as GitHub's runner reads it.
fn undone(line: &str) -> String {
    let (head, data) = line.strip_prefix("::").and_then(|l| l.split_once("::")).expect("a command");
    let (level, properties) = head.split_once(' ').unwrap();
    assert!(["error", "warning"].contains(&level), "{line}");
    for property in properties.split(',') {
        let (key, value) = property.split_once('=').expect("a property");
        assert!(["file", "line", "col", "endLine", "endColumn", "title"].contains(&key), "{line}");
        assert!(!value.contains(':'), "{line}");
    }
    data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
}

#[test]
fn json_meets_its_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for case in cases("bad").into_iter().chain(cases("good")) {
        let (loaded, findings) = findings_in(&case);
        let text = json(&findings, &loaded.files);
        assert!(text.starts_with("{\n  \"format\": \"1.0\""), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let wrong: Vec<String> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", name(&case));
        if RECORDED.contains(&name(&case).as_str()) {
            compare(&format!("tests/cases/findings/{}.json", name(&case)), &text);
        }
    }
}

/// One with a related place, one with many findings, one with letters of several bytes.
const RECORDED: [&str; 3] = ["topic-named-twice", "field-many-findings", "yaml-syntax-after-emoji"];

/// What the standard asks for of a log, a run, a rule, a result and a region.
#[test]
fn sarif_has_what_the_standard_requires() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for case in cases("bad").into_iter().chain(cases("good")) {
        let (loaded, findings) = findings_in(&case);
        let text = sarif(&findings, &loaded.files, case.strip_prefix(folder).unwrap().to_str().unwrap());
        let log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let runs = log["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 1);
        let driver = &runs[0]["tool"]["driver"];
        assert!(driver["name"].is_string() && driver["version"].is_string());
        let rules = driver["rules"].as_array().unwrap();
        let results = runs[0]["results"].as_array().unwrap();
        assert_eq!(results.len(), findings.len());
        for rule in rules {
            assert!(rule["help"]["text"].as_str().is_some_and(|t| t.len() > 20), "{rule}");
        }
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(result["message"]["text"].as_str().is_some_and(|t| !t.is_empty()));
            assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
            for location in result["locations"].as_array().unwrap() {
                let region = &location["physicalLocation"]["region"];
                let number = |key: &str| region[key].as_u64().unwrap();
                assert!(number("startLine") >= 1 && number("startColumn") >= 1);
                let (start, end) = ("startLine", "endLine");
                let order = (number(start), number("startColumn")) <= (number(end), number("endColumn"));
                assert!(order, "{region}");
                let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
                assert!(uri.starts_with("tests/cases/") && !uri.contains(' '), "{uri}");
            }
        }
        if RECORDED.contains(&name(&case).as_str()) {
            compare(&format!("tests/cases/findings/{}.sarif", name(&case)), &text);
        }
    }
}
