//! Every folder of `tests/cases/bad` is a project with a mistake in it, and `expected.txt` is what its author is
//! told. `SLUICE_BLESS=1` writes the expectations anew.

use sluice::compile::compile;
use sluice::manifest::{Finding, LoadOptions, Loaded, load};
use sluice::render::finding::render;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Everything sluice has to say about a project. `options.txt` gives, a line each, `env NAME`, `var NAME=VALUE` and
/// `process NAME=VALUE`; nothing of this process gets in.
fn findings_of(dir: &Path) -> String {
    let (loaded, findings) = findings_in(dir);
    render(&findings, &loaded.files, false, 120)
}

/// What was read of a project, and the findings.
pub fn findings_in(dir: &Path) -> (Loaded, Vec<Finding>) {
    let mut options = LoadOptions { project_file: dir.join("sluice.yaml"), ..LoadOptions::default() };
    let lines = fs::read_to_string(dir.join("options.txt")).unwrap_or_default();
    for line in lines.lines() {
        let (word, rest) = line.split_once(' ').expect("options.txt has lines of two words");
        let pair = || rest.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())).expect("NAME=VALUE");
        match word {
            "env" => options.environment = Some(rest.to_owned()),
            "var" => options.vars.extend(BTreeMap::from([pair()])),
            "process" => options.process_env.extend(BTreeMap::from([pair()])),
            other => panic!("{other} is no option"),
        }
    }
    let loaded = load(&options);
    let (_, findings) = compile(&loaded);
    (loaded, findings)
}

/// The cases of a folder of `tests/cases`, sorted.
pub fn cases(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let entries = fs::read_dir(root).unwrap().map(|e| e.unwrap().path());
    let mut cases: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

#[test]
fn every_mistake_is_explained() {
    let bless = std::env::var_os("SLUICE_BLESS").is_some();
    let (cases, mut wrong) = (cases("bad"), Vec::new());
    assert!(cases.len() >= 60, "only {} cases were found", cases.len());
    for case in cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let seen = findings_of(&case);
        assert!(!seen.is_empty(), "{name}: nothing was found");
        let file = case.join("expected.txt");
        if bless {
            fs::write(&file, &seen).unwrap();
            continue;
        }
        match fs::read_to_string(&file) {
            Ok(expected) if expected == seen => {}
            Ok(expected) => wrong.push(format!("{name}: expected\n{expected}\nseen\n{seen}")),
            Err(_) => wrong.push(format!("{name}: no expected.txt; seen\n{seen}")),
        }
    }
    assert!(wrong.is_empty(), "SLUICE_BLESS=1 records what is seen\n\n{}", wrong.join("\n"));
}

/// Folders of `tests/cases/good` come near the rules and are right.
#[test]
fn nothing_is_said_of_manifests_that_are_right() {
    let cases = cases("good");
    assert!(!cases.is_empty(), "no cases were found");
    let told = cases.iter().map(|case| findings_of(case));
    let told: String = told.collect();
    assert!(told.is_empty(), "{told}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for case in cases("bad") {
        assert_eq!(findings_of(&case), findings_of(&case));
    }
}
