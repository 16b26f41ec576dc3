//! Steps on consumer groups: who is in them, and where they go on.

use super::kafka::chain;
use crate::client::kafka::{GroupError, KafkaError, KafkaWriter, PerTopic, Positions};
use crate::model::TableConsumer;
use crate::plan::Start;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Between two tries to delete a group.
const EMPTY_SOON: Duration = Duration::from_secs(1);
/// Between two looks at the list of topics.
const LISTED_SOON: Duration = Duration::from_millis(100);

/// Removes the consumers of dropped tables. A connection that cannot say it leaves them to their session's end:
/// that costs time and nothing else.
pub(super) async fn leave(kafka: &KafkaWriter, group: &str, consumers: &[TableConsumer]) -> Result<(), KafkaError> {
    let members = kafka.reader().group(group).await?.members;
    let dead = members.into_iter().filter(|m| consumers.iter().any(|c| c.belongs(&m.client_id)));
    let dead: Vec<String> = dead.map(|m| m.member_id).collect();
    kafka.remove_members(group, &dead).await.map(drop)
}

/// Sets the offsets of a group in which nobody is. Those that are set early, while the group before it still reads,
/// say whose they are, so that an apply that is cut before they are set for good can go on.
pub(super) async fn start(
    kafka: &KafkaWriter,
    group: &str,
    topics: &[String],
    start: &Start,
    early: bool,
    within: Duration,
) -> Result<(), String> {
    let told = |e: KafkaError| chain(&e);
    let counts = partitions(kafka, topics, within).await?;
    let marks = each(kafka.reader().watermarks(&counts).await.map_err(told)?)?;
    let low = positions(&marks, |mark| mark.low);
    let places = match start {
        Start::Earliest => low,
        Start::Latest => positions(&marks, |mark| mark.high),
        Start::At(time) => positions(&each(kafka.reader().offsets_at(*time, &counts).await.map_err(told)?)?, |at| *at),
        // Where the other group has no offset, its table would have begun at the first message.
        Start::Of(other) => {
            let mut places = low;
            places.extend(kafka.reader().committed(other, &counts).await.map_err(told)?);
            places
        }
    };
    let follows = match start {
        Start::Of(other) if early => Some(other.as_str()),
        Start::Of(_) | Start::Earliest | Start::Latest | Start::At(_) => None,
    };
    kafka.set_offsets_after(group, &places, follows).await.map_err(told)
}

/// Deletes the offsets that a group has of these topics.
pub(super) async fn forget(
    kafka: &KafkaWriter,
    group: &str,
    topics: &[String],
    within: Duration,
) -> Result<(), String> {
    let counts = partitions(kafka, topics, within).await?;
    kafka.delete_group_offsets(group, &counts).await.map_err(|e| chain(&e))
}

/// Deletes a group, as soon as nobody is in it.
pub(super) async fn delete(kafka: &KafkaWriter, group: &str, within: Duration) -> Result<(), String> {
    let begin = Instant::now();
    loop {
        match kafka.delete_group(group).await {
            Err(KafkaError::Group { source: GroupError::Live, .. }) if begin.elapsed() < within => {
                tokio::time::sleep(EMPTY_SOON).await;
            }
            other => return other.map_err(|e| chain(&e)),
        }
    }
}

/// Partitions of each topic. One that was just created is listed a moment later by every broker.
pub(super) async fn partitions(
    kafka: &KafkaWriter,
    topics: &[String],
    within: Duration,
) -> Result<BTreeMap<String, u32>, String> {
    let begin = Instant::now();
    loop {
        let known = kafka.reader().cluster().await.map_err(|e| chain(&e))?.topics;
        let count = |topic: &String| {
            let partitions = known.get(topic).ok_or_else(|| format!("there is no topic {topic}; plan again"))?;
            Ok((topic.clone(), u32::try_from(partitions.len()).unwrap_or(u32::MAX)))
        };
        let counted: Result<BTreeMap<String, u32>, String> = topics.iter().map(count).collect();
        if counted.is_ok() || begin.elapsed() > within {
            return counted;
        }
        tokio::time::sleep(LISTED_SOON).await;
    }
}

fn each<T>(answers: PerTopic<T>) -> Result<BTreeMap<String, T>, String> {
    answers.into_iter().map(|(topic, answer)| Ok((topic, answer.map_err(|e| e.to_string())?))).collect()
}

fn positions<T>(marks: &BTreeMap<String, Vec<T>>, offset: impl Fn(&T) -> u64) -> Positions {
    let mut places = Positions::new();
    for (topic, marks) in marks {
        for (partition, mark) in marks.iter().enumerate() {
            let at = i64::try_from(offset(mark)).unwrap_or(i64::MAX);
            places.insert((topic.clone(), u32::try_from(partition).unwrap_or(u32::MAX)), at);
        }
    }
    places
}
