//! A folder of `tests/cases/evolutions`: two states of a project, and what the way from one to the other may cost.

use super::fronts::ALONE;
use crate::fixture::project::Project;
use crate::fixture::shared;
use serde::Deserialize;
use sluice::model::ResourceId;
use sluice::plan::{Allowance, Policy};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A member that was killed keeps its partitions for 45 s, and machines may be slow.
const PATIENCE: Duration = Duration::from_secs(120);

/// `case.yaml`. Every text may hold `${case}` and `${shards}`; queries also `${sent}`, `${after}` and `${tail}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// What changes: the row of `docs/evolution.md`.
    #[expect(dead_code, reason = "printed in the docs by another test binary; here it must only be there")]
    pub title: String,
    /// `nothing`, or what is lost: then only numbers sent after the change must all be in the tables. The plan must
    /// say the same.
    pub lost: String,
    /// `nothing`, or what may come twice; the plan must say the same.
    pub twice: String,
    /// On the four nodes of `dwh_test`; else on one of them alone.
    #[serde(default)]
    pub cluster: bool,
    /// Hazards that need consent: these and no others.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Resources to drop and make again.
    #[serde(default)]
    pub recreate: Vec<String>,
    /// Topics that get the numbers in turn.
    #[serde(default = "case_name")]
    pub topics: Vec<String>,
    /// The same after the change, where they are others.
    #[serde(default)]
    pub topics_after: Vec<String>,
    /// Tables that must hold every number.
    #[serde(default = "case_rows")]
    pub tables: Vec<String>,
    /// The same after the change, where they are others.
    #[serde(default)]
    pub tables_after: Vec<String>,
    /// Column with the number, after the change.
    #[serde(default = "n")]
    pub number: String,
    /// The message of a number: `${n}` is the number, `${day}` a day that follows from it, `${dd}` its day of the month.
    #[serde(default = "message")]
    pub send: String,
    /// The same for what is sent after the change.
    #[serde(default)]
    pub send_after: Option<String>,
    /// A message without a number (0), after every sixteen numbers; `${n}` is the number that comes next.
    #[serde(default)]
    pub noise: Option<String>,
    /// The producer rests during the change and everything is read before it: the topic goes, or its format changes.
    #[serde(default)]
    pub rests: bool,
    /// Statements run by hand on every node before anything else.
    #[serde(default)]
    pub by_hand: Vec<String>,
    /// Another spelling of the host in the broker list, after the change.
    #[serde(default)]
    pub brokers_after: Option<String>,
    /// What every row with a number must meet, in the first table, after the change.
    #[serde(default = "day_of_number")]
    pub holds: String,
    /// Words that the plan must have.
    #[serde(default)]
    pub says: Vec<String>,
    /// `QUERY -> ANSWER` on the servers after the change.
    #[serde(default)]
    pub expect: Vec<String>,
    /// The plan is blocked, and why that is right. Nothing changes then, and rows flow on.
    #[serde(default)]
    pub blocked: Option<String>,
    /// A field of the manifests that does not exist yet: `after.yaml` is refused because of it.
    #[serde(default)]
    pub awaits: Option<String>,
    /// Whether it is also changed back, and the hazards that have to be allowed for it.
    #[serde(default)]
    pub back: Option<Vec<String>>,
    /// Whether the program is also killed at each step of it.
    #[serde(default)]
    pub killed: bool,
}

fn case_name() -> Vec<String> {
    vec!["${case}".into()]
}

fn case_rows() -> Vec<String> {
    vec!["${case}.rows".into()]
}

fn day_of_number() -> String {
    "toDayOfMonth(day) = 1 + n % 28".into()
}

fn n() -> String {
    "n".into()
}

fn message() -> String {
    r#"{"n": ${n}, "day": "${day}", "colour": "blue"}"#.into()
}

/// A case under one name: the same case can run under several at the same time.
#[derive(Debug, Clone)]
pub struct Case {
    /// Name of the folder.
    pub folder: String,
    /// What `${case}` stands for.
    pub name: String,
    /// What its `case.yaml` says.
    pub spec: Spec,
    /// How long no number may come before those that are missing count as lost.
    pub patience: Duration,
    /// The node of a case that has one.
    node: usize,
    /// On a cluster of two of the nodes, where it is on one at all.
    small: bool,
    /// By which URLs its hosts are reached, where not by their own.
    doors: Option<Vec<String>>,
    /// Statements go ON CLUSTER.
    on_cluster: bool,
    path: PathBuf,
}

impl Case {
    /// Reads a folder.
    pub fn read(path: &Path) -> Self {
        let folder = path.file_name().expect("a folder's name").to_string_lossy().into_owned();
        let number: usize = folder[..2].parse().expect("a folder's name begins with its number");
        let text = text(&path.join("case.yaml"));
        let spec = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{folder}/case.yaml: {e}"));
        Self {
            name: format!("e{number:02}"),
            folder,
            spec,
            patience: PATIENCE,
            node: number % 4,
            small: false,
            doors: None,
            on_cluster: false,
            path: path.to_owned(),
        }
    }

    /// The same case under a name of its own, on some node.
    pub fn named(&self, name: &str, node: usize) -> Self {
        Self { name: name.to_owned(), node: node % 4, ..self.clone() }
    }

    /// The same case on two hosts instead of four, which are enough to be cut between two: one pair or the other.
    pub fn on_two_hosts(&self) -> Self {
        Self { small: true, ..self.clone() }
    }

    /// The same case with statements that go ON CLUSTER: of all nodes, or of the one that the case is on.
    pub fn on_cluster(&self) -> Self {
        Self { on_cluster: true, ..self.clone() }
    }

    /// Whether statements go ON CLUSTER.
    pub fn is_on_cluster(&self) -> bool {
        self.on_cluster
    }

    /// The same case with another patience.
    pub fn within(&self, patience: Duration) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The same case, whose hosts are reached by other URLs, in the order of the nodes.
    pub fn through(&self, urls: Vec<String>) -> Self {
        Self { doors: Some(urls), ..self.clone() }
    }

    /// A text with the case's name and its number of shards in it.
    pub fn filled(&self, text: &str) -> String {
        text.replace("${case}", &self.name).replace("${shards}", &self.nodes().len().to_string())
    }

    /// Texts with the case's name in them; the second list where it is not empty.
    pub fn all(&self, first: &[String], second: &[String]) -> Vec<String> {
        let chosen = if second.is_empty() { first } else { second };
        chosen.iter().map(|text| self.filled(text)).collect()
    }

    /// Nodes of the shared sandbox that the case is on; the first is asked.
    pub fn nodes(&self) -> Vec<usize> {
        match (self.spec.cluster, self.small, self.node < 2) {
            (true, false, _) => (0..shared().clickhouse_urls.len()).collect(),
            (true, true, true) => vec![0, 1],
            (true, true, false) => vec![2, 3],
            (false, ..) => vec![self.node],
        }
    }

    /// The golden plan.
    pub fn golden(&self) -> PathBuf {
        self.path.join("plan.txt")
    }

    /// The project as it is before.
    pub fn before(&self) -> Project {
        let brokers = &shared().kafka_brokers;
        self.project("before.yaml", brokers)
    }

    /// The project as it is to be.
    pub fn after(&self) -> Project {
        let brokers = &shared().kafka_brokers;
        let brokers = match &self.spec.brokers_after {
            Some(host) => brokers.replace("127.0.0.1", host),
            None => brokers.clone(),
        };
        self.project("after.yaml", &brokers)
    }

    /// A text of its folder.
    pub fn text(&self, file: &str) -> String {
        text(&self.path.join(file))
    }

    fn project(&self, resources: &str, brokers: &str) -> Project {
        self.written(&self.text(resources), brokers)
    }

    /// A project of these resources, where the case is.
    pub fn written(&self, resources: &str, brokers: &str) -> Project {
        let urls = self.doors.as_ref().unwrap_or(&shared().clickhouse_urls);
        let nodes = self.nodes();
        let hosts: Vec<String> = nodes.iter().map(|node| format!("\"{}\"", urls[*node])).collect();
        let cluster = match nodes[..] {
            [0, 1] => "ingest",
            [2, 3] => "storage",
            [_] => ALONE,
            _ => "dwh_test",
        };
        let clickhouse = if cluster == ALONE && !self.on_cluster {
            format!("url: {}", hosts[0])
        } else {
            let ddl = if self.on_cluster { "onCluster" } else { "perHost" };
            format!("url: {}, cluster: {cluster}, ddl: {ddl}, hosts: [{}]", hosts[0], hosts.join(", "))
        };
        let header = format!(
            "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n  manifests: [.]\n  \
             kafka: {{bootstrapServers: \"${{KAFKA_BROKERS}}\"}}\n  \
             clickhouse: {{{clickhouse}, kafkaBrokers: \"{brokers}\"}}\n  state: none\n  \
             defaults: {{kafkaDatabase: {name}}}\n",
            name = self.name,
        );
        Project::written(&header, resources).var("case", &self.name)
    }

    /// What is wished and allowed.
    pub fn policy(&self) -> Policy {
        let allow = self.spec.allow.iter().map(|a| Allowance::parse(&self.filled(a)).unwrap_or_else(|e| panic!("{e}")));
        let resource =
            |r: &String| ResourceId::parse(&self.filled(r)).unwrap_or_else(|| panic!("`{r}` is no resource"));
        Policy {
            allow: allow.collect(),
            recreate: self.spec.recreate.iter().map(resource).collect(),
            ..Policy::default()
        }
    }

    /// Whether nothing may be lost.
    pub fn keeps_all(&self) -> bool {
        self.spec.lost == "nothing"
    }

    /// Whether nothing may come twice.
    pub fn keeps_once(&self) -> bool {
        self.spec.twice == "nothing"
    }
}

#[expect(clippy::disallowed_methods, reason = "a new folder is tested without anybody writing code")]
fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Where the cases are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/evolutions")
}

/// All cases, or those whose folders begin with one of `SLUICE_EVOLUTION` (`05,07`): for whoever writes one.
pub fn cases() -> Vec<Case> {
    #[expect(clippy::disallowed_methods, reason = "a new folder is tested without anybody writing code")]
    let entries = std::fs::read_dir(folder()).expect("the folder of evolutions");
    #[expect(clippy::disallowed_methods, reason = "a single case while it is written")]
    let wanted = std::env::var("SLUICE_EVOLUTION").unwrap_or_default();
    let named = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        wanted.split(',').any(|prefix| name.starts_with(prefix))
    };
    let mut folders: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).filter(named).collect();
    folders.sort();
    let cases: Vec<Case> = folders.iter().map(|folder| Case::read(folder)).collect();
    assert!(!cases.is_empty(), "no evolution was found");
    cases
}
