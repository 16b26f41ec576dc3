//! The program with `ddl: onCluster` through the front.

use crate::fixture::on_cluster::{Deed, Front, Member, Rule, Scenario, Told, When};
use crate::fixture::project::{Project, by_hand, try_ask_node};
use crate::fixture::{all_passed, attempt, shared, unique};
use futures_util::future::join_all;
use sluice::plan::Policy;
use std::time::Duration;

/// A project on a cluster of its own over the shared nodes.
struct World {
    name: String,
    front: Front,
    project: Project,
}

impl World {
    async fn new(stem: &str, rules: Vec<Rule>) -> Self {
        let name = unique(stem);
        let members = Member::of(&shared().cluster, &shared().clickhouse_urls).await;
        let front = Front::start(&shared().cluster, members, Scenario(rules));
        let urls: Vec<String> = front.urls().iter().map(|url| format!("\"{url}\"")).collect();
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: {first}, cluster: dwh_test, \
             ddl: onCluster, hosts: [{urls}]}}\n  state: none\n  defaults: {{kafkaDatabase: {name}}}\n",
            first = urls[0],
            urls = urls.join(", "),
        );
        let world = Self { name, front, project: Project::written(&header, "") };
        world.write("");
        world
    }

    fn write(&self, columns: &str) {
        let name = &self.name;
        self.project.rewrite(&format!(
            "kind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 2, replicationFactor: 1}}\n---\n\
             kind: KafkaPipeline\nmetadata: {{name: {name}}}\nspec:\n  topic: {name}\n  source: {{format: JSONEachRow}}\n  \
             targets:\n    - table: {name}.rows\n      columns: [{{name: n, type: UInt64}}{columns}]\n      \
             engine: MergeTree\n      orderBy: n\n      distributed: {{shardingKey: n}}\n"
        ));
    }

    /// The same answer from every node.
    async fn on_all(&self, query: &str) -> String {
        let query = query.replace("{db}", &self.name);
        let first = try_ask_node(0, &query).await.unwrap();
        for node in 1..4 {
            assert_eq!(try_ask_node(node, &query).await.as_ref(), Ok(&first), "node {node}: {query}");
        }
        first
    }

    async fn clean(self) {
        for node in 0..4 {
            by_hand(node, &format!("DROP DATABASE IF EXISTS {}", self.name)).await;
        }
        self.project.clean().await;
    }
}

const OBJECTS: &str =
    "SELECT arraySort(groupArray(replaceAll(name, '{db}', ''))) FROM system.tables WHERE database = '{db}'";
const MADE: &str = "['_kafka','rows','rows_local','rows_mv']";
const COLUMNS: &str = "SELECT count() FROM system.columns WHERE database = '{db}' AND name = 'colour'";

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_applied_through_one_host_and_is_on_all() {
    let world = World::new("oncluster", Vec::new()).await;
    world.project.apply().await;
    assert_eq!(world.on_all(OBJECTS).await, MADE);
    world.write(", {name: colour, type: String}");
    world.project.apply().await;
    assert_eq!(world.on_all(COLUMNS).await, "4");
    let statements = world.front.statements();
    assert!(statements.iter().all(|statement| statement.contains("ON CLUSTER dwh_test")), "{statements:?}");
    world.clean().await;
}

/// Longer than any of what comes late, and short for what never comes.
const PATIENCE: Duration = Duration::from_secs(8);

/// What goes wrong when a pipeline is made, and whether the apply can still say that all is done.
fn troubles() -> Vec<(&'static str, Vec<Rule>, bool)> {
    let made = || When::holding("rows_local ON CLUSTER");
    let refused = Deed::Fails { code: 999, words: "Session expired. (KEEPER_EXCEPTION) (version 26.9.2.1)".into() };
    vec![
        ("numbers in quotes", vec![Rule::answer(When::Always, Told::Quoted)], true),
        ("a host fails", vec![Rule::host(made(), 2, refused.clone())], false),
        ("a host fails under 200", vec![Rule::host(made(), 2, refused), Rule::answer(made(), Told::Rows)], false),
        ("a host is slow", vec![Rule::host(made(), 1, Deed::Slow(Duration::from_secs(2)))], true),
        ("a host is missing", vec![Rule::host(made(), 3, Deed::Missing)], false),
        ("a host is down and comes back", vec![Rule::host(made(), 3, Deed::Held)], false),
        ("a host hangs", vec![Rule::host(made(), 0, Deed::Stuck)], false),
        ("the answer is cut", vec![Rule::answer(made(), Told::Cut(100))], true),
        ("the answer is lost", vec![Rule::answer(made(), Told::Lost)], true),
        ("the server is gone at once", vec![Rule::answer(made(), Told::Queued)], true),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_the_next_apply_puts_it_right() {
    let all = troubles().into_iter().map(|(title, rules, is_done)| async move {
        let part = async {
            let world = World::new("trouble", rules).await;
            let mut prepared = world.project.plan_with(&Policy::default()).await;
            for step in &mut prepared.plan.steps {
                step.timeout = step.timeout.min(PATIENCE);
            }
            let outcome = world.project.run(&prepared).await;
            let told: Vec<String> = outcome.failed.iter().map(|(_, error)| format!("{error:?}")).collect();
            eprintln!("{title}: {told:?}");
            assert_eq!(told.is_empty(), is_done, "{told:?}");
            assert!(told.iter().all(|words| words.contains("rows_local")), "the statement is not named: {told:?}");
            if is_done {
                assert_eq!(world.on_all(OBJECTS).await, MADE);
            }
            world.front.play(Scenario::default());
            (0..4).for_each(|node| world.front.release(node));
            world.project.settle().await;
            let again = world.project.plan_with(&Policy::default()).await;
            assert_eq!(again.plan.is_empty(), is_done, "{:#?}", again.plan.resources);
            assert_eq!(world.project.run(&again).await.failed, []);
            world.project.assert_converged().await;
            assert_eq!(world.on_all(OBJECTS).await, MADE);
            world.clean().await;
        };
        attempt(part).await.err().map(|words| format!("{title}: {words}"))
    });
    let failed: Vec<String> = join_all(all).await.into_iter().flatten().collect();
    all_passed(&failed);
}
