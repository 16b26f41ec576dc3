//! Whether everything that was in the topics at one moment has arrived.

use super::facts::{ChainFacts, Facts, Report};
use super::passage::Passage;
use super::reading::{Readings, TopicReading};
use super::verdict::Verdict;
use crate::model::ResourceId;
use std::collections::BTreeMap;

/// Offset of the next message of each partition, at the moment that counts.
pub type Ends = BTreeMap<(String, u32), u64>;

/// The ends of all topics that could be read.
pub fn ends(readings: &Readings) -> Ends {
    let mut ends = Ends::new();
    for (topic, reading) in &readings.kafka.topics {
        match reading {
            TopicReading::Present(numbers) => {
                let places = numbers.partitions.iter().zip(0..);
                ends.extend(places.map(|((_, next), partition)| ((topic.clone(), partition), *next)));
            }
            TopicReading::Absent | TopicReading::Unknown(_) => {}
        }
    }
    ends
}

/// What of a chain's messages has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// All, or there was nothing.
    Arrived,
    /// Not yet.
    Waiting {
        /// Offsets before the ends that the group has not passed; none where that could not be told.
        messages: Option<u64>,
        /// Files in queues of Distributed tables.
        files: u64,
    },
    /// All were read, each should be a row, and none is in any table.
    Nowhere,
}

/// The arrival of each chain of a report.
pub fn arrivals(report: &Report, ends: &Ends) -> BTreeMap<ResourceId, Arrival> {
    let of = |facts: &Facts| match facts {
        Facts::Chain(chain) => Some(arrival(chain, ends)),
        Facts::Topic(_) => None,
    };
    report
        .resources
        .iter()
        .filter_map(|r| {
            let arrival = of(&r.facts)?;
            // Rows in a chain that is broken are no proof that it works.
            let doubtful = matches!(r.verdict, Verdict::Broken | Verdict::Unknown) && arrival == Arrival::Arrived;
            let arrival = if doubtful { Arrival::Waiting { messages: None, files: 0 } } else { arrival };
            Some((r.id.clone(), arrival))
        })
        .collect()
}

fn arrival(chain: &ChainFacts, ends: &Ends) -> Arrival {
    let files = chain.hosts.iter().flat_map(|h| &h.queues).map(|(_, queue)| queue.files + queue.broken).sum();
    // A sink has nothing to read: its rows have arrived when none waits.
    let messages = chain.lag.or(chain.written.map(|_| 0)).map(|_| {
        let left = chain.partitions.iter().map(|p| {
            let end = ends.get(&(p.topic.clone(), p.partition)).copied().unwrap_or(p.next);
            if p.empty { 0 } else { end.saturating_sub(p.committed.unwrap_or(p.first).max(p.first)) }
        });
        left.sum::<u64>()
    });
    match messages {
        Some(0) if files == 0 => {
            let sent: u64 = ends_of(chain, ends);
            let one_to_one = chain.passages.iter().all(|p| matches!(p, Passage::Several));
            let nothing = chain.rows() + chain.errors() == 0;
            let keeps = !chain.tables.is_empty();
            if sent > 0 && one_to_one && nothing && keeps { Arrival::Nowhere } else { Arrival::Arrived }
        }
        messages => Arrival::Waiting { messages, files },
    }
}

/// Messages kept at the moment of the ends.
fn ends_of(chain: &ChainFacts, ends: &Ends) -> u64 {
    let kept = chain.partitions.iter().map(|p| {
        let end = ends.get(&(p.topic.clone(), p.partition)).copied().unwrap_or(p.next);
        end.saturating_sub(p.first)
    });
    kept.sum()
}
