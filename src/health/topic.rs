//! The verdict on a topic.

use super::facts::TopicFacts;
use super::reading::{Readings, TopicReading};
use super::reason::Reason;
use crate::model::DesiredTopic;

/// What is known of a topic, and why it is as it is.
pub(super) fn topic(desired: &DesiredTopic, readings: &Readings) -> (TopicFacts, Vec<Reason>) {
    let mut facts = TopicFacts { name: desired.name.clone(), ..TopicFacts::default() };
    if let Some(words) = &readings.kafka.silent {
        return (facts, vec![Reason::BrokersSilent { words: words.clone() }]);
    }
    let topic = desired.name.clone();
    let numbers = match readings.kafka.topics.get(&desired.name) {
        Some(TopicReading::Present(numbers)) => numbers,
        Some(TopicReading::Absent) => return (facts, vec![Reason::TopicAbsent { topic }]),
        Some(TopicReading::Unknown(words)) => {
            return (facts, vec![Reason::TopicUnknown { topic, words: words.clone() }]);
        }
        None => return (facts, vec![Reason::TopicUnknown { topic, words: "it was not asked about".into() }]),
    };
    let kept: u64 = numbers.partitions.iter().map(|(first, next)| next.saturating_sub(*first)).sum();
    facts.partitions.clone_from(&numbers.partitions);
    facts.messages = Some(kept);
    facts.bytes = numbers.bytes;
    facts.newest_ago = newest_ago(numbers.newest_ms, readings);
    let sent = numbers.partitions.iter().any(|(_, next)| *next > 0);
    let reason = match (kept, sent) {
        (0, false) => Reason::NeverSent,
        (0, true) => Reason::Emptied,
        _ => Reason::Arrived,
    };
    (facts, vec![reason])
}

/// Seconds since a message's time, by the clock of a ClickHouse host: this program's own may be anywhere.
pub(super) fn newest_ago(newest_ms: Option<i64>, readings: &Readings) -> Option<u64> {
    let ms = readings.now_ms()?.saturating_sub(newest_ms?);
    // Producers' clocks may be ahead.
    Some(u64::try_from(ms).unwrap_or(0) / 1000)
}
