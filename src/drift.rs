//! What was changed on the servers since the last apply, apart from what the manifests ask for since.
//!
//! Two plans tell it: one to what was applied last, one to what is declared now. What the first would undo was done by
//! hand; what only the second does is yet to be applied. Pure.

use crate::model::{Desired, DesiredPipeline, DesiredTopic, ResourceId, Topology};
use crate::plan::{Action, Blocked, Change, Header, KafkaAction, Plan, ResourcePlan, Step};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A resource as it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppliedResource {
    /// A topic.
    Topic(DesiredTopic),
    /// A resource that comes to ClickHouse objects.
    Chain(Box<DesiredPipeline>),
}

/// What is known of the last apply of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// When, as in RFC 3339.
    pub at: String,
    /// Whether the apply ended; else some of it may not be done.
    pub whole: bool,
    /// What was applied.
    pub resource: AppliedResource,
}

/// What was applied last, by resource; empty where nobody keeps it.
pub type LastApplied = BTreeMap<ResourceId, Applied>;

/// What was applied last, as something that can be planned.
pub fn desired(applied: &LastApplied, project: &str, topology: &Topology) -> Desired {
    let (mut topics, mut pipelines) = (Vec::new(), Vec::new());
    for applied in applied.values() {
        match &applied.resource {
            AppliedResource::Topic(topic) => topics.push(topic.clone()),
            AppliedResource::Chain(chain) => pipelines.push((**chain).clone()),
        }
    }
    Desired { project: project.to_owned(), topology: topology.clone(), topics, pipelines }
}

/// Drift and pending changes of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The servers.
    pub header: Header,
    /// Whether anybody keeps what was applied; else what is declared stands for it, and nothing is pending.
    pub recorded: bool,
    /// Every resource that was applied or is declared, topics first.
    pub resources: Vec<ResourceDrift>,
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceDrift {
    /// Which.
    pub id: ResourceId,
    /// When it was applied last; none where it never was, or nobody knows.
    pub applied_at: Option<String>,
    /// Whether its last apply was cut: what differs may be what that left undone.
    pub cut: bool,
    /// Whether the manifests have it.
    pub declared: bool,
    /// What was changed on the servers: from what they have to what was applied.
    pub drift: Difference,
    /// What the manifests ask for beyond that.
    pub pending: Difference,
    /// What could not be read.
    pub unread: Vec<Blocked>,
    /// Why drift of it cannot be put right.
    pub stuck: Vec<Blocked>,
}

/// What differs of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Of topics and objects that are there, and objects that are not.
    pub changes: Vec<Change>,
    /// Topics that are not there are told by the steps that make them.
    pub steps: Vec<Step>,
}

impl Difference {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.steps.is_empty()
    }
}

impl ResourceDrift {
    /// Whether somebody changed it on the servers.
    pub fn is_drifted(&self) -> bool {
        !self.drift.is_empty() || !self.stuck.is_empty()
    }

    /// Whether the manifests ask for something that was not applied.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty() || !self.declared
    }
}

impl Drift {
    /// Compares what a plan to the last applied state would do with what a plan to the manifests would.
    ///
    /// `back` and `forth` are of the same moment as far as two readings can be.
    pub fn of(applied: &LastApplied, recorded: bool, back: &Plan, forth: &Plan) -> Self {
        let of = |plan: &Plan, id: &ResourceId| plan.resources.iter().find(|r| r.id == *id).cloned();
        let ids: BTreeSet<&ResourceId> = back.resources.iter().chain(&forth.resources).map(|r| &r.id).collect();
        let resources = ids.into_iter().map(|id| {
            let (undone, done) = (of(back, id), of(forth, id));
            let drift = difference(undone.as_ref(), back);
            let asked = difference(done.as_ref(), forth);
            let pending = Difference {
                changes: asked.changes.into_iter().filter(|c| !drift.changes.contains(c)).collect(),
                steps: asked.steps.into_iter().filter(|s| !drift.steps.iter().any(|d| d.action == s.action)).collect(),
            };
            let known = undone.as_ref().or(done.as_ref());
            let blocked = known.map(|r| r.blocked.clone()).unwrap_or_default();
            let (unread, others): (Vec<_>, Vec<_>) = blocked.into_iter().partition(is_unread);
            let last = applied.get(id);
            ResourceDrift {
                id: id.clone(),
                applied_at: last.map(|a| a.at.clone()),
                cut: last.is_some_and(|a| !a.whole),
                declared: done.is_some(),
                drift,
                pending: if recorded { pending } else { Difference::default() },
                unread,
                // What was never applied is not stuck in drift.
                stuck: if undone.is_some() { others } else { Vec::new() },
            }
        });
        Self { header: back.header.clone(), recorded, resources: resources.collect() }
    }

    /// Resources that somebody changed on the servers.
    pub fn drifted(&self) -> usize {
        self.resources.iter().filter(|r| r.is_drifted()).count()
    }

    /// Resources for which the manifests ask something that was not applied.
    pub fn pending(&self) -> usize {
        self.resources.iter().filter(|r| r.is_pending()).count()
    }

    /// Resources of which something could not be read.
    pub fn unread(&self) -> usize {
        self.resources.iter().filter(|r| !r.unread.is_empty()).count()
    }

    /// Resources that are as they were applied, and as they are declared.
    pub fn as_applied(&self) -> usize {
        let quiet = |r: &&ResourceDrift| !r.is_drifted() && !r.is_pending() && r.unread.is_empty();
        self.resources.iter().filter(quiet).count()
    }
}

fn difference(resource: Option<&ResourcePlan>, plan: &Plan) -> Difference {
    let Some(resource) = resource else { return Difference::default() };
    let told = |step: &&Step| {
        step.resource == resource.id
            && matches!(step.action, Action::Kafka(KafkaAction::CreateTopic { .. } | KafkaAction::DeleteTopic { .. }))
    };
    let steps = plan.steps.iter().filter(told).cloned().collect();
    Difference { changes: resource.changes.clone(), steps }
}

/// Whether it says that something could not be read; else it says that something cannot be done.
fn is_unread(why: &Blocked) -> bool {
    match why {
        Blocked::TopicUnknown(_) | Blocked::ObjectUnknown { .. } | Blocked::HostUnread { .. } | Blocked::NoHosts(_) => {
            true
        }
        Blocked::FewerPartitions { .. }
        | Blocked::ReplicationFactor { .. }
        | Blocked::TooFewBrokers { .. }
        | Blocked::MinInsyncReplicas { .. }
        | Blocked::NameCollision(_)
        | Blocked::RefusedByBrokers(_)
        | Blocked::NeedsRecreate
        | Blocked::Foreign { .. }
        | Blocked::Refused { .. }
        | Blocked::DeletionForbidden
        | Blocked::ReadByStranger { .. }
        | Blocked::CannotRebuild { .. }
        | Blocked::DoesNotFit { .. } => false,
    }
}
