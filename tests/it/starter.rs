//! `init`, `graph`, `completions` and `man` as a process.

use assert_cmd::Command;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn run(dir: &Path, line: &str) -> (i32, String, String) {
    let mut command = Command::cargo_bin("sluice").unwrap();
    let output = command.env_clear().current_dir(dir).args(line.split(' ')).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn started() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, err) = run(dir.path(), "init My.Shop");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.contains("cd My.Shop") && out.contains("sluice plan"), "{out}");
    dir
}

#[test]
fn what_init_writes_is_valid_and_finds_its_schema() {
    let dir = started();
    let shop = dir.path().join("My.Shop");
    let (code, out, _) = run(&shop, "validate");
    assert_eq!((code, out.as_str()), (0, "3 files with 1 topic, 1 pipeline: no findings\n"));
    assert!(fs::read_to_string(shop.join("sluice.yaml")).unwrap().contains("name: my-shop\n"));
    let schema = shop.join("schemas/manifest.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for file in ["sluice.yaml", "manifests/topics.yaml", "manifests/events.yaml"] {
        let text = fs::read_to_string(shop.join(file)).unwrap();
        let first = text.lines().next().unwrap();
        let named = first.strip_prefix("# yaml-language-server: $schema=").expect("the line of the editor");
        assert!(shop.join(file).parent().unwrap().join(named).is_file(), "{file}: {named}");
        let document: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert!(schema.is_valid(&document), "{file}");
    }
}

#[test]
fn init_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".gitignore"), "mine").unwrap();
    fs::create_dir(dir.path().join("manifests")).unwrap();
    fs::write(dir.path().join("manifests/topics.yaml"), "mine").unwrap();
    let (code, out, err) = run(dir.path(), "init");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("has manifests/topics.yaml, .gitignore already; nothing was written"), "{err}");
    assert!(!dir.path().join("sluice.yaml").exists());
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "mine");
    // Other files are in nobody's way.
    fs::write(dir.path().join("README"), "mine").unwrap();
    fs::remove_file(dir.path().join(".gitignore")).unwrap();
    fs::remove_file(dir.path().join("manifests/topics.yaml")).unwrap();
    assert_eq!(run(dir.path(), "init").0, 0);
    assert_eq!(run(dir.path(), "init").0, 1);
}

#[test]
fn graph_draws_without_servers_and_knows_its_resources() {
    let dir = started();
    let shop = dir.path().join("My.Shop");
    let (code, all, err) = run(&shop, "graph");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(all.starts_with("flowchart LR\n") && all.contains("[\"Topic/events\"]"), "{all}");
    let (_, only, _) = run(&shop, "graph --only KafkaPipeline/events");
    assert!(!only.contains("[\"Topic/events\"]") && only.contains("declared elsewhere"), "{only}");
    assert!(run(&shop, "graph --format dot").1.starts_with("digraph"));
    assert!(run(&shop, "graph --format svg").1.starts_with("<svg"));
    let (code, out, err) = run(&shop, "graph --only Topic/event");
    assert_eq!((code, out.as_str()), (64, ""));
    assert!(err.contains("did you mean Topic/events?"), "{err}");
}

#[test]
fn findings_for_programs_name_files_from_the_root_and_end_with_the_same_code() {
    let dir = started();
    let topics = dir.path().join("My.Shop/manifests/topics.yaml");
    let text = fs::read_to_string(&topics).unwrap();
    fs::write(&topics, text.replace("partitions:", "partitons:")).unwrap();
    let (code, out, err) = run(dir.path(), "validate --project My.Shop --format github");
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("::error file=My.Shop/manifests/topics.yaml,line="), "{out}");
    let (code, out, _) = run(dir.path(), "validate --project My.Shop --format sarif");
    assert_eq!(code, 1);
    assert!(out.contains("\"uri\": \"My.Shop/manifests/topics.yaml\""), "{out}");
    let mut command = Command::cargo_bin("sluice").unwrap();
    command.env_clear().env("GITHUB_WORKSPACE", dir.path()).current_dir(dir.path().join("My.Shop"));
    let output = command.args(["validate", "--format", "github"]).output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.starts_with("::error file=My.Shop/manifests/topics.yaml,line="), "{out}");
    fs::write(&topics, text).unwrap();
    assert_eq!(run(dir.path(), "validate --project My.Shop --format github"), (0, String::new(), String::new()));
}

#[test]
fn shells_and_man_know_every_command() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, err) = run(dir.path(), &format!("completions {shell}"));
        assert_eq!((code, err.as_str()), (0, ""), "{shell}");
        assert!(["validate", "graph", "detailed-exitcode"].iter().all(|w| script.contains(w)), "{shell}");
    }
    let (code, page, _) = run(dir.path(), "man");
    assert_eq!(code, 0);
    let has = [".TH sluice", "detailed\\-exitcode", ".SH \"SLUICE SANDBOX UP\"", "kafka\\-port"];
    assert!(has.iter().all(|w| page.contains(w)), "{page}");
}
