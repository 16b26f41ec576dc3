//! What a plan may do with consumer groups: look.

use super::counts::Request;
use super::deadline::Deadline;
use super::error::{KafkaError, TopicError};
use super::group::{Committed, Group, GroupError, PerGroup, Positions, follows};
use super::native::{Offsets, Place};
use super::reader::KafkaReader;
use super::waits::{backoff, is_worth_another_try};
use backon::Retryable as _;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Before a coordinator on the move is asked again.
const PAUSE: Duration = Duration::from_millis(200);

impl KafkaReader {
    /// State and members of a group; one that does not exist is [`super::GroupState::Absent`].
    ///
    /// # Errors
    /// [`KafkaError::Group`] with the brokers' reason, or the request failed.
    pub async fn group(&self, group: &str) -> Result<Group, KafkaError> {
        let mut answers = self.groups(&[group.to_owned()]).await?;
        let answer = answers.remove(group).unwrap_or_else(|| Err(GroupError::unanswered()));
        answer.map_err(|source| self.handle().refused_group(Request::DescribeGroups, group, source))
    }

    /// State and members of groups by name, one answer for each. Counted as one request; librdkafka asks the
    /// coordinator of each group by itself, all at the same time. Groups whose coordinator moves or loads are asked
    /// about again.
    ///
    /// # Errors
    /// The request failed as a whole.
    pub async fn groups(&self, groups: &[String]) -> Result<PerGroup<Group>, KafkaError> {
        let distinct: BTreeSet<String> = groups.iter().cloned().collect();
        // librdkafka refuses an empty list, and a name twice.
        if distinct.is_empty() {
            return Ok(PerGroup::new());
        }
        let deadline = Deadline::after(self.handle().timeout());
        let mut answers = PerGroup::new();
        let mut names: Vec<String> = distinct.iter().cloned().collect();
        loop {
            let asked = names.clone();
            let part = self.handle().call(Request::DescribeGroups, move |call| call.describe_groups(&asked)).await?;
            answers.extend(part);
            names.retain(|name| matches!(answers.get(name), Some(Err(error)) if error.is_passing()));
            if names.is_empty() || deadline.is_over() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        for name in distinct {
            answers.entry(name).or_insert_with(|| Err(GroupError::unanswered()));
        }
        Ok(answers)
    }

    /// Committed offsets of a group in partitions `0..count` of each topic: only partitions that have one. A group that
    /// does not exist has none.
    ///
    /// # Errors
    /// [`KafkaError::Group`] or [`KafkaError::Topic`] with the brokers' reason, or the request failed.
    pub async fn committed(&self, group: &str, topics: &BTreeMap<String, u32>) -> Result<Positions, KafkaError> {
        Ok(self.committed_after(group, topics).await?.positions)
    }

    /// Committed offsets as [`KafkaReader::committed`] gives them, and whose they were
    /// ([`super::KafkaWriter::set_offsets_after`]).
    ///
    /// # Errors
    /// As [`KafkaReader::committed`].
    pub async fn committed_after(&self, group: &str, topics: &BTreeMap<String, u32>) -> Result<Committed, KafkaError> {
        if topics.values().all(|count| *count == 0) {
            return Ok(Committed::default());
        }
        let fetch = || async {
            let (name, wanted) = (group.to_owned(), topics.clone());
            let answer = self.handle().call(Request::FetchOffsets, move |call| call.committed(&name, &wanted)).await?;
            let offsets = answer.map_err(|source| self.handle().refused_group(Request::FetchOffsets, group, source))?;
            self.positions(group, offsets)
        };
        fetch.retry(backoff(self.handle().timeout())).when(is_worth_another_try).await
    }

    fn positions(&self, group: &str, offsets: Offsets) -> Result<Committed, KafkaError> {
        let mut committed = Committed::default();
        for ((topic, partition), place) in offsets {
            match place {
                Ok(Place { offset, metadata }) if offset >= 0 => {
                    committed.positions.insert((topic, partition), offset);
                    committed.follows = committed.follows.or_else(|| follows(&metadata).map(str::to_owned));
                }
                // A negative offset stands for none, and a partition that is no more has none.
                Ok(_) | Err(TopicError::NotFound) => {}
                Err(source) => {
                    return Err(self.handle().refused_partition(Request::FetchOffsets, group, &topic, source));
                }
            }
        }
        Ok(committed)
    }
}
