//! A `ManualConsumer` beside the Kafka tables that read the same topic.

use super::facts::{ChainFacts, Facts, Report, ResourceHealth};
use crate::model::{Kind, ResourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The highest offset stored by partition, by resource: what tables with offsets tell.
pub type Highest = BTreeMap<ResourceId, BTreeMap<u32, u64>>;

/// Everybody who reads one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The topic.
    pub topic: String,
    /// Its readers, the `ManualConsumer`s first.
    pub sides: Vec<Side>,
}

/// One reader of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Which.
    pub id: ResourceId,
    /// Rows of its tables, those of errors apart.
    pub rows: u64,
    /// Rows of its tables of errors.
    pub errors: u64,
    /// Offsets kept in the topic that it has not read.
    pub lag: Option<u64>,
    /// The highest offset stored in each partition; where the table has none, the last that the group has read.
    pub highest: BTreeMap<u32, u64>,
    /// Rows a second between both looks.
    pub per_second: u64,
}

/// Compares by topic what two looks, `between` apart, and the tables themselves told. Topics that only one kind of reader
/// has are left out.
pub fn compare(earlier: &Report, later: &Report, between: Duration, highest: &Highest) -> Vec<Comparison> {
    let of = |kind: Kind| chains(later).filter(move |(r, _)| r.id.kind == kind);
    let topics = |chain: &ChainFacts| chain.partitions.iter().map(|p| p.topic.clone()).collect::<BTreeSet<_>>();
    let by_hand: BTreeSet<String> = of(Kind::ManualConsumer).flat_map(|(_, c)| topics(c)).collect();
    let by_engine: BTreeSet<String> = of(Kind::KafkaPipeline).flat_map(|(_, c)| topics(c)).collect();
    let before: BTreeMap<&ResourceId, u64> = chains(earlier).map(|(r, c)| (&r.id, c.rows())).collect();
    let side = |topic: &str, resource: &ResourceHealth, chain: &ChainFacts| {
        let rows = chain.rows();
        let new = rows.saturating_sub(before.get(&resource.id).copied().unwrap_or(rows));
        let partitions = || chain.partitions.iter().filter(|p| p.topic == topic);
        let read = || partitions().filter_map(|p| Some((p.partition, p.committed?.checked_sub(1)?))).collect();
        Side {
            id: resource.id.clone(),
            rows,
            errors: chain.errors(),
            lag: chain.lag.map(|_| partitions().map(super::facts::PartitionLag::lag).sum()),
            highest: highest.get(&resource.id).cloned().unwrap_or_else(read),
            per_second: new * 1000 / u64::try_from(between.as_millis()).unwrap_or(u64::MAX).max(1),
        }
    };
    let reads = |topic: &str, chain: &ChainFacts| chain.partitions.iter().any(|p| p.topic == topic);
    let comparison = |topic: &String| Comparison {
        topic: topic.clone(),
        sides: of(Kind::ManualConsumer)
            .chain(of(Kind::KafkaPipeline))
            .filter(|(_, c)| reads(topic, c))
            .map(|(r, c)| side(topic, r, c))
            .collect(),
    };
    by_hand.intersection(&by_engine).map(comparison).collect()
}

fn chains(report: &Report) -> impl Iterator<Item = (&ResourceHealth, &ChainFacts)> {
    report.resources.iter().filter_map(|r| match &r.facts {
        Facts::Chain(chain) => Some((r, chain)),
        Facts::Topic(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{PartitionLag, Reason, TableTotal, Verdict};
    use super::*;
    use crate::model::ObjectName;

    fn chain(kind: Kind, topic: &str, rows: u64, committed: u64) -> ResourceHealth {
        let place = PartitionLag {
            topic: topic.into(),
            partition: 0,
            first: 0,
            next: 100,
            committed: Some(committed),
            empty: false,
            reader: None,
        };
        let table = TableTotal { table: ObjectName::new("d", "t"), errors: false, rows, bytes: 0, newest_ago: None };
        let facts = ChainFacts { partitions: vec![place], lag: Some(0), tables: vec![table], ..ChainFacts::default() };
        let id = ResourceId::new(kind, format!("{kind}-{topic}"));
        ResourceHealth { id, verdict: Verdict::Healthy, reasons: vec![Reason::Arrived], facts: Facts::Chain(facts) }
    }

    fn report(rows: u64) -> Report {
        let resources = vec![
            chain(Kind::KafkaPipeline, "a", 100, 100),
            chain(Kind::KafkaPipeline, "b", 7, 7),
            chain(Kind::ManualConsumer, "a", rows, 40),
            chain(Kind::ManualConsumer, "c", 3, 3),
        ];
        Report { project: "x".into(), resources, left_out: Vec::new() }
    }

    #[test]
    fn readers_of_one_topic_stand_beside_each_other() {
        let highest =
            Highest::from([(ResourceId::new(Kind::ManualConsumer, "ManualConsumer-a"), BTreeMap::from([(0, 59)]))]);
        let found = compare(&report(40), &report(60), Duration::from_secs(2), &highest);
        let [Comparison { topic, sides }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(topic, "a");
        let told: Vec<_> =
            sides.iter().map(|s| (s.id.kind, s.rows, s.lag, s.highest.get(&0).copied(), s.per_second)).collect();
        assert_eq!(
            told,
            [
                // The table knows better than the group, which commits later.
                (Kind::ManualConsumer, 60, Some(60), Some(59), 10),
                (Kind::KafkaPipeline, 100, Some(0), Some(99), 0),
            ]
        );
    }
}
