//! The Kafka table is replaced: its consumers leave nothing behind in their group, and the group goes on where it
//! should.

use super::treatment::{Treated, Treatment};
use crate::diff::PipelineDiff;
use crate::model::{Definition, Live, LiveClickHouse, LiveKafka, Role, StartFrom, TableConsumer};
use crate::plan::build::Draft;
use crate::plan::hosts;
use crate::plan::step::{KafkaAction, Start, TableAction};
use crate::plan::{Hazard, Note, Offsets, ResourcePlan};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of the consumers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outlook {
    /// They are new ones.
    pub reconnects: bool,
    /// New ones come to those that are there.
    pub joins: bool,
    /// The group waits for members that are gone.
    pub waits: bool,
    /// Where they go on, where a group changes.
    pub offsets: Option<Offsets>,
}

/// Whether the live Kafka table reads with another group than the desired one.
pub(super) fn changes_group(diff: &PipelineDiff, live: &LiveClickHouse) -> bool {
    diff.reading_groups(live).iter().any(|old| *old != diff.desired.group)
}

/// The groups that read until now: where no Kafka table stands any more, the one that the desired group goes on after.
fn old_groups(diff: &PipelineDiff, live: &Live) -> BTreeSet<String> {
    let mut groups = diff.reading_groups(&live.clickhouse);
    if groups.is_empty() {
        groups.extend(live.kafka.follows.get(&diff.desired.group).cloned());
    }
    groups
}

/// Drops and makes the Kafka table where it differs, and sees to its group.
pub(super) fn reconnect(
    diff: &PipelineDiff,
    treated: &[Treated<'_>],
    live: &Live,
    paused: bool,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) -> Outlook {
    let mut outlook = Outlook::default();
    let whole = !super::exists(diff);
    for source in treated.iter().filter(|t| t.role() == Role::Source) {
        let id = plan.id.clone();
        let definition = &source.object.desired.definition;
        let remade = source.hosts_with(|t| matches!(t, Treatment::Remake));
        let made = source.hosts_with(|t| matches!(t, Treatment::Make));
        let (old, new): (BTreeSet<usize>, BTreeSet<usize>) =
            remade.iter().partition(|h| source.object.under_old_name.contains(h));
        for (hosts, name) in [(new, Some(source.name())), (old, source.object.desired.renamed_from.as_ref())] {
            let Some(name) = name.cloned() else { continue };
            let hazards = if paused { Vec::new() } else { vec![Hazard::PausesIngestion] };
            draft.step_on(&id, TableAction::Drop { name, is_view: false, sync: true }, hosts, hazards);
        }
        draft.step_on(&id, TableAction::Create(Box::new(definition.clone())), remade.clone(), []);
        if remade.is_empty() && made.is_empty() && diff.undeclared_kafka_tables(&live.clickhouse).next().is_none() {
            continue;
        }
        if !whole {
            // Where nothing stands no consumer was.
            let (changed, joined) = (&remade | &made, hosts::joined(diff));
            let gone = &changed - &joined;
            outlook.joins = true;
            if !paused && !made.is_empty() && flows(diff, treated, &live.clickhouse) {
                // Those that read wait while partitions are divided anew.
                let makes = |a: &TableAction| matches!(a, TableAction::Create(d) if d.name == *source.name());
                draft.endanger(Hazard::PausesIngestion, makes);
            }
            if !gone.is_empty() || diff.undeclared_kafka_tables(&live.clickhouse).next().is_some() {
                outlook.reconnects = true;
                outlook.waits = !leave(diff, source, &gone, live, plan, draft);
            }
        }
        outlook.offsets = start(diff, source, live, plan, draft);
    }
    outlook
}

/// Whether some view takes what a Kafka table reads: without one nothing is read. An apply that was cut while it made the
/// pipeline leaves it so.
fn flows(diff: &PipelineDiff, treated: &[Treated<'_>], live: &LiveClickHouse) -> bool {
    let stands = |view: &Treated<'_>| view.object.hosts.keys().any(|h| view.object.standing(*h, live).is_some());
    let entry = treated.iter().filter(|t| t.role() == Role::EntryView).any(stands);
    entry || !diff.left_over.is_empty() || !diff.undeclared.is_empty()
}

/// Every Kafka table of the pipeline is dropped and made again: nobody waits for its old consumers.
pub(super) fn leave_all(
    diff: &PipelineDiff,
    treated: &[Treated<'_>],
    live: &Live,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    for source in treated.iter().filter(|t| t.role() == Role::Source) {
        let gone = source.object.hosts.keys().copied().collect();
        leave(diff, source, &gone, live, plan, draft);
    }
}

/// Removes the members of the dropped tables; false where they cannot be told from those of living ones.
fn leave(
    diff: &PipelineDiff,
    source: &Treated<'_>,
    gone: &BTreeSet<usize>,
    live: &Live,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) -> bool {
    let mut groups = old_groups(diff, live);
    if groups.is_empty() {
        groups.insert(diff.desired.group.clone());
    }
    let live = &live.clickhouse;
    let mut consumers: Vec<TableConsumer> = gone.iter().filter_map(|host| consumer(source, *host, live)).collect();
    consumers.extend(diff.undeclared_kafka_tables(live).filter_map(|(host, d)| consumer_of(d, host, live)));
    let ids: BTreeSet<String> = consumers.iter().flat_map(TableConsumer::client_ids).collect();
    let living = source.object.hosts.keys().filter(|h| !gone.contains(h));
    let shared = living.filter_map(|h| consumer(source, *h, live)).any(|c| ids.iter().any(|id| c.belongs(id)));
    for group in groups {
        if shared {
            plan.notes.push(Note::MembersStay { group });
            continue;
        }
        let action = KafkaAction::RemoveMembers { table: source.name().clone(), group, consumers: consumers.clone() };
        draft.step(&plan.id, action, []);
    }
    !shared
}

/// The table's consumers on a host, as it stands or as it is to be.
fn consumer(source: &Treated<'_>, host: usize, live: &LiveClickHouse) -> Option<TableConsumer> {
    let found = source.object.standing(host, live).map(|o| &o.definition);
    consumer_of(found.unwrap_or(&source.object.desired.definition), host, live)
}

pub(super) fn consumer_of(definition: &Definition, host: usize, live: &LiveClickHouse) -> Option<TableConsumer> {
    let server = live.hosts.get(host)?;
    let setting = |key: &str| definition.settings.get(key)?.plain();
    Some(TableConsumer {
        host: server.hostname.clone(),
        database: definition.name.database.clone(),
        table: definition.name.table.clone(),
        consumers: setting("kafka_num_consumers").and_then(|n| n.parse().ok()).unwrap_or(1),
        client_id: setting("kafka_client_id").map(str::to_owned),
    })
}

/// Where the group begins, when it is to be another one than before, or begins for the first time.
fn start(
    diff: &PipelineDiff,
    source: &Treated<'_>,
    live: &Live,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) -> Option<Offsets> {
    let desired = &diff.desired;
    let old = old_groups(diff, live);
    // A group that reads already goes on where it is.
    if old.contains(&desired.group) || old.is_empty() && desired.start_from.is_none() {
        return None;
    }
    // A topic that is nowhere and that nobody makes has no place to begin at: whoever makes it, its first message is it.
    let known = |topic: &&String| live.kafka.ends.contains_key(*topic) || live.kafka.topics.contains_key(*topic);
    let topics: Vec<String> = desired.topics.iter().filter(known).cloned().collect();
    if topics.is_empty() {
        return None;
    }
    let keeps = desired.start_from == Some(StartFrom::Keep) && !old.is_empty();
    let committed = live.kafka.groups.get(&desired.group);
    // To go on where the old group stands is to forget where the new one stood.
    let begun = committed.is_some_and(|offsets| offsets.keys().any(|(topic, _)| desired.topics.contains(topic)));
    if begun && !keeps {
        if !old.is_empty() {
            let ahead = Numbers::of(desired, &live.kafka, committed, None).ahead;
            plan.notes.push(Note::GroupContinues { group: desired.group.clone(), ahead });
        }
        return None;
    }
    let before = old.iter().next().and_then(|g| live.kafka.groups.get(g));
    let begin = match desired.start_from {
        None | Some(StartFrom::Earliest) => Start::Earliest,
        Some(StartFrom::Latest) => Start::Latest,
        Some(StartFrom::At(time)) => Start::At(time),
        Some(StartFrom::Keep) => match old.iter().next() {
            Some(group) => Start::Of(group.clone()),
            // There is nothing to go on from.
            None => Start::Earliest,
        },
    };
    let numbers = Numbers::of(desired, &live.kafka, live.kafka.starts.get(&desired.group), before);
    let (mut hazards, mut offsets) = (Vec::new(), Offsets::Carried);
    if !matches!(begin, Start::Of(_)) {
        // The numbers are those of now. Until the group begins, the old one reads on and more messages come.
        let goes_on = !old.is_empty();
        if numbers.skipped > 0 || goes_on && begin == Start::Latest {
            hazards.push(Hazard::SkipsMessages);
            offsets = Offsets::Skipped;
        }
        if numbers.again > 0 || goes_on && begin == Start::Earliest {
            hazards.push(Hazard::ReplaysMessages);
            offsets = Offsets::Replayed;
        }
        let Numbers { again, skipped, ahead } = numbers;
        plan.notes.push(Note::GroupStarts { group: desired.group.clone(), again, skipped, ahead });
    }
    let set = |early| KafkaAction::SetOffsets {
        table: source.name().clone(),
        group: desired.group.clone(),
        topics: topics.clone(),
        start: begin.clone(),
        early,
    };
    // The table that tells the old group goes before the group stands still: the first place is for an apply that is
    // cut in between.
    if keeps {
        draft.step(&plan.id, set(true), []);
    }
    draft.step(&plan.id, set(false), hazards);
    (!old.is_empty()).then_some(offsets)
}

/// What a place to start means, in messages.
struct Numbers {
    again: u64,
    skipped: u64,
    ahead: u64,
}

impl Numbers {
    /// A partition without a place starts at its first message.
    fn of(
        desired: &crate::model::DesiredPipeline,
        kafka: &LiveKafka,
        places: Option<&BTreeMap<(String, u32), i64>>,
        before: Option<&BTreeMap<(String, u32), i64>>,
    ) -> Self {
        let mut numbers = Numbers { again: 0, skipped: 0, ahead: 0 };
        for topic in &desired.topics {
            for (partition, (low, high)) in kafka.ends.get(topic).into_iter().flatten().enumerate() {
                let key = (topic.clone(), u32::try_from(partition).unwrap_or(u32::MAX));
                let place = places.and_then(|p| p.get(&key)).copied().unwrap_or(*low).clamp(*low, *high);
                let reached = before.and_then(|b| b.get(&key)).copied().unwrap_or(*low).clamp(*low, *high);
                let count = |n: i64| u64::try_from(n).unwrap_or(0);
                numbers.again += count(reached - place);
                numbers.skipped += count(place - reached);
                numbers.ahead += count(high - place);
            }
        }
        numbers
    }
}
