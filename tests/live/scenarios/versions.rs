//! Hosts of different versions: what a definition means is asked of one host of each.

use super::*;
use crate::fixture::project::Project;
use crate::fixture::relay::{Fate, Relay};
use crate::fixture::{shared, unique};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A node that says it is of another version, with how often it was asked what a definition means.
struct Host {
    relay: Relay,
    asked: Arc<AtomicUsize>,
}

impl Host {
    fn new(node: usize, version: Option<&'static str>) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let relay = Relay::start(&shared().clickhouse_urls[node], move |request| {
            if request.statement.starts_with("CREATE TEMPORARY") {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            match version.filter(|_| request.statement.contains("version() AS version")) {
                Some(version) => {
                    let told = format!("'{version}' AS version");
                    Fate::Instead(request.statement.replace("version() AS version", &told))
                }
                None => Fate::Pass,
            }
        });
        Self { relay, asked }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_is_asked_of_one_host_of_each_version() {
    let name = unique("versions");
    let hosts = [None, None, Some("25.8.1.5101"), None].into_iter().enumerate();
    let hosts: Vec<Host> = hosts.map(|(node, version)| Host::new(node, version)).collect();
    let urls: Vec<String> = hosts.iter().map(|host| host.relay.url.clone()).collect();
    let project =
        Project::of(&name, &simple(&name, "")).var("CLICKHOUSE_URL", &urls[0]).var("CLICKHOUSE_URLS", &urls.join(","));
    let prepared = project.plan_with(&Policy::default()).await;
    let versions: Vec<&str> = prepared.plan.header.hosts.iter().map(|host| host.version.as_str()).collect();
    assert!(versions[2] == "25.8.1.5101" && versions[0] == versions[3] && versions[0] != versions[2], "{versions:?}");
    let asked: Vec<usize> = hosts.iter().map(|host| host.asked.load(Ordering::SeqCst)).collect();
    assert!(asked[0] > 0 && asked[2] == asked[0], "both versions are asked: {asked:?}");
    assert_eq!((asked[1], asked[3]), (0, 0), "one host of each is enough: {asked:?}");
    project.apply().await;
    project.rewrite(&simple(&name, "").replace("- {name: day", "- {name: more, type: UInt8}\n        - {name: day"));
    let plan = project.plan().await;
    let alters = plan.steps.iter().filter(|s| matches!(s.action, Action::Table(TableAction::Alter { .. }))).count();
    let tried: Vec<usize> = hosts.iter().map(|host| host.asked.load(Ordering::SeqCst)).collect();
    assert!(alters > 0 && tried[0] > asked[0] && tried[2] > asked[2], "an ALTER is tried on both: {tried:?}");
    assert_eq!((tried[1], tried[3]), (0, 0), "and on one host of each: {tried:?}");
    project.apply().await;
    project.assert_converged().await;
    project.clean().await;
}
