//! The program with `ddl: onCluster` through the front.

use crate::fixture::on_cluster::{Front, Member, Scenario};
use crate::fixture::project::{Project, by_hand, try_ask_node};
use crate::fixture::{shared, unique};

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_is_applied_through_one_host_and_is_on_all() {
    let name = unique("oncluster");
    let members = Member::of(&shared().cluster, &shared().clickhouse_urls).await;
    let front = Front::start(&shared().cluster, members, Scenario::default());
    let urls: Vec<String> = front.urls().iter().map(|url| format!("\"{url}\"")).collect();
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  \
         kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {{url: {first}, cluster: dwh_test, \
         ddl: onCluster, hosts: [{urls}]}}\n  state: none\n  defaults: {{kafkaDatabase: {name}}}\n",
        first = urls[0],
        urls = urls.join(", "),
    );
    let resources = |columns: &str| {
        format!(
            "kind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 2, replicationFactor: 1}}\n---\n\
             kind: KafkaPipeline\nmetadata: {{name: {name}}}\nspec:\n  topic: {name}\n  source: {{format: JSONEachRow}}\n  \
             targets:\n    - table: {name}.rows\n      columns: [{{name: n, type: UInt64}}{columns}]\n      \
             engine: MergeTree\n      orderBy: n\n      distributed: {{shardingKey: n}}\n"
        )
    };
    let project = Project::written(&header, "");
    project.rewrite(&resources(""));
    project.apply().await;
    let objects = format!("SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = '{name}'");
    let first = try_ask_node(0, &objects).await.unwrap();
    assert_eq!(first.matches("rows").count(), 3, "{first}");
    for node in 1..4 {
        assert_eq!(try_ask_node(node, &objects).await.as_ref(), Ok(&first), "node {node}");
    }
    project.rewrite(&resources(", {name: colour, type: String}"));
    project.apply().await;
    let columns = format!("SELECT count() FROM system.columns WHERE database = '{name}' AND name = 'colour'");
    for node in 0..4 {
        assert_eq!(try_ask_node(node, &columns).await.unwrap(), "4", "node {node}");
    }
    let statements = front.statements();
    assert!(statements.iter().all(|statement| statement.contains("ON CLUSTER dwh_test")), "{statements:?}");
    for node in 0..4 {
        by_hand(node, &format!("DROP DATABASE {name}")).await;
    }
    project.clean().await;
}
