//! A report for programs: versioned, with a schema.

use super::words::{next, why};
use crate::health::{ChainFacts, Comparison, Facts, HostChain, Report, ResourceHealth, TopicFacts};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields may be added under the same first number; what is there keeps its meaning.
pub(super) const FORMAT: &str = "1.0";

/// What `sluice status --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "sluice status")]
#[serde(rename_all = "camelCase")]
struct StatusOutput {
    /// Version of this format.
    format: &'static str,
    /// `metadata.name` of the project.
    project: String,
    /// The worst verdict of all.
    verdict: &'static str,
    /// Topics, then chains.
    resources: Vec<ResourceOutput>,
    /// What could not be read and no verdict needs.
    not_read: Vec<String>,
    /// With `--compare`: everybody who reads one topic.
    comparisons: Vec<ComparisonOutput>,
}

/// Everybody who reads one topic.
#[derive(Debug, Serialize, JsonSchema)]
struct ComparisonOutput {
    /// The topic.
    topic: String,
    /// Its readers.
    readers: Vec<SideOutput>,
}

/// One reader of a topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SideOutput {
    /// `KIND/NAME`.
    resource: String,
    /// Rows of its tables, those of errors apart.
    rows: u64,
    /// Rows of its tables of errors.
    errors: u64,
    /// Offsets kept in the topic that it has not read.
    lag: Option<u64>,
    /// Rows a second between two looks.
    rows_per_second: u64,
    /// Highest offset stored, by partition.
    highest_offsets: BTreeMap<u32, u64>,
}

/// One resource.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResourceOutput {
    /// Its kind.
    kind: &'static str,
    /// Its `metadata.name`.
    name: String,
    /// `healthy`, `idle`, `lagging`, `unknown`, `stuck` or `broken`.
    verdict: &'static str,
    /// Why, the worst first.
    reasons: Vec<ReasonOutput>,
    /// Of a topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<TopicOutput>,
    /// Of anything that flows.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<ChainOutput>,
}

/// One reason.
#[derive(Debug, Serialize, JsonSchema)]
struct ReasonOutput {
    /// A stable word for it.
    code: &'static str,
    /// What it makes of the resource.
    verdict: &'static str,
    /// In words.
    why: String,
    /// What to do, where there is something to do.
    next: Option<String>,
}

/// A topic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TopicOutput {
    /// Its name at the brokers.
    name: String,
    /// Offsets kept.
    messages: Option<u64>,
    /// Bytes on the brokers' disks, one replica each.
    bytes: Option<u64>,
    /// Seconds since its newest message.
    newest_message_age: Option<u64>,
    /// In the order of their numbers.
    partitions: Vec<OffsetsOutput>,
}

/// A partition.
#[derive(Debug, Serialize, JsonSchema)]
struct OffsetsOutput {
    /// Offset of the oldest message kept.
    first: u64,
    /// Offset of the next message to come.
    next: u64,
}

/// What flows through tables.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChainOutput {
    /// Its consumer group, where it has one.
    group: Option<String>,
    /// Offsets kept that the group has not read.
    lag: Option<u64>,
    /// Offsets that the group has passed.
    read: Option<u64>,
    /// Offsets kept in the topics it writes, of an `OutgoingSink`.
    written: Option<u64>,
    /// Members of its group.
    members: usize,
    /// Rows of its tables, those of errors apart.
    rows: u64,
    /// Rows of its tables of errors.
    errors: u64,
    /// Why rows and messages may differ in number, and rightly so.
    rows_are: Vec<&'static str>,
    /// Seconds since the newest message of its topics.
    newest_message_age: Option<u64>,
    /// Seconds since the youngest part of its tables was written.
    newest_row_age: Option<u64>,
    /// Objects that are there, on all hosts.
    objects_present: usize,
    /// Objects that should be there, on all hosts.
    objects: usize,
    /// Partitions of its topics.
    partitions: Vec<PartitionOutput>,
    /// Tables that keep rows, all hosts together.
    tables: Vec<TableOutput>,
    /// Its hosts.
    hosts: Vec<HostOutput>,
}

/// A group's place in a partition.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PartitionOutput {
    /// Topic.
    topic: String,
    /// Partition.
    partition: u32,
    /// Offset of the oldest message kept.
    first: u64,
    /// Offset of the next message to come.
    next: u64,
    /// Offset of the next message the group reads, where it has one.
    committed: Option<u64>,
    /// Offsets kept that the group has not read.
    lag: u64,
    /// Client id of the member that reads it.
    reader: Option<String>,
}

/// A table.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TableOutput {
    /// Its name on each host.
    table: String,
    /// It keeps messages that could not be read.
    errors: bool,
    /// Rows, replicas counted once.
    rows: u64,
    /// Bytes on disk.
    bytes: u64,
    /// Seconds since its youngest part was written.
    newest_row_age: Option<u64>,
}

/// A host.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct HostOutput {
    /// `host:port`.
    host: String,
    /// Why it told nothing.
    silent: Option<String>,
    /// Seconds since one of its objects was last made or changed.
    changed_age: Option<u64>,
    /// Objects that are missing.
    missing: Vec<String>,
    /// Its tables that keep rows.
    tables: Vec<HostTableOutput>,
    /// Consumers of its Kafka table.
    consumers: Vec<ConsumerOutput>,
    /// Queues of its Distributed tables.
    queues: Vec<QueueOutput>,
    /// Mutations of its tables that are not done.
    mutations: Vec<MutationOutput>,
    /// Its replicas.
    replicas: Vec<ReplicaOutput>,
}

/// A table on a host.
#[derive(Debug, Serialize, JsonSchema)]
struct HostTableOutput {
    /// Its name.
    table: String,
    /// Rows.
    rows: u64,
    /// Bytes on disk.
    bytes: u64,
}

/// A consumer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConsumerOutput {
    /// Its id in the group; empty until it has joined.
    member: String,
    /// `topic[partition]` of all it reads.
    assigned: Vec<String>,
    /// Seconds since it last asked for messages.
    polled_age: Option<u64>,
    /// Seconds since it last committed.
    committed_age: Option<u64>,
    /// Messages read since it was made.
    read: u64,
    /// Its last exceptions since the chain was last changed on this host, ten at most: seconds ago and words.
    exceptions: Vec<ExceptionOutput>,
}

/// An exception.
#[derive(Debug, Serialize, JsonSchema)]
struct ExceptionOutput {
    /// Seconds ago.
    age: u64,
    /// The server's words.
    words: String,
}

/// A queue.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct QueueOutput {
    /// The Distributed table.
    table: String,
    /// Files that wait.
    files: u64,
    /// Their bytes.
    bytes: u64,
    /// Files put aside.
    broken_files: u64,
    /// Failures so far.
    errors: u64,
    /// The last failure.
    last_exception: String,
}

/// Mutations.
#[derive(Debug, Serialize, JsonSchema)]
struct MutationOutput {
    /// The table.
    table: String,
    /// How many are not done.
    unfinished: u64,
    /// Why one fails.
    failed: Option<String>,
}

/// A replica.
#[derive(Debug, Serialize, JsonSchema)]
struct ReplicaOutput {
    /// The table.
    table: String,
    /// It takes no inserts.
    readonly: bool,
    /// Entries in its queue.
    queue: u64,
    /// Seconds behind the others.
    delay: u64,
}

/// The report as one JSON document.
pub fn json(report: &Report, comparisons: &[Comparison]) -> String {
    format!("{:#}\n", value(report, comparisons))
}

/// The report as a value.
pub(super) fn value(report: &Report, comparisons: &[Comparison]) -> Value {
    let output = StatusOutput {
        format: FORMAT,
        project: report.project.clone(),
        verdict: report.verdict().as_str(),
        resources: report.resources.iter().map(resource).collect(),
        not_read: report.left_out.clone(),
        comparisons: comparisons.iter().map(comparison).collect(),
    };
    // Nothing in it is a map with keys that are no texts: this cannot fail.
    serde_json::to_value(output).unwrap_or_default()
}

/// The JSON Schema of it.
pub fn schema() -> Value {
    schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<StatusOutput>()
        .to_value()
}

fn comparison(comparison: &Comparison) -> ComparisonOutput {
    let side = |s: &crate::health::Side| SideOutput {
        resource: s.id.to_string(),
        rows: s.rows,
        errors: s.errors,
        lag: s.lag,
        rows_per_second: s.per_second,
        highest_offsets: s.highest.clone(),
    };
    ComparisonOutput { topic: comparison.topic.clone(), readers: comparison.sides.iter().map(side).collect() }
}

fn resource(resource: &ResourceHealth) -> ResourceOutput {
    let (topic, chain) = match &resource.facts {
        Facts::Topic(facts) => (Some(self::topic(facts)), None),
        Facts::Chain(facts) => (None, Some(self::chain(facts))),
    };
    let reason = |r: &crate::health::Reason| ReasonOutput {
        code: r.code(),
        verdict: r.verdict().as_str(),
        why: why(r),
        next: next(r, &resource.id),
    };
    ResourceOutput {
        kind: resource.id.kind.as_str(),
        name: resource.id.name.clone(),
        verdict: resource.verdict.as_str(),
        reasons: resource.reasons.iter().map(reason).collect(),
        topic,
        chain,
    }
}

fn topic(facts: &TopicFacts) -> TopicOutput {
    TopicOutput {
        name: facts.name.clone(),
        messages: facts.messages,
        bytes: facts.bytes,
        newest_message_age: facts.newest_ago,
        partitions: facts.partitions.iter().map(|(first, next)| OffsetsOutput { first: *first, next: *next }).collect(),
    }
}

fn chain(facts: &ChainFacts) -> ChainOutput {
    let partition = |p: &crate::health::PartitionLag| PartitionOutput {
        topic: p.topic.clone(),
        partition: p.partition,
        first: p.first,
        next: p.next,
        committed: p.committed,
        lag: p.lag(),
        reader: p.reader.clone(),
    };
    let table = |t: &crate::health::TableTotal| TableOutput {
        table: t.table.to_string(),
        errors: t.errors,
        rows: t.rows,
        bytes: t.bytes,
        newest_row_age: t.newest_ago,
    };
    ChainOutput {
        group: Some(facts.group.clone()).filter(|g| !g.is_empty()),
        lag: facts.lag,
        read: facts.passed,
        written: facts.written,
        members: facts.members,
        rows: facts.rows(),
        errors: facts.errors(),
        rows_are: facts.passages.iter().map(|p| p.as_str()).collect(),
        newest_message_age: facts.newest_message_ago,
        newest_row_age: facts.newest_row_ago(),
        objects_present: facts.objects.0,
        objects: facts.objects.1,
        partitions: facts.partitions.iter().map(partition).collect(),
        tables: facts.tables.iter().map(table).collect(),
        hosts: facts.hosts.iter().map(host).collect(),
    }
}

fn host(host: &HostChain) -> HostOutput {
    let consumer = |c: &crate::health::Consumer| ConsumerOutput {
        member: c.member_id.clone(),
        assigned: c.assigned.iter().map(|(topic, p)| format!("{topic}[{p}]")).collect(),
        polled_age: c.polled_ago,
        committed_age: c.committed_ago,
        read: c.read,
        exceptions: c.exceptions.iter().map(|e| ExceptionOutput { age: e.ago, words: e.words.clone() }).collect(),
    };
    HostOutput {
        host: host.host.clone(),
        silent: host.silent.clone(),
        changed_age: host.changed_ago,
        missing: host.missing.iter().map(ToString::to_string).collect(),
        tables: host
            .rows
            .iter()
            .map(|(table, rows, bytes)| HostTableOutput { table: table.to_string(), rows: *rows, bytes: *bytes })
            .collect(),
        consumers: host.consumers.iter().map(consumer).collect(),
        queues: host
            .queues
            .iter()
            .map(|(table, q)| QueueOutput {
                table: table.to_string(),
                files: q.files,
                bytes: q.bytes,
                broken_files: q.broken,
                errors: q.errors,
                last_exception: q.exception.clone(),
            })
            .collect(),
        mutations: host
            .mutations
            .iter()
            .map(|(table, m)| MutationOutput {
                table: table.to_string(),
                unfinished: m.unfinished,
                failed: m.failed.clone(),
            })
            .collect(),
        replicas: host
            .replicas
            .iter()
            .map(|(table, r)| ReplicaOutput {
                table: table.to_string(),
                readonly: r.readonly,
                queue: r.queue,
                delay: r.delay,
            })
            .collect(),
    }
}
