//! Writes down what an apply does: each step before it begins and after it ended, and what is known of each resource then.

use super::hold::{moment, now};
use crate::apply::{Outcome, StepError};
use crate::drift::Applied;
use crate::memory::{Lock, MemoryError};
use crate::model::{Desired, ResourceId};
use crate::plan::Plan;
use crate::prune;
use crate::render::step;
use crate::state::{
    AppliedRecord, ApplyRecord, End, HostState, Key, Record, StepRecord, StepState, begun, settled, tombstone, written,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The journal of one apply.
pub(super) struct Journal<'a> {
    lock: &'a Lock,
    plan: &'a Plan,
    desired: &'a Desired,
    record: ApplyRecord,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    steps: BTreeMap<usize, StepRecord>,
    resources: BTreeSet<ResourceId>,
    lost: bool,
}

impl<'a> Journal<'a> {
    /// Writes that an apply begins.
    ///
    /// # Errors
    /// The lock is gone, or the brokers are.
    pub async fn begin(lock: &'a Lock, plan: &'a Plan, desired: &'a Desired) -> Result<Self, MemoryError> {
        let record = ApplyRecord {
            number: lock.known.next(),
            holder: lock.holder().clone(),
            began: moment(),
            ended: None,
            end: None,
            steps: plan.steps.len(),
            done: 0,
            resources: plan.steps.iter().map(|s| s.resource.clone()).collect(),
        };
        lock.write(vec![written(&Key::Apply(record.number), &record)]).await?;
        Ok(Self { lock, plan, desired, record, seen: Mutex::default() })
    }

    /// Writes that a step is about to begin, and waits until it is written: a step that nobody knows of is never run.
    ///
    /// # Errors
    /// The lock is gone, or the brokers are.
    pub async fn intend(&self, index: usize) -> Result<(), MemoryError> {
        let Some(planned) = self.plan.steps.get(index) else { return Ok(()) };
        let at = moment();
        let host = |i: &usize| self.plan.header.hosts.get(*i).map(|host| (host.name.clone(), HostState::Begun));
        let record = StepRecord {
            apply: self.record.number,
            step: index + 1,
            resource: planned.resource.clone(),
            what: step(self.plan, index),
            state: StepState::Begun,
            hosts: planned.hosts.iter().filter_map(host).collect(),
            began: at.clone(),
            ended: None,
            failure: None,
        };
        let mut records = vec![written(&Key::Step(record.apply, record.step), &record)];
        {
            let mut seen = self.seen();
            if seen.resources.insert(planned.resource.clone())
                && let Some(applied) = begun(self.desired, &planned.resource, &now())
            {
                records.push(self.resource(&planned.resource, Some(applied)));
            }
            seen.steps.insert(index, record);
        }
        let written = self.lock.write(records).await;
        if written.is_err() {
            let mut seen = self.seen();
            seen.steps.remove(&index);
            seen.lost = true;
        }
        written
    }

    /// Notes what became of a step.
    pub fn ended(&self, index: usize, result: Result<(), &StepError>) {
        let mut seen = self.seen();
        let Some(record) = seen.steps.get_mut(&index) else { return };
        *record = match result {
            Ok(()) => record.clone().done(moment()),
            Err(error) => record.clone().failed(moment(), error.host.as_deref(), error.in_doubt, error.words.clone()),
        };
        self.lock.note(vec![written(&Key::Step(record.apply, record.step), record)]);
    }

    /// Whether the apply was stopped because nothing could be written any more.
    pub fn lost(&self) -> bool {
        self.seen().lost
    }

    /// Writes how the apply ended and what is known of each resource now, and forgets what is too old.
    ///
    /// # Errors
    /// The lock is gone, or the brokers are.
    pub async fn end(&self, outcome: &Outcome) -> Result<(), MemoryError> {
        let begun: BTreeSet<usize> = self.seen().steps.keys().copied().collect();
        let done: BTreeSet<usize> = outcome.done.iter().copied().collect();
        let end = match (outcome.interrupted, outcome.failed.is_empty() && outcome.not_started.is_empty()) {
            (true, _) => End::Interrupted,
            (false, true) => End::Done,
            (false, false) => End::Failed,
        };
        let record = ApplyRecord { ended: Some(moment()), end: Some(end), done: done.len(), ..self.record.clone() };
        let mut records = vec![written(&Key::Apply(record.number), &record)];
        records.extend(Self::settled(self.lock, self.plan, self.desired, &begun, &done, record.number));
        records.extend(self.lock.known.outdated(record.number));
        self.lock.write(records).await
    }

    /// What is to be written of the resources of a plan.
    pub fn settled(
        lock: &Lock,
        plan: &Plan,
        desired: &Desired,
        begun: &BTreeSet<usize>,
        done: &BTreeSet<usize>,
        number: u64,
    ) -> Vec<Record> {
        let known = &lock.known.applied;
        let mut all = settled(plan, desired, known, begun, done, &now());
        all.extend(prune::undeclared(known, desired).passed_on.into_iter().map(|id| (id, None)));
        all.into_iter().map(|(id, applied)| resource(&id, applied, number)).collect()
    }

    fn resource(&self, id: &ResourceId, applied: Option<Applied>) -> Record {
        resource(id, applied, self.record.number)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // What a panicking thread has left is still the best that is known.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resource(id: &ResourceId, applied: Option<Applied>, apply: u64) -> Record {
    let key = Key::Resource(id.clone());
    applied.map_or_else(|| tombstone(&key), |applied| written(&key, &AppliedRecord { apply, applied }))
}
