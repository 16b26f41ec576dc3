//! One look at all servers for `status`: seven requests a ClickHouse host and at the brokers one a kind (one more a broker
//! and a group, which librdkafka cannot ask about together), however many resources. What does not answer is told as such: nothing here fails.

use super::{ObserveError, hosts};
use crate::client::Servers;
use crate::client::clickhouse::ClickHouseReader;
use crate::client::kafka::{ClusterFacts, KafkaError, KafkaReader, PerTopic, TopicError, Watermark};
use crate::health::{
    Consumer, Exception, GroupReading, Highest, HostFacts, HostReading, KafkaReading, Member, Mutations, Queue,
    Readings, Replica, TableReading, TopicNumbers, TopicReading,
};
use crate::model::{Desired, DesiredPipeline, ObjectName};
use crate::sql::health;
use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

/// Groups asked about at a time: a request each, as librdkafka has it.
const AT_ONCE: usize = 8;

/// Offsets within which it is worth looking whether there is a message at all.
const FEW: u64 = 1000;

/// Reads what concerns the topics and pipelines of `desired`.
pub async fn read(desired: &Desired, servers: &Servers) -> Readings {
    let (kafka, hosts) = tokio::join!(kafka(desired, servers), clickhouse(desired, servers));
    Readings { kafka, hosts }
}

#[derive(Debug, Deserialize)]
struct HighestRow {
    partition: i32,
    highest: i64,
}

/// The highest offset in the tables of `ManualConsumer`s, by partition. A table that cannot be read is left out.
pub async fn highest(desired: &Desired, servers: &Servers) -> Highest {
    let Ok(reader) = servers.reader(&servers.connection().url) else { return Highest::new() };
    let tables = desired.pipelines.iter().filter_map(|p| Some((&p.id, &p.consumption.as_ref()?.table)));
    let asked = tables.map(|(id, table)| {
        let reader = &reader;
        async move {
            let rows: Vec<HighestRow> = reader.rows(&health::highest(table)).await.ok()?;
            let place = |r: HighestRow| Some((u32::try_from(r.partition).ok()?, u64::try_from(r.highest).ok()?));
            Some((id.clone(), rows.into_iter().filter_map(place).collect()))
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn kafka(desired: &Desired, servers: &Servers) -> KafkaReading {
    let reader = servers.kafka();
    let pipelines = &desired.pipelines;
    let mut names: BTreeSet<&String> = desired.topics.iter().map(|t| &t.name).collect();
    names.extend(pipelines.iter().flat_map(|p| p.topics.iter().chain(&p.writes_topics)));
    let cluster = match reader.cluster().await {
        Ok(cluster) => cluster,
        Err(error) => return KafkaReading { silent: Some(words(&error)), ..KafkaReading::default() },
    };
    let count = |name: &String| u32::try_from(cluster.topics.get(name)?.len()).ok();
    let counts: BTreeMap<String, u32> = names.iter().filter_map(|n| Some(((*n).clone(), count(n)?))).collect();
    let unlisted: Vec<String> = names.iter().filter(|n| !counts.contains_key(**n)).map(|n| (*n).clone()).collect();
    let (topics, groups) = tokio::join!(topics(reader, servers, &cluster, &counts), groups(reader, pipelines, &counts));
    let client_id = servers.kafka_settings().client_id().to_owned();
    let mut read = match topics {
        Ok((topics, left_out)) => KafkaReading { client_id, topics, left_out, ..KafkaReading::default() },
        Err(error) => return KafkaReading { silent: Some(words(&error)), ..KafkaReading::default() },
    };
    read.groups = groups;
    gaps(reader, servers, &mut read).await;
    if !unlisted.is_empty() {
        // Not listed is not absent.
        let told = reader.describe_topics(&unlisted).await;
        read.topics.extend(unlisted.into_iter().map(|name| {
            let reading = match told.as_ref().map(|t| t.get(&name)) {
                Ok(Some(Err(TopicError::NotFound))) => TopicReading::Absent,
                Ok(Some(Err(error))) => TopicReading::Unknown(error.to_string()),
                Ok(Some(Ok(_))) => TopicReading::Unknown("it came to be this very moment; look again".into()),
                Ok(None) => TopicReading::Unknown("the answer leaves it out".into()),
                Err(error) => TopicReading::Unknown(words(error)),
            };
            (name, reading)
        }));
    }
    read
}

type Topics = (BTreeMap<String, TopicReading>, Vec<String>);

async fn topics(
    reader: &KafkaReader,
    servers: &Servers,
    cluster: &ClusterFacts,
    counts: &BTreeMap<String, u32>,
) -> Result<Topics, KafkaError> {
    let (marks, times, sizes) = tokio::join!(
        reader.watermarks(counts),
        reader.newest_times(counts),
        reader.sizes(servers.kafka_settings(), &cluster.brokers, counts)
    );
    let marks: PerTopic<Vec<Watermark>> = marks?;
    let mut left_out = Vec::new();
    let mut or_left_out = |what: &str, error: &KafkaError| left_out.push(format!("{what}: {}", words(error)));
    let times = times.map_err(|e| or_left_out("times of the newest messages", &e)).unwrap_or_default();
    let sizes = sizes.map_err(|e| or_left_out("sizes of topics", &e)).ok();
    let topic = |(name, marks): (String, Result<Vec<Watermark>, TopicError>)| {
        let reading = match marks {
            Err(error) => TopicReading::Unknown(error.to_string()),
            Ok(marks) => {
                let newest = times.get(&name).and_then(|t| t.as_ref().ok());
                let bytes = |all: &BTreeMap<(String, u32), u64>| {
                    all.iter().filter(|((topic, _), _)| *topic == name).map(|(_, bytes)| bytes).sum()
                };
                TopicReading::Present(TopicNumbers {
                    partitions: marks.iter().map(|m| (m.low, m.high)).collect(),
                    bytes: sizes.as_ref().map(bytes),
                    newest_ms: newest.and_then(|t| t.iter().flatten().max().copied()),
                })
            }
        };
        (name, reading)
    };
    Ok((marks.into_iter().map(topic).collect(), left_out))
}

async fn groups(
    reader: &KafkaReader,
    pipelines: &[DesiredPipeline],
    counts: &BTreeMap<String, u32>,
) -> BTreeMap<String, Result<GroupReading, String>> {
    let mut topics: BTreeMap<&String, BTreeMap<String, u32>> = BTreeMap::new();
    for pipeline in pipelines.iter().filter(|p| !p.group.is_empty() && !p.topics.is_empty()) {
        let known = pipeline.topics.iter().filter_map(|t| Some((t.clone(), *counts.get(t)?)));
        topics.entry(&pipeline.group).or_default().extend(known);
    }
    let names: Vec<String> = topics.keys().map(|g| (*g).clone()).collect();
    let committed = stream::iter(
        topics.iter().map(|(group, of)| async move { ((*group).clone(), reader.committed(group, of).await) }),
    );
    let committed = committed.buffer_unordered(AT_ONCE).collect::<BTreeMap<_, _>>();
    let (described, mut committed) = tokio::join!(reader.groups(&names), committed);
    let mut described = match described {
        Ok(described) => described,
        Err(error) => return names.into_iter().map(|name| (name, Err(words(&error)))).collect(),
    };
    let group = |name: String| {
        let reading = match (described.remove(&name), committed.remove(&name)) {
            (Some(Ok(group)), Some(Ok(offsets))) => Ok(GroupReading {
                members: group
                    .members
                    .into_iter()
                    .map(|m| Member { id: m.member_id, client_id: m.client_id, host: m.host, partitions: m.partitions })
                    .collect(),
                committed: offsets.into_iter().filter_map(|(at, n)| Some((at, u64::try_from(n).ok()?))).collect(),
                empty: BTreeSet::new(),
            }),
            (Some(Err(error)), _) => Err(error.to_string()),
            (_, Some(Err(error))) => Err(words(&error)),
            (None, _) | (_, None) => Err("the answer leaves it out".to_owned()),
        };
        (name, reading)
    };
    names.into_iter().map(group).collect()
}

/// Looks for messages where a group is a little behind: marks of transactions take offsets that no commit passes. All
/// groups at once.
async fn gaps(reader: &KafkaReader, servers: &Servers, read: &mut KafkaReading) {
    let topics = &read.topics;
    let few = |topic: &str, partition: u32, committed: u64| {
        let Some(TopicReading::Present(numbers)) = topics.get(topic) else { return false };
        let end = usize::try_from(partition).ok().and_then(|p| numbers.partitions.get(p));
        end.is_some_and(|(first, next)| committed >= *first && (1..=FEW).contains(&next.saturating_sub(committed)))
    };
    let places = read.groups.values().filter_map(|g| g.as_ref().ok()).flat_map(|g| &g.committed);
    let behind = places.filter(|((topic, partition), committed)| few(topic, *partition, **committed));
    let spots = behind.map(|((topic, partition), committed)| (topic.clone(), *partition, *committed)).collect();
    match reader.empty_after(servers.kafka_settings(), &spots).await {
        Ok(empty) => {
            for group in read.groups.values_mut().filter_map(|g| g.as_mut().ok()) {
                let at = |((topic, p), committed): (&(String, u32), &u64)| (topic.clone(), *p, *committed);
                let found = group.committed.iter().map(at).filter(|spot| empty.contains(spot));
                group.empty = found.map(|(topic, partition, _)| (topic, partition)).collect();
            }
        }
        Err(error) => read.left_out.push(format!("messages after a group's place: {}", words(&error))),
    }
}

async fn clickhouse(desired: &Desired, servers: &Servers) -> Vec<HostReading> {
    let names: Vec<ObjectName> = {
        let objects = desired.pipelines.iter().flat_map(|p| &p.objects).map(|o| o.definition.name.clone());
        objects.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let readers = match hosts::hosts(servers, &desired.topology).await {
        Ok(readers) => readers,
        // Which hosts there are is not known: the one that was asked stands for all of them.
        Err(error) => {
            let name = servers.reader(&servers.connection().url).map(|r| r.host().to_string());
            return vec![HostReading { name: name.unwrap_or_else(|_| "clickhouse".into()), facts: Err(words(&error)) }];
        }
    };
    let reads = readers.iter().map(|(_, reader)| async {
        let facts = host(reader, &names).await.map_err(|error| words(&error));
        HostReading { name: reader.host().to_string(), facts }
    });
    join_all(reads).await
}

#[derive(Debug, Deserialize)]
struct HostRow {
    hostname: String,
    now_ms: i64,
    clusters: Vec<(String, u32, u32)>,
}

#[derive(Debug, Deserialize)]
struct TableRow {
    database: String,
    name: String,
    changed_ago: u64,
    readonly: u8,
}

#[derive(Debug, Deserialize)]
struct PartsRow {
    database: String,
    table: String,
    all_rows: u64,
    all_bytes: u64,
    newest_ago: u64,
}

#[derive(Debug, Deserialize)]
struct ConsumerRow {
    database: String,
    table: String,
    member_id: String,
    assigned: Vec<(String, i32)>,
    polled_ago: Option<u64>,
    committed_ago: Option<u64>,
    messages: u64,
    exceptions: Vec<(u64, String)>,
}

#[derive(Debug, Deserialize)]
struct QueueRow {
    database: String,
    table: String,
    files: u64,
    bytes: u64,
    broken: u64,
    errors: u64,
    blocked: u8,
    exception: String,
}

#[derive(Debug, Deserialize)]
struct MutationRow {
    database: String,
    table: String,
    unfinished: u64,
    failed: String,
}

#[derive(Debug, Deserialize)]
struct ReplicaRow {
    database: String,
    table: String,
    readonly: u8,
    queue: u64,
    delay: u64,
    exception: String,
}

async fn host(reader: &ClickHouseReader, names: &[ObjectName]) -> Result<HostFacts, ObserveError> {
    let host = reader.rows::<HostRow>(health::HOST);
    if names.is_empty() {
        return Ok(facts(host.await?, BTreeMap::new()));
    }
    let (tables, parts, consumers) = (health::tables(names), health::parts(names), health::consumers(names));
    let (queues, mutations, replicas) = (health::queues(names), health::mutations(names), health::replicas(names));
    let (host, tables, parts, consumers, queues, mutations, replicas) = tokio::try_join!(
        host,
        reader.rows::<TableRow>(&tables),
        reader.rows::<PartsRow>(&parts),
        reader.rows::<ConsumerRow>(&consumers),
        reader.rows::<QueueRow>(&queues),
        reader.rows::<MutationRow>(&mutations),
        reader.rows::<ReplicaRow>(&replicas),
    )?;
    let table = |row: TableRow| {
        let reading =
            TableReading { changed_ago: row.changed_ago, readonly: row.readonly != 0, ..TableReading::default() };
        (ObjectName::new(row.database, row.name), reading)
    };
    let mut found: BTreeMap<ObjectName, TableReading> = tables.into_iter().map(table).collect();
    // A table that came between two requests is seen by the next look.
    let mut of = |database: String, table: String, add: &mut dyn FnMut(&mut TableReading)| {
        if let Some(reading) = found.get_mut(&ObjectName::new(database, table)) {
            add(reading);
        }
    };
    for row in parts {
        of(row.database, row.table, &mut |t| {
            (t.rows, t.bytes, t.newest_ago) = (row.all_rows, row.all_bytes, Some(row.newest_ago));
        });
    }
    for row in consumers {
        let assigned = row.assigned.into_iter().filter_map(|(topic, p)| Some((topic, u32::try_from(p).ok()?)));
        let consumer = Consumer {
            member_id: row.member_id,
            assigned: assigned.collect(),
            polled_ago: row.polled_ago,
            committed_ago: row.committed_ago,
            read: row.messages,
            exceptions: row.exceptions.into_iter().map(|(ago, words)| Exception { ago, words }).collect(),
        };
        of(row.database, row.table, &mut |t| t.consumers.push(consumer.clone()));
    }
    for row in queues {
        let (files, bytes, broken, errors) = (row.files, row.bytes, row.broken, row.errors);
        let queue = Queue { files, bytes, broken, errors, blocked: row.blocked != 0, exception: row.exception };
        of(row.database, row.table, &mut |t| t.queue = queue.clone());
    }
    for row in mutations {
        let failed = Some(row.failed).filter(|words| !words.is_empty());
        let mutations = Mutations { unfinished: row.unfinished, failed };
        of(row.database, row.table, &mut |t| t.mutations = mutations.clone());
    }
    for row in replicas {
        let (readonly, queue, delay) = (row.readonly != 0, row.queue, row.delay);
        let replica = Replica { readonly, queue, delay, exception: row.exception };
        of(row.database, row.table, &mut |t| t.replica = Some(replica.clone()));
    }
    Ok(facts(host, found))
}

fn facts(mut rows: Vec<HostRow>, tables: BTreeMap<ObjectName, TableReading>) -> HostFacts {
    let Some(row) = rows.pop() else { return HostFacts { tables, ..HostFacts::default() } };
    let clusters = row.clusters.into_iter().map(|(name, shard, replica)| (name, (shard, replica))).collect();
    HostFacts { now_ms: row.now_ms, hostname: row.hostname, clusters, tables }
}

/// An error and what is behind it, on one line.
fn words(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        if !said.contains(&words) {
            said = format!("{said}: {words}");
        }
        source = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::clickhouse::front::{Front, clickhouse as answer};
    use crate::model::{
        ClickHouseConnection, Definition, DesiredObject, Engine, KafkaConnection, Kind, Lifecycle, ResourceId, Role,
        Secrets, Topology,
    };

    fn chain(n: usize) -> DesiredPipeline {
        let object = |role, table: &str, engine| DesiredObject {
            role,
            definition: Definition::new(ObjectName::new("d", format!("{table}_{n}")), Engine::plain(engine)),
            reads: Vec::new(),
            clusters: BTreeSet::new(),
            owned_elsewhere: false,
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            materialize: BTreeSet::new(),
            reshard: false,
        };
        DesiredPipeline {
            id: ResourceId::new(Kind::KafkaPipeline, format!("p{n}")),
            topics: vec![format!("t{n}")],
            writes_topics: Vec::new(),
            group: format!("g{n}"),
            start_from: None,
            renamed_from: None,
            objects: vec![object(Role::Source, "kafka", "Kafka"), object(Role::Local, "rows", "MergeTree")],
            backfills: Vec::new(),
            consumption: None,
            lifecycle: Lifecycle::default(),
        }
    }

    /// Requests to the only host there is.
    async fn requests(chains: usize) -> usize {
        let front = Front::play(vec![answer("200 OK", ""); 100]).await;
        let kafka =
            KafkaConnection { bootstrap_servers: "127.0.0.1:1".into(), cluster_id: None, properties: BTreeMap::new() };
        let host = ClickHouseConnection {
            url: front.url.clone(),
            user: "default".into(),
            password: None,
            ca_certificate: None,
            hosts: Vec::new(),
        };
        let servers = Servers::connect(&kafka, &host, &Secrets::new()).unwrap();
        let pipelines = (0..chains).map(chain).collect();
        let desired = Desired { project: "x".into(), topology: Topology::Single, topics: Vec::new(), pipelines };
        let read = clickhouse(&desired, &servers).await;
        assert!(read.len() == 1 && read[0].facts.is_ok(), "{read:?}");
        front.seen().len()
    }

    #[tokio::test]
    async fn a_host_is_asked_as_often_for_two_hundred_chains_as_for_one() {
        assert_eq!([requests(1).await, requests(200).await], [7, 7]);
    }
}
