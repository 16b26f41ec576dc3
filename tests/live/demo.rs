//! The demonstration as a stranger runs it, and what is left of it: nothing.

use crate::fixture::cache;
use assert_cmd::Command;
use std::path::Path;

fn sandbox(words: &[&str], dir: &Path) -> Command {
    let mut command = Command::cargo_bin("sluice").unwrap();
    command.current_dir(dir).env("SLUICE_CACHE", cache()).args(["sandbox"]).args(words);
    command
}

#[test]
fn the_demonstration_counts_every_row_and_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    // Once from nothing, once on a folder that was in use.
    for _ in 0..2 {
        let demo = sandbox(&["demo", "--nodes", "1"], home.path()).assert().success();
        let told = String::from_utf8_lossy(&demo.get_output().stdout).into_owned();
        let total = told.lines().find(|l| l.trim_start().starts_with("total")).expect("a line of totals");
        assert_eq!(total.split_whitespace().collect::<Vec<_>>(), ["total", "3039", "3039", "3039"]);
        assert!(told.contains("No changes: 7 resources are as declared."), "{told}");
        sandbox(&["down"], home.path()).assert().success();
        assert!(!home.path().join(".sluice/sandbox").exists());
    }
    sandbox(&["status"], home.path()).assert().code(1);
}
