//! What happens to one pipeline.

mod backfill;
mod consumer;
mod evolve;
mod halt;
mod treatment;

use super::build::Draft;
use super::step::{KafkaAction, TableAction};
use super::{Blocked, Change, Hazard, Note, Policy, ResourcePlan, Verb, hosts, rebuild};
use crate::diff::{HostState, ObjectDiff, PipelineDiff};
use crate::model::{Definition, Deletion, Incompatible, Kind, Live, LiveClickHouse, Owner, Presence, Role};
use backfill::Filling;
use std::collections::BTreeSet;
use treatment::{Treated, Treatment};

/// The pipeline's part of the plan, with its steps.
pub(super) fn plan(
    diff: &PipelineDiff,
    live: &Live,
    policy: &Policy,
    recreated: &BTreeSet<String>,
) -> (ResourcePlan, Draft) {
    let mut draft = Draft::default();
    let mut plan = ResourcePlan::keep(diff.desired.id.clone());
    plan.notes = super::surroundings::notes(diff);
    plan.notes.extend(hosts::new(diff));
    plan.blocked = hosts::unread(diff, &live.clickhouse.census, policy);
    plan.blocked.extend(untouchable(diff));
    if !plan.blocked.is_empty() {
        plan.verb = Verb::Blocked;
        plan.changes = differences(diff);
        return (plan, draft);
    }
    let live_hosts = &live.clickhouse;
    let mut treated: Vec<Treated<'_>> =
        diff.objects.iter().filter(|o| !o.desired.owned_elsewhere).map(|o| Treated::new(o, live_hosts)).collect();
    let loses_topic = diff.desired.topics.iter().any(|t| recreated.contains(t));
    treated.iter_mut().for_each(|t| t.spread(diff, live_hosts));
    if plan.id.kind == Kind::ManualConsumer {
        let rebuilt = evolve::rebuilt(&treated);
        treated.iter_mut().for_each(|t| t.close(&rebuilt));
    }
    let heavy = treated.iter().any(|t| t.any(|t| matches!(t, Treatment::Rebuild(_) | Treatment::Nothing)));
    let incompatible = diff.desired.lifecycle.incompatible;
    let recreate = policy.recreate.contains(&plan.id) || heavy && incompatible == Incompatible::Recreate;
    let stuck = treated.iter().any(|t| t.any(|t| matches!(t, Treatment::Nothing)));
    let replaces = recreate && !stuck && plan.id.kind == Kind::OutgoingSink;
    if replaces {
        treated.iter_mut().for_each(|t| t.replace(live_hosts));
    }
    let fillings = backfill::fillings(diff, live);
    let quiet = |treated: &[Treated<'_>]| match (loses_topic, exists(diff)) {
        (true, _) => evolve::all_hosts(diff),
        (false, true) if fillings.iter().any(Filling::pauses) => evolve::all_hosts(diff),
        (false, true) => evolve::pauses(diff, treated, live_hosts),
        (false, false) => BTreeSet::new(),
    };
    // A Kafka table whose views go while it begins a block finds nobody to hand on to, and commits what it has read all
    // the same: those messages would be in no table (19,800 of 3,465,800 in 14,184 drops of a view). So it goes before
    // them, wherever they go; and with it more may have to stand still.
    let mut pausing = quiet(&treated);
    treated.iter_mut().for_each(|t| t.reconnect(&pausing));
    pausing.append(&mut quiet(&treated));
    treated.iter_mut().for_each(|t| t.reconnect(&pausing));
    match diff.desired.lifecycle.state {
        Presence::Absent => remove(diff, live_hosts, &mut plan, &mut draft),
        Presence::Present if recreate && exists(diff) && !replaces => {
            again(diff, &treated, live, &mut plan, &mut draft)
        }
        Presence::Present if stuck || heavy && incompatible == Incompatible::Block => {
            plan.changes = differences(diff);
            plan.block(Blocked::NeedsRecreate);
        }
        Presence::Present => {
            let evolution = evolve::Evolution {
                diff,
                treated: &treated,
                live,
                policy,
                fillings: &fillings,
                pausing: &pausing,
                stops: loses_topic,
            };
            evolution.plan(&mut plan, &mut draft);
            if replaces && exists(diff) && plan.verb != Verb::Blocked {
                plan.verb = Verb::Recreate;
            }
        }
    }
    forget_offsets(diff, recreated, &mut plan, &mut draft);
    if draft.has_steps() {
        plan.notes.extend(hosts::idle_consumers(diff, &live.kafka));
        plan.notes.extend(hosts::few_broker_threads(diff, &live.clickhouse));
    }
    (plan, draft)
}

/// The offsets of a topic that is made anew are none of the new one.
fn forget_offsets(diff: &PipelineDiff, recreated: &BTreeSet<String>, plan: &mut ResourcePlan, draft: &mut Draft) {
    let topics: Vec<String> = diff.desired.topics.iter().filter(|t| recreated.contains(*t)).cloned().collect();
    let source = diff.objects.iter().find(|o| o.desired.role == Role::Source);
    if let Some(source) = source.filter(|_| !topics.is_empty() && exists(diff)) {
        let (table, group) = (source.desired.definition.name.clone(), diff.desired.group.clone());
        draft.step(&plan.id, KafkaAction::ForgetOffsets { table, group, topics }, []);
    }
}

/// What nobody may touch, or nobody can judge.
fn untouchable(diff: &PipelineDiff) -> Vec<Blocked> {
    let mut blocked = Vec::new();
    for object in &diff.objects {
        let name = &object.desired.definition.name;
        if object.hosts.is_empty() {
            let clusters: Vec<String> = object.desired.clusters.iter().cloned().collect();
            blocked.push(Blocked::NoHosts(clusters.join(", ")));
        }
        for (host, state) in &object.hosts {
            match state {
                HostState::Foreign(owner) => {
                    blocked.push(Blocked::Foreign { object: name.clone(), owner: owner.clone() });
                }
                HostState::Unknown { why, refused: true, .. } => {
                    blocked.push(Blocked::Refused { object: name.clone(), why: why.clone() });
                }
                HostState::Unknown { why, .. } => {
                    blocked.push(Blocked::ObjectUnknown { object: name.clone(), host: *host, why: why.clone() });
                }
                HostState::Missing | HostState::Ours(_) | HostState::Unmarked { .. } => {}
            }
        }
    }
    blocked.dedup();
    blocked
}

fn exists(diff: &PipelineDiff) -> bool {
    diff.objects.iter().any(|o| o.hosts.values().any(is_there))
}

fn is_there(state: &HostState) -> bool {
    !matches!(state, HostState::Missing)
}

fn hosts_where(object: &ObjectDiff, holds: impl Fn(&HostState) -> bool) -> BTreeSet<usize> {
    object.hosts.iter().filter(|(_, s)| holds(s)).map(|(h, _)| *h).collect()
}

/// The differences as a reader sees them: equal ones of several hosts together.
fn differences(diff: &PipelineDiff) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for object in &diff.objects {
        let name = &object.desired.definition.name;
        for (host, state) in &object.hosts {
            for found in state.changes() {
                let known = changes.iter_mut().find_map(|c| match c {
                    Change::Attribute { object, change, hosts } if object == name && change == found => Some(hosts),
                    Change::Attribute { .. }
                    | Change::Topic { .. }
                    | Change::Make { .. }
                    | Change::Unmake { .. }
                    | Change::Adopt { .. } => None,
                });
                match known {
                    Some(hosts) => hosts.push(*host),
                    None => changes.push(Change::Attribute {
                        object: name.clone(),
                        change: found.clone(),
                        hosts: vec![*host],
                    }),
                }
            }
        }
    }
    changes
}

/// Drops everything that is there and makes all of it.
fn again(diff: &PipelineDiff, treated: &[Treated<'_>], live: &Live, plan: &mut ResourcePlan, draft: &mut Draft) {
    plan.verb = Verb::Recreate;
    plan.changes = differences(diff);
    drops(diff, &live.clickhouse, true, plan, draft);
    databases(diff, draft);
    for object in diff.objects.iter().filter(|o| !o.desired.owned_elsewhere) {
        make(object, hosts_where(object, |_| true), plan, draft);
    }
    consumer::leave_all(diff, treated, live, plan, draft);
    if plan.id.kind != Kind::OutgoingSink {
        plan.notes.push(Note::OffsetsKept { group: diff.desired.group.clone() });
    }
    foreground(diff, &live.clickhouse, plan);
}

fn remove(diff: &PipelineDiff, live: &LiveClickHouse, plan: &mut ResourcePlan, draft: &mut Draft) {
    let own = || diff.objects.iter().filter(|o| !o.desired.owned_elsewhere);
    let beside = own().any(|o| !rebuild::stands(o, live).is_empty());
    match diff.desired.lifecycle.deletion {
        _ if !exists(diff) && !beside => {}
        Deletion::Forbid => plan.block(Blocked::DeletionForbidden),
        Deletion::Allow => {
            plan.verb = Verb::Delete;
            drops(diff, live, false, plan, draft);
            own().for_each(|o| rebuild::remove(o, live, plan, draft));
        }
        Deletion::Orphan => forget(diff, plan, draft),
    }
}

/// Takes our mark off and leaves the objects.
fn forget(diff: &PipelineDiff, plan: &mut ResourcePlan, draft: &mut Draft) {
    for object in diff.objects.iter().filter(|o| !o.desired.owned_elsewhere) {
        let definition = &object.desired.definition;
        let ours = hosts_where(object, |s| matches!(s, HostState::Ours(_)));
        if !ours.is_empty() {
            plan.verb = Verb::Forget;
        }
        let comment = Owner::read(&definition.comment).0.to_owned();
        let action = TableAction::Comment { name: definition.name.clone(), comment, adopts: false };
        draft.step_on(&plan.id, action, ours, []);
    }
}

fn databases(diff: &PipelineDiff, draft: &mut Draft) {
    for (name, hosts) in &diff.missing_databases {
        draft.step_on(&diff.desired.id, TableAction::CreateDatabase { name: name.clone() }, hosts.clone(), []);
    }
}

fn make(object: &ObjectDiff, hosts: BTreeSet<usize>, plan: &mut ResourcePlan, draft: &mut Draft) {
    make_as(&object.desired.definition, hosts, plan, draft);
}

fn make_as(definition: &Definition, hosts: BTreeSet<usize>, plan: &mut ResourcePlan, draft: &mut Draft) {
    if hosts.is_empty() {
        return;
    }
    plan.changes.push(Change::Make {
        object: definition.name.clone(),
        engine: definition.engine.name.clone(),
        hosts: hosts.iter().copied().collect(),
    });
    draft.step_on(&plan.id, TableAction::Create(Box::new(definition.clone())), hosts, []);
}

/// Views of an earlier form of the pipeline: with them, rows would arrive twice or where nobody wants them.
/// They hold no rows themselves.
fn drop_left_over(diff: &PipelineDiff, stops: bool, plan: &mut ResourcePlan, draft: &mut Draft) {
    let sources = diff.objects.iter().filter(|o| o.desired.role == Role::Source);
    let sources: BTreeSet<_> = sources.map(|o| &o.desired.definition.name).collect();
    for (name, left_over) in &diff.left_over {
        let listed = left_over.hosts.iter().copied().collect();
        let entry = left_over.reads.iter().any(|table| sources.contains(table));
        let hazards = if entry { vec![Hazard::PausesIngestion] } else { Vec::new() };
        plan.changes.push(Change::Unmake { object: name.clone(), hosts: listed, hazards: hazards.clone() });
        let action = TableAction::Drop { name: name.clone(), is_view: true, sync: stops && entry };
        draft.step_on(&plan.id, action, left_over.hosts.clone(), hazards);
    }
}

/// Drops everything that is there; `again` where all of it is made once more.
fn drops(diff: &PipelineDiff, live: &LiveClickHouse, again: bool, plan: &mut ResourcePlan, draft: &mut Draft) {
    drop_left_over(diff, false, plan, draft);
    backfill::drop_all(diff, live, plan, draft);
    // The last made goes first; the edges of `order` do the rest.
    for object in diff.objects.iter().rev().filter(|o| !o.desired.owned_elsewhere) {
        let definition = &object.desired.definition;
        let hosts = hosts_where(object, is_there);
        if hosts.is_empty() {
            continue;
        }
        for reader in &object.strangers {
            plan.block(Blocked::ReadByStranger { object: definition.name.clone(), reader: reader.clone() });
        }
        let hazards = drop_hazards(object, again && plan.id.kind == Kind::OutgoingSink);
        let name = definition.name.clone();
        if object.desired.role == Role::Distributed {
            draft.step_on(&plan.id, TableAction::Flush { name: name.clone() }, hosts.clone(), []);
        }
        let listed = hosts.iter().copied().collect();
        plan.changes.push(Change::Unmake { object: name.clone(), hosts: listed, hazards: hazards.clone() });
        let sync = definition.engine.is_replicated();
        draft.step_on(&plan.id, TableAction::Drop { name, is_view: definition.is_view(), sync }, hosts, hazards);
    }
}

fn drop_hazards(object: &ObjectDiff, again: bool) -> Vec<Hazard> {
    match object.desired.role {
        Role::Local => vec![Hazard::DeletesData],
        Role::Distributed => vec![Hazard::BreaksReaders],
        Role::EntryView => vec![Hazard::PausesIngestion],
        // What is inserted meanwhile finds no view, and what is being inserted finds its table gone.
        Role::Feed | Role::Sink if again => vec![Hazard::MissesRows],
        Role::Source | Role::Sink | Role::Hub | Role::View | Role::Feed => Vec::new(),
    }
}

/// A crash can lose rows that a Distributed table has taken but not yet sent.
fn foreground(diff: &PipelineDiff, live: &LiveClickHouse, plan: &mut ResourcePlan) {
    let writes = |o: &&ObjectDiff| o.desired.role == Role::Distributed;
    let on = diff.objects.iter().filter(writes).flat_map(|o| o.hosts.keys().copied());
    let hosts: BTreeSet<usize> = on.filter(|h| !live.hosts[*h].foreground_insert).collect();
    if !hosts.is_empty() {
        plan.notes.push(Note::BackgroundInsert { hosts: hosts.into_iter().collect() });
    }
}
