//! Desired + live -> what differs, attribute by attribute. Pure; decides nothing about what to do.

pub mod attribute;
pub mod definition;
pub mod pipeline;
mod surroundings;
pub mod topic;

pub use attribute::{Attribute, AttributeChange};
pub use pipeline::{HostState, LeftOver, ObjectDiff, PipelineDiff, Uses};
pub use topic::{TopicChange, TopicDiff, TopicState};

use crate::model::{Canonical, Desired, Live};

/// All differences of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// One entry a topic, in order of ids.
    pub topics: Vec<TopicDiff>,
    /// One entry a pipeline, in order of ids.
    pub pipelines: Vec<PipelineDiff>,
}

/// Compares everything. `canonical` replaces desired definitions by what the server makes of them.
pub fn diff(desired: &Desired, live: &Live, canonical: &Canonical) -> ChangeSet {
    ChangeSet {
        topics: desired.topics.iter().map(|t| topic::diff(t, &live.kafka)).collect(),
        pipelines: desired
            .pipelines
            .iter()
            .map(|p| pipeline::diff(p, &desired.project, &live.clickhouse, canonical))
            .collect(),
    }
}
