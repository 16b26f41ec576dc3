//! `docs/findings.md`: every code that a finding can have. The codes are looked up in the sources.

use super::{cell, compare};
use sluice::render::finding_codes::{CODES, Level};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// First words of codes. A new area needs its line here.
const AREAS: [(&str, &str); 9] = [
    ("yaml", "The text of a file"),
    ("manifest", "The form of a document"),
    ("variable", "`${NAME}`"),
    ("project", "The project and what belongs to no single resource"),
    ("topic", "Topics"),
    ("pipeline", "Pipelines, and what the other kinds have in common with them"),
    ("sink", "Outgoing sinks"),
    ("consumer", "Manual consumers"),
    ("server", "What only a ClickHouse server can tell, asked while planning and before anything is made"),
];

/// Where the codes are explained: what only stands there is reported nowhere.
const TABLE: &str = "finding_codes.rs";

/// Codes in the sources, with how they are reported where that stands beside them.
fn codes() -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut found: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") && name != "testing.rs" && name != TABLE {
                of_source(&fs::read_to_string(&path).unwrap(), &mut found);
            }
        }
    }
    found
}

/// Codes of one source, its tests left out: they stand at its end.
fn of_source(text: &str, found: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let pieces: Vec<&str> = text.split('"').collect();
    for (before, literal) in pieces.iter().zip(pieces.iter().skip(1)) {
        let Some((area, what)) = literal.split_once('/') else { continue };
        let plain = !what.is_empty() && what.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        if plain && AREAS.iter().any(|(a, _)| *a == area) {
            let levels = found.entry((*literal).to_owned()).or_default();
            let call = before.trim_end();
            levels.extend(call.ends_with("Finding::error(").then_some("error"));
            levels.extend(call.ends_with("Finding::warning(").then_some("warning"));
        }
    }
}

#[test]
fn every_code_is_explained_with_its_severity() {
    let codes = codes();
    assert!(codes.len() > 40, "only {} codes were found", codes.len());
    let mut wrong = Vec::new();
    for (code, seen) in &codes {
        match CODES.iter().find(|(known, ..)| known == code) {
            None => wrong.push(format!("{code}: not explained")),
            Some((_, level, _)) => {
                let said: BTreeSet<&str> = level.words().iter().copied().collect();
                if !seen.is_subset(&said) {
                    wrong.push(format!("{code}: reported as {seen:?}, explained as {said:?}"));
                }
            }
        }
    }
    let stale = CODES.iter().filter(|(code, ..)| !codes.contains_key(*code));
    wrong.extend(stale.map(|(code, ..)| format!("{code}: explained, but reported nowhere")));
    assert!(wrong.is_empty(), "src/render/finding_codes.rs:\n{}", wrong.join("\n"));
}

#[test]
fn the_findings_are_documented() {
    let mut out = String::from(INTRODUCTION);
    for (area, about) in AREAS {
        let _ = write!(out, "\n## {about}\n\n| Code | Severity | Means |\n|---|---|---|\n");
        for (code, level, sentence) in CODES.iter().filter(|(code, ..)| code.split('/').next() == Some(area)) {
            let _ = writeln!(out, "| `{code}` | {} | {} |", level.words().join(" or "), cell(sentence));
        }
    }
    compare("docs/findings.md", &out);
}

#[test]
fn codes_are_seen_in_sources() {
    let mut found = BTreeMap::new();
    let source = "Finding::error(\"yaml/a\", m); Finding::warning(\n  \"topic/b-c\", m); f(\"pipeline/d\"); \"other/e\"; \"yaml/F\"\n\
                  #[cfg(test)]\nmod tests { \"yaml/g\" }";
    of_source(source, &mut found);
    let seen: Vec<_> = found.into_iter().map(|(code, levels)| (code, Vec::from_iter(levels))).collect();
    let expected = [("pipeline/d", vec![]), ("topic/b-c", vec!["warning"]), ("yaml/a", vec!["error"])];
    assert_eq!(seen, expected.map(|(code, levels)| (code.to_owned(), levels)));
}

/// The order of the document is that of the table, and both are easy to search.
#[test]
fn codes_are_explained_once_and_in_order() {
    let given: Vec<&str> = CODES.iter().map(|(code, ..)| *code).collect();
    let sorted: Vec<&str> = given.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    assert_eq!(given, sorted);
    let unknown = |l: &Level| l.words().is_empty();
    assert!(!CODES.iter().any(|(_, level, sentence)| unknown(level) || sentence.is_empty()));
}

const INTRODUCTION: &str = "\
# Findings

What `sluice validate` can say, and every other command before it looks at a server. Generated, with the codes looked up
in the sources: `SLUICE_BLESS=1 cargo test --test it docs` writes this file anew.

An **error** means that nothing can be planned; a **warning** is worth knowing and does not stop anything. All findings
are reported in one run, each with file, line and column where it has a place, and with what to do. Codes are stable.
";
