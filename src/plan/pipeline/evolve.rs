//! A pipeline is made whole and changed while rows flow: the least change that works, in the one order that loses
//! nothing. Where views and the columns they fill change together, ingestion stops first and starts last; Kafka
//! keeps what arrives.

use super::backfill::Filling;
use super::consumer;
use super::halt::{by_name, flush, stop, unguarded};
use super::treatment::{Treated, Treatment};
use super::{databases, differences, drop_left_over, exists, foreground, make_as};
use crate::diff::{Attribute, HostState, PipelineDiff};
use crate::model::{Column, Definition, KeepFor, Kind, Live, LiveClickHouse, ObjectName, Owner, Role, scratch};
use crate::plan::build::Draft;
use crate::plan::rebuild::Moves;
use crate::plan::step::{Action, TableAction};
use crate::plan::{Blocked, Change, Class, Hazard, Impact, Offsets, Policy, ResourcePlan, Verb, rebuild, surroundings};
use crate::sql::AlterCommand;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long ingestion stands still while views are away: what runs on them ends, and they are made again.
const PAUSE: Duration = Duration::from_secs(2);
/// With a new consumer: it joins the group and gets its partitions (2.3 to 2.6 s were measured).
const RECONNECT: Duration = Duration::from_secs(3);
/// With several new consumers on a host, which wait for each other before they read (17.2 to 19.4 s were measured).
const RECONNECT_SEVERAL: Duration = Duration::from_secs(19);
/// When the group has to wait for members that are gone (45.9 to 48.2 s were measured).
const SESSION: Duration = Duration::from_secs(48);

/// A pipeline as it is and as it should be.
pub(super) struct Evolution<'a> {
    pub diff: &'a PipelineDiff,
    pub treated: &'a [Treated<'a>],
    pub live: &'a Live,
    pub policy: &'a Policy,
    /// New targets that are to be filled.
    pub fillings: &'a [Filling<'a>],
    /// Hosts on which rows must not begin to flow meanwhile, where it is there already.
    pub pausing: &'a BTreeSet<usize>,
    /// Ingestion has to stop whatever changes: a topic goes.
    pub stops: bool,
}

impl Evolution<'_> {
    /// The steps from one to the other.
    pub fn plan(&self, plan: &mut ResourcePlan, draft: &mut Draft) {
        let Evolution { diff, treated, live, policy, fillings, pausing, stops } = *self;
        let hosts = &live.clickhouse;
        let whole = !exists(diff);
        plan.changes = differences(diff);
        let begins = fillings.iter().any(Filling::pauses);
        drop_left_over(diff, begins, plan, draft);
        drop_undeclared(diff, plan, draft);
        databases(diff, draft);
        let paused = !whole && !pausing.is_empty();
        if paused {
            stop(diff, treated, pausing, hosts, plan, draft);
        } else if treated.iter().any(|t| t.role() == Role::Sink && t.any(|t| matches!(t, Treatment::Swap))) {
            // What is queued has the columns of the Kafka table that is there.
            flush(treated, &all_hosts(diff), hosts, plan, draft);
        }
        for object in treated {
            let unfilled = fillings.iter().find_map(|f| f.comment(object.name()));
            change(object, unfilled.as_ref(), paused, diff.desired.lifecycle.keep_old_for, hosts, policy, plan, draft);
            adopt(object, unfilled.is_some(), plan, draft);
        }
        for view in treated.iter().filter(|t| t.is_view()) {
            let kept = stale(view, treated, hosts).into_iter().filter(|h| !draft.drops(view.name(), *h)).collect();
            query(view, kept, plan, draft);
        }
        fillings.iter().for_each(|f| f.steps(diff, live, plan, draft));
        let mut outlook = consumer::reconnect(diff, treated, live, paused, plan, draft);
        if stops {
            outlook.offsets = Some(Offsets::Restarted);
        }
        unguarded(treated, plan, draft);
        let makes = plan.changes.iter().any(|c| matches!(c, Change::Make { .. }));
        plan.verb = match () {
            () if makes && whole => Verb::Create,
            () if rebuilds(treated) => Verb::Rebuild,
            () if !plan.changes.is_empty() || stops && !whole || !fillings.is_empty() => Verb::Change,
            () => plan.verb,
        };
        if !whole && draft.has_steps() {
            let filled = fillings.iter().any(|f| f.copies().is_some());
            let rows = rows(treated, draft, hosts);
            plan.impact = Some(Impact { rows, ..impact(treated, filled, paused, outlook) });
        }
        if makes {
            foreground(diff, hosts, plan);
        }
    }
}

/// Tables that are built anew on some host.
pub(super) fn rebuilt(treated: &[Treated<'_>]) -> BTreeSet<ObjectName> {
    let anew = treated.iter().filter(|t| t.any(|t| matches!(t, Treatment::Rebuild(_))));
    anew.map(|t| t.name().clone()).collect()
}

fn rebuilds(treated: &[Treated<'_>]) -> bool {
    treated.iter().any(|t| t.any(|t| matches!(t, Treatment::Rebuild(_))))
}

/// Hosts on which rows must not begin to flow while this is done; none where nothing pauses.
pub(super) fn pauses(diff: &PipelineDiff, treated: &[Treated<'_>], live: &LiveClickHouse) -> BTreeSet<usize> {
    let when = |pauses: bool| if pauses { all_hosts(diff) } else { BTreeSet::new() };
    if diff.desired.id.kind == Kind::OutgoingSink {
        return when(treated.iter().any(|t| t.any(|t| matches!(t, Treatment::Remake))));
    }
    let view = |of: fn(&Treatment) -> bool| treated.iter().filter(|t| t.is_view()).any(|t| t.any(of));
    // A new consumer that waits for its partitions has begun with the view as it was: it must not find one that is stale.
    let stale = treated.iter().filter(|t| t.is_view()).any(|t| !stale(t, treated, live).is_empty());
    let views_move = stale || view(|t| matches!(t, Treatment::Query | Treatment::Remake)) || !diff.left_over.is_empty();
    let columns_move = treated.iter().any(|t| t.moves_columns(live));
    let hub = treated.iter().any(|t| {
        let renamed = !t.object.under_old_name.is_empty();
        // Were the table of one view away, the others would write the same block again and again.
        renamed
            || matches!(t.role(), Role::Hub | Role::Sink | Role::Distributed)
                && t.any(|t| matches!(t, Treatment::Remake))
    });
    let regroups = consumer::changes_group(diff, live);
    let entry = |table| treated.iter().any(|t| t.role() == Role::Source && t.name() == table);
    let entry_goes = diff.left_over.values().any(|l| l.reads.iter().any(entry));
    // A new consumer begins with the views that it finds: what another one would have taken is in no table. So where views
    // come, the one that lets rows in comes last.
    let host_of = |role: fn(Role) -> bool, of: fn(&Treatment) -> bool| -> BTreeSet<usize> {
        treated.iter().filter(|t| role(t.role())).flat_map(|t| t.hosts_with(of)).collect()
    };
    let consumer_comes = host_of(|r| r == Role::Source, |t| matches!(t, Treatment::Make | Treatment::Remake));
    let view_comes = host_of(|r| r == Role::View, |t| matches!(t, Treatment::Make));
    let lets_in = host_of(|r| r == Role::EntryView, |t| !matches!(t, Treatment::Make));
    let enters_early = consumer_comes.iter().any(|h| view_comes.contains(h) && lets_in.contains(h));
    let replaced = diff.undeclared.values().any(|(engine, _)| surroundings::goes(diff.desired.id.kind, engine));
    let everywhere = rebuilds(treated) || hub || entry_goes || regroups || replaced;
    let moves = enters_early || view(|t| matches!(t, Treatment::Remake)) || views_move && columns_move;
    // Rows of the other hosts go on to this one: past the entry views, but through all that come after them.
    let beyond = treated.iter().filter(|t| t.role() == Role::View).any(|t| {
        t.any(|t| !matches!(t, Treatment::Keep | Treatment::Make)) || !self::stale(t, treated, live).is_empty()
    });
    if !everywhere && moves && !beyond && diff.left_over.is_empty() {
        changing(treated)
    } else {
        when(everywhere || moves)
    }
}

pub(super) fn all_hosts(diff: &PipelineDiff) -> BTreeSet<usize> {
    diff.objects.iter().flat_map(|o| o.hosts.keys().copied()).collect()
}

/// Hosts on which something is not as declared.
fn changing(treated: &[Treated<'_>]) -> BTreeSet<usize> {
    treated.iter().flat_map(|t| t.hosts_with(|t| !matches!(t, Treatment::Keep))).collect()
}

/// What the pipeline no longer declares and holds no rows goes.
fn drop_undeclared(diff: &PipelineDiff, plan: &mut ResourcePlan, draft: &mut Draft) {
    let kind = diff.desired.id.kind;
    let mut gone: Vec<_> = diff.undeclared.iter().filter(|(_, (engine, _))| surroundings::goes(kind, engine)).collect();
    // A Distributed table goes before what it lies over.
    gone.sort_by_key(|(_, (engine, _))| engine != "Distributed");
    for (name, (engine, hosts)) in gone {
        let distributed = engine == "Distributed";
        if distributed {
            draft.step_on(&plan.id, TableAction::Flush { name: name.clone() }, hosts.clone(), []);
        }
        let hazards = if distributed { vec![Hazard::BreaksReaders] } else { Vec::new() };
        let listed = hosts.iter().copied().collect();
        plan.changes.push(Change::Unmake { object: name.clone(), hosts: listed, hazards: hazards.clone() });
        let is_view = engine == crate::model::Engine::VIEW;
        let action = TableAction::Drop { name: name.clone(), is_view, sync: true };
        draft.step_on(&plan.id, action, hosts.clone(), hazards);
    }
}

/// The steps of one object, its comment apart. A table that is to be filled has another one until it is.
#[expect(clippy::too_many_arguments, reason = "one object, told apart only for its length")]
fn change(
    object: &Treated<'_>,
    unfilled: Option<&String>,
    paused: bool,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let id = plan.id.clone();
    let rebuilt = object.hosts_with(|t| matches!(t, Treatment::Rebuild(_)));
    rebuild::tidy_up(object.object, &rebuilt, keep, live, policy, plan, draft);
    let cut = rebuild::cut(object.object, live);
    rebuild::restore(object.object, &cut, live, plan, draft);
    let definition = &object.object.desired.definition;
    let name = object.name().clone();
    let missing = object.hosts_with(|t| matches!(t, Treatment::Make));
    let comment = unfilled.unwrap_or(&definition.comment).clone();
    let made = Definition { comment, ..definition.clone() };
    make_as(&made, missing.difference(&cut).copied().collect(), plan, draft);
    rename(object, plan, draft);
    let remade = object.hosts_with(|t| matches!(t, Treatment::Remake));
    let create = |hosts, draft: &mut Draft| {
        draft.step_on(&id, TableAction::Create(Box::new(definition.clone())), hosts, []);
    };
    match object.role() {
        // Dropped when ingestion stops.
        Role::View | Role::EntryView | Role::Feed if paused => {
            let on = object.object.hosts.keys().copied();
            let stopped = on.filter(|h| draft.drops(&name, *h) || remade.contains(h)).collect();
            create(stopped, draft);
            let kept = object.hosts_with(|t| matches!(t, Treatment::Query));
            let kept = kept.into_iter().filter(|h| !draft.drops(&name, *h)).collect();
            query(object, kept, plan, draft);
        }
        Role::View | Role::EntryView | Role::Feed => {
            query(object, object.hosts_with(|t| matches!(t, Treatment::Query)), plan, draft)
        }
        // The consumers know what becomes of their table.
        Role::Source => {}
        Role::Sink | Role::Hub | Role::Distributed => {
            for (hosts, old) in by_name(object, remade.clone()) {
                let dropped = if old { object.object.desired.renamed_from.clone() } else { Some(name.clone()) };
                let Some(dropped) = dropped else { continue };
                draft.step_on(&id, TableAction::Drop { name: dropped, is_view: false, sync: true }, hosts, []);
            }
            create(remade, draft);
        }
        Role::Local => {}
    }
    alter(object, plan.id.kind == Kind::OutgoingSink, plan, draft);
    swap(object, keep, live, policy, plan, draft);
    if !rebuilt.is_empty() {
        let this = rebuild::Rebuild { object: object.object, hosts: &rebuilt, moves: object.moves.as_ref(), keep };
        rebuild::rebuild(&this, live, policy, plan, draft);
    }
    if let (Role::Local, Some(Moves::Blocked(why))) = (object.role(), &object.moves) {
        plan.block(Blocked::CannotRebuild { object: name, why: why.clone() });
    }
}

/// A table with rows takes its new name; nothing is copied.
fn rename(object: &Treated<'_>, plan: &mut ResourcePlan, draft: &mut Draft) {
    let Some(old) = object.object.desired.renamed_from.clone() else { return };
    if object.role() == Role::Local && !object.object.under_old_name.is_empty() {
        // A view goes on reading the name: with the table gone from it, rows would pass it by without a word.
        for reader in &object.object.strangers {
            plan.block(Blocked::ReadByStranger { object: old.clone(), reader: reader.clone() });
        }
        let pairs = vec![(old, object.name().clone())];
        let hosts = object.object.under_old_name.clone();
        draft.step_on(&plan.id, TableAction::Rename { pairs }, hosts, []);
    }
}

/// Hosts where a view stays as it is although what it reads changes, and with that the types it gives: what it has stored
/// of them is told anew.
fn stale(view: &Treated<'_>, treated: &[Treated<'_>], live: &LiveClickHouse) -> BTreeSet<usize> {
    let sources = || treated.iter().filter(|t| view.object.desired.reads.contains(t.name()));
    let moves = |host: &usize| {
        sources().filter_map(|t| t.hosts.get(host)).any(|treatment| match treatment {
            Treatment::Alter(_) | Treatment::Swap | Treatment::Remake | Treatment::Rebuild(_) => true,
            // An apply was cut that was to change it: had it been as it is to be, the view would have its types.
            Treatment::Make => true,
            Treatment::Keep | Treatment::Query | Treatment::Nothing => false,
        })
    };
    let differs = |host: &usize| {
        let (form, found) = (view.object.forms.get(host), view.object.standing(*host, live));
        let Some((form, found)) = form.zip(found) else { return false };
        let stored =
            |column: &Column| found.definition.columns.iter().find(|c| c.name == column.name).map(|c| &c.data_type);
        form.columns.iter().any(|c| stored(c).is_some_and(|t| !t.same(&c.data_type)))
    };
    let kept = view.hosts_with(|t| matches!(t, Treatment::Keep)).into_iter();
    kept.filter(|h| moves(h) && differs(h)).collect()
}

fn query(object: &Treated<'_>, hosts: BTreeSet<usize>, plan: &ResourcePlan, draft: &mut Draft) {
    let Some(query) = object.object.desired.definition.query.clone() else { return };
    let action = TableAction::ModifyQuery { name: object.name().clone(), query };
    draft.step_on(&plan.id, action, hosts, []);
}

fn alter(object: &Treated<'_>, sink: bool, plan: &ResourcePlan, draft: &mut Draft) {
    let is_local = object.role() == Role::Local;
    for (alteration, hosts) in object.alterations() {
        let mut statements = alteration.first.clone();
        // A Distributed table has no rows: what goes, goes at once, before the local one lets go of it.
        match is_local {
            true => statements.push(alteration.last.clone()),
            // What goes, goes before the queue is sent and the Kafka table lets go of it, what comes after it has it.
            false if sink => statements.insert(0, alteration.last.clone()),
            false => statements = vec![statements.concat().into_iter().chain(alteration.last.clone()).collect()],
        }
        for commands in statements.into_iter().flat_map(|c| by_replica(c, object)).filter(|c| !c.is_empty()) {
            let hazards = hazards(&commands, object, &hosts, is_local);
            let action = TableAction::Alter { name: object.name().clone(), commands };
            draft.step_on(&plan.id, action, hosts.clone(), hazards);
        }
    }
}

/// Replicas keep the settings of a table each for itself and copy the rest from one another: that takes two statements.
fn by_replica(commands: Vec<AlterCommand>, object: &Treated<'_>) -> [Vec<AlterCommand>; 2] {
    match object.object.desired.definition.engine.is_replicated() {
        true => commands.into_iter().partition(|c| !c.is_of_one_replica()).into(),
        false => [commands, Vec::new()],
    }
}

fn hazards(commands: &[AlterCommand], object: &Treated<'_>, hosts: &BTreeSet<usize>, is_local: bool) -> Vec<Hazard> {
    if !is_local {
        return Vec::new();
    }
    let mut hazards = Vec::new();
    if commands.iter().any(|c| matches!(c, AlterCommand::DropColumn(_))) {
        hazards.push(Hazard::DeletesData);
    }
    if commands.iter().any(|c| matches!(c, AlterCommand::ModifyTtl(Some(_)))) {
        let changes = hosts.iter().filter_map(|h| object.object.hosts.get(h)).flat_map(HostState::changes);
        let mut ttl = changes.filter(|c| c.attribute == Attribute::Ttl);
        if ttl.any(|c| !prolongs(c.old.as_deref(), c.new.as_deref())) {
            hazards.push(Hazard::ShortensRetention);
        }
    }
    hazards
}

/// Whether a TTL is the same but for one number that grows.
fn prolongs(old: Option<&str>, new: Option<&str>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return new.is_none() };
    let numbers =
        |text: &str| -> Vec<u64> { text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect() };
    let words = |text: &str| text.split(|c: char| c.is_ascii_digit()).filter(|w| !w.is_empty()).collect::<String>();
    let (a, b) = (numbers(old), numbers(new));
    words(old) == words(new) && a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| b >= a)
}

/// A table that keeps no rows is made beside the old one and takes its name; what a Distributed one has queued is sent.
fn swap(
    object: &Treated<'_>,
    keep: KeepFor,
    live: &LiveClickHouse,
    policy: &Policy,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    let hosts = object.hosts_with(|t| matches!(t, Treatment::Swap));
    if hosts.is_empty() {
        return;
    }
    let name = object.name().clone();
    let next = rebuild::next(&name);
    let reshards = match &object.moves {
        Some(Moves::Settled | Moves::All(_) | Moves::Rest(..) | Moves::Blocked(_)) => false,
        Some(Moves::Stay) | None => {
            object.role() == Role::Distributed
                && plan.id.kind != Kind::OutgoingSink
                && hosts.iter().any(|h| reshards(object, *h, live))
        }
    };
    let hazards = if reshards { vec![Hazard::ReshardsNewRowsOnly] } else { Vec::new() };
    let definition = crate::model::Definition { name: next.clone(), ..object.object.desired.definition.clone() };
    draft.step_on(&plan.id, TableAction::Create(Box::new(definition)), hosts.clone(), []);
    let swap = TableAction::Exchange { left: name.clone(), right: next.clone() };
    draft.step_on(&plan.id, swap, hosts.clone(), hazards);
    if object.role() == Role::Sink {
        return rebuild::set_aside(&name, hosts, keep, live, policy, plan, draft);
    }
    draft.step_on(&plan.id, TableAction::Flush { name: next.clone() }, hosts.clone(), []);
    draft.step_on(&plan.id, TableAction::Drop { name: next, is_view: false, sync: true }, hosts, []);
}

/// Whether the sharding key is another one.
fn reshards(object: &Treated<'_>, host: usize, live: &LiveClickHouse) -> bool {
    let key = |d: &crate::model::Definition| d.engine.args.get(3).cloned();
    let found = object.object.standing(host, live).and_then(|o| key(&o.definition));
    match (key(&object.object.desired.definition), found) {
        (Some(new), Some(old)) => !new.same(&old),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    }
}

/// Marks what is unmarked as ours, and mends comments.
fn adopt(object: &Treated<'_>, unfilled: bool, plan: &mut ResourcePlan, draft: &mut Draft) {
    let definition = &object.object.desired.definition;
    // What is made anew comes with its comment.
    let stays = |host: &usize| match object.hosts.get(host) {
        Some(Treatment::Keep | Treatment::Query | Treatment::Alter(_) | Treatment::Rebuild(_)) => true,
        Some(Treatment::Make | Treatment::Swap | Treatment::Remake | Treatment::Nothing) | None => false,
    };
    let (mut unmarked, mut stale, mut from) = (BTreeSet::new(), BTreeSet::new(), None);
    for (host, state) in object.object.hosts.iter().filter(|(h, _)| stays(h)) {
        match state {
            HostState::Unmarked { mark, .. } => {
                from.get_or_insert_with(|| mark.clone());
                unmarked.insert(*host);
            }
            // The mark of a table that is not filled goes when it is.
            HostState::Ours(_) if unfilled => {}
            HostState::Ours(changes) if changes.iter().any(|c| c.attribute == Attribute::Comment) => {
                stale.insert(*host);
            }
            HostState::Ours(_) | HostState::Missing | HostState::Foreign(_) | HostState::Unknown { .. } => {}
        }
    }
    if let Some(from) = from {
        let hosts = unmarked.iter().copied().collect();
        plan.changes.push(Change::Adopt { object: definition.name.clone(), from, hosts });
    }
    for (hosts, adopts) in [(unmarked, true), (stale, false)] {
        let hosts: BTreeSet<usize> = hosts.into_iter().filter(|h| !draft.drops(&definition.name, *h)).collect();
        let (name, comment) = (definition.name.clone(), object.object.comment_in_place());
        // With the comment goes the word of where its rows lie.
        let stays = object.role() == Role::Local && object.moves == Some(Moves::Stay);
        let told = |host: &usize| object.object.hosts.get(host).is_some_and(tells_of_rows);
        let hazards =
            if stays && BTreeSet::iter(&hosts).any(told) { vec![Hazard::ReshardsNewRowsOnly] } else { Vec::new() };
        draft.step_on(&plan.id, TableAction::Comment { name, comment, adopts }, hosts, hazards);
    }
}

/// Whether the comment says by which key the rows of a table lie.
fn tells_of_rows(state: &HostState) -> bool {
    let comments = state.changes().iter().filter(|c| c.attribute == Attribute::Comment);
    comments.filter_map(|c| c.old.as_deref()).any(|c| scratch::placed_key(Owner::read(c).0).is_some())
}

/// Rows that are copied; `None` before they were counted.
fn rows(treated: &[Treated<'_>], draft: &Draft, live: &LiveClickHouse) -> Option<u64> {
    let rebuilt = treated
        .iter()
        .flat_map(|t| t.hosts_with(|t| matches!(t, Treatment::Rebuild(_))).into_iter().map(move |h| (t.name(), h)));
    let filled = draft.steps().iter().filter_map(|step| match &step.action {
        Action::Table(TableAction::Fill(fill)) => Some(fill.reads.iter().map(|h| (&fill.refill.from, *h))),
        Action::Table(_) | Action::Kafka(_) => None,
    });
    let sizes: Option<Vec<u64>> = rebuilt
        .chain(filled.flatten())
        .map(|(table, host)| live.hosts.get(host)?.sizes.get(table).map(|size| size.rows))
        .collect();
    sizes.filter(|sizes| !sizes.is_empty()).map(|sizes| sizes.iter().sum())
}

/// Whether a host has more than one consumer.
fn several(treated: &[Treated<'_>]) -> bool {
    let sources = treated.iter().filter(|t| t.role() == Role::Source);
    let mut consumers = sources.filter_map(|t| t.object.desired.definition.settings.get("kafka_num_consumers"));
    consumers.any(|n| n.to_string().parse::<u32>().is_ok_and(|n| n > 1))
}

fn impact(treated: &[Treated<'_>], filled: bool, paused: bool, consumers: consumer::Outlook) -> Impact {
    let class = match () {
        () if rebuilds(treated) => Class::Rebuilt,
        () if filled => Class::Filled,
        () if consumers.reconnects => Class::Reconnected,
        () if consumers.joins => Class::Joined,
        () if paused => Class::Paused,
        () => Class::InPlace,
    };
    let pause = match class {
        Class::InPlace => None,
        _ if consumers.reconnects && consumers.waits => Some(SESSION),
        _ if consumers.joins && several(treated) => Some(RECONNECT_SEVERAL),
        _ if consumers.joins => Some(RECONNECT),
        Class::Paused | Class::Joined | Class::Reconnected | Class::Filled | Class::Rebuilt => Some(PAUSE),
    };
    Impact { class, pause, rows: None, offsets: consumers.offsets.unwrap_or(Offsets::Kept) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_longer_ttl_keeps_every_row() {
        let grows = prolongs(Some("d + toIntervalDay(30)"), Some("d + toIntervalDay(90)"));
        assert!(grows && prolongs(Some("d + toIntervalDay(30)"), None));
        assert!(!prolongs(Some("d + toIntervalDay(90)"), Some("d + toIntervalDay(30)")));
        assert!(!prolongs(Some("d + toIntervalDay(9)"), Some("e + toIntervalDay(9)")));
        assert!(!prolongs(None, Some("d + toIntervalDay(9)")));
    }
}
