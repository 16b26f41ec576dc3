//! Why something is not done, and what a reader should know: full sentences that end with what to do.

use super::census::absence;
use super::hosts::Hosts;
use super::replicas::replicas;
use super::words::{count, grouped};
use crate::model::{ResourceId, Unread};
use crate::plan::{Blocked, Class, Hazard, Impact, Note, Obstacle, Offsets};

/// Why a resource is blocked. Not escaped.
pub(super) fn blocked(why: &Blocked, resource: &ResourceId, hosts: &Hosts) -> String {
    match why {
        Blocked::FewerPartitions { live, desired } => format!(
            "the topic has {live} partitions and the manifest says {desired}: Kafka cannot take partitions away. \
             Set partitions to {live}, or --recreate {resource} drops the topic and creates it again (its messages \
             are lost: --allow {}:{resource})",
            Hazard::RecreatesTopic
        ),
        Blocked::ReplicationFactor { live, desired } => format!(
            "the manifest says replicationFactor {desired} and the topic has {}: replicas change by reassignment only, which \
             sluice does not do. Reassign them with kafka-reassign-partitions, or set replicationFactor as it is",
            replicas(live)
        ),
        Blocked::TooFewBrokers { brokers, replicas } => format!(
            "the manifest asks for {} and the cluster has {} alive: lower replicationFactor, or bring the others up",
            count(usize::from(*replicas), "replica"),
            count(*brokers, "broker")
        ),
        Blocked::MinInsyncReplicas { min_isr, replicas } => format!(
            "min.insync.replicas is {min_isr} and there would be {}: no producer with acks=all could write. Lower \
             min.insync.replicas or raise replicationFactor",
            count(usize::from(*replicas), "replica")
        ),
        Blocked::NameCollision(other) => format!(
            "the topic {other} exists and differs only in `.` and `_`, which Kafka takes for one name: rename this \
             topic"
        ),
        Blocked::RefusedByBrokers(words) => {
            format!("the brokers refuse what the manifest asks for: {}. Change it in the manifest", sentence(words))
        }
        Blocked::TopicUnknown(why) => format!(
            "the topic could not be read: {}. What is not known is not changed; plan again when the brokers tell it",
            sentence(why)
        ),
        Blocked::NeedsRecreate => format!(
            "this version changes it only by dropping it: --recreate {resource} drops and creates it again (deletes \
             its rows: --allow {}:{resource})",
            Hazard::DeletesData
        ),
        Blocked::Foreign { object, owner } => format!(
            "{object} belongs to {} of the project {}: remove it from one of the two projects, or give it another \
             name here",
            owner.resource, owner.project
        ),
        Blocked::ObjectUnknown { object, host, why } => format!(
            "what {object} is on {} cannot be told: {}. What is not known is not changed; plan again when it can be \
             read",
            hosts.one(*host),
            sentence(why)
        ),
        Blocked::Refused { object, why } => {
            format!(
                "ClickHouse refuses the manifest's definition of {object}: {}. Change it in the manifest",
                sentence(why)
            )
        }
        Blocked::DeletionForbidden => "the manifest says `state: absent`, and its `lifecycle.deletion` is `forbid`: \
             set it to `allow` to drop it with its data, or to `orphan` to leave it on the servers"
            .into(),
        Blocked::ReadByStranger { object, reader } => format!(
            "{reader} uses {object} and belongs to no pipeline of this project: drop {reader} or bring it into the \
             project first"
        ),
        Blocked::CannotRebuild { object, why } => {
            format!("{object} has to be built anew, and {}", obstacle(why, hosts))
        }
        Blocked::DoesNotFit { object, column, rows, host } => format!(
            "{} of {object} on {} {} a value in column {column} that does not fit the new type: change or delete it \
             first, or choose a wider type",
            counted(*rows, "row"),
            hosts.one(*host),
            if *rows == 1 { "has" } else { "have" }
        ),
        Blocked::HostUnread { host, why } => format!(
            "{}: what it has is not known. {}, or plan without it: --allow-unreachable {host}",
            absence(host, why),
            match why {
                Unread::Silent(_) => "Start it",
                Unread::NotListed { .. } => "Add it to `clickhouse.hosts`",
            }
        ),
        Blocked::NoHosts(clusters) if clusters.is_empty() => {
            "no ClickHouse host answered: start the servers or correct `spec.clickhouse.url`".into()
        }
        Blocked::NoHosts(clusters) => format!(
            "no host of the cluster {clusters} answered: start its servers, or correct the cluster's name in the \
             project or in this resource"
        ),
    }
}

fn obstacle(why: &Obstacle, hosts: &Hosts) -> String {
    match why {
        Obstacle::KeeperPath => "its path in Keeper names the table, so that no second one can stand beside it: leave \
             the path out of the engine, or put {uuid} into it"
            .into(),
        Obstacle::Replicas => "several hosts are replicas of one shard, each of which would copy the same rows: \
             sluice does not do that yet. Set lifecycle.incompatible to block and replace the table by hand"
            .into(),
        Obstacle::InTheWay { table, host } => {
            format!("{table} on {} is not ours and has the name of the new table: rename or drop it", hosts.one(*host))
        }
        Obstacle::Gone { table, host } => format!(
            "it is gone on {} while {table}, a copy of it that may be unfinished, is there: rename that one to keep \
             its rows, or drop it to begin with an empty table",
            hosts.one(*host)
        ),
        Obstacle::HalfMoved { left } => format!(
            "an earlier apply moved its rows to the shards of another key and was cut before {} had the new table: \
             apply the manifest of that apply once more, and then this one",
            hosts.some(left.iter().copied())
        ),
        Obstacle::OtherHosts { cluster, host } => format!(
            "rows cannot be spread by the new sharding key while {} is in only one of the cluster {cluster} and the \
             hosts that have the table: apply without `reshard` until it is the same hosts",
            hosts.one(*host)
        ),
        Obstacle::Renamed => {
            "a table cannot be renamed while its rows move to other shards: apply the new name first, \
             and then the sharding key"
                .into()
        }
        Obstacle::NoExchange { database, host } => format!(
            "rows can move to other shards only where tables are exchanged at one moment, and the engine of the \
             database {database} on {} cannot do that: leave `reshard` out, or move the table to a database of the \
             engine Atomic",
            hosts.one(*host)
        ),
        Obstacle::NoSpace { host, bytes, free } => format!(
            "{} has {} bytes free where the copy takes about {}: make room there",
            hosts.one(*host),
            grouped(*free),
            grouped(*bytes)
        ),
    }
}

/// A note to a resource. Not escaped.
pub(super) fn note(note: &Note, hosts: &Hosts) -> String {
    match note {
        Note::Unmanaged { key, value } => format!("config.{key} = {value} was pinned by others and is left alone"),
        Note::NewOn { hosts: on } => {
            format!("new on {}: everything of this resource is made there", hosts.some(on.iter().copied()))
        }
        Note::FewBrokerThreads { hosts: on, tasks, threads } => format!(
            "Kafka tables on {} take {} threads with this one, and the pool that they share has {}: they wait for each \
             other. Raise background_message_broker_schedule_pool_size",
            hosts.some(on.iter().copied()),
            grouped(u64::from(*tasks)),
            grouped(u64::from(*threads))
        ),
        Note::IdleConsumers { hosts: n, consumers, partitions } => {
            let all = u64::try_from(*n).unwrap_or(u64::MAX).saturating_mul(*consumers);
            format!(
                "{} with {consumers} consumers each are {} for {}: {} of them have nothing to read and hold threads \
                 all the same. Lower source.consumers or raise the topic's partitions",
                count(*n, "host"),
                grouped(all),
                counted(*partitions, "partition"),
                grouped(all.saturating_sub(*partitions))
            )
        }
        Note::BackgroundInsert { hosts: on } => format!(
            "inserts through Distributed tables do not wait for the shards on {}: rows in the queue of a host that \
             is lost are lost with it. distributed_foreground_insert = 1 in the profile of the server makes them wait",
            hosts.some(on.iter().copied())
        ),
        Note::KeptOld { object, until } => {
            format!("{object} holds the rows from before a rebuild; a plan drops it on {until} or later")
        }
        Note::Backfills { table, group, messages: Some(n) } => format!(
            "{table} is filled with the {} that the pipeline has read before, by a group of its own ({group}), while \
             ingestion goes on; those that could not be read then are left out",
            messages(*n)
        ),
        Note::Backfills { table, group, messages: None } => format!(
            "an earlier apply began to fill {table} with what the pipeline has read before: its group {group} goes on"
        ),
        Note::MembersStay { group } => format!(
            "consumers of the dropped table cannot be told from living ones of the group {group}: it waits for them \
             until their session ends (45 s)"
        ),
        Note::MessagesLost { messages: all, unread } => format!(
            "{} are deleted with it; {} of them have not been read by every group of this project",
            messages(*all),
            grouped(*unread)
        ),
        Note::GroupStarts { group, again, skipped, ahead } => format!(
            "the group {group} begins with {} before it; {} read before are read again, {} are passed over",
            messages(*ahead),
            messages(*again),
            messages(*skipped)
        ),
        Note::GroupContinues { group, ahead } => {
            format!("the group {group} has offsets already and goes on there: {} before it", messages(*ahead))
        }
        Note::OffsetsKept { group } => format!(
            "the offsets of the consumer group {group} stay: what it has read before is not read again, and what \
             arrives meanwhile is"
        ),
        Note::SecretUnknown { object, secrets, here: true } => format!(
            "whether {object} still has {} cannot be told: its value is not set where this plan was made",
            secrets.join(", ")
        ),
        Note::SecretUnknown { object, secrets, here: false } => format!(
            "whether {object} still has {} cannot be told: it carries no seal of its secrets yet and gets one when it \
             is made anew",
            secrets.join(", ")
        ),
        Note::Beyond { object, clause, hosts: on } => {
            format!("{object} has {clause}{} (no manifest can ask for it; left alone)", somewhere(hosts, on))
        }
        Note::NotManaged { object, engine, of, reads, writes, hosts: on } => format!(
            "{object} ({engine}) {} {of}{} (left alone; would block a drop)",
            usage(*reads, *writes),
            somewhere(hosts, on)
        ),
        Note::NoLongerDeclared { object, engine, hosts: on } => format!(
            "{object} ({engine}) carries the mark of this resource and is not declared{} (left alone; drop it by hand \
             if nobody needs it)",
            somewhere(hosts, on)
        ),
    }
}

fn usage(reads: bool, writes: bool) -> &'static str {
    match (reads, writes) {
        (true, true) => "reads and writes",
        (false, true) => "writes into",
        (true | false, false) => "reads",
    }
}

fn somewhere(hosts: &Hosts, on: &[usize]) -> String {
    hosts.unless_all(on).map(|on| format!(" on {on}")).unwrap_or_default()
}

/// Whether a note is about something that no manifest declares, which is told for all resources together.
pub(super) fn is_not_managed(note: &Note) -> bool {
    match note {
        Note::NotManaged { .. } | Note::NoLongerDeclared { .. } | Note::Beyond { .. } => true,
        Note::Unmanaged { .. }
        | Note::BackgroundInsert { .. }
        | Note::NewOn { .. }
        | Note::FewBrokerThreads { .. }
        | Note::IdleConsumers { .. }
        | Note::Backfills { .. }
        | Note::MembersStay { .. }
        | Note::MessagesLost { .. }
        | Note::GroupStarts { .. }
        | Note::GroupContinues { .. }
        | Note::KeptOld { .. }
        | Note::OffsetsKept { .. }
        | Note::SecretUnknown { .. } => false,
    }
}

/// What a change means for the rows that flow, on one line.
pub(super) fn impact(impact: &Impact) -> String {
    let mut parts = Vec::new();
    match impact.class {
        Class::InPlace => parts.push("in place; nothing pauses".to_owned()),
        Class::Paused => parts.push("views made again".to_owned()),
        Class::Joined => parts.push("consumers join".to_owned()),
        Class::Reconnected => parts.push("Kafka table replaced".to_owned()),
        Class::Filled => {
            let rows = impact.rows.map(|n| format!(", {} rows copied", grouped(n))).unwrap_or_default();
            parts.push(format!("new table filled{rows}"));
        }
        Class::Rebuilt => {
            let rows = impact.rows.map(|n| format!(", {} rows copied", grouped(n))).unwrap_or_default();
            parts.push(format!("table rebuilt{rows}"));
        }
    }
    if let Some(pause) = impact.pause {
        let copying = if impact.class == Class::Rebuilt { " and as long as the copy takes" } else { "" };
        parts.push(format!("pause about {} s{copying}", pause.as_secs()));
        parts.push(match impact.offsets {
            Offsets::Kept => "offsets kept".into(),
            Offsets::Carried => "offsets carried over to the new group".into(),
            Offsets::Replayed => "messages read again".into(),
            Offsets::Skipped => "messages passed over".into(),
            Offsets::Restarted => "the new topic is read from its first message".into(),
        });
    }
    match impact.offsets {
        Offsets::Kept | Offsets::Carried => parts.push("nothing lost, nothing twice".into()),
        Offsets::Replayed => parts.push("nothing lost; rows come twice".into()),
        Offsets::Skipped | Offsets::Restarted => {}
    }
    parts.join("; ")
}

fn messages(n: u64) -> String {
    counted(n, "message")
}

/// `1 row`, `1,204,117 rows`.
fn counted(n: u64, one: &str) -> String {
    format!("{} {one}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// A server's words inside of a sentence.
fn sentence(words: &str) -> &str {
    words.trim().trim_end_matches('.')
}
