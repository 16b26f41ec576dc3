//! What `init` writes, applied.

use crate::fixture::project::Project;
use crate::fixture::{shared, unique};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "names of its own, since all tests share the servers")]
async fn what_init_writes_converges() {
    shared();
    let dir = tempfile::tempdir().unwrap();
    let name = unique("starter");
    let ended = assert_cmd::Command::cargo_bin("sluice").unwrap().arg("init").arg(dir.path().join(&name)).ok();
    ended.expect("a project");
    for file in ["manifests/topics.yaml", "manifests/events.yaml", "sluice.yaml"] {
        let path = dir.path().join(&name).join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        let text =
            text.replace("events", &name).replace("kafkaDatabase: kafka", &format!("kafkaDatabase: {name}_kafka"));
        std::fs::write(&path, text.replace("raw.", &format!("{name}_raw."))).unwrap();
    }
    let project = Project::at(dir.path().join(&name).join("sluice.yaml"), &[]);
    assert_eq!(project.complaints(), "");
    let first = project.plan().await;
    assert!(!first.steps.is_empty() && !first.is_blocked(), "{:#?}", first.resources);
    project.apply().await;
    let again = project.plan_with(&sluice::plan::Policy::default()).await;
    assert_eq!(project.run(&again).await, sluice::apply::Outcome::default());
    project.clean().await;
}
