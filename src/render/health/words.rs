//! Reasons as words: why, and what to do next.

use crate::health::{Cause, PartitionLag, Reason};
use crate::model::ResourceId;
use crate::render::words::{count, grouped};

/// `12 s`, `5 min`, `3 h`, `2 days`.
pub(super) fn ago(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `512 B`, `4.2 kB`, `1.3 GB`.
pub(super) fn bytes(bytes: u64) -> String {
    let mut value = bytes;
    let mut tenths = 0;
    for unit in ["B", "kB", "MB", "GB", "TB"] {
        if value < 1000 {
            return if unit == "B" { format!("{value} B") } else { format!("{value}.{tenths} {unit}") };
        }
        tenths = value % 1000 / 100;
        value /= 1000;
    }
    format!("{value}.{tenths} PB")
}

/// `1 message`, `48,112 messages`.
pub(super) fn number(n: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
}

fn places(partitions: &[(String, u32)]) -> String {
    let named: Vec<String> = partitions.iter().map(|(topic, p)| format!("{topic}[{p}]")).collect();
    named.join(", ")
}

fn since(committed_ago: Option<u64>) -> String {
    committed_ago.map_or_else(|| "never committed".into(), |s| format!("last commit {} ago", ago(s)))
}

fn newest(row_ago: Option<u64>) -> String {
    row_ago.map_or_else(|| "no row so far".into(), |s| format!("newest row {} old", ago(s)))
}

/// More hosts than these are counted, not named.
const FEW: usize = 3;

/// What a failure is, in a few words.
fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::FormatSchema => "the schema file of the format cannot be read",
        Cause::Brokers => "ClickHouse cannot reach the brokers",
        Cause::Login => "the brokers refuse ClickHouse",
        Cause::Message => "a message cannot be parsed or converted",
        Cause::Missing => "a table or column is missing where rows are written",
        Cause::ReadOnly => "a table takes no inserts",
        Cause::Full => "a table has too many parts, or its disk is full",
        Cause::Shard => "another host of the cluster does not take rows",
        Cause::Limit => "a limit of memory or time is hit",
        Cause::Other => "rows cannot be written",
    }
}

/// What to do about a failure.
fn repair(cause: Cause) -> &'static str {
    match cause {
        Cause::FormatSchema => {
            "put the schema file into format_schema_path of every host (or correct source.schema and apply); nothing is \
             lost meanwhile, Kafka keeps the messages"
        }
        Cause::Brokers => {
            "check clickhouse.kafkaBrokers of the project and the network between these hosts and the brokers"
        }
        Cause::Login => "check the credentials and ACLs with which these hosts log in to the brokers",
        Cause::Message => {
            "set source.errors to {mode: stream}, which keeps such messages beside the good ones; or correct the column or \
             view that the message does not fit, and apply"
        }
        Cause::Missing => "sluice plan shows what differs; sluice apply makes it",
        Cause::ReadOnly => {
            "find out who closed the table, and open it: ALTER TABLE … MODIFY SETTING table_readonly = 0"
        }
        Cause::Full => "see system.merges and system.disks: free space, or write larger blocks (kafka_max_block_size)",
        Cause::Shard => "start the host that does not answer, or look into its log",
        Cause::Limit => "lower kafka_max_block_size or raise the limit named",
        Cause::Other => "the words above are the server's; its log has more under the table's name",
    }
}

/// Why a resource is as it is.
pub fn why(reason: &Reason) -> String {
    let on = |hosts: &[String]| if hosts.len() > FEW { count(hosts.len(), "host") } else { hosts.join(", ") };
    match reason {
        Reason::Arrived => "everything sent has arrived".into(),
        Reason::Gaps { offsets } => format!(
            "everything sent has arrived; {} without messages (marks of transactions, compaction)",
            number(*offsets, "offset")
        ),
        Reason::NeverSent => "no message was ever sent".into(),
        Reason::Emptied => "nothing is left to read: all messages are read or past their retention".into(),
        Reason::Behind { messages, committed_ago } => {
            format!("{} on the way, {}", number(*messages, "message"), since(*committed_ago))
        }
        Reason::Retried { hosts, cause: of, words } => {
            format!("{} on {}, once so far: {words}", cause(*of), on(hosts))
        }
        Reason::HeldByTheDead { partitions } => {
            format!("{} belong to a consumer that is gone", places(partitions))
        }
        Reason::QueueWaits { table, hosts, files } => {
            format!("{} waiting in the queue of {table} on {}", number(*files, "file"), on(hosts))
        }
        Reason::ReplicaBehind { table, host, delay } => {
            format!("the replica of {table} on {host} is {} behind", ago(*delay))
        }
        Reason::HostSilent { host, words } => format!("{host} does not answer: {words}"),
        Reason::BrokersSilent { words } => format!("the brokers do not answer: {words}"),
        Reason::TopicUnknown { topic, words } => format!("topic {topic} could not be read: {words}"),
        Reason::GroupUnknown { group, words } => format!("group {group} could not be read: {words}"),
        Reason::Standing { messages, committed_ago } => {
            format!(
                "{} wait, consumers ask and commit nothing, {}",
                number(*messages, "message"),
                since(*committed_ago)
            )
        }
        Reason::NobodyReads { messages, group } => {
            format!("{} not read, and no consumer of {group} asks for them", number(*messages, "message"))
        }
        Reason::NeverRun { messages } => format!("it was never run; {} can be read", number(*messages, "message")),
        Reason::NotRunning { messages, .. } => {
            format!("{} not read, and nobody runs it", number(*messages, "message"))
        }
        Reason::Consuming { messages, row_ago } => {
            format!("{} on the way, {}", number(*messages, "message"), newest(*row_ago))
        }
        Reason::Halted { messages, row_ago } => {
            format!("{} wait, its consumer runs and writes nothing, {}", number(*messages, "message"), newest(*row_ago))
        }
        Reason::Failing { hosts, cause: of, times, ago: last, words, at } => {
            let place =
                at.as_ref().map(|(topic, p, offset)| format!(", not stored from {topic}[{p}] offset {offset} on"));
            format!(
                "{} on {} ({} in the last minute, {} ago{}): {words}",
                cause(*of),
                on(hosts),
                count(*times, "time"),
                ago(*last),
                place.unwrap_or_default()
            )
        }
        Reason::QueueStuck { table, hosts, files, broken, words } => {
            let words = if words.is_empty() { String::new() } else { format!(": {words}") };
            let of = format!("{table} on {}", on(hosts));
            match (*files, *broken) {
                (0, broken) => format!("{} of {of} put aside as broken{words}", number(broken, "file")),
                (files, 0) => format!("{} cannot be sent from {of}{words}", number(files, "file")),
                (files, broken) => {
                    format!("{} cannot be sent from {of}, {broken} put aside as broken{words}", number(files, "file"))
                }
            }
        }
        Reason::MutationFails { table, host, words } => format!("a mutation of {table} fails on {host}: {words}"),
        Reason::TopicAbsent { topic } => format!("topic {topic} does not exist"),
        Reason::Missing { objects, all: true } => format!("none of its {} is there", count(objects.len(), "object")),
        Reason::Missing { objects, all: false } => {
            let each: Vec<String> = objects.iter().map(|(name, hosts)| format!("{name} on {}", on(hosts))).collect();
            format!("missing: {}", each.join("; "))
        }
        Reason::ReadOnly { table, hosts, replica: None } => {
            format!("{table} takes no inserts on {}: its setting table_readonly is on", on(hosts))
        }
        Reason::ReadOnly { table, hosts, replica: Some(words) } => {
            let words = if words.is_empty() { String::new() } else { format!(": {words}") };
            format!("the replica of {table} on {} is read-only{words}", on(hosts))
        }
        Reason::Stolen { group, members } => {
            let each: Vec<String> = members
                .iter()
                .map(|m| {
                    format!("{} at {} reads {}", m.client_id, m.host.trim_start_matches('/'), places(&m.partitions))
                })
                .collect();
            format!("others read with group {group}, and what they read is in no table: {}", each.join("; "))
        }
        Reason::Lost { messages } => {
            format!("{} deleted from the topic before being read", number(*messages, "message"))
        }
    }
}

/// What to do next about a resource; nothing where there is nothing to do.
pub fn next(reason: &Reason, id: &ResourceId) -> Option<String> {
    let text = match reason {
        Reason::Arrived | Reason::Gaps { .. } | Reason::NeverSent | Reason::Emptied => return None,
        Reason::Behind { .. } => {
            "look again in a moment; if the number grows, raise source.consumers up to the number of partitions".into()
        }
        Reason::Consuming { .. } => {
            "look again in a moment; if the number grows, run it several times, up to once a partition".into()
        }
        Reason::Halted { .. } => {
            format!("see what sluice consume {id} says: rows that a table does not take, or servers it cannot reach")
        }
        Reason::Retried { .. } => "it is tried again by itself; look again in a moment".into(),
        Reason::NeverRun { .. } | Reason::NotRunning { .. } => {
            format!("sluice consume {id} reads it once to its end, with --follow for as long as you like")
        }
        Reason::HeldByTheDead { .. } => {
            "wait until the session of the old consumer ends (45 s unless set otherwise)".into()
        }
        Reason::QueueWaits { table, .. } => {
            format!("it is sent in the background; at once with SYSTEM FLUSH DISTRIBUTED {table} on these hosts")
        }
        Reason::ReplicaBehind { table, .. } => {
            format!("it catches up by itself; system.replication_queue tells what {table} waits for")
        }
        Reason::HostSilent { host, .. } => format!("start {host}, or correct its address in the project"),
        Reason::BrokersSilent { .. } => "start the brokers, or correct kafka.bootstrapServers".into(),
        Reason::TopicUnknown { topic, .. } => format!("allow this login to describe topic {topic}"),
        Reason::GroupUnknown { group, .. } => format!("allow this login to describe group {group}"),
        Reason::Standing { .. } => {
            "see system.kafka_consumers and the hosts' logs; recreating the Kafka table keeps the offsets".into()
        }
        Reason::NobodyReads { .. } => {
            "sluice plan shows what is missing; DETACH and ATTACH of the Kafka table starts its consumers anew".into()
        }
        Reason::Failing { cause, .. } => repair(*cause).into(),
        Reason::QueueStuck { broken, .. } if *broken > 0 => {
            "the files put aside are in the table's folder under broken/: make room for their rows and move them back"
                .into()
        }
        Reason::QueueStuck { table, .. } => {
            format!(
                "repair the host or table named, then SYSTEM FLUSH DISTRIBUTED {table}; do not drop the table before"
            )
        }
        Reason::MutationFails { table, .. } => {
            format!("correct the rows it fails on, or KILL MUTATION for {table}; see system.mutations")
        }
        Reason::TopicAbsent { topic } => {
            format!("sluice apply makes it; an external topic {topic} is for its owner to make")
        }
        Reason::Missing { .. } => "sluice plan, then sluice apply".into(),
        Reason::ReadOnly { replica: None, .. } => repair(Cause::ReadOnly).into(),
        Reason::ReadOnly { table, replica: Some(_), .. } => {
            format!("see to the keeper, then SYSTEM RESTORE REPLICA or SYSTEM RESTART REPLICA {table}")
        }
        Reason::Stolen { .. } => "stop the other consumer, or give it a group of its own".into(),
        Reason::Lost { .. } => {
            "they are gone unless another copy exists; raise retention.ms above the longest standstill to expect".into()
        }
    };
    Some(text)
}

/// `orders[2]  4,711 of 4,720  9 behind  read by …` in cells.
pub(super) fn partition(p: &PartitionLag) -> [String; 6] {
    [
        format!("{}[{}]", p.topic, p.partition),
        grouped(p.first),
        grouped(p.next),
        p.committed.map_or_else(|| "-".into(), grouped),
        grouped(p.lag()),
        p.reader.clone().unwrap_or_else(|| "-".into()),
    ]
}
