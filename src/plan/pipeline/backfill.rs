//! New targets that are filled with what was there before them, while rows flow or while they wait.
//!
//! Nothing of it is remembered outside the servers. The comment of the table says that it is not filled; the view that
//! fills it from the topic says up to where, and is the last thing to go. Ingestion goes on only when that view is
//! there: what the pipeline's group had read until then is before its offsets, what it reads from then on reaches the
//! table by its ordinary view.

use super::consumer::consumer_of;
use super::hosts_where;
use crate::diff::{HostState, ObjectDiff, PipelineDiff};
use crate::model::backfill::{PENDING, up_to};
use crate::model::{
    BackfillFrom, Definition, DesiredBackfill, Live, LiveClickHouse, ObjectName, Owner, Refill, Reread, Role, UpTo,
};
use crate::plan::build::Draft;
use crate::plan::step::{Awaited, Fill, FillingView, KafkaAction, Start, TableAction};
use crate::plan::{Blocked, Hazard, Note, ResourcePlan};
use std::collections::{BTreeMap, BTreeSet};

/// How far the filling of a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing flows into it yet.
    Begins,
    /// Rows flow into it, and what was to fill it is gone: only all of it again is all of it.
    BeginsAgain,
    /// What fills it is there.
    GoesOn,
    /// It is filled, and what filled it is there.
    Ends,
}

/// A target that is being filled.
pub(super) struct Filling<'a> {
    desired: &'a DesiredBackfill,
    local: &'a ObjectDiff,
    stage: Stage,
}

/// All targets of a pipeline that have to be filled, or tidied up after it. A pipeline that is made as a whole has read
/// nothing that could be missing, unless its group has: then an apply was cut that had dropped everything. The same holds
/// for what is left to make of one, where an apply was cut that had not yet let rows in.
pub(super) fn fillings<'a>(diff: &'a PipelineDiff, all: &Live) -> Vec<Filling<'a>> {
    let live = &all.clickhouse;
    let has_read = all.kafka.groups.get(&diff.desired.group).is_some_and(|offsets| reads(diff, offsets));
    let exists = super::exists(diff);
    if !exists && !has_read {
        return Vec::new();
    }
    let begun = has_begun(diff, all);
    let lacks = |desired: &DesiredBackfill, stage: Stage| {
        begun || stage != Stage::Begins || !nothing_before(diff, desired, live)
    };
    let filling = |desired: &'a DesiredBackfill| {
        let local = diff.objects.iter().find(|o| o.desired.definition.name == desired.local)?;
        let topic = matches!(desired.from, BackfillFrom::Topic(_));
        let stage =
            stage(diff, desired, local, live).filter(|_| exists || topic).filter(|_| !local.desired.owned_elsewhere);
        let stage = stage.filter(|stage| lacks(desired, *stage))?;
        Some(Filling { desired, local, stage })
    };
    diff.desired.backfills.iter().filter_map(filling).collect()
}

fn reads(diff: &PipelineDiff, offsets: &BTreeMap<(String, u32), i64>) -> bool {
    offsets.keys().any(|(topic, _)| diff.desired.topics.contains(topic))
}

/// Whether the pipeline may ever have read a message: a view lets rows in, or some group of it has committed, or may have.
fn has_begun(diff: &PipelineDiff, all: &Live) -> bool {
    let mut groups = diff.reading_groups(&all.clickhouse);
    groups.extend(all.kafka.follows.get(&diff.desired.group).cloned());
    groups.insert(diff.desired.group.clone());
    let entries = diff.objects.iter().filter(|o| o.desired.role == Role::EntryView);
    let nothing = |group: &String| all.kafka.groups.get(group).is_some_and(|offsets| !reads(diff, offsets));
    entries.flat_map(|o| o.hosts.values()).any(super::is_there)
        || !(diff.left_over.is_empty() && diff.undeclared.is_empty())
        || !groups.iter().all(nothing)
}

/// Whether there is nothing to fill a target with, while the pipeline has not read anything: rows of a table may be there
/// all the same.
fn nothing_before(diff: &PipelineDiff, desired: &DesiredBackfill, live: &LiveClickHouse) -> bool {
    let BackfillFrom::Table(refill) = &desired.from else { return true };
    let Some(from) = diff.objects.iter().find(|o| o.desired.definition.name == refill.from) else { return false };
    let mut standing = from.hosts.iter().filter(|(_, state)| super::is_there(state)).map(|(host, _)| *host);
    let empty = |host: usize| live.hosts.get(host).and_then(|h| h.sizes.get(&refill.from)).is_some_and(|s| s.rows == 0);
    standing.all(empty)
}

fn stage(diff: &PipelineDiff, desired: &DesiredBackfill, local: &ObjectDiff, live: &LiveClickHouse) -> Option<Stage> {
    let pending = !pending(local, live).is_empty();
    let filled = local.hosts.iter().any(|(h, s)| super::is_there(s) && !is_pending(local, *h, live));
    match &desired.from {
        BackfillFrom::Topic(reread) => {
            let there = |name: &ObjectName| !having(name, live).is_empty();
            let flows = diff.objects.iter().filter(|o| o.desired.role == Role::EntryView);
            let flows = flows.flat_map(|o| o.hosts.values()).any(super::is_there);
            match (there(&reread.view.name), pending) {
                (true, true) => Some(Stage::GoesOn),
                (true, false) => Some(Stage::Ends),
                (false, false) if filled => there(&reread.kafka.name).then_some(Stage::Ends),
                // Of two hosts one may have been told already that the table is filled.
                (false, true) if filled => None,
                (false, true) if flows => Some(Stage::BeginsAgain),
                (false, _) => Some(Stage::Begins),
            }
        }
        BackfillFrom::Table(_) => {
            let view = diff.objects.iter().find(|o| o.desired.definition.name == desired.view);
            let begun = view.is_some_and(|v| v.hosts.values().any(super::is_there));
            let whole = filled || pending && begun;
            (!whole).then_some(Stage::Begins)
        }
    }
}

fn has(host: &crate::model::LiveHost, name: &ObjectName) -> bool {
    host.objects.contains_key(name) || host.unreadable.contains_key(name)
}

fn is_pending(local: &ObjectDiff, host: usize, live: &LiveClickHouse) -> bool {
    let found = live.hosts.get(host).and_then(|h| h.objects.get(&local.desired.definition.name));
    found.is_some_and(|o| Owner::read(&o.definition.comment).0 == PENDING)
}

fn pending(local: &ObjectDiff, live: &LiveClickHouse) -> BTreeSet<usize> {
    local.hosts.keys().copied().filter(|h| is_pending(local, *h, live)).collect()
}

/// What is on the servers only while a target is filled goes, whatever becomes of the rest.
pub(super) fn drop_all(diff: &PipelineDiff, live: &LiveClickHouse, plan: &ResourcePlan, draft: &mut Draft) {
    for backfill in &diff.desired.backfills {
        if let BackfillFrom::Topic(reread) = &backfill.from {
            tidy_up(reread, live, &BTreeSet::new(), plan, draft);
        }
    }
}

fn having(name: &ObjectName, live: &LiveClickHouse) -> BTreeSet<usize> {
    let hosts = live.hosts.iter().enumerate();
    hosts.filter(|(_, h)| has(h, name)).map(|(i, _)| i).collect()
}

/// The Kafka table goes with its members and its group, and then the view, wherever they are or will have been made.
fn tidy_up(reread: &Reread, live: &LiveClickHouse, made: &BTreeSet<usize>, plan: &ResourcePlan, draft: &mut Draft) {
    let (table, view, group) = (reread.kafka.name.clone(), reread.view.name.clone(), reread.group.clone());
    let on = |name: &ObjectName| -> BTreeSet<usize> { having(name, live).union(made).copied().collect() };
    let (tables, views) = (on(&table), on(&view));
    if tables.is_empty() && views.is_empty() {
        return;
    }
    let drop = |name: &ObjectName, is_view: bool| TableAction::Drop { name: name.clone(), is_view, sync: !is_view };
    draft.step_on(&plan.id, drop(&table, false), tables.clone(), []);
    // An apply that was cut may have dropped the table and not yet removed its members.
    let consumers = tables.union(&views).filter_map(|h| consumer_of(&reread.kafka, *h, live)).collect();
    draft.step(&plan.id, KafkaAction::RemoveMembers { table: table.clone(), group: group.clone(), consumers }, []);
    draft.step(&plan.id, KafkaAction::DeleteGroup { table, group }, []);
    draft.step_on(&plan.id, drop(&view, true), views, []);
}

impl Filling<'_> {
    /// Whether ingestion has to stand still for it.
    pub fn pauses(&self) -> bool {
        match self.stage {
            Stage::Begins | Stage::BeginsAgain => true,
            Stage::GoesOn | Stage::Ends => false,
        }
    }

    /// Whether rows are copied while nothing flows.
    pub fn copies(&self) -> Option<&Refill> {
        match &self.desired.from {
            BackfillFrom::Table(refill) => Some(refill),
            BackfillFrom::Topic(_) => None,
        }
    }

    /// The comment of the table while it is not filled; `None` for any other object.
    pub fn comment(&self, of: &ObjectName) -> Option<String> {
        if *of != self.desired.local || self.stage == Stage::Ends {
            return None;
        }
        let owner = Owner::read(&self.local.desired.definition.comment).1;
        Some(owner.map_or_else(|| PENDING.to_owned(), |owner| owner.stamp(PENDING)))
    }

    /// All its steps beyond those that make the target.
    pub fn steps(&self, diff: &PipelineDiff, live: &Live, plan: &mut ResourcePlan, draft: &mut Draft) {
        let hosts = &live.clickhouse;
        match (&self.desired.from, self.stage) {
            (BackfillFrom::Topic(reread), Stage::Ends) => tidy_up(reread, hosts, &BTreeSet::new(), plan, draft),
            (BackfillFrom::Topic(reread), Stage::Begins) => self.read(reread, diff, live, plan, draft),
            (BackfillFrom::Topic(reread), Stage::BeginsAgain) => {
                self.empty(hosts, plan, draft);
                self.read(reread, diff, live, plan, draft);
            }
            (BackfillFrom::Topic(reread), Stage::GoesOn) => self.read(reread, diff, live, plan, draft),
            (BackfillFrom::Table(refill), _) => self.copy(refill, diff, hosts, plan, draft),
        }
    }

    /// Rows are in it that came by its ordinary view: they come again.
    fn empty(&self, live: &LiveClickHouse, plan: &ResourcePlan, draft: &mut Draft) {
        let definition = &self.local.desired.definition;
        let (name, sync) = (definition.name.clone(), definition.engine.is_replicated());
        let hosts = pending(self.local, live);
        let drop = TableAction::Drop { name: name.clone(), is_view: false, sync };
        draft.step_on(&plan.id, drop, hosts.clone(), [Hazard::DeletesData]);
        let comment = self.comment(&name).unwrap_or_default();
        let made = Definition { comment, ..definition.clone() };
        draft.step_on(&plan.id, TableAction::Create(Box::new(made)), hosts, []);
    }

    /// The topic is read once more, up to where the group of the pipeline is.
    fn read(&self, reread: &Reread, diff: &PipelineDiff, live: &Live, plan: &mut ResourcePlan, draft: &mut Draft) {
        let (id, hosts) = (plan.id.clone(), &live.clickhouse);
        let Some(source) = diff.objects.iter().find(|o| o.desired.role == Role::Source) else { return };
        let reading = hosts_where(source, |_| true);
        let lacking = |name: &ObjectName| reading.iter().copied().filter(|h| !has(&hosts.hosts[*h], name)).collect();
        let (table, group) = (reread.kafka.name.clone(), reread.group.clone());
        draft.step_on(&id, TableAction::Create(Box::new(reread.kafka.clone())), lacking(&table), []);
        let known = known(reread, hosts);
        if self.stage != Stage::GoesOn {
            let topics = diff.desired.topics.clone();
            let (start, early) = (Start::Earliest, false);
            draft.step(
                &id,
                KafkaAction::SetOffsets { table: table.clone(), group: group.clone(), topics, start, early },
                [],
            );
        }
        let filling = FillingView {
            view: reread.view.clone(),
            source: source.desired.definition.name.clone(),
            group: diff.desired.group.clone(),
            topics: diff.desired.topics.clone(),
            up_to: known,
        };
        draft.step_on(&id, TableAction::CreateFillingView(Box::new(filling)), lacking(&reread.view.name), []);
        let messages = (self.stage != Stage::GoesOn).then(|| messages(diff, live));
        let noted = self.desired.through.as_ref().unwrap_or(&self.desired.local).clone();
        plan.notes.push(Note::Backfills { table: noted, group: group.clone(), messages });
        let awaited = Awaited {
            kafka: table,
            view: reread.view.name.clone(),
            local: self.desired.local.clone(),
            through: self.desired.through.clone(),
            group,
        };
        draft.step(&id, KafkaAction::AwaitBackfill(Box::new(awaited)), []);
        if let Some(through) = &self.desired.through {
            draft.step_on(&id, TableAction::Flush { name: through.clone() }, reading.clone(), []);
        }
        self.filled(hosts, plan, draft);
        tidy_up(reread, hosts, &reading, plan, draft);
    }

    /// The rows of another table are written into it.
    fn copy(
        &self,
        refill: &Refill,
        diff: &PipelineDiff,
        live: &LiveClickHouse,
        plan: &mut ResourcePlan,
        draft: &mut Draft,
    ) {
        let Some(from) = diff.objects.iter().find(|o| o.desired.definition.name == refill.from) else { return };
        let spreads = self.desired.through.as_ref() == Some(&refill.into);
        let once = |object: &ObjectDiff| match spreads || object.desired.definition.engine.is_replicated() {
            true => one_of_each_shard(object, live),
            false => hosts_where(object, |_| true),
        };
        for host in from.hosts.keys() {
            if let Some(why) = live.hosts[*host].unfillable.get(&self.desired.local) {
                plan.block(Blocked::Refused { object: self.desired.local.clone(), why: why.clone() });
                return;
            }
        }
        let (reads, counts) = (once(from), once(self.local));
        let fill = Fill { refill: refill.clone(), to: self.desired.local.clone(), reads: reads.clone(), counts };
        let all = self.local.hosts.keys().copied().chain(reads).collect();
        draft.step_on(&plan.id, TableAction::Fill(Box::new(fill)), all, [Hazard::CopiesData]);
        self.filled(live, plan, draft);
    }

    /// The mark goes from the table.
    fn filled(&self, live: &LiveClickHouse, plan: &ResourcePlan, draft: &mut Draft) {
        let marked = |host: &usize, state: &HostState| !super::is_there(state) || is_pending(self.local, *host, live);
        let hosts = self.local.hosts.iter().filter(|(h, s)| marked(h, s)).map(|(h, _)| *h).collect();
        let (name, comment) = (self.desired.local.clone(), self.local.desired.definition.comment.clone());
        draft.step_on(&plan.id, TableAction::Comment { name, comment, adopts: false }, hosts, []);
    }
}

/// Up to where the view fills that is there on some host.
fn known(reread: &Reread, live: &LiveClickHouse) -> Option<UpTo> {
    let views = live.hosts.iter().filter_map(|h| h.objects.get(&reread.view.name));
    views.filter_map(|v| up_to(Owner::read(&v.definition.comment).0)).next()
}

/// Replicas of a shard have the same rows.
fn one_of_each_shard(object: &ObjectDiff, live: &LiveClickHouse) -> BTreeSet<usize> {
    let (mut seen, mut chosen) = (BTreeSet::new(), BTreeSet::new());
    for host in object.hosts.keys() {
        let shard = object.desired.clusters.iter().find_map(|c| Some((c, live.hosts[*host].clusters.get(c)?.0)));
        if shard.is_none_or(|shard| seen.insert(shard)) {
            chosen.insert(*host);
        }
    }
    chosen
}

/// Messages that the pipeline's group has read and the topic still keeps.
fn messages(diff: &PipelineDiff, live: &Live) -> u64 {
    let committed = live.kafka.groups.get(&diff.desired.group);
    let of = |((topic, partition), offset): (&(String, u32), &i64)| {
        let partition = usize::try_from(*partition).ok()?;
        let (low, high) = live.kafka.ends.get(topic)?.get(partition)?;
        u64::try_from((*offset).min(*high) - low).ok()
    };
    committed.into_iter().flatten().filter_map(of).sum()
}
