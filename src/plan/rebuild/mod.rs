//! A table is built anew beside the old one, filled with its rows, and takes its name.
//!
//! Nothing of it is remembered outside the servers: a copy carries a mark in its comment until the table that it
//! replaced has got its dated name, so whoever plans after an apply that was cut sees how far it came.

mod columns;
mod left_over;
mod reshard;
mod standing;

pub(super) use left_over::{cut, remove, restore, set_aside, stands, tidy_up};
pub(super) use reshard::{Moves, moves, under};

use super::build::Draft;
use super::step::TableAction;
use super::{Blocked, Hazard, Obstacle, Policy, ResourcePlan};
use crate::diff::{Attribute, HostState, ObjectDiff};
use crate::model::live::LiveHost;
use crate::model::{Definition, KeepFor, LiveClickHouse, LiveObject, Misfit, ObjectName, Owner, TableSize, scratch};
use crate::sql::{AlterCommand, CopiedValue, Copy, CopyMethod, create};
use reshard::Spread;
use sha2::{Digest, Sha256};
use standing::Standing;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use crate::model::scratch::next;

/// What is done alike on some hosts.
#[derive(PartialEq, Eq)]
struct Work {
    next: Definition,
    /// What the copy goes through, where rows move to other hosts.
    through: Option<Definition>,
    copy: Copy,
    loses: bool,
}

/// What is to be built anew.
pub(super) struct Rebuild<'a> {
    /// The table.
    pub object: &'a ObjectDiff,
    /// Where.
    pub hosts: &'a BTreeSet<usize>,
    /// Where its rows go.
    pub moves: Option<&'a Moves>,
    /// How long the replaced table stays.
    pub keep: KeepFor,
}

/// Adds all steps that build a table anew on some hosts, where it stands. What an earlier run left there is
/// finished, taken on or dropped.
pub(super) fn rebuild(
    this: &Rebuild<'_>,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let Rebuild { object, hosts, moves, keep } = *this;
    obstacles(object, hosts, live, plan);
    let sync = object.desired.definition.engine.is_replicated();
    if !moves.is_some_and(Moves::are_copied) {
        filled(this, live, plan, draft);
    }
    swap(&object.desired.definition.name, hosts, keep, sync, live, policy, plan, draft);
    constrained(object, hosts, plan, draft);
    commented(object, hosts, plan, draft);
}

/// The new tables are made and filled.
fn filled(this: &Rebuild<'_>, live: &LiveClickHouse, plan: &mut ResourcePlan, draft: &mut Draft) {
    let Rebuild { object, hosts, moves, .. } = *this;
    let spread = moves.and_then(Moves::spread);
    let local = &object.desired.definition.name;
    let next = next(local);
    let mut works: Vec<(Work, BTreeSet<usize>)> = Vec::new();
    let (mut marked, mut stale, mut ready) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for host in hosts {
        let Some(found) = object.standing(*host, live) else { continue };
        let server = &live.hosts[*host];
        let work = work(object, object.form(*host), found, spread);
        misfits(object, *host, &work.copy, server, plan);
        room(object, *host, &work.copy, live, spread, plan);
        match standing::standing(local, found, server, &object.desired.definition) {
            Standing::Alone => {}
            Standing::Copied { form } if Some(form.as_str()) == scratch::copy_form(text(&work.next)) => {
                ready.insert(*host);
            }
            Standing::Copied { .. } => drop(stale.insert(*host)),
            // What is left over there has been seen to before.
            Standing::Replaced => {}
            Standing::Foreign => plan.block(Blocked::CannotRebuild {
                object: local.clone(),
                why: Obstacle::InTheWay { table: next.clone(), host: *host },
            }),
        }
        if scratch::copy_form(text(&found.definition)).is_some() {
            marked.insert(*host);
        }
        match works.iter_mut().find(|(w, _)| *w == work) {
            Some((_, on)) => drop(on.insert(*host)),
            None => works.push((work, BTreeSet::from([*host]))),
        }
    }
    let sync = object.desired.definition.engine.is_replicated();
    let id = plan.id.clone();
    // Only a table without a mark is copied: two marks would not tell which of the two is the copy.
    unmark(object, marked, live, plan, draft);
    draft.step_on(&id, TableAction::Drop { name: next, is_view: false, sync }, stale, []);
    for (work, on) in &works {
        let made = on.difference(&ready).copied().collect();
        draft.step_on(&id, TableAction::Create(Box::new(work.next.clone())), made, []);
        if let Some(through) = &work.through {
            draft.step_on(&id, TableAction::Create(Box::new(through.clone())), on.clone(), []);
        }
    }
    for (work, on) in works {
        let mut hazards = vec![Hazard::CopiesData];
        hazards.extend(work.loses.then_some(Hazard::DeletesData));
        let copy = Copy { rows: rows(&work.copy.from, &on, live), ..work.copy };
        let through = copy.through.clone();
        draft.step_on(&id, TableAction::Copy(Box::new(copy)), on.clone(), hazards);
        if let Some(name) = through {
            draft.step_on(&id, TableAction::Drop { name, is_view: false, sync: true }, on.clone(), []);
        }
    }
}

/// Rows of a table on some hosts; `None` before they were counted.
fn rows(table: &ObjectName, hosts: &BTreeSet<usize>, live: &LiveClickHouse) -> Option<u64> {
    hosts.iter().map(|host| live.hosts.get(*host)?.sizes.get(table).map(|size| size.rows)).sum()
}

/// The new table takes the name, and the old one a dated name, or goes.
#[expect(clippy::too_many_arguments, reason = "one swap, told apart only for its length")]
fn swap(
    local: &ObjectName,
    hosts: &BTreeSet<usize>,
    keep: KeepFor,
    sync: bool,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &ResourcePlan,
    draft: &mut Draft,
) {
    let next = next(local);
    let (at_once, in_turn): (BTreeSet<usize>, BTreeSet<usize>) =
        hosts.iter().partition(|h| exchanges(&live.hosts[**h], &local.database));
    let kept = left_over::dated(local, hosts, live, policy, draft);
    draft.step_on(&plan.id, TableAction::Exchange { left: local.clone(), right: next.clone() }, at_once.clone(), []);
    let pairs = vec![(local.clone(), kept.clone()), (next.clone(), local.clone())];
    draft.step_on(&plan.id, TableAction::Rename { pairs }, in_turn.clone(), []);
    if keep.days == 0 {
        for (name, on) in [(next, at_once), (kept, in_turn)] {
            draft.step_on(&plan.id, TableAction::Drop { name, is_view: false, sync }, on, []);
        }
    } else {
        draft.step_on(&plan.id, TableAction::Rename { pairs: vec![(next, kept)] }, at_once, []);
    }
}

/// Databases of the engines Atomic and Replicated swap two names at one moment.
pub(super) fn exchanges(host: &LiveHost, database: &str) -> bool {
    host.database_engines.get(database).is_none_or(|engine| matches!(engine.as_str(), "Atomic" | "Replicated"))
}

fn text(definition: &Definition) -> &str {
    Owner::read(&definition.comment).0
}

/// What is built and how it is filled, from the table as it stands.
fn work(object: &ObjectDiff, form: &Definition, found: &LiveObject, spread: Option<&Spread>) -> Work {
    let (desired, local) = (&object.desired, &object.desired.definition.name);
    let columns = columns::copied(desired, form, &found.definition);
    let through = spread.map(|spread| spread.through(local, form, &columns.values));
    let copy = Copy {
        from: local.clone(),
        to: next(local),
        through: through.as_ref().map(|definition| definition.name.clone()),
        // Which rows of a partition came from which host cannot be told.
        method: match spread {
            Some(_) => CopyMethod::Whole,
            None => columns::method(form, &found.definition, &columns.values),
        },
        columns: columns.values,
        rows: None,
    };
    let bare = Definition { constraints: Vec::new(), ..desired.definition.clone() };
    let definition = Definition { name: next(local), comment: String::new(), ..bare };
    // The copy that was begun is the one that is wanted when both texts are the same.
    let mut told = format!("{}\n{}", create(&definition, None, None).shown(), copy.statement().shown());
    told.extend(through.iter().map(|definition| create(definition, None, None).shown()));
    let form = Sha256::digest(told.as_bytes()).iter().take(6).map(|b| format!("{b:02x}")).collect::<String>();
    let form = spread.map_or_else(|| form.clone(), |spread| scratch::reshard_form(&spread.key, &form));
    let comment = match Owner::read(&desired.definition.comment).1 {
        Some(owner) => owner.stamp(&scratch::copy_mark(local, &form)),
        None => scratch::copy_mark(local, &form),
    };
    Work { next: Definition { comment, ..definition }, through, copy, loses: columns.loses }
}

/// What makes it impossible, whatever the rows are.
fn obstacles(object: &ObjectDiff, hosts: &BTreeSet<usize>, live: &LiveClickHouse, plan: &mut ResourcePlan) {
    let definition = &object.desired.definition;
    let mut block = |why: Obstacle| plan.block(Blocked::CannotRebuild { object: definition.name.clone(), why });
    if definition.engine.is_replicated() {
        let address = definition.engine.replicated_args().0;
        if address.first().is_some_and(|path| !path.to_string().contains("{uuid}")) {
            block(Obstacle::KeeperPath);
        }
        let mut shards: BTreeMap<(&str, u32), usize> = BTreeMap::new();
        for cluster in &object.desired.clusters {
            for (shard, _) in hosts.iter().filter_map(|h| live.hosts[*h].clusters.get(cluster)) {
                *shards.entry((cluster, *shard)).or_default() += 1;
            }
        }
        if shards.values().any(|replicas| *replicas > 1) {
            block(Obstacle::Replicas);
        }
    }
    // A view of others over a renamed table would see no row any more, and say nothing.
    let renames = hosts.iter().any(|h| !exchanges(&live.hosts[*h], &definition.name.database));
    for reader in object.strangers.iter().filter(|_| renames) {
        plan.block(Blocked::ReadByStranger { object: definition.name.clone(), reader: reader.clone() });
    }
}

/// Blocks what would not fit.
fn misfits(object: &ObjectDiff, host: usize, copy: &Copy, server: &LiveHost, plan: &mut ResourcePlan) {
    let name = &object.desired.definition.name;
    for (column, _) in copy.columns.iter().filter(|(_, v)| matches!(v, CopiedValue::Cast { .. })) {
        match server.misfits.get(&(name.clone(), column.clone())) {
            None | Some(Misfit::Rows(0)) => {}
            Some(Misfit::Rows(rows)) => {
                plan.block(Blocked::DoesNotFit { object: name.clone(), column: column.clone(), rows: *rows, host });
            }
            Some(Misfit::Refused(words)) => {
                let why = format!("{column} cannot be converted: {words}");
                plan.block(Blocked::ObjectUnknown { object: name.clone(), host, why });
            }
        }
    }
}

/// Takes the marks of copies off. By which key rows lie is told further on: the Distributed table may not have it.
fn unmark(object: &ObjectDiff, hosts: BTreeSet<usize>, live: &LiveClickHouse, plan: &ResourcePlan, draft: &mut Draft) {
    let desired = &object.desired.definition.comment;
    let mut comments: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for host in hosts {
        let key = object.standing(host, live).and_then(|found| scratch::placed_key(text(&found.definition)));
        let comment = match (key.map(scratch::placed_mark), Owner::read(desired).1) {
            (Some(mark), Some(owner)) => owner.stamp(&mark),
            (Some(mark), None) => mark,
            (None, _) => desired.clone(),
        };
        comments.entry(comment).or_default().insert(host);
    }
    for (comment, on) in comments {
        let name = object.desired.definition.name.clone();
        draft.step_on(&plan.id, TableAction::Comment { name, comment, adopts: false }, on, []);
    }
}

/// Old rows may break a constraint that came after them, and no copy is to fail for it: new rows alone are held to it, as
/// with a constraint that is added where the table stands.
fn constrained(object: &ObjectDiff, hosts: &BTreeSet<usize>, plan: &ResourcePlan, draft: &mut Draft) {
    let definition = &object.desired.definition;
    let commands: Vec<_> = definition.constraints.iter().cloned().map(AlterCommand::AddConstraint).collect();
    if !commands.is_empty() {
        draft.step_on(&plan.id, TableAction::Alter { name: definition.name.clone(), commands }, hosts.clone(), []);
    }
}

/// The mark of the copy goes last. Where the old comment differed too, the plan mends it anyway.
fn commented(object: &ObjectDiff, hosts: &BTreeSet<usize>, plan: &ResourcePlan, draft: &mut Draft) {
    let alike = |host: &&usize| match object.hosts.get(host) {
        Some(HostState::Ours(changes)) => changes.iter().all(|c| c.attribute != Attribute::Comment),
        Some(HostState::Missing | HostState::Unmarked { .. } | HostState::Foreign(_) | HostState::Unknown { .. })
        | None => false,
    };
    let (name, comment) = (object.desired.definition.name.clone(), object.desired.definition.comment.clone());
    let on = hosts.iter().filter(alike).copied().collect();
    draft.step_on(&plan.id, TableAction::Comment { name, comment, adopts: false }, on, []);
}

/// Blocks a copy that the disks have no room for; one that shares parts takes none. Where rows move, each host must
/// have room for an even share of all of them.
fn room(
    object: &ObjectDiff,
    host: usize,
    copy: &Copy,
    live: &LiveClickHouse,
    spread: Option<&Spread>,
    plan: &mut ResourcePlan,
) {
    let name = &object.desired.definition.name;
    let Some(size) = live.hosts[host].sizes.get(name).filter(|_| copy.method != CopyMethod::AttachPartitions) else {
        return;
    };
    let all =
        || object.hosts.keys().filter_map(|h| live.hosts[*h].sizes.get(name).copied()).collect::<Vec<TableSize>>();
    let bytes = spread.map_or(size.bytes, |spread| spread.share(&all()));
    if bytes > size.free {
        let why = Obstacle::NoSpace { host, bytes, free: size.free };
        plan.block(Blocked::CannotRebuild { object: name.clone(), why });
    }
}
