//! A reviewed plan against one made now: what of it is left to do, or what has moved.
//!
//! Whatever is run is a step of the plan made now, which has been seen to be what was reviewed: nothing is run because
//! it stands in a file.

use super::work::Work;
use super::{SavedPlan, conceal, fingerprint};
use crate::model::{Desired, ObjectName, ResourceId};
use crate::plan::{Action, Blocked, Change, Header, KafkaAction, Plan, Policy, ResourcePlan, Step};
use std::collections::{BTreeMap, BTreeSet};

/// What is left of a reviewed plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remaining {
    /// The steps of now that were reviewed.
    pub plan: Plan,
    /// Resources that have something to do which the reviewed plan has nothing to do with.
    pub beside: BTreeSet<ResourceId>,
}

/// Why a reviewed plan is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parted {
    /// It is for another project.
    Project(String),
    /// It is for another environment.
    Environment(Option<String>),
    /// It is for another Kafka cluster: its id.
    Cluster(String),
    /// It is for other hosts.
    Hosts {
        /// That the plan knows and are not read now.
        gone: Vec<String>,
        /// That are read now and the plan does not know.
        new: Vec<String>,
    },
    /// The manifests ask for something else.
    Manifests,
    /// What it rests on has moved.
    Moved(Vec<MovedResource>),
}

/// What has moved of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedResource {
    /// Which.
    pub id: ResourceId,
    /// What differs now and did not when it was reviewed.
    pub now: Vec<Change>,
    /// What differed then in the same places.
    pub reviewed: Vec<Change>,
    /// Why nothing can be done about it now.
    pub blocked: Vec<Blocked>,
    /// Steps of now, by index, that nobody has seen.
    pub steps: Vec<usize>,
}

impl MovedResource {
    fn none(id: &ResourceId) -> Self {
        let (now, reviewed, blocked, steps) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { id: id.clone(), now, reviewed, blocked, steps }
    }

    fn has_moved(&self) -> bool {
        !(self.now.is_empty() && self.blocked.is_empty() && self.steps.is_empty())
    }
}

/// Compares a reviewed plan with one that was made now by the same policy.
///
/// A step is run when it was reviewed: the same action on the same hosts or some of them. What an apply that was cut
/// has left to tidy up is part of it: a step on the very objects that the reviewed steps work on, on their hosts, with no
/// danger that those have not. A difference is none of somebody else's when the reviewed steps make it on their way. Steps of resources that the reviewed plan leaves alone are left alone, unless a reviewed one waits
/// for them.
///
/// # Errors
/// What has moved.
pub fn remaining(saved: &SavedPlan, now: &Plan) -> Result<Remaining, Parted> {
    same_servers(&saved.plan.header, &now.header)?;
    let reviewed: BTreeSet<&ResourceId> = saved.plan.steps.iter().map(|s| &s.resource).collect();
    let needed = needed(now, &reviewed);
    let compared = now.resources.iter().map(|resource| {
        let work = Work::of(&saved.plan, &resource.id);
        let own = needed.iter().map(|i| (*i, &now.steps[*i])).filter(|(_, step)| step.resource == resource.id);
        let steps = work.unseen(own);
        // Of what is only waited for the steps alone count.
        match reviewed.contains(&resource.id) {
            true => MovedResource { steps, ..differences(&work, resource) },
            false => MovedResource { steps, ..MovedResource::none(&resource.id) },
        }
    });
    let moved: Vec<MovedResource> = compared.filter(MovedResource::has_moved).collect();
    if !moved.is_empty() {
        return Err(Parted::Moved(moved));
    }
    let others = now.steps.iter().map(|s| &s.resource).chain(now.resources.iter().filter_map(|r| {
        // It cannot be done, and nobody asked for it.
        (!r.blocked.is_empty()).then_some(&r.id)
    }));
    let beside = others.filter(|id| !reviewed.contains(id)).cloned().collect();
    Ok(Remaining { plan: restricted(now, &reviewed, &needed), beside })
}

impl SavedPlan {
    /// Whether it was made from these manifests.
    ///
    /// # Errors
    /// It was made for another project or environment, or the manifests were changed since.
    pub fn is_of(&self, desired: &Desired, environment: Option<&str>) -> Result<(), Parted> {
        let header = &self.plan.header;
        if header.project != desired.project {
            return Err(Parted::Project(header.project.clone()));
        }
        if header.environment.as_deref() != environment {
            return Err(Parted::Environment(header.environment.clone()));
        }
        match self.manifests == fingerprint(desired) {
            true => Ok(()),
            false => Err(Parted::Manifests),
        }
    }

    /// What was asked for, given a plan made now and the objects as they are: what was made anew since the plan was made
    /// is not made anew once more.
    pub fn policy_for(
        &self,
        now: &Plan,
        remade: &BTreeSet<(ObjectName, String)>,
        owner: impl Fn(&ObjectName) -> Option<ResourceId>,
    ) -> Policy {
        let fresh = remade.iter().filter(|object| !self.remade.contains(object));
        let mut done: BTreeSet<ResourceId> = fresh.filter_map(|(name, _)| owner(name)).collect();
        let was = |name: &str, id: &str| {
            let mut ids = self.plan.steps.iter().filter_map(|s| deleted_topic(&s.action)).filter(|(n, _)| *n == name);
            ids.all(|(_, then)| then == id)
        };
        let others = now.steps.iter().filter(|s| deleted_topic(&s.action).is_some_and(|(name, id)| !was(name, id)));
        done.extend(others.map(|s| s.resource.clone()));
        let mut policy = self.policy.clone();
        policy.recreate.retain(|id| !done.contains(id));
        policy
    }
}

fn deleted_topic(action: &Action) -> Option<(&str, &str)> {
    match action {
        Action::Kafka(KafkaAction::DeleteTopic { name, id }) => Some((name, id)),
        Action::Kafka(_) | Action::Table(_) => None,
    }
}

fn same_servers(then: &Header, now: &Header) -> Result<(), Parted> {
    if then.cluster_id != now.cluster_id {
        return Err(Parted::Cluster(then.cluster_id.clone()));
    }
    let names = |header: &Header| header.hosts.iter().map(|h| h.name.clone()).collect::<Vec<_>>();
    let (then, now) = (names(then), names(now));
    if then != now {
        let without = |all: &[String], others: &[String]| all.iter().filter(|h| !others.contains(h)).cloned().collect();
        return Err(Parted::Hosts { gone: without(&then, &now), new: without(&now, &then) });
    }
    Ok(())
}

/// Steps of now that are for the reviewed resources, and all that those wait for.
fn needed(now: &Plan, reviewed: &BTreeSet<&ResourceId>) -> BTreeSet<usize> {
    let mut needed: BTreeSet<usize> =
        (0..now.steps.len()).filter(|i| reviewed.contains(&now.steps[*i].resource)).collect();
    let mut open: Vec<usize> = needed.iter().copied().collect();
    while let Some(step) = open.pop() {
        let before: Vec<usize> = now.steps[step].needs.iter().copied().filter(|n| needed.insert(*n)).collect();
        open.extend(before);
    }
    needed
}

fn differences(work: &Work<'_>, now: &ResourcePlan) -> MovedResource {
    let then = &work.changes;
    let mut fresh: Vec<Change> = now.changes.clone();
    fresh.iter_mut().for_each(conceal);
    fresh.retain(|change| !then.iter().any(|old| contains(old, change)) && !work.passes(change));
    let reviewed = then.iter().filter(|old| fresh.iter().any(|new| place(old) == place(new)));
    let reviewed = reviewed.map(|old| (*old).clone()).collect();
    MovedResource { reviewed, now: fresh, blocked: now.blocked.clone(), ..MovedResource::none(&now.id) }
}

/// The plan with these steps alone, and the resources they are for.
fn restricted(now: &Plan, reviewed: &BTreeSet<&ResourceId>, needed: &BTreeSet<usize>) -> Plan {
    let place: BTreeMap<usize, usize> = needed.iter().enumerate().map(|(at, i)| (*i, at)).collect();
    let steps = needed.iter().map(|i| {
        let step = now.steps[*i].clone();
        Step { needs: step.needs.iter().filter_map(|n| place.get(n).copied()).collect(), ..step }
    });
    Plan {
        header: now.header.clone(),
        resources: now.resources.iter().filter(|r| reviewed.contains(&r.id)).cloned().collect(),
        steps: steps.collect(),
    }
}

/// Whether a change of then is one of now, on the same hosts or more.
fn contains(then: &Change, now: &Change) -> bool {
    let (mut then, mut now) = (then.clone(), now.clone());
    let (Some(wide), Some(narrow)) = (take_hosts(&mut then), take_hosts(&mut now)) else { return then == now };
    then == now && narrow.iter().all(|host| wide.contains(host))
}

fn take_hosts(change: &mut Change) -> Option<Vec<usize>> {
    match change {
        Change::Topic { .. } => None,
        Change::Make { hosts, .. }
        | Change::Unmake { hosts, .. }
        | Change::Adopt { hosts, .. }
        | Change::Attribute { hosts, .. } => Some(std::mem::take(hosts)),
    }
}

/// What a change is about, whatever the values.
fn place(change: &Change) -> (String, String) {
    use crate::diff::TopicChange;
    match change {
        Change::Topic { change, .. } => {
            let what = match change {
                TopicChange::Partitions { .. } => "partitions",
                TopicChange::ReplicationFactor { .. } => "replicationFactor",
                TopicChange::Set { key, .. } | TopicChange::Unset { key, .. } => key,
            };
            (String::new(), what.to_owned())
        }
        Change::Make { object, .. } | Change::Unmake { object, .. } => (named(object), "presence".to_owned()),
        Change::Adopt { object, .. } => (named(object), "owner".to_owned()),
        Change::Attribute { object, change, .. } => (named(object), change.attribute.to_string()),
    }
}

fn named(object: &ObjectName) -> String {
    format!("table {object}")
}
