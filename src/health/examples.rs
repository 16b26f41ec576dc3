//! One of every reason: what documents list and tests go through.

use super::cause::Cause;
use super::reading::Member;
use super::reason::Reason;
use crate::model::ObjectName;

/// One of every reason, in the order of the verdicts, for documents and tests; `words` are the servers'.
pub fn examples(words: &str) -> Vec<Reason> {
    let table = ObjectName::new("d", "rows");
    let hosts = vec!["ch1".to_owned()];
    let words = words.to_owned();
    let member = Member {
        id: "thief-1".into(),
        client_id: "thief".into(),
        host: "/10.0.0.9".into(),
        partitions: vec![("t".into(), 0)],
    };
    let failing = Cause::ALL.map(|cause| Reason::Failing {
        hosts: (1..=4).map(|n| format!("ch{n}")).collect(),
        cause,
        times: 3,
        ago: 2,
        words: words.clone(),
        at: Some(("t".into(), 1, 4711)),
    });
    let mut all = vec![
        Reason::Arrived,
        Reason::Gaps { offsets: 1 },
        Reason::NeverSent,
        Reason::Emptied,
        Reason::Behind { messages: 48_112, committed_ago: Some(3) },
        Reason::Retried { hosts: hosts.clone(), cause: Cause::Shard, words: words.clone() },
        Reason::HeldByTheDead { partitions: vec![("t".into(), 0)] },
        Reason::QueueWaits { table: table.clone(), hosts: hosts.clone(), files: 2 },
        Reason::ReplicaBehind { table: table.clone(), host: "ch1".into(), delay: 300 },
        Reason::HostSilent { host: "ch1".into(), words: words.clone() },
        Reason::BrokersSilent { words: words.clone() },
        Reason::TopicUnknown { topic: "t".into(), words: words.clone() },
        Reason::GroupUnknown { group: "g".into(), words: words.clone() },
        Reason::Standing { messages: 5, committed_ago: None },
        Reason::NobodyReads { messages: 5, group: "g".into() },
        Reason::NeverRun { messages: 5 },
        Reason::NotRunning { messages: 5, young: false },
        Reason::Consuming { messages: 48_112, row_ago: Some(3) },
        Reason::Halted { messages: 5, row_ago: Some(300) },
    ];
    all.extend(failing);
    all.extend([
        Reason::QueueStuck { table: table.clone(), hosts: hosts.clone(), files: 2, broken: 0, words: words.clone() },
        Reason::QueueStuck { table: table.clone(), hosts: hosts.clone(), files: 0, broken: 1, words: String::new() },
        Reason::MutationFails { table: table.clone(), host: "ch1".into(), words: words.clone() },
        Reason::TopicAbsent { topic: "t".into() },
        Reason::Missing { objects: vec![(table.clone(), hosts.clone())], all: false },
        Reason::Missing { objects: vec![(table.clone(), hosts.clone())], all: true },
        Reason::ReadOnly { table: table.clone(), hosts: hosts.clone(), replica: None },
        Reason::ReadOnly { table, hosts, replica: Some(words) },
        Reason::Stolen { group: "g".into(), members: vec![member] },
        Reason::Lost { messages: 3 },
    ]);
    all.sort_by_key(Reason::verdict);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_reason_is_left_out() {
        let codes: BTreeSet<&str> = examples("").iter().map(Reason::code).collect();
        assert_eq!(codes, BTreeSet::from(Reason::CODES));
    }
}
