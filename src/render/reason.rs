//! Why something is not done, and what a reader should know: full sentences that end with what to do.

use super::hosts::Hosts;
use super::words::count;
use crate::model::ResourceId;
use crate::plan::{Blocked, Hazard, Note};

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
            "partitions have {} and the manifest says {desired}: replicas change by reassignment only, which sluice \
             does not do. Reassign them with kafka-reassign-partitions, or set replicationFactor as it is",
            replicas(*live)
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
        Blocked::NoHosts(clusters) if clusters.is_empty() => {
            "no ClickHouse host answered: start the servers or correct `spec.clickhouse.url`".into()
        }
        Blocked::NoHosts(clusters) => format!(
            "no host of the cluster {clusters} answered: start its servers, or correct the cluster's name in the \
             project or in this resource"
        ),
    }
}

/// A note to a resource. Not escaped.
pub(super) fn note(note: &Note, hosts: &Hosts) -> String {
    match note {
        Note::Unmanaged { key, value } => format!("config.{key} = {value} was pinned by others and is left alone"),
        Note::BackgroundInsert { hosts: on } => format!(
            "inserts through Distributed tables do not wait for the shards on {}: rows in the queue of a host that \
             is lost are lost with it. distributed_foreground_insert = 1 in the profile of the server makes them wait",
            hosts.some(on.iter().copied())
        ),
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
        | Note::OffsetsKept { .. }
        | Note::SecretUnknown { .. } => false,
    }
}

fn replicas((least, most): (usize, usize)) -> String {
    if least == most { count(least, "replica") } else { format!("{least} to {most} replicas") }
}

/// A server's words inside of a sentence.
fn sentence(words: &str) -> &str {
    words.trim().trim_end_matches('.')
}
