//! Compiles what would be written and compares it with what is there: nothing is claimed that was not seen so.

use crate::compile::{Compiled, compile};
use crate::diff::{self, Attribute, HostState};
use crate::manifest::{Document, Finding, LoadOptions, Loaded, ProjectSpec, Severity, load_texts};
use crate::model::{Canonical, DesiredPipeline, Live, LiveClickHouse, LiveKafka};

const PROJECT: &str =
    "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: import}\nspec: {manifests: [import.yaml]}\n";

/// The project and the live state that texts are tried against.
pub struct Trial<'a> {
    project: &'a Document<ProjectSpec>,
    live: Live,
}

/// What came of a text.
pub struct Tried {
    /// The chain as it would be made; none where the text does not compile.
    pub made: Option<DesiredPipeline>,
    /// How much differs.
    pub distance: usize,
    /// What is wrong with it.
    pub errors: Vec<String>,
}

impl<'a> Trial<'a> {
    pub fn new(project: &'a Document<ProjectSpec>, live: &LiveClickHouse) -> Self {
        Self { project, live: Live { kafka: LiveKafka::default(), clickhouse: live.clone() } }
    }

    /// Tries a text that holds one chain.
    pub fn run(&self, text: &str) -> Tried {
        let base = Loaded { project: Some(self.project.clone()), ..Loaded::default() };
        let (compiled, findings) = compile(&with(&base, text));
        let errors = findings.iter().filter(|f| f.severity == Severity::Error).map(told).collect();
        let Some(Compiled { desired, .. }) = compiled else {
            return Tried { made: None, distance: usize::MAX, errors };
        };
        let changes = diff::diff(&desired, &self.live, &Canonical::new());
        let objects = changes.pipelines.iter().flat_map(|p| &p.objects);
        let distance = objects.flat_map(|o| o.hosts.values().next()).map(weight).sum();
        Tried { made: desired.pipelines.into_iter().next(), distance, errors }
    }
}

fn told(finding: &Finding) -> String {
    finding.message.clone()
}

/// An object that is not there is worse than any attribute.
fn weight(state: &HostState) -> usize {
    match state {
        HostState::Missing => 100,
        HostState::Foreign(_) => 0,
        HostState::Ours(changes) | HostState::Unmarked { changes, .. } | HostState::Unknown { changes, .. } => {
            changes.iter().filter(|c| c.attribute != Attribute::Comment).count()
        }
    }
}

/// A project with more documents than it has.
pub fn with(base: &Loaded, text: &str) -> Loaded {
    let mut more = load_texts(&[("sluice.yaml", PROJECT), ("import.yaml", text)], &LoadOptions::default());
    let mut all = base.clone();
    let directory = base.project.as_ref().map(|p| p.directory.clone()).unwrap_or_default();
    more.topics.iter_mut().for_each(|d| d.directory.clone_from(&directory));
    more.pipelines.iter_mut().for_each(|d| d.directory.clone_from(&directory));
    more.sinks.iter_mut().for_each(|d| d.directory.clone_from(&directory));
    all.topics.append(&mut more.topics);
    all.pipelines.append(&mut more.pipelines);
    all.sinks.append(&mut more.sinks);
    all.findings.append(&mut more.findings);
    all.topics.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    all.pipelines.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    all.sinks.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    all
}
