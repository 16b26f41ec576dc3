//! What earlier runs left: copies that nobody wants any more, tables that wait for their dated name, tables whose
//! time has passed, and names that were cut between two renames.

use super::standing::{Standing, standing};
use super::{exchanges, next, text};
use crate::diff::ObjectDiff;
use crate::model::live::LiveHost;
use crate::model::{Definition, KeepFor, LiveClickHouse, ObjectName, Owner, Role, scratch};
use crate::plan::build::Draft;
use crate::plan::step::{Action, TableAction};
use crate::plan::{Blocked, Change, Hazard, Note, Obstacle, Policy, ResourcePlan};
use jiff::ToSpan;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// Sees to the leftovers of one table. Comes before the table's own steps.
pub(in crate::plan) fn tidy_up(
    object: &ObjectDiff,
    rebuilt: &BTreeSet<usize>,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    match object.desired.role {
        Role::Local => local(object, rebuilt, keep, live, policy, plan, draft),
        Role::Distributed => distributed(object, live, plan, draft),
        Role::Sink => beside_sink(object, keep, live, policy, plan, draft),
        Role::Source | Role::Hub | Role::View | Role::EntryView | Role::Feed => {}
    }
}

fn local(
    object: &ObjectDiff,
    rebuilt: &BTreeSet<usize>,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let desired = &object.desired.definition;
    let (name, next, sync) = (&desired.name, next(&desired.name), desired.engine.is_replicated());
    let (mut abandoned, mut replaced, mut served) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for host in object.hosts.keys() {
        let Some(found) = object.standing(*host, live) else { continue };
        if is_ours(&scratch::through(name), desired, &live.hosts[*host]) {
            served.insert(*host);
        }
        match standing(name, found, &live.hosts[*host], desired) {
            Standing::Copied { .. } if !rebuilt.contains(host) => drop(abandoned.insert(*host)),
            Standing::Replaced => drop(replaced.insert(*host)),
            Standing::Copied { .. } | Standing::Alone | Standing::Foreign => {}
        }
    }
    let through = scratch::through(name);
    draft.step_on(&plan.id, TableAction::Drop { name: through, is_view: false, sync: true }, served, []);
    draft.step_on(&plan.id, TableAction::StartMerges { name: name.clone() }, abandoned.clone(), []);
    // All its rows are in the table that it was to replace.
    draft.step_on(&plan.id, TableAction::Drop { name: next.clone(), is_view: false, sync }, abandoned, []);
    if keep.days == 0 {
        draft.step_on(&plan.id, TableAction::Drop { name: next, is_view: false, sync }, replaced, []);
    } else {
        let pairs = vec![(next, dated(name, &replaced, live, policy, draft))];
        draft.step_on(&plan.id, TableAction::Rename { pairs }, replaced, []);
    }
    kept(object, keep, live, policy, plan, draft);
}

/// A Distributed table that was to take another one's name, or gave its own: it may have rows in its queue.
fn distributed(object: &ObjectDiff, live: &LiveClickHouse, plan: &mut ResourcePlan, draft: &mut Draft) {
    let desired = &object.desired.definition;
    let next = next(&desired.name);
    let ours = |h: &usize| is_ours(&next, desired, &live.hosts[*h]);
    let hosts: BTreeSet<usize> = object.hosts.keys().copied().filter(ours).collect();
    draft.step_on(&plan.id, TableAction::Flush { name: next.clone() }, hosts.clone(), []);
    draft.step_on(&plan.id, TableAction::Drop { name: next, is_view: false, sync: true }, hosts, []);
}

/// A Kafka table that was to take another one's name, or gave its own.
fn beside_sink(
    object: &ObjectDiff,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let desired = &object.desired.definition;
    let name = next(&desired.name);
    let hosts = object.hosts.keys().copied().filter(|h| is_ours(&name, desired, &live.hosts[*h])).collect();
    set_aside(&desired.name, hosts, keep, live, policy, plan, draft);
    kept(object, keep, live, policy, plan, draft);
}

/// A Kafka table that writes is kept for a while when it is replaced: an INSERT, or a stream that has a view over it
/// open, goes on writing into it, and the server drops such rows without a word once the table is dropped.
pub(in crate::plan) fn set_aside(
    name: &ObjectName,
    hosts: BTreeSet<usize>,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &ResourcePlan,
    draft: &mut Draft,
) {
    let next = next(name);
    if keep.days == 0 {
        let action = TableAction::Drop { name: next, is_view: false, sync: true };
        draft.step_on(&plan.id, action, hosts, [Hazard::MissesRows]);
    } else {
        let pairs = vec![(next, dated(name, &hosts, live, policy, draft))];
        draft.step_on(&plan.id, TableAction::Rename { pairs }, hosts, []);
    }
}

/// Whether a table carries the mark of the one that it was made for.
fn is_ours(table: &ObjectName, of: &Definition, host: &LiveHost) -> bool {
    let mark = |d: &Definition| Owner::read(&d.comment).1;
    host.objects.get(table).is_some_and(|o| mark(&o.definition) == mark(of))
}

/// What stands beside a table for its sake, with the hosts.
pub(in crate::plan) fn stands(object: &ObjectDiff, live: &LiveClickHouse) -> BTreeMap<ObjectName, BTreeSet<usize>> {
    let desired = &object.desired.definition;
    let mut beside: BTreeMap<ObjectName, BTreeSet<usize>> = BTreeMap::new();
    if !matches!(object.desired.role, Role::Local | Role::Distributed | Role::Sink) {
        return beside;
    }
    let passing = [next(&desired.name), scratch::through(&desired.name)];
    for host in object.hosts.keys() {
        let server = &live.hosts[*host];
        let named = |t: &&ObjectName| passing.contains(*t) || scratch::kept_since(&desired.name, t).is_some();
        for table in server.objects.keys().filter(named).filter(|t| is_ours(t, desired, server)) {
            beside.entry(table.clone()).or_default().insert(*host);
        }
    }
    for (table, (_, hosts)) in &object.aside {
        beside.entry(table.clone()).or_default().extend(hosts);
    }
    beside
}

/// Drops what stands beside a table that goes.
pub(in crate::plan) fn remove(object: &ObjectDiff, live: &LiveClickHouse, plan: &mut ResourcePlan, draft: &mut Draft) {
    for (name, hosts) in stands(object, live) {
        let rows = object.desired.role == Role::Local && name != scratch::through(&object.desired.definition.name);
        let hazards = if rows { vec![Hazard::DeletesData] } else { Vec::new() };
        let listed = hosts.iter().copied().collect();
        plan.changes.push(Change::Unmake { object: name.clone(), hosts: listed, hazards: hazards.clone() });
        draft.step_on(&plan.id, TableAction::Drop { name, is_view: false, sync: true }, hosts, hazards);
    }
}

/// Replaced tables: noted while they are kept, dropped when their time has passed.
fn kept(
    object: &ObjectDiff,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let desired = &object.desired.definition;
    let mut tables: BTreeMap<&ObjectName, (Date, BTreeSet<usize>)> = BTreeMap::new();
    for host in object.hosts.keys() {
        for table in live.hosts[*host].objects.keys() {
            let Some(since) = scratch::kept_since(&desired.name, table) else { continue };
            if is_ours(table, desired, &live.hosts[*host]) {
                tables.entry(table).or_insert((since, BTreeSet::new())).1.insert(*host);
            }
        }
    }
    for (table, (since, hosts)) in &object.aside {
        tables.entry(table).or_insert((*since, BTreeSet::new())).1.extend(hosts);
    }
    for (table, (since, hosts)) in tables {
        let until = since.saturating_add(i64::from(keep.days).days());
        if policy.today >= until {
            let sync = desired.engine.is_replicated();
            draft.step_on(&plan.id, TableAction::Drop { name: table.clone(), is_view: false, sync }, hosts, []);
        } else {
            plan.notes.push(Note::KeptOld { object: table.clone(), until });
        }
    }
}

/// A dated name that is free on these hosts and that no step gives away there. Other hosts do not count: those that
/// an apply left half done end as the others do.
pub(super) fn dated(
    name: &ObjectName,
    hosts: &BTreeSet<usize>,
    live: &LiveClickHouse,
    policy: &Policy,
    draft: &Draft,
) -> ObjectName {
    let on = hosts.iter().filter_map(|host| live.hosts.get(*host));
    let mut taken: BTreeSet<ObjectName> = on.flat_map(|h| h.objects.keys().cloned()).collect();
    for step in draft.steps().iter().filter(|s| !s.hosts.is_disjoint(hosts)) {
        if let Action::Table(TableAction::Rename { pairs }) = &step.action {
            taken.extend(pairs.iter().map(|(_, to)| to.clone()));
        }
    }
    scratch::kept(name, policy.today, &taken)
}

/// Hosts where a table is missing because an apply was cut between the two renames that swap it: a new one made
/// there would be empty.
pub(in crate::plan) fn cut(object: &ObjectDiff, live: &LiveClickHouse) -> BTreeSet<usize> {
    let name = &object.desired.definition.name;
    let missing = |host: &&usize| {
        let server = &live.hosts[**host];
        object.desired.role == Role::Local
            && !object.under_old_name.contains(*host)
            && !server.objects.contains_key(name)
            && server.objects.contains_key(&next(name))
    };
    object.hosts.keys().filter(missing).copied().collect()
}

/// Gives the copies their names on the hosts of [`cut`].
pub(in crate::plan) fn restore(
    object: &ObjectDiff,
    hosts: &BTreeSet<usize>,
    live: &LiveClickHouse,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let desired = &object.desired.definition;
    let name = &desired.name;
    for host in hosts {
        let server = &live.hosts[*host];
        let copy = server.objects.get(&next(name)).is_some_and(|o| scratch::copy_form(text(&o.definition)).is_some());
        let replaced = server.objects.keys().any(|table| scratch::kept_since(name, table).is_some());
        // Only the rename that swaps them leaves it so, and it comes after rows were counted and compared.
        if !(copy && replaced && !exchanges(server, &name.database)) {
            let why = Obstacle::Gone { table: next(name), host: *host };
            plan.block(Blocked::CannotRebuild { object: name.clone(), why });
        }
    }
    let pairs = vec![(next(name), name.clone())];
    draft.step_on(&plan.id, TableAction::Rename { pairs }, hosts.clone(), []);
    let (name, comment) = (name.clone(), desired.comment.clone());
    draft.step_on(&plan.id, TableAction::Comment { name, comment, adopts: false }, hosts.clone(), []);
}
