//! What an apply may do with consumer groups: set and delete offsets, delete groups, remove members left behind.

use super::counts::Request;
use super::error::{KafkaError, TopicError};
use super::group::{GroupError, PerGroup, Positions, Removal, followed};
use super::native::{Offsets, Place};
use super::waits::{backoff, is_worth_another_try};
use super::wire;
use super::writer::KafkaWriter;
use backon::Retryable as _;
use std::collections::{BTreeMap, BTreeSet};

impl KafkaWriter {
    /// Commits offsets for a group, which comes to be if there is none; other offsets of it stay.
    ///
    /// # Errors
    /// [`KafkaError::Group`] with [`GroupError::Live`] where the group has members (nothing is changed then), with
    /// another reason of the brokers, [`KafkaError::Topic`] for a partition that was refused (others may have been
    /// set), or the request failed.
    pub async fn set_offsets(&self, group: &str, offsets: &Positions) -> Result<(), KafkaError> {
        self.set_offsets_after(group, offsets, None).await
    }

    /// Commits offsets as [`KafkaWriter::set_offsets`] does, and where `follows` is a group writes beside them that
    /// they are its: [`super::Committed::follows`] tells it until the next commit.
    ///
    /// # Errors
    /// As [`KafkaWriter::set_offsets`].
    pub async fn set_offsets_after(
        &self,
        group: &str,
        offsets: &Positions,
        follows: Option<&str>,
    ) -> Result<(), KafkaError> {
        if offsets.is_empty() {
            return Ok(());
        }
        let request = Request::CommitOffsets;
        let set = || async {
            let (name, wanted) = (group.to_owned(), offsets.clone());
            let beside = follows.map(followed).unwrap_or_default();
            let answer = self.handle().call(request, move |call| call.set_offsets(&name, &wanted, &beside)).await?;
            self.settle(request, group, answer, offsets.keys().cloned())
        };
        self.retrying(set).await
    }

    /// Deletes a group with its offsets. One that does not exist is deleted.
    ///
    /// # Errors
    /// [`KafkaError::Group`] with [`GroupError::Live`] where it has members, or with another reason of the brokers; or
    /// the request failed.
    pub async fn delete_group(&self, group: &str) -> Result<(), KafkaError> {
        let request = Request::DeleteGroups;
        let delete = || async {
            let names = [group.to_owned()];
            let mut answers: PerGroup<()> = self.handle().call(request, move |call| call.delete_groups(&names)).await?;
            let answer = answers.remove(group).unwrap_or_else(|| Err(GroupError::unanswered()));
            answer.map_err(|source| self.handle().refused_group(request, group, source))
        };
        self.retrying(delete).await
    }

    /// Deletes the committed offsets of a group in partitions `0..count` of each topic. Offsets that do not exist are
    /// deleted, and so are those of a group or topic that does not.
    ///
    /// # Errors
    /// [`KafkaError::Group`] with [`GroupError::Live`] where members read one of the topics, or with another reason of
    /// the brokers; [`KafkaError::Topic`] for a partition that was refused; or the request failed.
    pub async fn delete_group_offsets(&self, group: &str, topics: &BTreeMap<String, u32>) -> Result<(), KafkaError> {
        if topics.values().all(|count| *count == 0) {
            return Ok(());
        }
        let request = Request::DeleteOffsets;
        let gone = |(at, offset)| match offset {
            Err(TopicError::NotFound) => (at, Ok(Place::default())),
            other => (at, other),
        };
        let delete = || async {
            let (name, wanted) = (group.to_owned(), topics.clone());
            let answer = self.handle().call(request, move |call| call.delete_offsets(&name, &wanted)).await?;
            let answer = answer.map(|offsets| offsets.into_iter().map(gone).collect());
            self.settle(request, group, answer, [])
        };
        self.retrying(delete).await
    }

    /// Removes members from a group, as the Java admin's `removeMembersFromConsumerGroup` does: for consumers that died
    /// without leaving, whose partitions nobody would read until their session times out. A member that lives joins
    /// again by itself, so at worst the group rebalances.
    ///
    /// librdkafka has no such call: this one goes over a connection of its own, which honours the connection's
    /// properties or says that it cannot ([`Removal::Unsupported`]).
    ///
    /// # Errors
    /// [`KafkaError::Group`] with the brokers' reason, or the request failed.
    pub async fn remove_members(&self, group: &str, member_ids: &[String]) -> Result<Removal, KafkaError> {
        let distinct: BTreeSet<String> = member_ids.iter().cloned().collect();
        if distinct.is_empty() {
            return Ok(Removal::Done { removed: Vec::new(), gone: Vec::new() });
        }
        self.handle().count(Request::LeaveGroup);
        wire::remove_members(self.settings(), group, distinct).await
    }

    /// One error for all partitions of a group: its own first, then that of a partition; every partition in `asked`
    /// must have an answer.
    fn settle(
        &self,
        request: Request,
        group: &str,
        answer: Result<Offsets, GroupError>,
        asked: impl IntoIterator<Item = (String, u32)>,
    ) -> Result<(), KafkaError> {
        let mut offsets = answer.map_err(|source| self.handle().refused_group(request, group, source))?;
        for at in asked {
            offsets.entry(at).or_insert_with(|| Err(TopicError::unanswered()));
        }
        let refusal = offsets.into_iter().find_map(|((topic, _), offset)| offset.err().map(|source| (topic, source)));
        match refusal {
            None => Ok(()),
            Some((topic, source)) => Err(self.handle().refused_partition(request, group, &topic, source)),
        }
    }

    /// Makes a request again while its coordinator moves or loads: a refusal says that nothing was changed.
    async fn retrying<T, Fut>(&self, attempt: impl FnMut() -> Fut) -> Result<T, KafkaError>
    where
        Fut: Future<Output = Result<T, KafkaError>>,
    {
        attempt.retry(backoff(self.handle().timeout())).when(is_worth_another_try).await
    }
}
