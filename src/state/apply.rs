//! The journal: an apply, and each of its steps.

use super::lease::Holder;
use crate::model::ResourceId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How an apply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// Every step is done.
    Done,
    /// A step failed.
    Failed,
    /// Somebody stopped it.
    Interrupted,
}

/// An apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplyRecord {
    /// Applies of a project are counted from 1.
    pub number: u64,
    /// Who ran it, and which plan.
    pub holder: Holder,
    /// When its first step could begin, as in RFC 3339.
    pub began: String,
    /// When it ended; none while it runs, and of one that was killed.
    pub ended: Option<String>,
    /// How; none while it runs, and of one that was killed.
    pub end: Option<End>,
    /// Steps in all.
    pub steps: usize,
    /// Steps that are done; 0 until it has ended.
    pub done: usize,
    /// What it was to change.
    pub resources: BTreeSet<ResourceId>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StepState {
    /// It was about to be run: what became of it was not written.
    Begun,
    /// It is done.
    Done,
    /// It failed.
    Failed,
}

/// What became of a step on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HostState {
    /// It was about to be run there.
    Begun,
    /// It is done there.
    Done,
    /// It failed there.
    Failed,
    /// The step failed elsewhere, or nobody can tell where: it may be done here.
    InDoubt,
}

/// A step of an apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Which apply.
    pub apply: u64,
    /// Its place in the plan, from 1.
    pub step: usize,
    /// Of which resource.
    pub resource: ResourceId,
    /// What it does, in words.
    pub what: String,
    /// What became of it.
    pub state: StepState,
    /// The ClickHouse hosts it runs on, and what became of it on each.
    pub hosts: BTreeMap<String, HostState>,
    /// When it was about to be run, as in RFC 3339.
    pub began: String,
    /// When it ended.
    pub ended: Option<String>,
    /// Why it failed, in the server's words.
    pub failure: Option<String>,
}

impl StepRecord {
    /// The step done.
    #[must_use]
    pub fn done(mut self, at: String) -> Self {
        self.hosts.values_mut().for_each(|state| *state = HostState::Done);
        Self { state: StepState::Done, ended: Some(at), ..self }
    }

    /// The step failed, on one host where it is about one.
    #[must_use]
    pub fn failed(mut self, at: String, host: Option<&str>, in_doubt: bool, why: String) -> Self {
        for (name, state) in &mut self.hosts {
            *state = match host {
                Some(host) if host == name && !in_doubt => HostState::Failed,
                Some(_) | None => HostState::InDoubt,
            };
        }
        Self { state: StepState::Failed, ended: Some(at), failure: Some(why), ..self }
    }
}
