//! ListOffsets: the first or the next offset of many partitions in one go.

use super::super::error::TopicError;
use super::call::{Call, result_of};
use super::guard::{Owned, array};
use super::outcome::{NativeError, topic_result};
use super::text::{c_string, text};
use rdkafka::bindings as sys;
use std::collections::BTreeMap;
use std::ffi::c_int;
use sys::rd_kafka_OffsetSpec_t as Spec;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;

/// One end of partitions, by topic and partition number.
pub(in super::super) type Offsets = BTreeMap<(String, u32), Result<u64, TopicError>>;

/// Which end of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum OffsetEnd {
    /// The oldest message kept.
    Low,
    /// The next message to come.
    High,
}

impl Call<'_> {
    /// One end of partitions `0..count` of each topic; `None` where librdkafka finds a leader for none of them, which
    /// it also says of topics that are absent or forbidden.
    pub(in super::super) fn list_offsets(
        &self,
        topics: &BTreeMap<String, u32>,
        end: OffsetEnd,
    ) -> Result<Option<Offsets>, NativeError> {
        let spec = match end {
            OffsetEnd::Low => Spec::RD_KAFKA_OFFSET_SPEC_EARLIEST,
            OffsetEnd::High => Spec::RD_KAFKA_OFFSET_SPEC_LATEST,
        };
        // SAFETY: the list is ours.
        let wanted = unsafe {
            Owned::new(sys::rd_kafka_topic_partition_list_new(0), sys::rd_kafka_topic_partition_list_destroy)
        }
        .ok_or_else(|| NativeError::local("librdkafka made no list of partitions".to_owned()))?;
        for (topic, count) in topics {
            let name = c_string(topic)?;
            for partition in 0..i32::try_from(*count).unwrap_or(i32::MAX) {
                // SAFETY: list and name are live; the element returned is valid until the next one is added.
                unsafe {
                    let element = sys::rd_kafka_topic_partition_list_add(wanted.ptr(), name.as_ptr(), partition);
                    (*element).offset = spec as i64;
                }
            }
        }
        let answer = self.admin(Op::RD_KAFKA_ADMIN_OP_LISTOFFSETS, false, |rk, options, queue| {
            // SAFETY: all are live for the call.
            unsafe { sys::rd_kafka_ListOffsets(rk, wanted.ptr(), options, queue) }
        });
        let event = match answer {
            Err(error) if error.code == Code::RD_KAFKA_RESP_ERR__NOENT as i32 => return Ok(None),
            other => other?,
        };
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_ListOffsets_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and infos are parts of the live event.
        let infos = unsafe {
            let items = sys::rd_kafka_ListOffsets_result_infos(result.as_ptr(), &raw mut count);
            array(items.cast_const(), count)
        };
        // SAFETY: as above.
        Ok(Some(infos.iter().filter_map(|info| unsafe { offset(*info) }).collect()))
    }
}

/// # Safety
/// `info` is live.
unsafe fn offset(
    info: *const sys::rd_kafka_ListOffsetsResultInfo_t,
) -> Option<((String, u32), Result<u64, TopicError>)> {
    // SAFETY: live, by the caller's promise, and so is its element. Its error is read as the integer that C wrote: the
    // bindings declare it as a Rust enum, which brokers may overstep.
    unsafe {
        let element = sys::rd_kafka_ListOffsetsResultInfo_topic_partition(info);
        let name = text((*element).topic)?;
        let partition = u32::try_from((*element).partition).ok()?;
        let code = (&raw const (*element).err).cast::<c_int>().read();
        let result = topic_result(code, None).map(|()| u64::try_from((*element).offset).unwrap_or(0));
        Some(((name, partition), result))
    }
}
