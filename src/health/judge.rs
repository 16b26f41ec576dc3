//! Readings -> a report: one verdict a resource, the worst reason first.

use super::chain::chain;
use super::facts::{Facts, Report, ResourceHealth};
use super::reading::Readings;
use super::reason::Reason;
use super::topic::topic;
use super::verdict::Verdict;
use crate::model::{Desired, Presence, ResourceId};
use std::collections::BTreeSet;

/// Judges the resources of `only`, or all where it is empty. What should not exist is none of its business.
pub fn judge(desired: &Desired, readings: &Readings, only: &BTreeSet<ResourceId>) -> Report {
    let asked = |id: &ResourceId| only.is_empty() || only.contains(id);
    let topics = desired.topics.iter().filter(|t| t.lifecycle.state == Presence::Present && asked(&t.id));
    let chains = desired.pipelines.iter().filter(|p| p.lifecycle.state == Presence::Present && asked(&p.id));
    let topics = topics.map(|t| {
        let (facts, reasons) = topic(t, readings);
        resource(&t.id, Facts::Topic(facts), reasons)
    });
    let chains = chains.map(|p| {
        let (facts, reasons) = chain(p, readings);
        resource(&p.id, Facts::Chain(facts), reasons)
    });
    Report {
        project: desired.project.clone(),
        resources: topics.chain(chains).collect(),
        left_out: readings.kafka.left_out.clone(),
    }
}

fn resource(id: &ResourceId, facts: Facts, mut reasons: Vec<Reason>) -> ResourceHealth {
    if reasons.is_empty() {
        reasons.push(Reason::Arrived);
    }
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.verdict()));
    let verdict = reasons.first().map_or(Verdict::Unknown, Reason::verdict);
    // What is well is worth a word only where nothing is worse.
    let well = |r: &Reason| matches!(r.verdict(), Verdict::Healthy | Verdict::Idle);
    if !matches!(verdict, Verdict::Healthy | Verdict::Idle) {
        reasons.retain(|r| !well(r));
    }
    ResourceHealth { id: id.clone(), verdict, reasons, facts }
}
