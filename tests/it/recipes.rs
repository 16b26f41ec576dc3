//! Recipes for CI that nothing here can run: they are YAML, their scripts are scripts, and every command of sluice in them
//! is one.

use serde_yaml::Value;
use std::path::Path;
use std::process::Command;

const RECIPES: [&str; 4] =
    ["github/sluice-plan.yml", "github/sluice-apply.yml", "github/sluice-drift.yml", "gitlab/.gitlab-ci.yml"];

/// Texts under `run` and `script`, wherever they are.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("run" | "script"), Value::String(text)) => found.push(text.clone()),
                    (Some("run" | "script"), Value::Sequence(list)) => {
                        found.extend(list.iter().map(|line| line.as_str().expect("a text").to_owned()));
                    }
                    (_, value) => scripts(value, found),
                }
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| scripts(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {}
    }
}

/// The arguments of a line that runs sluice, without what the shell takes for itself.
fn arguments(line: &str) -> Option<Vec<String>> {
    let words = line.trim().strip_prefix("sluice ")?.split_whitespace();
    let own = words.take_while(|word| !word.starts_with('>') && !word.starts_with('|'));
    let typed = own.filter(|word| !["$allow", "\"$@\""].contains(word));
    Some(typed.map(|word| word.trim_matches('"').to_owned()).collect())
}

fn is_understood(recipe: &str, script: &str) -> usize {
    // What GitHub fills in before the shell sees it.
    let filled = regex::Regex::new(r"\$\{\{[^}]*\}\}").unwrap().replace_all(script, "x");
    let parsed = Command::new("bash").args(["-n", "-c", &filled]).output().expect("bash");
    assert!(parsed.status.success(), "{recipe}: {}\n{script}", String::from_utf8_lossy(&parsed.stderr));
    let commands: Vec<Vec<String>> = script.lines().filter_map(arguments).collect();
    for command in &commands {
        let told = assert_cmd::Command::cargo_bin("sluice").unwrap().args(command).arg("--help").output().unwrap();
        assert!(told.status.success(), "{recipe}: sluice {command:?}: {}", String::from_utf8_lossy(&told.stderr));
    }
    commands.len()
}

#[test]
fn recipes_are_yaml_and_their_commands_are_commands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci");
    for recipe in RECIPES {
        let text = std::fs::read_to_string(folder.join(recipe)).unwrap();
        let value: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{recipe}: {e}"));
        let mut found = Vec::new();
        scripts(&value, &mut found);
        let commands: usize = found.iter().map(|script| is_understood(recipe, script)).sum();
        assert!(commands > 0, "{recipe} runs nothing");
        // Whatever changes the servers is alone, and is not cut.
        if text.contains("apply plan.json") || text.contains("drift --format") {
            assert!(text.contains("cancel-in-progress: false") || text.contains("interruptible: false"), "{recipe}");
        }
    }
    for script in ["plan.sh", "apply.sh", "drift.sh"] {
        let text = std::fs::read_to_string(folder.join("shell").join(script)).unwrap();
        assert!(is_understood(script, &text.replace("\"$folder/", "\"")) > 0, "{script} runs nothing");
    }
}
