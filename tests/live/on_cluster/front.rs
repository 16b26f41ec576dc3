//! What the front answers and what the nodes have done then.

use crate::fixture::on_cluster::{Deed, Front, Member, Rule, Scenario, Told, When};
use crate::fixture::{shared, unique};
use std::time::Duration;

/// A request's answer.
#[derive(Debug)]
struct Got {
    status: u16,
    code: Option<String>,
    body: Result<String, String>,
}

impl Got {
    fn rows(&self) -> &str {
        assert_eq!((self.status, &self.code), (200, &None), "{self:?}");
        self.body.as_deref().unwrap()
    }

    fn refused(&self, code: &str) -> &str {
        assert_eq!((self.status, self.code.as_deref()), (500, Some(code)), "{self:?}");
        self.body.as_deref().unwrap()
    }
}

async fn sent(url: &str, statement: &str, parameters: &[(&str, &str)]) -> Result<Got, reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let answer = client.post(url).query(parameters).body(statement.to_owned()).send().await?;
    let code = answer.headers().get("X-ClickHouse-Exception-Code").map(|code| code.to_str().unwrap().to_owned());
    let status = answer.status().as_u16();
    Ok(Got { status, code, body: answer.text().await.map_err(|error| error.to_string()) })
}

/// A cluster of its own over the shared nodes, and a database on them.
struct World {
    front: Front,
    database: String,
    ports: Vec<u16>,
}

impl World {
    async fn new(stem: &str) -> Self {
        let members = Member::of(&shared().cluster, &shared().clickhouse_urls).await;
        let ports = members.iter().map(|member| member.port).collect();
        let front = Front::start(&shared().cluster, members, Scenario::default());
        let world = Self { front, database: unique(stem), ports };
        let made = world.run("CREATE DATABASE IF NOT EXISTS {db} ON CLUSTER dwh_test", &[]).await;
        assert_eq!(made.rows().lines().count(), 4, "{made:?}");
        world
    }

    fn play(&self, rules: Vec<Rule>) {
        self.front.play(Scenario(rules));
    }

    async fn try_run(&self, statement: &str, parameters: &[(&str, &str)]) -> Result<Got, reqwest::Error> {
        sent(&self.front.url_of(0), &statement.replace("{db}", &self.database), parameters).await
    }

    async fn run(&self, statement: &str, parameters: &[(&str, &str)]) -> Got {
        self.try_run(statement, parameters).await.unwrap()
    }

    /// The same from every node itself.
    async fn on_nodes(&self, query: &str) -> Vec<String> {
        let query = query.replace("{db}", &self.database);
        let mut answers = Vec::new();
        for url in &shared().clickhouse_urls {
            answers.push(sent(url, &query, &[]).await.unwrap().rows().trim_end().to_owned());
        }
        answers
    }

    async fn tables(&self) -> Vec<String> {
        self.on_nodes("SELECT arraySort(groupArray(name)) FROM system.tables WHERE database = '{db}'").await
    }

    /// The statuses in the queue of the last entry, in the order of the hosts.
    async fn statuses(&self) -> String {
        let query = "SELECT groupArray(concat(status, ifNull(toString(exception_code), ''))) FROM (SELECT * FROM \
                     system.distributed_ddl_queue WHERE entry = (SELECT max(entry) FROM system.distributed_ddl_queue) \
                     ORDER BY port)";
        let sorted = self.run(query, &[]).await.rows().trim_end().to_owned();
        assert!(self.ports.is_sorted(), "{:?}", self.ports);
        sorted
    }

    async fn until(&self, statuses: &str) {
        let wait = async {
            while self.statuses().await != statuses {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the queue comes to that");
    }

    async fn clean(self) {
        self.play(Vec::new());
        for host in 0..4 {
            self.front.release(host);
        }
        let dropped = self.run("DROP DATABASE IF EXISTS {db} ON CLUSTER dwh_test", &[]).await;
        assert_eq!(dropped.rows().lines().count(), 4, "{dropped:?}");
        assert_eq!(self.tables().await, ["[]"; 4]);
    }
}

const DONE: &str = "['Finished0','Finished0','Finished0','Finished0']";
const TABLE: &str = "CREATE TABLE {db}.t ON CLUSTER dwh_test (a UInt8) ENGINE = MergeTree ORDER BY a";
/// What the program sends, and little patience.
const NULLS: [(&str, &str); 3] = [
    ("default_format", "JSONEachRow"),
    ("distributed_ddl_output_mode", "null_status_on_timeout"),
    ("distributed_ddl_task_timeout", "1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn statements_run_on_every_node() {
    let world = World::new("front").await;
    let made = world.run(TABLE, &[("default_format", "JSONEachRow"), ("log_comment", "it's mine")]).await;
    for (i, line) in made.rows().lines().enumerate() {
        assert!(line.starts_with(r#"{"host":"127.0.0.1","port":"#), "{line}");
        let rest = format!(r#","status":0,"error":"","num_hosts_remaining":{},"num_hosts_active":0}}"#, 3 - i);
        assert!(line.ends_with(&rest), "{line}");
    }
    let uuids = world.on_nodes("SELECT uuid FROM system.tables WHERE database = '{db}' AND name = 't'").await;
    assert!(uuids.iter().all(|uuid| *uuid == uuids[0] && uuid.len() == 36), "{uuids:?}");

    let entry = world
        .run(
            "SELECT entry, entry_version, cluster, settings['log_comment'], count(), toTypeName(any(settings)) \
             FROM system.distributed_ddl_queue WHERE query LIKE 'CREATE TABLE%' GROUP BY ALL",
            &[],
        )
        .await;
    let expected = "query-0000000002\t5\tdwh_test\tit\\'s mine\t4\tMap(String, String)\n";
    assert_eq!(entry.rows(), expected);
    world.play(vec![Rule::answer(When::holding("COMMENT"), Told::Quoted)]);
    let comment = "ALTER TABLE {db}.t ON CLUSTER dwh_test MODIFY COMMENT 'c'";
    let old = world.run(comment, &[("default_format", "JSONEachRow")]).await;
    assert!(old.rows().contains(r#""status":"0","error":"","num_hosts_remaining":"3","#), "{old:?}");
    for statement in [
        "ALTER TABLE {db}.t ON CLUSTER dwh_test ADD COLUMN b UInt8, ADD INDEX i a TYPE minmax, MATERIALIZE INDEX i \
         SETTINGS mutations_sync = 1",
        "CREATE TABLE {db}.u ON CLUSTER dwh_test (a UInt8, b UInt8) ENGINE = MergeTree ORDER BY a",
        "CREATE MATERIALIZED VIEW {db}.v ON CLUSTER dwh_test TO {db}.u AS SELECT a, b FROM {db}.t",
        "ALTER TABLE {db}.v ON CLUSTER dwh_test MODIFY QUERY SELECT a, 1 AS b FROM {db}.t",
        "EXCHANGE TABLES {db}.t AND {db}.u ON CLUSTER dwh_test",
        "RENAME TABLE {db}.u TO {db}.w ON CLUSTER dwh_test",
        "SYSTEM STOP MERGES {db}.w",
        "SYSTEM START MERGES ON CLUSTER dwh_test {db}.w",
        "CREATE TABLE {db}.d ON CLUSTER dwh_test (a UInt8) ENGINE = Distributed(dwh_test, {db}, w, rand())",
        "SYSTEM FLUSH DISTRIBUTED {db}.d ON CLUSTER dwh_test",
        "DROP VIEW IF EXISTS {db}.v ON CLUSTER dwh_test",
        "DROP TABLE IF EXISTS {db}.t ON CLUSTER dwh_test SYNC",
    ] {
        let hosts = if statement.contains("ON CLUSTER") { 4 } else { 0 };
        assert_eq!(world.run(statement, &[]).await.rows().lines().count(), hosts, "{statement}");
    }
    assert_eq!(world.tables().await, ["['d','w']"; 4]);
    let columns = world.on_nodes("SELECT groupArray(name) FROM system.columns WHERE table = 'w' AND database = '{db}'");
    assert_eq!(columns.await, ["['a','b']"; 4]);
    let other = world.run("DROP TABLE {db}.w ON CLUSTER nobody", &[]).await;
    assert!(other.refused("701").contains("Requested cluster 'nobody' not found. (CLUSTER_DOESNT_EXIST)"), "{other:?}");
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_fails_is_told_as_the_mode_asks() {
    let world = World::new("front").await;
    let alone = TABLE.replace(" ON CLUSTER dwh_test", "").replace("{db}", &world.database);
    sent(&shared().clickhouse_urls[2], &alone, &[]).await.unwrap().rows();
    let failed = world.run(TABLE, &NULLS).await;
    let words = failed.refused("57");
    let begin = format!(
        "Code: 57. DB::Exception: There was an error on [127.0.0.1:{}]: Code: 57. DB::Exception: ",
        world.ports[2]
    );
    assert!(words.starts_with(&begin) && words.contains("already exists. (TABLE_ALREADY_EXISTS)"), "{words}");
    assert_eq!(world.tables().await, ["['t']"; 4]);
    assert_eq!(world.statuses().await, "['Finished0','Finished0','Finished57','Finished0']");

    world.play(vec![Rule::host(
        When::holding("DROP TABLE"),
        1,
        Deed::Fails { code: 999, words: "No. (KEEPER_EXCEPTION)".into() },
    )]);
    let told =
        world.run("DROP TABLE {db}.t ON CLUSTER dwh_test", &[("distributed_ddl_output_mode", "never_throw")]).await;
    let row = format!("127.0.0.1\t{}\t999\tCode: 999. DB::Exception: No. (KEEPER_EXCEPTION)\t", world.ports[1]);
    assert!(told.rows().contains(&row), "{told:?}");
    assert_eq!(world.tables().await, ["[]", "['t']", "[]", "[]"]);

    world.play(vec![Rule::answer(When::Always, Told::Rows)]);
    let told = world.run("DROP TABLE {db}.t ON CLUSTER dwh_test", &[]).await;
    assert_eq!(told.rows().matches("UNKNOWN_TABLE").count(), 3, "{told:?}");
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_late_are_nulls_or_an_exception_and_do_it_later() {
    let world = World::new("front").await;
    world.play(vec![Rule::host(When::holding(".t "), 3, Deed::Slow(Duration::from_millis(2500)))]);
    let told = world.run(TABLE, &NULLS).await;
    let late = format!(
        r#"{{"host":"127.0.0.1","port":{},"status":null,"error":null,"num_hosts_remaining":1,"num_hosts_active":1}}"#,
        world.ports[3]
    );
    assert_eq!(told.rows().lines().last(), Some(late.as_str()));
    assert_eq!(world.statuses().await, "['Finished0','Finished0','Finished0','Active']");
    world.until(DONE).await;
    assert_eq!(world.tables().await, ["['t']"; 4]);

    world.play(vec![
        Rule::host(When::holding("DROP"), 0, Deed::Held),
        Rule::host(When::holding("DROP"), 1, Deed::Stuck),
        Rule::host(When::holding("DROP"), 2, Deed::Missing),
    ]);
    let told = world.run("DROP TABLE {db}.t ON CLUSTER dwh_test", &[("distributed_ddl_task_timeout", "1")]).await;
    let words = told.refused("159");
    let task = "Distributed DDL task /clickhouse/task_queue/ddl/query-0000000003 is not finished on 2 of 3 hosts (1 of them are";
    assert!(words.contains(task) && words.contains("(TIMEOUT_EXCEEDED)"), "{words}");
    assert_eq!(world.statuses().await, "['Inactive','Active','Finished0']");

    // A host takes one after the other: what comes behind waits as well.
    let told = world.run("CREATE TABLE {db}.u ON CLUSTER dwh_test (a UInt8) ENGINE = Null", &NULLS).await;
    assert_eq!(told.rows().matches(r#""status":null"#).count(), 2, "{told:?}");
    assert_eq!(world.tables().await, ["['t']", "['t']", "['t','u']", "['u']"]);
    assert_eq!(world.statuses().await, "['Inactive','Inactive','Finished0','Finished0']");
    let only_active = [("distributed_ddl_output_mode", "null_status_on_timeout_only_active"), NULLS[2]];
    world.front.release(1);
    world.until("['Inactive','Finished0','Finished0','Finished0']").await;
    world.play(Vec::new());
    let told = world.run("DROP TABLE {db}.u ON CLUSTER dwh_test", &only_active).await;
    assert_eq!(told.rows().matches("\\N").count(), 2, "{told:?}");
    world.front.release(0);
    world.until(DONE).await;
    assert_eq!(world.tables().await, ["[]", "[]", "['t']", "[]"]);
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_cut_and_lost_and_the_entry_is_in_the_queue() {
    let world = World::new("front").await;
    let exists = "CREATE TABLE IF NOT EXISTS {db}.t ON CLUSTER dwh_test (a UInt8) ENGINE = Null";
    world.play(vec![Rule::answer(When::Number(2), Told::Cut(20)), Rule::answer(When::Number(3), Told::Lost)]);
    let cut = world.run(exists, &[]).await;
    assert_eq!(cut.status, 200);
    assert!(cut.body.is_err(), "{cut:?}");
    assert_eq!(world.tables().await, ["['t']"; 4]);
    assert!(world.try_run("DROP TABLE {db}.t ON CLUSTER dwh_test", &[]).await.is_err());
    assert_eq!(world.tables().await, ["[]"; 4]);

    world.play(vec![Rule::answer(When::Number(4), Told::Queued), Rule::host(When::Always, 2, Deed::Held)]);
    assert!(world.try_run(exists, &[]).await.is_err());
    world.until("['Finished0','Finished0','Inactive','Finished0']").await;
    assert_eq!(world.front.statements().len(), 4);
    world.front.release(2);
    world.until(DONE).await;
    // Nobody is waited for, and nothing is told.
    world.play(Vec::new());
    let told = world.run("DROP TABLE {db}.t ON CLUSTER dwh_test", &[("distributed_ddl_task_timeout", "0")]).await;
    assert_eq!(told.rows(), "");
    world.until(DONE).await;
    world.clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_the_cluster_passes() {
    let world = World::new("front").await;
    let (front, node) = (world.front.url_of(1), &shared().clickhouse_urls[1]);
    for (statement, parameters) in [
        ("SELECT ' ON CLUSTER x' AS a", [("default_format", "JSONEachRow"), ("max_threads", "1")]),
        ("SELECT {a:String}", [("param_a", "it's ON CLUSTER x"), ("default_format", "CSV")]),
        (
            "DESCRIBE TABLE system.distributed_ddl_queue",
            [("default_format", "TSV"), ("describe_include_subcolumns", "0")],
        ),
        ("SELECT nothing", [("query_id", &unique("passes")), ("max_threads", "1")]),
    ] {
        let (through, direct) = (sent(&front, statement, &parameters).await, sent(node, statement, &parameters).await);
        let (through, direct) = (through.unwrap(), direct.unwrap());
        assert_eq!((through.status, &through.code), (direct.status, &direct.code), "{statement}");
        // The comments of the real table's columns are not those of a function.
        let plain = |got: &Got| {
            got.body
                .clone()
                .unwrap()
                .lines()
                .map(|l| l.split('\t').take(2).collect::<Vec<_>>().join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(plain(&through), plain(&direct), "{statement}");
    }
    world.clean().await;
}
