//! Chains that somebody has made by hand, taken over without a drop; and what cannot be taken over, told.

use super::case::{files, read, takes_over, write};
use super::program::sluice;
use super::standing::{statements, uuids};
use crate::fixture::project::{Project, brokers, by_hand, produce, until};
use crate::fixture::{shared, unique};
use sluice::client::kafka::NewTopic;
use std::path::Path;

async fn everywhere(statements: &[String]) {
    for statement in statements {
        for node in 0..shared().clickhouse_urls.len() {
            by_hand(node, statement).await;
        }
    }
}

async fn topic(name: &str, partitions: u32, config: &[(&str, &str)]) {
    let config = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let topic = NewTopic { name: name.to_owned(), partitions, replication_factor: 1, config };
    for (_, answer) in brokers().create_topics(&[topic], false).await.unwrap() {
        answer.unwrap();
    }
}

fn project(dir: &Path, name: &str, clickhouse: &str) -> Project {
    let file = dir.join("sluice.yaml");
    let header = format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [manifests/]\n  \
         kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  clickhouse: {clickhouse}\n  state: none\n  \
         defaults: {{kafkaDatabase: {name}_kafka}}\n"
    );
    write(&file, &header);
    std::fs::create_dir(dir.join("manifests")).unwrap();
    Project::at(file, &[])
}

const CLUSTER: &str = "{url: \"${CLICKHOUSE_URL}\", cluster: dwh_test, ddl: perHost, hosts: \"${CLICKHOUSE_URLS}\"}";

/// The jobs of the homework, as they are but for the engine (there is no Keeper) and a condition that no server of today
/// takes.
fn homework(name: &str) -> Vec<String> {
    let broker = &shared().kafka_brokers;
    let columns = "location_key LowCardinality(String), new_confirmed Int32, new_deceased Int32";
    vec![
        format!("CREATE DATABASE {name}_kafka"),
        format!("CREATE DATABASE {name}_raw"),
        format!(
            "CREATE TABLE {name}_kafka.covid_new_cases_kafka (date String, location_key String, new_confirmed Int32, \
             new_deceased Int32) ENGINE = Kafka SETTINGS kafka_broker_list = '{broker}', kafka_topic_list = '{name}_1min', \
             kafka_group_name = '{name}-covid_new_cases-consumer', kafka_format = 'JSONEachRow', kafka_num_consumers = 1, \
             kafka_skip_broken_messages = 1000, kafka_row_delimiter = '\\n'"
        ),
        format!(
            "CREATE TABLE {name}_raw.covid_new_cases_local (date Date, {columns}) ENGINE = MergeTree \
             PARTITION BY toYYYYMM(date) ORDER BY (date, location_key) PRIMARY KEY (date, location_key)"
        ),
        format!(
            "CREATE TABLE {name}_raw.covid_new_cases (date Date, {columns}) \
             ENGINE = Distributed('dwh_test', '{name}_raw', 'covid_new_cases_local', xxHash64(location_key))"
        ),
        format!(
            "CREATE MATERIALIZED VIEW {name}_raw.covid_new_cases_mv TO {name}_raw.covid_new_cases AS SELECT \
             toDate(parseDateTimeBestEffort(date)) AS date, location_key, new_confirmed, new_deceased \
             FROM {name}_kafka.covid_new_cases_kafka WHERE location_key != ''"
        ),
        format!("ALTER TABLE {name}_raw.covid_new_cases_local ADD INDEX idx_date date TYPE minmax GRANULARITY 4"),
        format!(
            "ALTER TABLE {name}_raw.covid_new_cases_local ADD PROJECTION p (SELECT * ORDER BY date, new_confirmed)"
        ),
        format!(
            "CREATE TABLE {name}_raw.covid_alerts_outgoing (alert String, level Int32) ENGINE = \
             Kafka('{broker}', '{name}_alerts', '{name}_alerts_group', 'JSONEachRow')"
        ),
        format!(
            "CREATE TABLE {name}_raw.covid_alerts_outgoing_dist (alert String, level Int32) \
             ENGINE = Distributed('dwh_test', '{name}_raw', 'covid_alerts_outgoing', rand())"
        ),
        format!(
            "CREATE TABLE {name}_raw.covid_manual_consumption (batch_id String, date Date) ENGINE = MergeTree ORDER BY date"
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_jobs_of_the_homework_made_is_taken_over_without_a_drop() {
    let name = unique("homework");
    let config = [("retention.ms", "86400000"), ("cleanup.policy", "delete"), ("compression.type", "snappy")];
    topic(&format!("{name}_1min"), 3, &config).await;
    topic(&format!("{name}_alerts"), 1, &[]).await;
    everywhere(&homework(&name)).await;
    let source = format!("{name}_1min");
    let message = |n: u32| format!(r#"{{"date": "2026-11-22", "location_key": "DE", "new_confirmed": {n}}}"#);
    produce(&source, [message(1)]).await;
    let sum = format!("SELECT count(), sum(new_confirmed) FROM {name}_raw.covid_new_cases");
    until(&sum, "1\t1").await;

    let databases = [format!("{name}_kafka"), format!("{name}_raw")];
    let before = (uuids(&databases).await, statements(&databases).await);
    let dir = tempfile::tempdir().unwrap();
    let project = project(dir.path(), &name, CLUSTER);
    let said = sluice(project.file(), &["import", &format!("{name}*")]).await;
    let written = read(&dir.path().join("manifests"));
    assert_eq!(said.code, Some(0), "{said:?}");
    let odd = format!(
        "  {name}_raw.covid_manual_consumption  MergeTree, left out: no chain from a Kafka table leads to it\n"
    );
    assert_eq!(said.err.split_once("Not expressed:\n").map(|(_, odd)| odd), Some(odd.as_str()), "{said:?}");
    for line in [
        "  config:\n    cleanup.policy: delete\n    compression.type: snappy\n    retention.ms: 86400000\n",
        "partitions: 3",
        "errors:\n      mode: skip\n",
        "distributed:\n      shardingKey: xxHash64(location_key)\n",
        "- name: idx_date\n      expression: date\n      type: minmax\n      granularity: 4\n",
        "kind: OutgoingSink",
    ] {
        assert!(written.contains(line), "{line}\n{written}");
    }
    let plan = project.plan().await;
    assert!(takes_over(&plan) && !plan.is_empty(), "{:#?}\n{written}", plan.resources);
    project.apply().await;
    assert_eq!((uuids(&databases).await, statements(&databases).await), before, "{written}");
    produce(&source, [message(2)]).await;
    until(&sum, "2\t3").await;
    // What has a manifest now is not written again.
    let again = sluice(project.file(), &["import", &format!("{name}*"), "-o", "again"]).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.err.contains("nothing was found that is to be written"), "{again:?}");
    by_hand_clean(&databases).await;
    let _ = brokers().delete_topics(&[source, format!("{name}_alerts")]).await;
}

async fn by_hand_clean(databases: &[String]) {
    everywhere(&databases.iter().map(|d| format!("DROP DATABASE IF EXISTS {d}")).collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_manifest_can_say_is_listed() {
    let name = unique("odd");
    let kafka = |table: &str, more: &str| {
        format!(
            "CREATE TABLE {name}.{table} (a String) ENGINE = Kafka SETTINGS kafka_broker_list = '{}', \
             kafka_topic_list = '{name}_{table}', kafka_group_name = '{name}_{table}', kafka_format = 'JSONEachRow'{more}",
            shared().kafka_brokers
        )
    };
    let table = |table: &str| format!("CREATE TABLE {name}.{table} (a String) ENGINE = MergeTree ORDER BY a");
    let view = |view: &str, to: &str, from: &str| {
        format!("CREATE MATERIALIZED VIEW {name}.{view} TO {name}.{to} AS SELECT a FROM {name}.{from}")
    };
    let made = [
        format!("CREATE DATABASE {name}"),
        kafka("lonely", ""),
        kafka("secret", ", kafka_sasl_mechanism = 'PLAIN', kafka_sasl_username = 'u', kafka_sasl_password = 'hunter2'"),
        table("secrets"),
        view("secrets_mv", "secrets", "secret"),
        kafka("twice", ""),
        table("one"),
        table("two"),
        view("one_mv", "one", "twice"),
        view("two_mv", "two", "twice"),
        kafka("theirs", ""),
        table("their_rows"),
        view("their_rows_mv", "their_rows", "theirs"),
        format!("ALTER TABLE {name}.theirs MODIFY COMMENT '[sluice others KafkaPipeline/theirs]'"),
        format!("CREATE MATERIALIZED VIEW {name}.clock REFRESH EVERY 1 HOUR TO {name}.one AS SELECT a FROM {name}.two"),
    ];
    for statement in &made {
        by_hand(0, statement).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let project = project(dir.path(), &name, "{url: \"${CLICKHOUSE_URL}\"}");
    let said = sluice(project.file(), &["import", "--database", &name]).await;
    assert_eq!(said.code, Some(0), "{said:?}");
    let written = read(&dir.path().join("manifests"));
    assert!(written.contains("kafka_sasl_password:\n        fromEnv: SECRET_KAFKA_SASL_PASSWORD\n"), "{written}");
    assert!(!written.contains("hunter2") && !said.err.contains("hunter2"), "{written}");
    let listed: Vec<&str> = said.err.lines().skip_while(|l| *l != "Not expressed:").skip(1).map(str::trim).collect();
    for (object, words) in [
        ("lonely", "left out: no view reads it or writes into it"),
        ("clock", "a view that fills its table by the clock"),
        ("theirs", "it belongs to KafkaPipeline/theirs of the project others"),
        ("twice_hub", "would be made"),
    ] {
        let begins = format!("{name}.{object}  ");
        let found = listed.iter().any(|line| line.starts_with(&begins) && line.contains(words));
        assert!(found, "{object}: {listed:#?}\n{written}");
    }
    assert!(written.contains(&format!("# Not expressed: {name}.twice_hub, Null: would be made")), "{written}");
    assert!(said.err.contains("  SECRET_KAFKA_SASL_PASSWORD\n"), "{said:?}");
    assert!(listed.iter().all(|line| !line.contains("secret")), "{listed:#?}");

    // Files that are there are kept.
    let file = files(&dir.path().join("manifests")).remove(0);
    let name_of = file.file_name().unwrap().to_string_lossy().into_owned();
    let other = dir.path().join("other").join(&name_of);
    write(&other, "mine");
    // All of it is declared by now: another project looks.
    let fresh = tempfile::tempdir().unwrap();
    let looks = self::project(fresh.path(), &name, "{url: \"${CLICKHOUSE_URL}\"}");
    let folder = other.parent().unwrap().to_str().unwrap();
    let kept = sluice(looks.file(), &["import", "--database", &name, "-o", folder]).await;
    assert_eq!(kept.code, Some(1), "{kept:?}");
    assert!(kept.err.contains(&format!("has {name_of} already; nothing was written")), "{kept:?}");
    assert_eq!(files(Path::new(folder)).len(), 1);
    let forced = sluice(looks.file(), &["import", "--database", &name, "-o", folder, "--force"]).await;
    assert_eq!((forced.code, read(Path::new(folder))), (Some(0), written.clone()), "{forced:?}");
    let printed = sluice(looks.file(), &["import", "--database", &name, "--stdout"]).await;
    assert_eq!((printed.code, printed.out), (Some(0), written));
    by_hand(0, &format!("DROP DATABASE {name}")).await;
}
