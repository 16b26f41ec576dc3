//! Offsets that groups have committed: read, set and deleted, with the error of each partition.

use super::super::group::{GroupError, Positions};
use super::call::{Call, Event, result_of};
use super::groups::group_result;
use super::guard::{Owned, array};
use super::outcome::{NativeError, is_about_group, is_absent_group};
use super::partitions::{List, Offsets, all, annotate, elements, list};
use super::text::c_string;
use rdkafka::bindings as sys;
use std::collections::BTreeMap;
use sys::rd_kafka_admin_op_t as Op;

/// Answers of one group: its own error, or the partitions with theirs.
type Answer = Result<Offsets, GroupError>;

impl Call<'_> {
    /// Committed offsets of partitions `0..count` of each topic; negative where there is none.
    pub(in super::super) fn committed(
        &self,
        group: &str,
        topics: &BTreeMap<String, u32>,
    ) -> Result<Answer, NativeError> {
        let (name, partitions) = (c_string(group)?, list(all(topics, 0))?);
        // SAFETY: both are live for the call, which copies them; the object is ours.
        let wanted = unsafe {
            Owned::new(
                sys::rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), partitions.ptr()),
                sys::rd_kafka_ListConsumerGroupOffsets_destroy,
            )
        }
        .ok_or_else(no_request)?;
        let mut requests = [wanted.ptr()];
        let answer = self.admin(Op::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, false, |rk, options, queue| {
            // SAFETY: all are live for the call.
            unsafe { sys::rd_kafka_ListConsumerGroupOffsets(rk, requests.as_mut_ptr(), 1, options, queue) }
        });
        let event = match of_group(answer)? {
            Ok(event) => event,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_ListConsumerGroupOffsets_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and groups are parts of the live event.
        unsafe {
            let items = sys::rd_kafka_ListConsumerGroupOffsets_result_groups(result.as_ptr(), &raw mut count);
            only(array(items.cast_const(), count))
        }
    }

    /// Commits offsets for a group, all with the same metadata; it comes to be if there is none.
    pub(in super::super) fn set_offsets(
        &self,
        group: &str,
        offsets: &Positions,
        metadata: &str,
    ) -> Result<Answer, NativeError> {
        let name = c_string(group)?;
        let partitions =
            list(offsets.iter().map(|((topic, partition), offset)| (topic.as_str(), *partition, *offset)))?;
        annotate(&partitions, metadata)?;
        // SAFETY: both are live for the call, which copies them; the object is ours.
        let wanted = unsafe {
            Owned::new(
                sys::rd_kafka_AlterConsumerGroupOffsets_new(name.as_ptr(), partitions.ptr()),
                sys::rd_kafka_AlterConsumerGroupOffsets_destroy,
            )
        }
        .ok_or_else(no_request)?;
        let mut requests = [wanted.ptr()];
        let answer = self.admin(Op::RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, false, |rk, options, queue| {
            // SAFETY: all are live for the call.
            unsafe { sys::rd_kafka_AlterConsumerGroupOffsets(rk, requests.as_mut_ptr(), 1, options, queue) }
        });
        let event = match of_group(answer)? {
            Ok(event) => event,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_AlterConsumerGroupOffsets_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and groups are parts of the live event.
        unsafe {
            let items = sys::rd_kafka_AlterConsumerGroupOffsets_result_groups(result.as_ptr(), &raw mut count);
            only(array(items.cast_const(), count))
        }
    }

    /// Deletes the committed offsets of partitions `0..count` of each topic.
    pub(in super::super) fn delete_offsets(
        &self,
        group: &str,
        topics: &BTreeMap<String, u32>,
    ) -> Result<Answer, NativeError> {
        let name = c_string(group)?;
        let partitions: List = list(all(topics, 0))?;
        // SAFETY: both are live for the call, which copies them; the object is ours.
        let wanted = unsafe {
            Owned::new(
                sys::rd_kafka_DeleteConsumerGroupOffsets_new(name.as_ptr(), partitions.ptr()),
                sys::rd_kafka_DeleteConsumerGroupOffsets_destroy,
            )
        }
        .ok_or_else(no_request)?;
        let mut requests = [wanted.ptr()];
        let answer = self.admin(Op::RD_KAFKA_ADMIN_OP_DELETECONSUMERGROUPOFFSETS, false, |rk, options, queue| {
            // SAFETY: all are live for the call.
            unsafe { sys::rd_kafka_DeleteConsumerGroupOffsets(rk, requests.as_mut_ptr(), 1, options, queue) }
        });
        let event = match answer {
            // A group that does not exist is no error of a group here, but of the whole request.
            Err(error) if is_absent_group(error.code) => return Ok(Ok(Offsets::new())),
            other => match of_group(other)? {
                Ok(event) => event,
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DeleteConsumerGroupOffsets_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and groups are parts of the live event.
        unsafe {
            let items = sys::rd_kafka_DeleteConsumerGroupOffsets_result_groups(result.as_ptr(), &raw mut count);
            only(array(items.cast_const(), count))
        }
    }
}

/// Takes refusals of the group out of the errors of a request: it is about one group, and librdkafka tells some of them
/// as the request's own.
fn of_group(answer: Result<Event, NativeError>) -> Result<Result<Event, GroupError>, NativeError> {
    match answer {
        Ok(event) => Ok(Ok(event)),
        Err(error) if is_about_group(error.code) => Ok(Err(error.into())),
        Err(error) => Err(error),
    }
}

fn no_request() -> NativeError {
    NativeError::local("librdkafka made no request about the group".to_owned())
}

/// The answer about the one group that was asked about.
///
/// # Safety
/// `groups` are live.
unsafe fn only(groups: &[*const sys::rd_kafka_group_result_t]) -> Result<Answer, NativeError> {
    let Some(group) = groups.first() else { return Ok(Err(GroupError::unanswered())) };
    // SAFETY: live, by the caller's promise; its partitions live as long as it.
    let answer = unsafe {
        group_result(*group)
            .map(|(_, outcome)| outcome.map(|()| elements(sys::rd_kafka_group_result_partitions(*group))))
    };
    Ok(answer.unwrap_or_else(|| Err(GroupError::unanswered())))
}
