//! The verdict on a chain: its objects on every host, its group, what its consumers, queues, mutations and replicas say.

use super::cause::{Cause, gist};
use super::facts::{ChainFacts, HostChain, PartitionLag, TableTotal};
use super::passage::{keeps_errors, passages};
use super::reading::{Consumer, HostFacts, Readings, TopicReading};
use super::reason::Reason;
use super::verdict::Verdict;
use super::{RECENT, group, topic};
use crate::model::{DesiredObject, DesiredPipeline, Kind, ObjectName, Role};
use std::collections::BTreeMap;

/// What is known of a chain, and why it is as it is, in no order.
pub(super) fn chain(pipeline: &DesiredPipeline, readings: &Readings) -> (ChainFacts, Vec<Reason>) {
    let mut reasons = Vec::new();
    let hosts: Vec<HostChain> = readings.hosts.iter().map(|h| host(pipeline, &h.name, h.facts.as_ref())).collect();
    let mut facts = ChainFacts {
        group: pipeline.group.clone(),
        passages: passages(pipeline),
        newest_message_ago: newest_message_ago(pipeline, readings),
        tables: tables(pipeline, readings),
        objects: hosts.iter().fold((0, 0), |(is, all), h| (is + h.present, all + h.present + h.missing.len())),
        hosts,
        ..ChainFacts::default()
    };
    reasons.extend(silence(&facts));
    reasons.extend(missing(pipeline, &facts));
    reasons.extend(of_tables(pipeline, readings, &facts));
    if pipeline.id.kind == Kind::OutgoingSink {
        reasons.extend(sink(pipeline, readings, &mut facts));
        return (facts, reasons);
    }
    let source = pipeline.objects.iter().find(|o| o.role == Role::Source);
    facts.reads_by_engine = source.is_some();
    let partitions = group::partitions(pipeline, readings, &mut reasons);
    if let Some(Ok(group)) = readings.kafka.groups.get(&pipeline.group) {
        facts.members = group.members.len();
    }
    if let Some(source) = source {
        let closed = reasons.iter().any(|r| matches!(r, Reason::ReadOnly { .. }));
        let mut failures = failures(&facts, partitions.as_deref().unwrap_or_default());
        // Where nothing is left to be written no write fails any more, whoever it was that failed.
        if partitions.as_ref().is_some_and(|all| all.iter().all(|p| p.lag() == 0)) {
            failures.retain(connects_not);
        }
        // That a closed table takes no rows needs not be said twice.
        reasons.extend(failures.into_iter().filter(|f| {
            !(closed
                && matches!(
                    f,
                    Reason::Failing { cause: Cause::ReadOnly, .. } | Reason::Retried { cause: Cause::ReadOnly, .. }
                ))
        }));
        if let Some(partitions) = &partitions {
            reasons.extend(group::strangers(pipeline, &source.definition, readings, partitions));
        }
    }
    if let Some(partitions) = partitions {
        facts.lag = Some(partitions.iter().map(PartitionLag::lag).sum());
        facts.passed = Some(partitions.iter().filter_map(|p| p.committed).sum());
        let lost: u64 = partitions.iter().map(PartitionLag::lost).sum();
        if lost > 0 {
            reasons.push(Reason::Lost { messages: lost });
        }
        facts.partitions = partitions;
        let flow = match source {
            Some(_) => flow(pipeline, readings, &facts),
            None => {
                let (ours, stolen) = group::runners(pipeline, readings);
                reasons.extend(stolen);
                run_by_hand(&facts, ours)
            }
        };
        let told = reasons.iter().any(|r| matches!(r.verdict(), Verdict::Stuck | Verdict::Broken));
        // What stands still for a reason that is known needs no other.
        let effect = |r: &Reason| {
            matches!(
                r,
                Reason::Standing { .. }
                    | Reason::NobodyReads { .. }
                    | Reason::Behind { .. }
                    | Reason::Consuming { .. }
                    | Reason::Halted { .. }
            )
        };
        reasons.extend(flow.filter(|r| !(told && effect(r))));
    }
    (facts, reasons)
}

fn newest_message_ago(pipeline: &DesiredPipeline, readings: &Readings) -> Option<u64> {
    let newest = pipeline.topics.iter().filter_map(|t| match readings.kafka.topics.get(t) {
        Some(TopicReading::Present(numbers)) => numbers.newest_ms,
        Some(TopicReading::Absent | TopicReading::Unknown(_)) | None => None,
    });
    topic::newest_ago(newest.max(), readings)
}

fn carries(host: &HostFacts, object: &DesiredObject) -> bool {
    object.clusters.is_empty() || object.clusters.iter().any(|c| host.clusters.contains_key(c))
}

fn host(pipeline: &DesiredPipeline, name: &str, facts: Result<&HostFacts, &String>) -> HostChain {
    let mut chain = HostChain { host: name.to_owned(), ..HostChain::default() };
    let facts = match facts {
        Ok(facts) => facts,
        Err(words) => return HostChain { silent: Some(words.clone()), ..chain },
    };
    let carried = || pipeline.objects.iter().filter(|o| carries(facts, o));
    let present = carried().filter_map(|o| facts.tables.get(&o.definition.name));
    chain.changed_ago = present.map(|t| t.changed_ago).min();
    // What failed before the last change says nothing of how it is since.
    let since = |consumer: &Consumer| {
        let changed_ago = chain.changed_ago.unwrap_or(u64::MAX);
        let exceptions = consumer.exceptions.iter().filter(|e| e.ago <= changed_ago).cloned().collect();
        Consumer { exceptions, ..consumer.clone() }
    };
    let mut consumers = Vec::new();
    for object in carried() {
        let name = &object.definition.name;
        let Some(table) = facts.tables.get(name) else {
            chain.missing.push(name.clone());
            continue;
        };
        chain.present += 1;
        match object.role {
            Role::Source => consumers.extend(table.consumers.iter().map(since)),
            Role::Distributed => chain.queues.push((name.clone(), table.queue.clone())),
            Role::Local => {
                chain.rows.push((name.clone(), table.rows, table.bytes));
                if table.mutations.unfinished > 0 {
                    chain.mutations.push((name.clone(), table.mutations.clone()));
                }
                chain.replicas.extend(table.replica.clone().map(|r| (name.clone(), r)));
            }
            Role::Sink | Role::Hub | Role::View | Role::EntryView | Role::Feed => {}
        }
    }
    HostChain { consumers, ..chain }
}

/// Rows by table: of the replicas of a shard, those of the fullest.
fn tables(pipeline: &DesiredPipeline, readings: &Readings) -> Vec<TableTotal> {
    let locals = pipeline.objects.iter().filter(|o| o.role == Role::Local);
    let total = |object: &DesiredObject| {
        let mut shards: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        let mut newest_ago: Option<u64> = None;
        for (index, host) in (u32::MAX / 2..).zip(&readings.hosts) {
            let Ok(facts) = &host.facts else { continue };
            let Some(table) = facts.tables.get(&object.definition.name) else { continue };
            let shard = object.clusters.iter().find_map(|c| facts.clusters.get(c)).map_or(index, |(shard, _)| *shard);
            let fullest = shards.entry(shard).or_default();
            *fullest = (*fullest).max((table.rows, table.bytes));
            newest_ago = newest_ago.into_iter().chain(table.newest_ago).min();
        }
        TableTotal {
            table: object.definition.name.clone(),
            errors: keeps_errors(&object.definition),
            rows: shards.values().map(|(rows, _)| rows).sum(),
            bytes: shards.values().map(|(_, bytes)| bytes).sum(),
            newest_ago,
        }
    };
    locals.map(total).collect()
}

fn silence(facts: &ChainFacts) -> Vec<Reason> {
    let silent = facts.hosts.iter().filter_map(|h| Some((h.host.clone(), h.silent.clone()?)));
    silent.map(|(host, words)| Reason::HostSilent { host, words: gist(&words) }).collect()
}

fn missing(pipeline: &DesiredPipeline, facts: &ChainFacts) -> Option<Reason> {
    let mut objects = Vec::new();
    for object in &pipeline.objects {
        let name = &object.definition.name;
        let on = facts.hosts.iter().filter(|h| h.missing.contains(name));
        let on: Vec<String> = on.map(|h| h.host.clone()).collect();
        if !on.is_empty() {
            objects.push((name.clone(), on));
        }
    }
    let all = facts.objects.0 == 0;
    (!objects.is_empty()).then_some(Reason::Missing { objects, all })
}

/// What queues, mutations, replicas and settings say.
fn of_tables(pipeline: &DesiredPipeline, readings: &Readings, facts: &ChainFacts) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for object in &pipeline.objects {
        let name = &object.definition.name;
        reasons.extend(queue(name, facts));
        for host in &facts.hosts {
            let failing = host.mutations.iter().filter(|(table, _)| table == name);
            reasons.extend(failing.filter_map(|(_, m)| m.failed.as_ref()).map(|words| Reason::MutationFails {
                table: name.clone(),
                host: host.host.clone(),
                words: gist(words),
            }));
            for (_, replica) in host.replicas.iter().filter(|(table, _)| table == name) {
                if replica.readonly {
                    let words = gist(&replica.exception);
                    let (table, hosts) = (name.clone(), vec![host.host.clone()]);
                    reasons.push(Reason::ReadOnly { table, hosts, replica: Some(words) });
                } else if replica.queue > 0 && replica.delay > RECENT {
                    let (table, host) = (name.clone(), host.host.clone());
                    reasons.push(Reason::ReplicaBehind { table, host, delay: replica.delay });
                }
            }
        }
        let told = readings.hosts.iter().filter_map(|h| Some((&h.name, h.facts.as_ref().ok()?.tables.get(name)?)));
        let closed: Vec<String> = told.filter(|(_, t)| t.readonly).map(|(host, _)| host.clone()).collect();
        if !closed.is_empty() {
            reasons.push(Reason::ReadOnly { table: name.clone(), hosts: closed, replica: None });
        }
    }
    reasons
}

fn queue(name: &ObjectName, facts: &ChainFacts) -> Option<Reason> {
    let (mut hosts, mut files, mut broken, mut words, mut fails) = (Vec::new(), 0, 0, String::new(), false);
    for host in &facts.hosts {
        for (_, queue) in host.queues.iter().filter(|(table, q)| table == name && q.files + q.broken > 0) {
            hosts.push(host.host.clone());
            files += queue.files;
            broken += queue.broken;
            fails |= queue.broken > 0 || queue.errors > 0 || queue.blocked;
            if words.is_empty() {
                words = gist(&queue.exception);
            }
        }
    }
    let table = name.clone();
    match fails {
        _ if hosts.is_empty() => None,
        true => Some(Reason::QueueStuck { table, hosts, files, broken, words }),
        false => Some(Reason::QueueWaits { table, hosts, files }),
    }
}

/// Exceptions of late, since the last commit of the consumer that had them, by what is behind them.
fn failures(facts: &ChainFacts, partitions: &[PartitionLag]) -> Vec<Reason> {
    struct Found {
        hosts: Vec<String>,
        times: usize,
        ago: u64,
        words: String,
        read: Vec<(String, u32)>,
    }
    let mut by_cause: BTreeMap<Cause, Found> = BTreeMap::new();
    for host in &facts.hosts {
        for consumer in &host.consumers {
            for exception in consumer.exceptions.iter().filter(|e| counts(e.ago, consumer)) {
                let fresh =
                    || Found { hosts: Vec::new(), times: 0, ago: u64::MAX, words: String::new(), read: Vec::new() };
                let found = by_cause.entry(Cause::of(&exception.words)).or_insert_with(fresh);
                if !found.hosts.contains(&host.host) {
                    found.hosts.push(host.host.clone());
                    found.read.extend(consumer.assigned.iter().cloned());
                }
                found.times += 1;
                if exception.ago < found.ago {
                    (found.ago, found.words) = (exception.ago, gist(&exception.words));
                }
            }
        }
    }
    let reason = |(cause, found): (Cause, Found)| match found.times {
        1 => Reason::Retried { hosts: found.hosts, cause, words: found.words },
        times => {
            let waiting: Vec<&PartitionLag> = partitions.iter().filter(|p| p.lag() > 0).collect();
            let held = waiting.iter().filter(|p| found.read.contains(&(p.topic.clone(), p.partition)));
            let held: Vec<&PartitionLag> = held.copied().collect();
            // Who reads what may have changed since.
            let at = match if held.is_empty() { waiting } else { held }.as_slice() {
                [one] => Some((one.topic.clone(), one.partition, one.committed.unwrap_or(one.first))),
                _ => None,
            };
            Reason::Failing { hosts: found.hosts, cause, times, ago: found.ago, words: found.words, at }
        }
    };
    by_cause.into_iter().map(reason).collect()
}

/// Whether a failure is about the way to the brokers: such a one needs no message.
fn connects_not(failure: &Reason) -> bool {
    matches!(
        failure,
        Reason::Failing { cause: Cause::Brokers | Cause::Login, .. }
            | Reason::Retried { cause: Cause::Brokers | Cause::Login, .. }
    )
}

/// An exception of late that no commit has followed.
fn counts(ago: u64, consumer: &Consumer) -> bool {
    ago <= RECENT && consumer.committed_ago.is_none_or(|committed| ago < committed)
}

/// What a sink has written; there is nothing to read.
fn sink(pipeline: &DesiredPipeline, readings: &Readings, facts: &mut ChainFacts) -> Vec<Reason> {
    if let Some(words) = &readings.kafka.silent {
        return vec![Reason::BrokersSilent { words: words.clone() }];
    }
    let (mut reasons, mut kept, mut sent) = (Vec::new(), 0, false);
    for topic in &pipeline.writes_topics {
        match readings.kafka.topics.get(topic) {
            Some(TopicReading::Present(numbers)) => {
                kept += numbers.partitions.iter().map(|(first, next)| next.saturating_sub(*first)).sum::<u64>();
                sent |= numbers.partitions.iter().any(|(_, next)| *next > 0);
                let ago = topic::newest_ago(numbers.newest_ms, readings);
                facts.newest_message_ago = facts.newest_message_ago.into_iter().chain(ago).min();
            }
            Some(TopicReading::Absent) => reasons.push(Reason::TopicAbsent { topic: topic.clone() }),
            Some(TopicReading::Unknown(words)) => {
                reasons.push(Reason::TopicUnknown { topic: topic.clone(), words: words.clone() });
            }
            None => {}
        }
    }
    if reasons.is_empty() {
        facts.written = Some(kept);
        reasons.push(if sent { Reason::Arrived } else { Reason::NeverSent });
    }
    reasons
}

/// What the lag of a `ManualConsumer` says that so many members run.
fn run_by_hand(facts: &ChainFacts, runners: usize) -> Option<Reason> {
    let messages = facts.lag?;
    if messages == 0 {
        return Some(settled(facts));
    }
    let young = facts.newest_message_ago.is_some_and(|ago| ago <= RECENT);
    let row_ago = facts.newest_row_ago();
    let writes = row_ago.is_some_and(|ago| ago <= RECENT);
    let ran = facts.partitions.iter().any(|p| p.committed.is_some());
    Some(match (runners, ran) {
        (0, false) => Reason::NeverRun { messages },
        (0, true) => Reason::NotRunning { messages, young },
        _ if young || writes => Reason::Consuming { messages, row_ago },
        _ => Reason::Halted { messages, row_ago },
    })
}

/// Nothing is left to read: whether there ever was something.
fn settled(facts: &ChainFacts) -> Reason {
    let sent = facts.partitions.iter().any(|p| p.next > 0);
    let kept = facts.partitions.iter().any(|p| p.next > p.first);
    match (sent, kept) {
        (false, _) => Reason::NeverSent,
        (true, false) => Reason::Emptied,
        (true, true) => match facts.partitions.iter().map(PartitionLag::gap).sum() {
            0 => Reason::Arrived,
            offsets => Reason::Gaps { offsets },
        },
    }
}

/// What lag and consumers say, where nothing else does.
fn flow(pipeline: &DesiredPipeline, readings: &Readings, facts: &ChainFacts) -> Option<Reason> {
    let lag = facts.lag?;
    if lag == 0 {
        return Some(settled(facts));
    }
    let consumers = || facts.hosts.iter().flat_map(|h| &h.consumers);
    let youngest = |of: fn(&Consumer) -> Option<u64>| consumers().filter_map(of).min();
    let committed_ago = youngest(|c| c.committed_ago);
    let polled_ago = youngest(|c| c.polled_ago);
    let recent = |ago: Option<u64>| ago.is_some_and(|ago| ago <= RECENT);
    let source = pipeline.objects.iter().find(|o| o.role == Role::Source)?;
    let told = readings.hosts.iter().filter_map(|h| h.facts.as_ref().ok()?.tables.get(&source.definition.name));
    let changed_ago = told.map(|t| t.changed_ago).min();
    if recent(committed_ago) || recent(facts.newest_message_ago) || recent(changed_ago) {
        return Some(Reason::Behind { messages: lag, committed_ago });
    }
    if facts.hosts.iter().any(|h| h.silent.is_some()) && !recent(polled_ago) {
        // Whoever does not answer may be the one that reads.
        return None;
    }
    if !recent(polled_ago) {
        return Some(Reason::NobodyReads { messages: lag, group: pipeline.group.clone() });
    }
    Some(Reason::Standing { messages: lag, committed_ago })
}
