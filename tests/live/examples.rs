//! The project's manifests and every example: nothing to complain about, applied, and then the plan is empty.

use crate::fixture::project::Project;
use crate::fixture::{EXAMPLES, shared, unique};
use std::path::{Path, PathBuf};

/// Folders below `examples/` with a project file, whoever added them.
pub fn found() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    #[expect(clippy::disallowed_methods, reason = "a new folder is tested without anybody writing code")]
    let entries = std::fs::read_dir(root).expect("the folder of examples");
    let files = entries.map(|e| e.expect("an entry").path().join("sluice.yaml"));
    let mut files: Vec<PathBuf> = files.filter(|f| f.is_file()).collect();
    files.sort();
    files
}

/// Applied twice: the second time there is nothing to do.
async fn converges(file: &Path, prefix: &str) {
    let project = Project::at(file, &[("PREFIX", prefix)]);
    assert_eq!(project.complaints(), "", "{}", file.display());
    let first = project.plan().await;
    assert!(!first.steps.is_empty() && !first.is_blocked(), "{}: {:#?}", file.display(), first.resources);
    project.apply().await;
    let again = project.plan_with(&sluice::plan::Policy::default()).await;
    assert_eq!(project.run(&again).await, sluice::apply::Outcome::default(), "{}", file.display());
    project.clean().await;
}

#[tokio::test]
async fn the_covid_project_converges() {
    converges(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/sluice.yaml")), "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_converges() {
    shared();
    let _turn = EXAMPLES.write().await;
    let files = found();
    assert!(files.len() >= 4, "only {files:?}");
    let all = files.iter().map(|file| async move { converges(file, &format!("{}_", unique("ex"))).await });
    futures_util::future::join_all(all).await;
}
