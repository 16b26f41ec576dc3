//! Somebody changes the servers by hand, in every way there is: each is found, named, put right, and nothing else is
//! reported.

mod restarted;

use crate::fixture::project::{Project, brokers, by_hand, try_ask_node};
use crate::fixture::{all_passed, attempt, shared, unique};
use serde::Deserialize;
use sluice::drift::{Applied, AppliedResource, Drift, LastApplied};
use sluice::model::Desired;
use sluice::plan::{Allowance, Hazard, Policy};
use sluice::render::{self, Style};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

const STYLE: Style = Style { colour: false, width: 160, sql: false };
/// Brokers answer a moment later than they accept.
const PATIENCE: Duration = Duration::from_secs(20);

/// An entry of `tests/cases/drift/kinds.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    kind: String,
    #[serde(default)]
    node: usize,
    #[serde(default)]
    sql: Vec<String>,
    /// The Kafka table is made again with this setting too.
    #[serde(default)]
    kafka_setting: BTreeMap<String, u64>,
    topic: Option<String>,
    #[serde(default)]
    deleted: bool,
    /// Keys to pin, and with `null` to unpin.
    #[serde(default)]
    config: BTreeMap<String, Option<String>>,
}

impl Kind {
    async fn done_by_hand(&self, case: &str) {
        let filled = |text: &str| text.replace("${case}", case);
        for statement in &self.sql {
            by_hand(self.node, &filled(statement)).await;
        }
        for (setting, value) in &self.kafka_setting {
            let query =
                format!("SELECT create_table_query FROM system.tables WHERE database = '{case}' AND name = 'kafka'");
            let create = try_ask_node(self.node, &query).await.expect("the Kafka table is there").replace("\\'", "'");
            assert!(create.contains(" COMMENT "), "{create}");
            by_hand(self.node, &format!("DROP TABLE {case}.kafka SYNC")).await;
            by_hand(self.node, &create.replace(" COMMENT ", &format!(", {setting} = {value} COMMENT "))).await;
        }
        let Some(topic) = self.topic.as_deref().map(filled) else { return };
        if self.deleted {
            brokers().delete_topic(&topic).await.expect("the topic is deleted");
        }
        let set = self.config.iter().filter_map(|(k, v)| Some((k.clone(), v.clone()?))).collect();
        let unset = self.config.iter().filter(|(_, v)| v.is_none()).map(|(k, _)| k.clone()).collect();
        brokers().alter_config(&topic, &set, &unset).await.expect("the topic is altered");
    }
}

/// What was applied, as a record of it says.
fn record(desired: &Desired) -> LastApplied {
    let applied = |resource| Applied { at: "2026-11-20T14:02:00Z".into(), whole: true, resource };
    let topics = desired.topics.iter().map(|t| (t.id.clone(), applied(AppliedResource::Topic(t.clone()))));
    let chains = desired.pipelines.iter().map(|p| (p.id.clone(), applied(AppliedResource::Chain(Box::new(p.clone())))));
    topics.chain(chains).collect()
}

/// Everything that could be lost is allowed: what was made by hand goes.
fn willing() -> Policy {
    let allow = Hazard::ALL.into_iter().map(|hazard| Allowance { hazard, resource: None });
    Policy { allow: allow.collect(), ..Policy::default() }
}

async fn drift(project: &Project, applied: &LastApplied) -> Drift {
    let plan = project.plan_with(&willing()).await.plan;
    Drift::of(applied, true, &plan, &plan)
}

/// A project with something of every kind.
fn project(case: &str) -> Project {
    let resources = include_str!("../../cases/drift/resources.yaml");
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {case}}}\nspec:\n  manifests: [.]\n  \
         kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: \"${{CLICKHOUSE_URL}}\", \
         cluster: dwh_test, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}\n  state: none\n  \
         defaults: {{kafkaDatabase: {case}}}\n"
    );
    Project::written(&header, resources).var("case", case)
}

/// Each kind in turn: what was found of it.
async fn found(kinds: &[Kind]) -> Vec<(String, Result<String, String>)> {
    let case = unique("drifted");
    let project = project(&case);
    project.apply().await;
    let applied = record(&project.compiled().desired);
    assert_eq!(drift(&project, &applied).await.drifted(), 0, "nothing was changed yet");
    let mut found = Vec::new();
    for kind in kinds {
        let told = attempt(async {
            kind.done_by_hand(&case).await;
            let begin = Instant::now();
            let seen = loop {
                let seen = drift(&project, &applied).await;
                if seen.drifted() > 0 || begin.elapsed() > PATIENCE {
                    break seen;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            };
            assert_eq!(
                (seen.drifted(), seen.pending(), seen.unread()),
                (1, 0, 0),
                "{}",
                render::drift::text(&seen, STYLE)
            );
            assert!(seen.resources.iter().all(|r| r.stuck.is_empty()), "{}", render::drift::text(&seen, STYLE));
            let text = render::drift::text(&seen, STYLE);
            project.apply_with(&willing()).await;
            let left = drift(&project, &applied).await;
            assert_eq!(left.drifted(), 0, "{}", render::drift::text(&left, STYLE));
            let text = text.replace(&case, "CASE");
            let nodes = shared().clickhouse_urls.iter().enumerate();
            nodes.fold(text, |text, (n, url)| text.replace(url.trim_start_matches("http://"), &format!("node {n}")))
        });
        found.push((kind.kind.clone(), told.await));
    }
    project.clean().await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_found_named_and_put_right() {
    shared();
    let kinds: Vec<Kind> = serde_yaml::from_str(include_str!("../../cases/drift/kinds.yaml")).expect("the kinds");
    assert!(kinds.len() >= 40);
    let share = kinds.len().div_ceil(3);
    let found: Vec<_> = futures_util::future::join_all(kinds.chunks(share).map(found)).await.concat();
    let failed: Vec<String> =
        found.iter().filter_map(|(kind, told)| Some(format!("{kind}: {}", told.as_ref().err()?))).collect();
    all_passed(&failed);
    let told: Vec<String> =
        found.into_iter().map(|(kind, told)| format!("## {kind}\n{}", told.unwrap_or_default())).collect();
    insta::assert_snapshot!(told.join("\n"));
}
