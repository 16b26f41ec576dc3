//! Gathers the plans of all resources and puts their steps into order.

use super::order::{self, OrderError, Relations};
use super::step::{Action, Step, TableAction};
use super::{Blocked, Hazard, Header, Plan, Policy, Reach, ResourcePlan, Verb, pipeline, reach, topic};
use crate::diff::{ChangeSet, PipelineDiff};
use crate::model::{Desired, DesiredPipeline, Kind, Live, ObjectName, ResourceId, Role};
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

    /// Whether there is anything to do.
    pub fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Adds a hazard to the steps that bring it along.
    pub fn endanger(&mut self, hazard: Hazard, brings: impl Fn(&TableAction) -> bool) {
        for step in &mut self.steps {
            if let Action::Table(action) = &step.action
                && brings(action)
            {
                step.hazards.push(hazard);
            }
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether a step takes an object away on a host.
    pub fn drops(&self, object: &ObjectName, on: usize) -> bool {
        self.steps.iter().any(|step| match &step.action {
            Action::Table(TableAction::Drop { name, .. }) => name == object && step.hosts.contains(&on),
            Action::Table(_) | Action::Kafka(_) => false,
        })
    }

    fn push(&mut self, resource: &ResourceId, action: Action, hosts: BTreeSet<usize>, hazards: Vec<Hazard>) {
        let timeout = action.timeout();
        let resource = resource.clone();
        // How it comes to its hosts is seen when all of them are known.
        let (needs, reach) = (BTreeSet::new(), Reach::EachHost);
        self.steps.push(Step { resource, action, hosts, reach, needs, hazards, timeout });
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
            made.impact = None;
        }
        resources.push(made);
    };
    for diff in changes.topics.iter().filter(|d| policy.includes(&d.desired.id)) {
        take(topic::plan(diff, &live.kafka, policy));
    }
    let recreated = topic::recreated(&changes.topics, policy);
    // Whoever reads a topic that is made anew has to let go of it first, named by the command or not.
    let reads = |d: &PipelineDiff| d.desired.topics.iter().any(|t| recreated.contains(t));
    for diff in changes.pipelines.iter().filter(|d| policy.includes(&d.desired.id) || reads(d)) {
        take(pipeline::plan(diff, live, policy, &recreated));
    }
    let mut relations = Relations::default();
    for pipeline in &desired.pipelines {
        for object in &pipeline.objects {
            let topics = if object.role == Role::Sink { &pipeline.writes_topics } else { &pipeline.topics };
            relations.add(&object.definition, &object.reads, topics);
            if object.role == Role::Sink {
                relations.sinks.insert(object.definition.name.clone());
                relations.sinks.extend(object.renamed_from.clone());
            }
        }
        add_old_names(&mut relations, pipeline);
    }
    for diff in &changes.pipelines {
        for (name, _) in diff.undeclared.iter().filter(|(_, (engine, _))| engine == "Kafka") {
            relations.topics.insert(name.clone(), diff.desired.topics.clone());
            if diff.desired.id.kind == Kind::OutgoingSink {
                relations.sinks.insert(name.clone());
            }
        }
        for (view, left_over) in &diff.left_over {
            relations.reads.insert(view.clone(), left_over.reads.iter().cloned().collect());
        }
    }
    let mut steps = order::order(steps.steps, &relations)?;
    for step in &mut steps {
        if let Action::Table(action) = &step.action {
            step.reach = reach::reach(action, &step.hosts, &header.topology, &live.clickhouse);
        }
    }
    Ok(Plan { header, resources, steps })
}

/// What stands under the names that objects had before hangs together as they do.
fn add_old_names(relations: &mut Relations, pipeline: &DesiredPipeline) {
    let old = |name: &ObjectName| {
        let object = pipeline.objects.iter().find(|o| o.definition.name == *name);
        object.and_then(|o| o.renamed_from.clone()).unwrap_or_else(|| name.clone())
    };
    for object in &pipeline.objects {
        let (name, definition) = (old(&object.definition.name), &object.definition);
        if object.reads.iter().chain(&definition.target).all(|n| old(n) == *n) && name == definition.name {
            continue;
        }
        if definition.is_view() {
            relations.reads.insert(name.clone(), object.reads.iter().map(old).collect());
            relations.writes.extend(definition.target.as_ref().map(|t| (name.clone(), old(t))));
        }
        if definition.engine.name == "Kafka" {
            let topics = if object.role == Role::Sink { &pipeline.writes_topics } else { &pipeline.topics };
            relations.topics.insert(name.clone(), topics.clone());
        }
        if let Some(under) = relations.over.get(&definition.name).map(old) {
            relations.over.insert(name, under);
        }
    }
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
