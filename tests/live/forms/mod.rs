//! Forms: what people write and what the server keeps of it, one file a theme in `tests/cases/forms`.
//!
//! Every case is a pair: a piece of a manifest, and the piece of a live object that it must become. All cases of
//! a file are one project: it validates, is applied, and the second plan is empty although hardly a letter is the same.
//! `SLUICE_BLESS=1` writes the server's side anew: read the diff.

mod answer;
mod case;

use crate::fixture::project::Project;
use crate::fixture::told::told;
use crate::fixture::{all_passed, attempt, shared, turn};
pub use case::quoted;
use case::{BASE, Case, Kind};
use futures_util::{StreamExt as _, stream};
use sluice::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use sluice::plan::{Plan, Policy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The promise of the corpus.
const AT_LEAST: usize = 150;

/// Projects at a time: more would only wait for the same two cores.
const AT_ONCE: usize = 4;

/// One theme.
struct Theme {
    file: PathBuf,
    text: String,
    cases: Vec<Case>,
    /// The node of a project without a cluster: they are spread.
    node: usize,
}

impl Theme {
    fn read(file: PathBuf, index: usize) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a new file is tested without anybody writing code")]
        let text = std::fs::read_to_string(&file).expect("a file of cases");
        let cases = Case::all(&text);
        Self { file, text, cases, node: index % shared().clickhouse_urls.len() }
    }

    /// Also the name of its project, its databases and its topic.
    fn name(&self) -> String {
        format!("forms_{}", self.file.file_stem().expect("a file name").to_string_lossy())
    }

    /// Distributed tables need a cluster, and everything else is as true on one server.
    fn on_cluster(&self) -> bool {
        self.cases.iter().any(|case| case.kind == Kind::Distributed)
    }

    fn project(&self) -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let name = self.name();
        let urls = &shared().clickhouse_urls;
        let clickhouse = match self.on_cluster() {
            true => {
                format!("{{url: \"{}\", cluster: dwh_test, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}", urls[0])
            }
            false => format!("{{url: \"{}\"}}", urls[self.node]),
        };
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [forms.yaml]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  state: none\n  defaults: {{kafkaDatabase: {name}}}\n  \
             clickhouse: {clickhouse}\n"
        );
        let file = dir.path().join("sluice.yaml");
        write(&file, &header);
        write(&dir.path().join("forms.yaml"), &self.manifest());
        (dir, Project::at(file, &[]))
    }

    /// One pipeline with a target for each case, and one for each case that is about a Kafka table.
    fn manifest(&self) -> String {
        let name = self.name();
        let mut text = format!(
            "apiVersion: sluice/v1\nkind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 1, replicationFactor: 1}}\n"
        );
        let mut pipeline = |name: &str, source: &str, targets: &[String]| {
            text.push_str(&format!(
                "---\napiVersion: sluice/v1\nkind: KafkaPipeline\nmetadata: {{name: {name}}}\nspec:\n  topic: {}\n  \
                 source: {{{source}}}\n  targets:\n",
                self.name()
            ));
            // The second target makes the hub, which all views of the corpus read.
            for target in targets {
                text.push_str(&format!("    - {{{target}}}\n"));
            }
        };
        let (alone, together): (Vec<&Case>, Vec<&Case>) = self.cases.iter().partition(|c| c.source().is_some());
        for case in alone {
            let source = case.source().unwrap_or_default();
            pipeline(&format!("{name}_{}", case.line), source, &[case.target(&name)]);
        }
        if !together.is_empty() {
            let own = together.iter().filter_map(|case| case.wire());
            let base = BASE.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned()));
            let wire: Vec<String> =
                base.chain(own).map(|(n, t)| format!("{{name: {n}, type: {}}}", quoted(&t))).collect();
            let keep = format!("table: {name}.keep, columns: [{{name: id, type: UInt64}}], orderBy: id");
            let targets: Vec<String> = together.iter().map(|case| case.target(&name)).chain([keep]).collect();
            pipeline(&name, &format!("columns: [{}]", wire.join(", ")), &targets);
        }
        text
    }

    /// What the server keeps, case by case.
    async fn answers(&self) -> Vec<String> {
        let node = if self.on_cluster() { 0 } else { self.node };
        let reader =
            ClickHouseReader::connect(&shared().clickhouse_urls[node], &ClickHouseSettings::default()).unwrap();
        let name = self.name();
        let query =
            format!("SELECT name, create_table_query AS statement FROM system.tables WHERE database = '{name}'");
        let rows: Vec<Row> = reader.rows(&query).await.expect("the server's statements");
        let statements: BTreeMap<String, String> = rows.into_iter().map(|r| (r.name, r.statement)).collect();
        let object = |case: &Case| match case.kind {
            Kind::Column | Kind::Distributed => case.table(),
            Kind::Table => case.table(),
            Kind::Value | Kind::Where | Kind::Select => format!("{}_mv", case.table()),
            Kind::Kafka => format!("{name}_{}_kafka", case.line),
        };
        let statement = |case: &Case| statements.get(&object(case)).map_or("", String::as_str).to_owned();
        self.cases.iter().map(|case| answer::shortened(case, &name, &statement(case))).collect()
    }

    async fn runs(&self) {
        let (_dir, project) = self.project();
        converges(&project).await;
        let answers = self.answers().await;
        project.clean().await;
        if blessing() {
            return write(&self.file, &self.blessed(&answers));
        }
        let wrong: Vec<String> = self
            .cases
            .iter()
            .zip(&answers)
            .filter(|(case, answer)| case.server != **answer)
            .map(|(case, answer)| {
                let place = format!("{}:{}", self.file.display(), case.line);
                format!("{place}: {}\n  expected {}\n  answered {answer}", case.written, case.server)
            })
            .collect();
        assert!(wrong.is_empty(), "the server's form is another:\n{}", wrong.join("\n"));
    }

    /// The file with the server's side of today.
    fn blessed(&self, answers: &[String]) -> String {
        let mut answers = answers.iter();
        let line = |line: &str| match line.trim_start().starts_with("=>") {
            true => format!("    => {}", answers.next().map_or("", String::as_str)),
            false => line.to_owned(),
        };
        self.text.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
    }
}

/// Applies a project; the law of the project, with what breaks it a line each.
async fn converges(project: &Project) {
    let prepared = project.plan_with(&Policy::default()).await;
    assert!(!prepared.plan.is_blocked(), "refused: {:#?}", blocked(&prepared.plan));
    let outcome = project.run(&prepared).await;
    let failed: Vec<&str> = outcome.failed.iter().map(|(_, error)| error.words.as_str()).collect();
    assert!(failed.is_empty(), "steps failed: {failed:#?}");
    let again = project.plan().await;
    assert!(again.is_empty(), "applied, and still different: {:#?}", told(&again));
}

/// Only why it is blocked: everything is to be made.
fn blocked(plan: &Plan) -> Vec<String> {
    told(plan).into_iter().filter(|line| line.contains(" is blocked: ") || line.contains(" -> ")).collect()
}

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    statement: String,
}

#[expect(clippy::disallowed_methods, reason = "asked for by whoever reads the difference")]
fn blessing() -> bool {
    std::env::var_os("SLUICE_BLESS").is_some()
}

#[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
fn write(file: &Path, text: &str) {
    std::fs::write(file, text).expect("the file is written");
}

/// All files, or those whose names begin with one of `SLUICE_FORMS` (`types,keys`): for whoever writes one.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/forms");
    #[expect(clippy::disallowed_methods, reason = "a new file is tested without anybody writing code")]
    let entries = std::fs::read_dir(root).expect("the folder of forms");
    #[expect(clippy::disallowed_methods, reason = "a single theme while it is written")]
    let wanted = std::env::var("SLUICE_FORMS").unwrap_or_default();
    let named = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        wanted.split(',').any(|prefix| name.starts_with(prefix))
    };
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).filter(named).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_converges() {
    let _turn = turn().await;
    shared();
    let themes: Vec<Theme> = files().into_iter().enumerate().map(|(i, file)| Theme::read(file, i)).collect();
    let runs = themes.iter().map(|theme| async move {
        let begin = tokio::time::Instant::now();
        let ended = attempt(theme.runs()).await;
        let told = if ended.is_ok() { "done" } else { "FAILED" };
        eprintln!("{}: {} cases {told} in {:.1?}", theme.name(), theme.cases.len(), begin.elapsed());
        ended.err().map(|said| format!("{}: {said}", theme.name()))
    });
    let ended: Vec<Option<String>> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<String> = ended.into_iter().flatten().collect();
    all_passed(&failed);
    let cases: usize = themes.iter().map(|theme| theme.cases.len()).sum();
    #[expect(clippy::disallowed_methods, reason = "a single theme while it is written")]
    let whole = std::env::var_os("SLUICE_FORMS").is_none();
    assert!(cases >= AT_LEAST || !whole, "only {cases} pairs");
}
