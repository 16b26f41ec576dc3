//! Chains seen in the wild, one file a row of `docs/wild-chains.md`: each compiles, is applied, converges and,
//! where its messages can be made, carries them.
//!
//! Comments of a file tell what YAML cannot: `# topology: NAME` (a cluster; without it one node), `# before: SQL`
//! (by hand, on every node), `# send TOPIC: MESSAGE`, `# rows TOPIC FORMAT: SELECT` (one message of a binary format)
//! `# expect: QUERY -> ANSWER`, `# insert: SQL` (by hand, on the chain's node) and `# published TOPIC: MESSAGE` (all that the
//! topic's one partition holds, a line each). Schema files lie in `schemas`, where the nodes get them from.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod binary;
pub mod registry;

use crate::fixture::project::{FLOW, Project, by_hand, produce, produce_bytes};
use crate::fixture::published::published;
use crate::fixture::{all_passed, attempt, folder, shared, turn};
use futures_util::{StreamExt as _, stream};
use registry::Registry;
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// Projects at a time: more would only wait for the same two cores.
const AT_ONCE: usize = 20;

/// A file with what its comments say.
struct Chain {
    name: String,
    text: String,
    /// The node of a chain without a cluster: they are spread.
    node: usize,
}

impl Chain {
    fn read(file: &Path) -> Self {
        let name = file.file_stem().expect("a file name").to_string_lossy().into_owned();
        let row: usize = name[..2].parse().expect("a file begins with its row's number");
        #[expect(clippy::disallowed_methods, reason = "a new file is tested without anybody writing code")]
        let text = std::fs::read_to_string(file).expect("a manifest");
        Self { name, text, node: row % shared().clickhouse_urls.len() }
    }

    /// What follows a word in the comments.
    fn notes<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| line.strip_prefix("# ")?.strip_prefix(word)).map(str::trim)
    }

    /// A project folder with this file alone.
    fn project(&self, registry: &Registry) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: wild-{}}}\nspec:\n  manifests: [chain.yaml]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  state: none\n  defaults: {{kafkaDatabase: w{}_kafka}}\n",
            &self.name,
            &self.name[..2],
        );
        let urls = &shared().clickhouse_urls;
        let _ = match self.notes("topology:").next() {
            Some(cluster) => writeln!(
                header,
                "  clickhouse: {{url: \"{}\", cluster: {cluster}, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}",
                urls[0]
            ),
            None => writeln!(header, "  clickhouse: {{url: \"{}\"}}", urls[self.node]),
        };
        write(&dir.path().join("chain.yaml"), &self.text);
        let file = dir.path().join("sluice.yaml");
        write(&file, &header);
        let project = Project::at(file, &[("REGISTRY", registry.url.as_str())]);
        (dir, project)
    }

    /// The node that is asked.
    fn reader(&self) -> ClickHouseReader {
        let node = if self.notes("topology:").next().is_some() { 0 } else { self.node };
        ClickHouseReader::connect(&shared().clickhouse_urls[node], &ClickHouseSettings::default()).unwrap()
    }

    /// The schema of its format, as the manifest has it: `FILE:MESSAGE`.
    fn schema(&self) -> Option<String> {
        let (_, written) = self.text.split_once("schema: {file: ")?;
        let (file, rest) = written.split_once(", message: ")?;
        Some(format!("{file}:{}", rest.split('}').next()?))
    }

    async fn runs(&self, registry: &Registry) {
        for statement in self.notes("before:") {
            let statement = statement.replace("${KAFKA_BROKERS}", &shared().kafka_brokers);
            for node in 0..shared().clickhouse_urls.len() {
                by_hand(node, &statement).await;
            }
        }
        let (_dir, project) = self.project(registry);
        project.apply().await;
        for (topic, message) in self.notes("send ").filter_map(|note| note.split_once(": ")) {
            produce(topic, [message.to_owned()]).await;
        }
        let reader = self.reader();
        for (what, select) in self.notes("rows ").filter_map(|note| note.split_once(": ")) {
            let (topic, format) = what.split_once(' ').expect("TOPIC FORMAT");
            let message = binary::message(&reader, select, format, self.schema().as_deref(), registry).await;
            produce_bytes(topic, message).await;
        }
        for (query, expected) in self.notes("expect:").filter_map(|note| note.rsplit_once(" -> ")) {
            self.until(&reader, query, expected).await;
        }
        for statement in self.notes("insert:") {
            by_hand(self.node, statement).await;
        }
        let mut topics: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (topic, message) in self.notes("published ").filter_map(|note| note.split_once(": ")) {
            topics.entry(topic).or_default().insert(message.to_owned());
        }
        for (topic, expected) in topics {
            let found = published(topic, 1, expected.len()).await;
            assert_eq!(found.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), expected, "{}", self.name);
        }
        project.clean().await;
    }

    async fn until(&self, reader: &ClickHouseReader, query: &str, expected: &str) {
        let begin = Instant::now();
        loop {
            let answer = reader.text(query).await.unwrap_or_else(|e| panic!("{}: {query}: {e}", self.name));
            let answer = answer.trim_end().replace('\t', " ").replace('\n', " | ");
            if answer == expected {
                return;
            }
            let told = format!("{}: {query} answers\n{answer}\ninstead of\n{expected}", self.name);
            assert!(begin.elapsed() < FLOW, "{told}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("the manifest is written");
}

/// Gives every node the schema files: this engine looks for them in the folder it runs in. Servers that are there have
/// them: `compose.yaml` mounts them.
pub fn schemas() {
    let Some(sandbox) = folder() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/wild/schemas");
    #[expect(clippy::disallowed_methods, reason = "what the nodes read")]
    let files = std::fs::read_dir(root).expect("the folder of schemas").map(|e| e.expect("an entry").path());
    for file in files {
        for node in 1..=shared().clickhouse_urls.len() {
            let to = sandbox.join(format!("node-{node}")).join(file.file_name().expect("a name"));
            std::fs::copy(&file, to).expect("the schema is copied");
        }
    }
}

/// All files, or those whose names begin with one of `SLUICE_WILD` (`05,07`): for whoever writes one.
pub fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/wild");
    #[expect(clippy::disallowed_methods, reason = "a new file is tested without anybody writing code")]
    let entries = std::fs::read_dir(root).expect("the folder of chains");
    #[expect(clippy::disallowed_methods, reason = "a single row while it is written")]
    let wanted = std::env::var("SLUICE_WILD").unwrap_or_default();
    let named = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        wanted.split(',').any(|prefix| name.starts_with(prefix))
    };
    let manifest = |file: &PathBuf| file.extension().is_some_and(|e| e == "yaml");
    let entries = entries.map(|e| e.expect("an entry").path()).filter(manifest);
    let mut files: Vec<PathBuf> = entries.filter(named).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_chain_of_the_wild_converges() {
    let _turn = turn().await;
    shared();
    schemas();
    let registry = &Registry::start().await;
    let chains: Vec<Chain> = files().iter().map(|file| Chain::read(file)).collect();
    assert!(!chains.is_empty(), "no chain was found");
    let runs = chains.iter().map(|chain| async move {
        let ended = attempt(chain.runs(registry)).await;
        eprintln!("{}: {}", chain.name, if ended.is_ok() { "done" } else { "FAILED" });
        ended.err().map(|said| format!("{}: {said}", chain.name))
    });
    let ended: Vec<Option<String>> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = ended.into_iter().flatten().collect();
    all_passed(&failed);
}

#[test]
fn the_table_of_chains_lists_every_file() {
    let table = include_str!("../../../docs/wild-chains.md");
    let missing: Vec<String> = files()
        .iter()
        .map(|file| file.file_stem().expect("a file name").to_string_lossy().into_owned())
        .filter(|name| {
            let row: usize = name[..2].parse().expect("a file begins with its row's number");
            let begin = format!("| {row} | ");
            !table.lines().any(|line| line.starts_with(&begin) && line.contains(&format!("[{name}]")))
        })
        .collect();
    assert!(missing.is_empty(), "docs/wild-chains.md has no line for {missing:?}");
}
