use super::*;
use crate::manifest::FileId;
use serde_json::{Value, json};

fn files() -> Files {
    let mut files = Files::default();
    files.add("a, b.yaml", "a: 1\nb: é2\nc:\n  d\n");
    files
}

fn place(start: usize, end: usize) -> Place {
    Place { file: FileId(0), start, end }
}

#[test]
fn json_has_its_version_first_and_lines_and_columns() {
    let found = [
        Finding::error("a/b", "no", place(10, 11)).label("here").help("do").also(place(0, 1), "there"),
        Finding::warning("c/d", "x", None),
    ];
    let text = super::json(&found, &files());
    assert!(text.starts_with("{\n  \"format\": \"1.0\",\n"), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    let first = &value["findings"][0];
    assert_eq!(first["place"], json!({"file": "a, b.yaml", "line": 2, "column": 5, "endLine": 2, "endColumn": 6}));
    assert_eq!(first["also"][0]["place"]["line"], 1);
    assert_eq!((&value["errors"], &value["warnings"]), (&json!(1), &json!(1)));
    assert_eq!(value["findings"][1]["place"], Value::Null);
    assert!(jsonschema::validator_for(&schema()).unwrap().is_valid(&value));
}

#[test]
fn an_annotation_is_one_line_whatever_it_says() {
    let found = [
        Finding::warning("c/d", "later", None),
        Finding::error("a/b", "100% no: a,\r\nb", place(10, 11)).help("do"),
        Finding::error("a/c", "long", place(5, 18)),
    ];
    assert_eq!(
        github(&found, &files(), "infra/"),
        "::error file=infra/a%2C b.yaml,line=2,col=5,endLine=2,endColumn=6,title=a/b%3A 100%25 no%3A a%2C::100%25 no: a,%0D%0Ab%0Ado\n\
         ::error file=infra/a%2C b.yaml,line=2,endLine=4,title=a/c%3A long::long\n\
         ::warning title=c/d%3A later::later\n"
    );
    assert_eq!(github(&[], &files(), ""), "");
}

#[test]
fn the_tenth_of_a_level_says_how_many_there_are() {
    let all = |n: usize| -> Vec<Finding> { (0..n).map(|i| Finding::error("a/b", format!("e{i}"), None)).collect() };
    assert!(!github(&all(10), &files(), "").contains("in all"));
    let told = github(&all(12), &files(), "");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 12);
    let with: Vec<usize> = (0..12).filter(|i| lines[*i].contains("There are 12 errors in all")).collect();
    assert_eq!(with, [9]);
}

#[test]
fn sarif_names_rules_and_regions() {
    let found = [
        Finding::error("topic/min-isr", "no", place(10, 11)).also(place(0, 1), "there"),
        Finding::warning("server/lacks", "x", None),
    ];
    let value: Value = serde_json::from_str(&sarif(&found, &files(), "in fra")).unwrap();
    let run = &value["runs"][0];
    assert_eq!((&value["version"], &run["tool"]["driver"]["name"]), (&json!("2.1.0"), &json!("sluice")));
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let (first, second) = (&run["results"][0], &run["results"][1]);
    for result in [first, second] {
        assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
    }
    let at = &first["locations"][0]["physicalLocation"];
    assert_eq!(at["artifactLocation"], json!({"uri": "in%20fra/a%2C%20b.yaml", "uriBaseId": "%SRCROOT%"}));
    assert_eq!(at["region"], json!({"startLine": 2, "startColumn": 5, "endLine": 2, "endColumn": 6}));
    assert_eq!(first["relatedLocations"][0]["message"]["text"], "there");
    assert_eq!((&second["level"], &second["locations"]), (&json!("warning"), &json!([])));
}
