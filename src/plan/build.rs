//! Gathers the plans of all resources and puts their steps into order.

use super::order::{self, OrderError, Relations};
use super::step::{Action, Step, TableAction};
use super::{Blocked, Hazard, Header, Plan, Policy, ResourcePlan, Verb, pipeline, topic};
use crate::diff::ChangeSet;
use crate::model::{Desired, Live, ResourceId, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// Steps as they come up.
#[derive(Default)]
pub(super) struct Draft {
    steps: Vec<Step>,
}

impl Draft {
    /// A step at the brokers.
    pub fn step(&mut self, resource: &ResourceId, action: impl Into<Action>, hazards: impl Into<Vec<Hazard>>) {
        self.push(resource, action.into(), BTreeSet::new(), hazards.into());
    }

    /// A step on ClickHouse hosts; none for no hosts.
    pub fn step_on(
        &mut self,
        resource: &ResourceId,
        action: TableAction,
        hosts: BTreeSet<usize>,
        hazards: impl Into<Vec<Hazard>>,
    ) {
        if !hosts.is_empty() {
            self.push(resource, action.into(), hosts, hazards.into());
        }
    }

    fn push(&mut self, resource: &ResourceId, action: Action, hosts: BTreeSet<usize>, hazards: Vec<Hazard>) {
        let timeout = action.timeout();
        let resource = resource.clone();
        self.steps.push(Step { resource, action, hosts, needs: BTreeSet::new(), hazards, timeout });
    }
}

/// Steps of all resources; a database that several need is made once.
#[derive(Default)]
struct Steps {
    steps: Vec<Step>,
    databases: BTreeMap<String, usize>,
}

impl Steps {
    fn extend(&mut self, draft: Draft) {
        for step in draft.steps {
            if let Action::Table(TableAction::CreateDatabase { name }) = &step.action {
                if let Some(at) = self.databases.get(name) {
                    self.steps[*at].hosts.extend(step.hosts);
                    continue;
                }
                self.databases.insert(name.clone(), self.steps.len());
            }
            self.steps.push(step);
        }
    }
}

/// Makes the plan.
///
/// # Errors
/// When steps wait for each other, which the checks of `compile` should have found as a cascade that loops.
pub fn plan(
    header: Header,
    desired: &Desired,
    changes: &ChangeSet,
    live: &Live,
    policy: &Policy,
) -> Result<Plan, OrderError> {
    let mut steps = Steps::default();
    let mut resources = Vec::new();
    let mut take = |(mut made, draft): (ResourcePlan, Draft)| {
        if made.blocked.is_empty() {
            steps.extend(draft);
        } else {
            made.verb = Verb::Blocked;
        }
        resources.push(made);
    };
    for diff in changes.topics.iter().filter(|d| policy.includes(&d.desired.id)) {
        take(topic::plan(diff, &live.kafka, policy));
    }
    for diff in changes.pipelines.iter().filter(|d| policy.includes(&d.desired.id)) {
        take(pipeline::plan(diff, &live.clickhouse, policy));
    }
    let mut relations = Relations::default();
    for pipeline in &desired.pipelines {
        for object in &pipeline.objects {
            relations.add(&object.definition, &object.reads, &pipeline.topics);
        }
    }
    for diff in &changes.pipelines {
        for (view, left_over) in &diff.left_over {
            relations.reads.insert(view.clone(), left_over.reads.iter().cloned().collect());
        }
    }
    let mut steps = order::order(steps.steps, &relations)?;
    if let Topology::OnCluster { .. } = header.topology {
        // One host passes the statement on to the others.
        for step in &mut steps {
            step.hosts = step.hosts.iter().take(1).copied().collect();
        }
    }
    Ok(Plan { header, resources, steps })
}

impl ResourcePlan {
    pub(super) fn keep(id: ResourceId) -> Self {
        Self { id, verb: Verb::Keep, impact: None, changes: Vec::new(), blocked: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn block(&mut self, why: Blocked) {
        self.verb = Verb::Blocked;
        self.blocked.push(why);
    }
}
