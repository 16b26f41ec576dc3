//! The outputs that `docs/clusters.md` shows: of four nodes of which one is killed, started again and emptied, and of a
//! statement that goes ON CLUSTER and fails on one host. Recorded from a run and compared with every later one.

use crate::fixture::on_cluster::{Deed, Front, Member, Rule, Scenario, When};
use crate::fixture::{masked, private};
use sluice::client::clickhouse::{ClickHouseSettings, ClickHouseWriter, Execute};
use sluice::sandbox::{Clients, Sandbox};
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const PAGE: &str = "docs/clusters.md";
const NODES: u16 = 4;
/// The node that is away, from 0.
const AWAY: u16 = 3;

fn resources(partitions: u32, column: &str) -> String {
    let item = if column.is_empty() { String::new() } else { format!("\n        - {{name: {column}, type: String}}") };
    format!(
        "apiVersion: sluice/v1
kind: Topic
metadata: {{name: events}}
spec: {{partitions: {partitions}, replicationFactor: 1}}
---
apiVersion: sluice/v1
kind: KafkaPipeline
metadata: {{name: orders}}
spec:
  topic: events
  targets:
    - table: raw.orders
      columns:
        - {{name: id, type: UInt64}}{item}
        - {{name: amount, type: \"Decimal(18, 2)\", from: String}}
      orderBy: id
      distributed: {{shardingKey: id}}
"
    )
}

/// A reader's folder with the program in it.
struct Reader {
    sandbox: Arc<Sandbox>,
    urls: Vec<String>,
    dir: tempfile::TempDir,
}

impl Reader {
    fn new(sandbox: Arc<Sandbox>, urls: Vec<String>, ddl: &str) -> Self {
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: shop}}\nspec:\n  manifests: [resources.yaml]\n  \
             kafka: {{bootstrapServers: \"{}\"}}\n  clickhouse: {{url: \"{}\", cluster: dwh_test, ddl: {ddl}, \
             hosts: \"{}\"}}\n  state: none\n  defaults: {{kafkaDatabase: kafka}}\n",
            sandbox.endpoints().kafka_brokers,
            urls[0],
            urls.join(","),
        );
        let reader = Self { sandbox, urls, dir: tempfile::tempdir().expect("a temporary folder") };
        reader.write("sluice.yaml", &header);
        reader
    }

    #[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.dir.path().join(file), text).expect("a file of the project");
    }

    /// What the program prints, on both streams, with names for the hosts.
    async fn prints(&self, arguments: &str) -> String {
        let mut said = tempfile::tempfile().expect("a temporary file");
        let [out, err] = [0, 1].map(|_| said.try_clone().expect("a second handle"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        let typed = arguments.replace("HOST", self.urls[usize::from(AWAY)].trim_start_matches("http://"));
        command.current_dir(self.dir.path()).args(typed.split_whitespace()).env("NO_COLOR", "1");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let status = tokio::task::spawn_blocking(move || command.status()).await.expect("it is waited for");
        status.expect("the program runs");
        let mut text = String::new();
        said.rewind().expect("a beginning");
        said.read_to_string(&mut text).expect("its messages are text");
        for (node, url) in self.urls.iter().enumerate() {
            // As wide as an address of this machine, so that columns stay in line.
            text = text.replace(url.trim_start_matches("http://"), &format!("ch-node-0{}:8123", node + 1));
        }
        text.replace(&self.sandbox.endpoints().kafka_brokers, "kafka-node:9092")
    }

    async fn by_hand(&self, node: u16, statement: &str) {
        let url = &self.sandbox.endpoints().clickhouse_urls[usize::from(node)];
        let writer = ClickHouseWriter::connect(url, &ClickHouseSettings::default()).expect("a writer");
        let options = Execute {
            timeout: Duration::from_secs(30),
            query_id: uuid::Uuid::new_v4().to_string(),
            settings: Vec::new(),
        };
        writer.execute(statement, &options).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }

    async fn away(&self, change: impl FnOnce(&Sandbox) + Send + 'static) {
        let sandbox = self.sandbox.clone();
        // The probe brings a runtime of its own, which must not be used on a runtime's thread.
        let changed = std::thread::spawn(move || change(&sandbox));
        tokio::task::spawn_blocking(move || changed.join()).await.expect("it ends").expect("the node obeys");
    }
}

/// Words, not times, ports and blanks.
fn shape(text: &str) -> String {
    masked(
        text,
        &[
            (r"\b[\d.]+ s\b", "N s"),
            (r"\([0-9a-zA-Z_-]{20,}\)", "(CLUSTER)"),
            (r"\b\d+\.\d+\.\d+\.\d+\b", "VERSION"),
            (r"log_comment \S+", "log_comment ID"),
            // Steps that run at the same time end in any order.
            (r"(?m)^ *\d+/\d+ .*\n", ""),
            (r"\s+", " "),
        ],
    )
}

/// The page, whose blocks after `<!-- output: NAME -->` are replaced.
#[derive(Default)]
struct Page {
    page: String,
    wrong: Vec<String>,
}

impl Page {
    #[expect(clippy::disallowed_methods, reason = "the page is a file")]
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
        Self { page: std::fs::read_to_string(path).expect("the page"), wrong: Vec::new() }
    }

    async fn shows(&mut self, name: &str, reader: &Reader, arguments: &str) {
        let printed = reader.prints(arguments).await;
        let mark = format!("<!-- output: {name} -->\n```console\n");
        let begin = self.page.find(&mark).unwrap_or_else(|| panic!("{PAGE} has no block {name}")) + mark.len();
        let end = begin + self.page[begin..].find("```\n").expect("the block ends");
        let typed = arguments.replace("HOST", &format!("ch-node-0{}:8123", AWAY + 1));
        let made = format!("$ sluice {typed}\n{}\n", printed.trim_end());
        let (written, new) = (shape(&self.page[begin..end]), shape(&made));
        if written != new {
            let diff = similar::TextDiff::from_words(&written, &new).unified_diff().to_string();
            self.wrong.push(format!("{name}\n{diff}\n{made}"));
        }
        self.page.replace_range(begin..end, &made);
    }

    #[expect(clippy::disallowed_methods, reason = "the page is written anew where somebody asks for it")]
    fn end(self) {
        if std::env::var_os("SLUICE_BLESS").is_some() {
            std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE), &self.page).expect("the page is written");
        }
        let wrong = self.wrong.join("\n");
        assert!(wrong.is_empty(), "{PAGE} shows something else; SLUICE_BLESS=1 writes it anew\n\n{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_are_away_new_or_different_are_told_as_the_page_shows() {
    let sandbox = Arc::new(private(NODES, 1));
    let reader = Reader::new(sandbox.clone(), sandbox.endpoints().clickhouse_urls.clone(), "perHost");
    let mut page = Page::read();
    reader.write("resources.yaml", &resources(3, ""));
    reader.prints("apply --yes").await;

    reader.away(|sandbox| sandbox.kill_node(AWAY).expect("the node is killed")).await;
    reader.write("resources.yaml", &resources(6, "note"));
    page.shows("away", &reader, "plan --no-sql").await;
    let without = "apply --yes --no-sql --allow changes-key-mapping --allow-unreachable HOST";
    page.shows("without it", &reader, without).await;

    let start = |sandbox: &Sandbox| sandbox.start_node(AWAY, &Clients::new(None).expect("a runtime for the probe"));
    reader.away(move |sandbox| start(sandbox).expect("the node starts again")).await;
    page.shows("back", &reader, "plan --no-sql").await;
    page.shows("brought up", &reader, "apply --yes --no-sql").await;

    for database in ["raw", "kafka"] {
        reader.by_hand(AWAY, &format!("DROP DATABASE {database} SYNC")).await;
    }
    page.shows("joined", &reader, "plan --no-sql").await;
    reader.prints("apply --yes").await;

    reader.by_hand(1, "ALTER TABLE raw.orders_local ADD COLUMN extra Int8").await;
    reader.by_hand(2, "DROP TABLE raw.orders SYNC").await;
    page.shows("different", &reader, "plan --no-sql").await;
    reader.prints("apply --yes --allow deletes-data").await;
    assert!(reader.prints("plan").await.contains("No changes"), "the law");

    let members = Member::of("dwh_test", &sandbox.endpoints().clickhouse_urls).await;
    let fails = Deed::Fails { code: 243, words: "Cannot reserve 1.00 MiB, not enough space".into() };
    let scenario = Scenario(vec![Rule::host(When::holding("ALTER TABLE raw.orders_local"), 2, fails)]);
    let front = Front::start("dwh_test", members, scenario);
    let passed_on = Reader::new(sandbox.clone(), front.urls(), "onCluster");
    passed_on.write("resources.yaml", &resources(6, "note").replace("note", "remark"));
    let allowed = "--allow deletes-data";
    page.shows("on cluster", &passed_on, &format!("plan {allowed}")).await;
    page.shows("one host fails", &passed_on, &format!("apply --yes --no-sql {allowed}")).await;
    front.play(Scenario::default());
    page.shows("what is left", &passed_on, &format!("plan --no-sql {allowed}")).await;
    passed_on.prints(&format!("apply --yes {allowed}")).await;
    assert!(passed_on.prints("plan").await.contains("No changes"), "the law");
    page.end();
}
