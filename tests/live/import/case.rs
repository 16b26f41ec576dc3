//! One chain of the wild on its way there and back.

use super::program::sluice;
use super::standing::{statements, unmark, uuids};
use crate::fixture::masked;
use crate::fixture::project::{Project, by_hand};
use crate::fixture::shared;
use crate::wild::registry::Registry;
use sluice::diff::Attribute;
use sluice::model::LiveTopic;
use sluice::model::TopicFact;
use sluice::observe;
use sluice::plan::{Change, Plan, Policy};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of the wild under names of its own.
pub struct Case {
    pub name: String,
    text: String,
    node: usize,
}

/// What came of it.
pub struct Told {
    pub lines: usize,
    pub odd: usize,
}

impl Case {
    pub fn read(file: &Path) -> Self {
        let name = file.file_stem().expect("a file name").to_string_lossy().into_owned();
        let row: usize = name[..2].parse().expect("a file begins with its row's number");
        #[expect(clippy::disallowed_methods, reason = "a new file is tested without anybody writing code")]
        let text = std::fs::read_to_string(file).expect("a manifest");
        // The other tests of these chains run beside this one.
        let text = masked(&text, &[(&format!(r"\bw({})", &name[..2]), "i$1")]);
        Self { name, text, node: row % shared().clickhouse_urls.len() }
    }

    fn notes<'a>(&'a self, word: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| line.strip_prefix("# ")?.strip_prefix(word)).map(str::trim)
    }

    fn project(&self, dir: &Path, name: &str, registry: &Registry) -> Project {
        let urls = &shared().clickhouse_urls;
        let clickhouse = match self.notes("topology:").next() {
            Some(cluster) => {
                format!("{{url: \"{}\", cluster: {cluster}, ddl: perHost, hosts: \"${{CLICKHOUSE_URLS}}\"}}", urls[0])
            }
            None => format!("{{url: \"{}\"}}", urls[self.node]),
        };
        let row = &self.name[..2];
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}-{row}}}\nspec:\n  manifests: [manifests/]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  state: none\n  defaults: {{kafkaDatabase: i{row}_kafka}}\n  \
             clickhouse: {clickhouse}\n"
        );
        let file = dir.join("sluice.yaml");
        write(&file, &header);
        Project::at(file, &[("REGISTRY", registry.url.as_str())])
    }

    async fn before(&self) {
        for statement in self.notes("before:") {
            let statement = statement.replace("${KAFKA_BROKERS}", &shared().kafka_brokers);
            for node in 0..shared().clickhouse_urls.len() {
                by_hand(node, &statement).await;
            }
        }
    }

    /// There and back.
    pub async fn runs(&self, registry: &Registry) -> Told {
        self.before().await;
        let (made, found) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let origin = self.project(made.path(), "origin", registry);
        write(&made.path().join("manifests/chain.yaml"), &self.text);
        run(&origin).await;
        let names = origin.compiled().desired.object_names();
        let databases: Vec<String> =
            names.into_iter().map(|n| n.database).collect::<BTreeSet<_>>().into_iter().collect();
        unmark(&databases).await;
        let before = (statements(&databases).await, topics(&origin).await);
        let ids = uuids(&databases).await;

        let project = self.project(found.path(), "found", registry);
        std::fs::create_dir(found.path().join("manifests")).expect("a folder");
        let pattern = format!("i{}*", &self.name[..2]);
        let said = sluice(project.file(), &["import", &pattern]).await;
        let written = read(&found.path().join("manifests"));
        let shown = format!("{}\n{}\n{written}", said.out, said.err);
        assert_eq!(said.code, Some(0), "{shown}");
        keep(&self.name, &shown);
        let prepared = project.plan_with(&Policy::default()).await;
        assert!(takes_over(&prepared.plan), "{:#?}\n{shown}", prepared.plan.resources);
        assert_eq!(project.run(&prepared).await.failed, [], "{shown}");
        project.assert_converged().await;
        assert_eq!(uuids(&databases).await, ids, "{shown}");
        assert_eq!(statements(&databases).await, before.0, "{shown}");

        project.clean().await;
        gone(&origin).await;
        self.before().await;
        run(&project).await;
        let after = (statements(&databases).await, topics(&origin).await);
        assert_eq!(after, before, "{shown}");
        let again = uuids(&databases).await;
        assert!(again.values().all(|id| !ids.values().any(|old| old == id)), "not dropped: {again:?}");
        origin.clean().await;
        let odd = said.err.lines().skip_while(|l| !l.starts_with("Not expressed")).skip(1).count();
        Told { lines: written.lines().filter(|l| !l.starts_with('#')).count(), odd }
    }
}

/// Plans and runs. That the next plan is empty is proved by what comes after.
async fn run(project: &Project) {
    let prepared = project.plan_with(&Policy::default()).await;
    assert!(!prepared.plan.is_blocked(), "blocked: {:#?}", prepared.plan.resources);
    assert_eq!(project.run(&prepared).await.failed, [], "steps failed");
}

/// Whether a plan changes nothing but marks.
pub fn takes_over(plan: &Plan) -> bool {
    let comment = |c: &Change| match c {
        Change::Adopt { .. } => true,
        Change::Attribute { change, .. } => change.attribute == Attribute::Comment,
        Change::Topic { .. } | Change::Make { .. } | Change::Unmake { .. } => false,
    };
    !plan.is_blocked() && plan.resources.iter().flat_map(|r| &r.changes).all(comment)
}

/// Partitions and pinned configs of the project's topics.
async fn topics(project: &Project) -> BTreeMap<String, String> {
    let names: BTreeSet<String> = project.compiled().desired.topics.iter().map(|t| t.name.clone()).collect();
    let found = observe::kafka::topics(&crate::fixture::project::brokers_reader(), &names, &BTreeSet::new()).await;
    let shown = |t: &LiveTopic| format!("{:?} {:?}", t.replicas, t.config);
    let topics = found.expect("the brokers answer").topics.into_iter();
    topics
        .map(|(name, fact)| (name, if let TopicFact::Present(t) = &fact { shown(t) } else { "none".into() }))
        .collect()
}

/// Waits until the topics are gone.
async fn gone(project: &Project) {
    let begin = tokio::time::Instant::now();
    while topics(project).await.values().any(|t| t != "none") {
        assert!(begin.elapsed().as_secs() < 60, "topics stay");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test writes its manifests")]
pub fn write(file: &Path, text: &str) {
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
    std::fs::write(file, text).expect("the manifest is written");
}

/// The files of a folder, by name.
#[expect(clippy::disallowed_methods, reason = "what was written is looked at")]
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "what was written is looked at")]
pub fn read(folder: &Path) -> String {
    files(folder).iter().map(|f| std::fs::read_to_string(f).expect("a file")).collect::<Vec<_>>().join("---\n")
}

/// Keeps what was printed where `SLUICE_KEEP` names a folder: for whoever looks at it.
#[expect(clippy::disallowed_methods, reason = "only for whoever asks")]
fn keep(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("SLUICE_KEEP") {
        std::fs::write(Path::new(&folder).join(name), text).expect("it is kept");
    }
}
