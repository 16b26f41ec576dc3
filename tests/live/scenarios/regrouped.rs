//! A group that goes on where another one was.

use super::*;
use crate::fixture::project::{FLOW, Project, by_hand, produce, until};
use crate::fixture::{shared, unique};
use sluice::plan::Note;
use tokio::time::Instant;

#[tokio::test]
async fn an_apply_that_is_cut_once_the_old_group_is_told_by_no_table_still_goes_on_where_it_was() {
    let name = unique("regrouped");
    let manifest = simple(&name, "");
    let with = |words: &str| manifest.replace(".kafka, settings", &format!(".kafka, {words}, settings"));
    let project = Project::of(&name, &with(&format!("group: {name}_a")));
    project.apply().await;
    produce(&name, (1..=3).map(row)).await;
    let rows = format!("SELECT count(), uniqExact(n) FROM {name}.rows");
    until(&rows, "3\t3").await;

    project.rewrite(&with(&format!("group: {name}_b, startFrom: keep")));
    let mut cut = project.plan_with(&Policy::default()).await;
    assert_eq!(steps(&cut.plan)[0], format!("offsets {name}_b"));
    cut.plan.steps.truncate(1);
    assert_eq!(project.run(&cut).await.failed, []);
    // The old group reads on until its table is dropped.
    produce(&name, (4..=6).map(row)).await;
    until(&rows, "6\t6").await;
    for node in 0..shared().clickhouse_urls.len() {
        by_hand(node, &format!("DROP TABLE {name}.kafka SYNC")).await;
        by_hand(node, &format!("DROP TABLE {name}.rows_mv SYNC")).await;
    }

    project.apply().await;
    produce(&name, (7..=9).map(row)).await;
    until(&format!("SELECT uniqExact(n) FROM {name}.rows"), "9").await;
    until(&rows, "9\t9").await;
    project.assert_converged().await;
    project.clean().await;
}

#[tokio::test]
async fn a_plan_tells_of_messages_that_come_before_a_new_group_begins_though_there_are_none_now() {
    let name = unique("regroups");
    let manifest = simple(&name, "");
    let with = |words: &str| manifest.replace(".kafka, settings", &format!(".kafka, {words}, settings"));
    let project = Project::of(&name, &with(&format!("group: {name}_a")));
    project.apply().await;

    project.rewrite(&with(&format!("group: {name}_b")));
    let plan = project.plan().await;
    assert_eq!(begins(&plan), (0, 0));
    assert!(tells_of(&plan, Hazard::ReplaysMessages), "{plan:#?}");

    produce(&name, (1..=3).map(row)).await;
    until(&format!("SELECT count() FROM {name}.rows"), "3").await;
    project.rewrite(&with(&format!("group: {name}_b, startFrom: latest")));
    let begin = Instant::now();
    let plan = loop {
        let plan = project.plan().await;
        // The rows are there a moment before their offsets are committed.
        if begins(&plan) == (0, 0) {
            break plan;
        }
        assert!(begin.elapsed() < FLOW, "the old group did not commit what it read: {plan:#?}");
    };
    assert!(tells_of(&plan, Hazard::SkipsMessages), "{plan:#?}");
    project.apply().await;
    project.assert_converged().await;
    project.clean().await;
}

/// Messages that the new group reads again, and that it passes over.
fn begins(plan: &Plan) -> (u64, u64) {
    let mut notes = plan.resources.iter().flat_map(|r| &r.notes);
    let starts = notes.find_map(|note| {
        if let Note::GroupStarts { again, skipped, .. } = note { Some((*again, *skipped)) } else { None }
    });
    starts.expect("a note of where the group begins")
}

fn tells_of(plan: &Plan, hazard: Hazard) -> bool {
    plan.hazards().iter().any(|(found, _)| *found == hazard)
}
