//! `docs/evolution.md`: every change that the live tests make while messages arrive, from the cases themselves.

use super::{cell, compare};
use serde_yaml::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the cases, sorted.
fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/evolutions");
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The steps of a golden plan in a few words each, one after the other; equal neighbours once, with their number.
/// The name of the case says nothing: it is the beginning of names and the database.
fn steps(plan: &str, case: &str) -> String {
    let listed = plan.lines().skip_while(|line| *line != "Steps").skip(1).take_while(|line| !line.is_empty());
    let mut words: Vec<(String, usize)> = Vec::new();
    for line in listed {
        // `  7  4 hosts  create  table e36.days_local  SummingMergeTree`; statements have no number.
        let mut parts = line.split("  ").map(str::trim).filter(|part| !part.is_empty());
        let numbered = parts.next().is_some_and(|part| part.parse::<usize>().is_ok());
        let Some((verb, what)) =
            parts.next().zip(parts.next()).filter(|_| numbered).map(|(_, verb)| verb).zip(parts.next())
        else {
            continue;
        };
        let what: Vec<&str> = what.split(' ').map(|word| word.split_once('.').map_or(word, |(_, name)| name)).collect();
        let step = format!("{verb} {}", what.join(" ").replace(&format!("{case}_"), ""));
        match words.last_mut() {
            Some((last, times)) if *last == step => *times += 1,
            Some(_) | None => words.push((step, 1)),
        }
    }
    let shown =
        words.iter().map(|(step, times)| if *times > 1 { format!("{step} ({times} times)") } else { step.clone() });
    shown.collect::<Vec<_>>().join("; ")
}

fn word(case: &Value, field: &str) -> String {
    case[field].as_str().unwrap_or_else(|| panic!("no `{field}`")).to_owned()
}

/// What a plan says of the rows that flow: how, the pause, the offsets. In the words of the plan itself.
struct Impact {
    class: String,
    pause: String,
    offsets: String,
}

impl Impact {
    fn of(plan: &str) -> Self {
        let pipelines =
            plan.lines().filter(|line| line.split(' ').nth(1).is_some_and(|w| w.starts_with("KafkaPipeline/")));
        let said = pipelines.filter_map(|line| line.split_once("   ")).map(|(_, words)| words.split("; "));
        let Some(said) = said.map(Iterator::collect::<Vec<_>>).find(|parts| parts.len() > 1) else {
            return Self { class: "in place".into(), pause: "none".into(), offsets: "kept".into() };
        };
        let part = |begins: &str| said.iter().find(|part| part.starts_with(begins));
        let offsets = part("offsets ").map(|words| words.trim_start_matches("offsets "));
        let offsets = offsets.or_else(|| part("messages ").or_else(|| part("the new topic ")).copied());
        Self {
            class: said[0].replace(", N rows copied", ""),
            pause: part("pause ").map_or("none", |words| words.trim_start_matches("pause ")).into(),
            offsets: offsets.unwrap_or("kept").into(),
        }
    }
}

#[test]
fn evolutions_are_documented() {
    let mut out = format!("{INTRODUCTION}{}{}{TABLE}", include_str!("pause.md"), include_str!("random.md"));
    let folders = folders();
    assert!(folders.len() >= 40, "only {} evolutions", folders.len());
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let case: Value = serde_yaml::from_str(&fs::read_to_string(folder.join("case.yaml")).unwrap()).unwrap();
        let plan = fs::read_to_string(folder.join("plan.txt"));
        let steps = match (case["awaits"].as_str(), case["blocked"].as_str(), plan) {
            (Some(field), ..) => format!("not yet: there is no field `{field}`"),
            (None, _, Err(e)) => {
                panic!("{name}/plan.txt: {e}: SLUICE_BLESS=1 cargo test --test live evolutions writes it")
            }
            (None, Some(why), Ok(_)) => format!("blocked: {why}"),
            (None, None, Ok(plan)) => steps(&plan, &format!("e{}", &name[..2])),
        };
        assert!(!steps.is_empty(), "{name}: no steps in plan.txt");
        let told = Impact::of(&fs::read_to_string(folder.join("plan.txt")).unwrap_or_default());
        let plan = if case["awaits"].is_null() {
            format!("[plan](../tests/cases/evolutions/{name}/plan.txt)")
        } else {
            String::from("-")
        };
        let killed = if case["killed"].as_bool() == Some(true) { ", killed at each step" } else { "" };
        let back = if case["back"].is_null() { "" } else { ", changed back" };
        let cells = [
            word(&case, "title"),
            told.class,
            steps,
            told.pause,
            told.offsets,
            word(&case, "lost"),
            word(&case, "twice"),
            plan,
            format!("[{name}](../tests/cases/evolutions/{name}/case.yaml){killed}{back}"),
        ];
        let _ = writeln!(out, "| {} |", cells.map(|c| cell(&c)).join(" | "));
    }
    compare("docs/evolution.md", &out);
}

const INTRODUCTION: &str = "\
# Evolution

What happens when a manifest changes while messages arrive. Generated from `tests/cases/evolutions`:
`SLUICE_BLESS=1 cargo test --test live evolutions` writes the plans anew, then `SLUICE_BLESS=1 cargo test --test it docs`
this file.

Each row is a live test. It applies `before.yaml`; a producer writes numbered messages to both partitions, about 160 a
second with `acks=all`, before, during and after the change; once some are in the table, `after.yaml` is planned, compared
with the plan shown here, and applied. At the end every number must be in the table, none may be there twice unless the
row says so, and the next plan must be empty. Rows marked *killed at each step* also run as a process that is killed
(SIGKILL) after step 1, 2, … and at random moments, and is then started again: the objects on every host must be those of
a run that was not interrupted. Rows marked *changed back* also go to `after.yaml` and back to `before.yaml` under the
same producer.

**Class**, **pause** and **offsets** are the words of the plan; **lost** and **twice** are what the test proves, and it
fails where the plan says otherwise. During a pause Kafka keeps what arrives.

";

const TABLE: &str = "
## Every change

| What changes | Class | Steps | Pause | Offsets | Lost | Twice | Plan | Test |
|---|---|---|---|---|---|---|---|---|
";
