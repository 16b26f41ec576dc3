//! Manifests -> desired state and findings. Pure: knows the manifests and nothing of the servers.

mod chain;
mod columns;
mod conversion;
mod engine;
mod expression;
mod hub;
mod located;
mod pipeline;
mod project;
mod renamed;
mod resources;
mod rules;
mod select;
mod source;
mod start;
mod table;
mod target;
mod topic;
mod view;
mod wire;

pub use located::located;
pub use select::output_names;

use crate::manifest::{Finding, Loaded, Severity};
use crate::model::{ClickHouseConnection, Desired, KafkaConnection, ResourceId, StateTopic};
use std::collections::BTreeSet;

/// A project ready to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// What the manifests ask for.
    pub desired: Desired,
    /// How Kafka is reached.
    pub kafka: KafkaConnection,
    /// How ClickHouse is reached.
    pub clickhouse: ClickHouseConnection,
    /// Where the project remembers; none where it does not.
    pub state: Option<StateTopic>,
    /// Resources that were applied and that no manifest has any more. Manifests alone do not tell them: empty until somebody
    /// who remembers fills it in.
    pub undeclared: BTreeSet<ResourceId>,
}

/// Compiles what was loaded. The findings are those of loading and those of compiling, in order of their
/// places; the project is there only when none of them is an error.
pub fn compile(loaded: &Loaded) -> (Option<Compiled>, Vec<Finding>) {
    let mut findings = loaded.findings.clone();
    rules::of_documents(loaded, &mut findings);
    let compiled = loaded.project.as_ref().and_then(|document| {
        let project = project::compile(document, loaded, &mut findings)?;
        let topics = loaded.topics.iter().map(|t| topic::compile(t, &mut findings)).collect();
        let chains = chain::Chain::all(&project);
        let pipelines = resources::compile_all(&project, &chains, &mut findings);
        rules::of_chains(&project, &chains, &mut findings);
        Some(Compiled {
            desired: Desired { project: project.name, topology: project.topology, topics, pipelines },
            kafka: project.kafka,
            clickhouse: project.clickhouse,
            state: project.state,
            undeclared: BTreeSet::new(),
        })
    });
    rules::settle(&mut findings);
    findings.sort_by(|a, b| (a.place, a.code, &a.message).cmp(&(b.place, b.code, &b.message)));
    findings.dedup();
    let broken = findings.iter().any(|f| f.severity == Severity::Error);
    (compiled.filter(|_| !broken), findings)
}
