//! A report for a scraper: the text exposition format, one family after another.

use crate::health::{ChainFacts, Facts, Report, ResourceHealth, Verdict};
use crate::render::metrics::{Family, written};

/// The report as metrics. What could not be read has no sample.
pub fn prometheus(report: &Report) -> String {
    let mut families = vec![verdicts(report)];
    families.extend(topics(report));
    families.extend(groups(report));
    families.extend(tables(report));
    families.extend(hosts(report));
    families.iter().map(written).collect()
}

fn id(resource: &ResourceHealth) -> Vec<(&'static str, String)> {
    vec![("kind", resource.id.kind.to_string()), ("name", resource.id.name.clone())]
}

fn verdicts(report: &Report) -> Family {
    let of = |r: &ResourceHealth| {
        let one = |verdict: Verdict| {
            let mut labels = id(r);
            labels.push(("verdict", verdict.to_string()));
            (labels, u64::from(r.verdict == verdict))
        };
        Verdict::ALL.map(one)
    };
    Family {
        name: "sluice_resource_verdict",
        help: "1 for the verdict of a resource, 0 for every other",
        samples: report.resources.iter().flat_map(of).collect(),
    }
}

/// A family with no sample yet.
fn family(name: &'static str, help: &'static str) -> Family {
    Family { name, help, samples: Vec::new() }
}

fn topics(report: &Report) -> Vec<Family> {
    let mut first = family("sluice_topic_first_offset", "Offset of the oldest message kept in a partition");
    let mut next = family("sluice_topic_next_offset", "Offset that the next message of a partition will get");
    let mut size = family("sluice_topic_size_bytes", "Bytes of a topic on the brokers' disks, one replica each");
    let mut age = family("sluice_topic_newest_message_age_seconds", "Seconds since a topic's newest message");
    for resource in &report.resources {
        let Facts::Topic(topic) = &resource.facts else { continue };
        let named = vec![("topic", topic.name.clone())];
        for (i, (low, high)) in topic.partitions.iter().enumerate() {
            let mut labels = named.clone();
            labels.push(("partition", i.to_string()));
            first.samples.push((labels.clone(), *low));
            next.samples.push((labels, *high));
        }
        size.samples.extend(topic.bytes.map(|bytes| (named.clone(), bytes)));
        age.samples.extend(topic.newest_ago.map(|seconds| (named, seconds)));
    }
    vec![first, next, size, age]
}

fn chains(report: &Report) -> impl Iterator<Item = (&ResourceHealth, &ChainFacts)> {
    report.resources.iter().filter_map(|r| match &r.facts {
        Facts::Chain(chain) => Some((r, chain)),
        Facts::Topic(_) => None,
    })
}

fn groups(report: &Report) -> Vec<Family> {
    let mut committed = family("sluice_group_committed_offset", "Offset of the next message a group reads");
    let mut lag = family("sluice_group_lag", "Offsets kept in a partition that a group has not read");
    for (resource, chain) in chains(report) {
        for p in &chain.partitions {
            let mut labels = id(resource);
            labels.push(("group", chain.group.clone()));
            labels.push(("topic", p.topic.clone()));
            labels.push(("partition", p.partition.to_string()));
            committed.samples.extend(p.committed.map(|offset| (labels.clone(), offset)));
            lag.samples.push((labels, p.lag()));
        }
    }
    vec![committed, lag]
}

fn tables(report: &Report) -> Vec<Family> {
    let mut rows = family("sluice_table_rows", "Rows of a table on all hosts, replicas counted once");
    let mut size = family("sluice_table_size_bytes", "Bytes on disk of a table on all hosts, replicas counted once");
    let mut age = family("sluice_table_newest_row_age_seconds", "Seconds since a table's youngest part was written");
    // A sum that lacks a host would look like rows that went away.
    for (resource, chain) in chains(report).filter(|(_, chain)| !chain.is_partial()) {
        for table in &chain.tables {
            let mut labels = id(resource);
            labels.push(("table", table.table.to_string()));
            rows.samples.push((labels.clone(), table.rows));
            size.samples.push((labels.clone(), table.bytes));
            age.samples.extend(table.newest_ago.map(|seconds| (labels, seconds)));
        }
    }
    vec![rows, size, age]
}

fn hosts(report: &Report) -> Vec<Family> {
    let mut up = family("sluice_host_up", "Whether a host answers");
    let mut missing = family("sluice_objects_missing", "Objects of a resource that a host lacks");
    let mut exceptions = family("sluice_consumer_exceptions", "Exceptions kept of a resource's consumers on a host");
    let mut read =
        family("sluice_consumer_messages_read", "Messages read by a resource's consumers since they were made");
    let mut files = family("sluice_distribution_queue_files", "Files that wait in the queues of a resource on a host");
    let mut closed = family("sluice_replicas_read_only", "Replicas of a resource on a host that take no inserts");
    let mut delay =
        family("sluice_replica_delay_seconds", "Seconds a resource's replicas on a host are behind, at most");
    let mut mutations = family("sluice_mutations_unfinished", "Mutations of a resource's tables that are not done");
    for (resource, chain) in chains(report) {
        for host in &chain.hosts {
            let mut labels = id(resource);
            labels.push(("host", host.host.clone()));
            up.samples.push((labels.clone(), u64::from(host.silent.is_none())));
            if host.silent.is_some() {
                continue;
            }
            let whole = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
            missing.samples.push((labels.clone(), whole(host.missing.len())));
            if !host.consumers.is_empty() {
                let kept = host.consumers.iter().map(|c| c.exceptions.len()).sum();
                exceptions.samples.push((labels.clone(), whole(kept)));
                read.samples.push((labels.clone(), host.consumers.iter().map(|c| c.read).sum()));
            }
            let waiting = host.queues.iter().map(|(_, q)| q.files + q.broken).sum();
            files.samples.push((labels.clone(), waiting));
            if !host.replicas.is_empty() {
                closed.samples.push((labels.clone(), whole(host.replicas.iter().filter(|(_, r)| r.readonly).count())));
                let most = host.replicas.iter().map(|(_, r)| r.delay).max();
                delay.samples.extend(most.map(|seconds| (labels.clone(), seconds)));
            }
            mutations.samples.push((labels, host.mutations.iter().map(|(_, m)| m.unfinished).sum()));
        }
    }
    vec![up, missing, exceptions, read, files, closed, delay, mutations]
}
