//! The statements for the homework's cluster, beside the homework's own: docs/homework.md.

mod theirs;

use crate::docs::compare;
use sluice::compile::compile;
use sluice::manifest::{LoadOptions, load};
use sluice::model::Desired;
use sluice::sql;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use theirs::{EVERYWHERE, STATEMENTS, Theirs};

const HEAD: &str = "\
# The homework, and what stands in its place

This project began with a course homework: two Airflow jobs that make topics and table chains from JSON. `manifests/` holds
the same project as manifests; `--env homework` makes the statements for the homework's own cluster (four nodes, ON CLUSTER,
ReplicatedMergeTree). Below they stand beside each other. This page is made by a test from the manifests.

| The homework | Here |
|---|---|
| Job `kafka_topic_create`: one topic from JSON, waits five seconds after a deletion | `kind: Topic`; deletion and creation are awaited by topic id |
| `recreate_topic: true` | `--recreate Topic/NAME`, only with `--allow recreates-topic` |
| `partitions` and `retention_ms` changed in the JSON: nothing happens, status \"exists\" | changed in place, with the dangers named; what cannot be done is said |
| `schema_description` | `spec.schemaDescription` |
| Job `kafka_to_ch_table_create`: one chain from JSON | `kind: KafkaPipeline` |
| `DATE_FIELDS`, `DATETIME_FIELDS` at the top of the Python file | `defaults.conversions` of the project, or `from` on a column |
| `create_projection`, `create_indexes`, `index_fields` | `projections`, `indexes`: named, typed, compared |
| `skip_alter_on_error: true` | nothing is skipped: a failed step is told with the server's words, and the next apply goes on |
| `recreate_tables: true` | `--recreate KafkaPipeline/NAME`, only with `--allow deletes-data` |
| `covid_alerts_outgoing` and its Distributed table, made by hand | `kind: OutgoingSink` |
| DAG `covid_manual_kafka_consumer`: a table with metadata columns, made by the job itself | `kind: ManualConsumer` |
| \"Check that the tables exist\" afterwards | every attribute on every host is compared; the plan after an apply is empty |

";

fn desired() -> Desired {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/sluice.yaml");
    let environment = Some("homework".to_owned());
    let options = LoadOptions { project_file: file, environment, vars: BTreeMap::new(), process_env: BTreeMap::new() };
    let (compiled, findings) = compile(&load(&options));
    compiled.unwrap_or_else(|| panic!("{findings:#?}")).desired
}

/// Our statements for an object, or for the databases.
fn ours(desired: &Desired, theirs: &Theirs) -> String {
    let cluster = desired.topology.cluster();
    let objects = desired.pipelines.iter().flat_map(|p| &p.objects).map(|o| &o.definition);
    if !theirs.object.contains('.') {
        let mut databases: Vec<String> = objects.map(|d| d.name.database.clone()).collect();
        databases.sort();
        databases.dedup();
        let made = databases.iter().map(|d| sql::change::create_database(d, cluster).shown() + ";");
        return made.collect::<Vec<_>>().join("\n");
    }
    let definition = objects.into_iter().find(|d| d.name.to_string() == theirs.object);
    let definition = definition.unwrap_or_else(|| panic!("the manifests make no {}", theirs.object));
    sql::create(definition, None, cluster).shown() + ";"
}

#[test]
fn our_statements_stand_beside_the_homework_s() {
    let desired = desired();
    let mut page = HEAD.to_owned();
    page.push_str("## In every statement\n\n");
    for difference in EVERYWHERE {
        writeln!(page, "- {difference}").unwrap();
    }
    for theirs in &STATEMENTS {
        let title = if theirs.object.contains('.') { theirs.object } else { "Databases" };
        write!(page, "\n## {title}\n\nThe homework:\n\n```sql\n{}\n```\n\n", theirs.statement).unwrap();
        write!(page, "Ours:\n\n```sql\n{}\n```\n", ours(&desired, theirs)).unwrap();
        if !theirs.differences.is_empty() {
            page.push('\n');
        }
        for difference in theirs.differences {
            writeln!(page, "- {difference}").unwrap();
        }
    }
    compare("docs/homework.md", &page);
}

#[test]
fn every_statement_is_for_the_whole_cluster() {
    let desired = desired();
    for object in desired.pipelines.iter().flat_map(|p| &p.objects) {
        let statement = sql::create(&object.definition, None, desired.topology.cluster()).shown();
        let first = statement.lines().next().unwrap();
        assert!(first.contains(" ON CLUSTER dwh_test"), "{first}");
        if object.definition.holds_rows() {
            assert!(statement.contains("ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}/{uuid}'"));
        }
    }
}
