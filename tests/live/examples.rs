//! The project's manifests and every example: applied, and then the plan is empty.

use crate::fixture::project::Project;

#[tokio::test]
async fn the_covid_project_converges() {
    let project = Project::at(concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/sluice.yaml"), &[]);
    project.apply().await;
}
