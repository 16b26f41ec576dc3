//! ListOffsets: the first or the next offset of many partitions, or that of a point in time, or the time of the newest
//! message, in one go.

use super::call::{Call, result_of};
use super::guard::array;
use super::outcome::NativeError;
use super::partitions::{Offsets, Place, all, element, list};
use rdkafka::bindings as sys;
use std::collections::BTreeMap;
use sys::rd_kafka_OffsetSpec_t as Spec;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;

/// Which offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum OffsetSpec {
    /// The oldest message kept.
    Low,
    /// The next message to come.
    High,
    /// The first message with this timestamp (milliseconds since 1970) or a later one.
    At(u64),
    /// Not an offset but the time of the newest message, in milliseconds since 1970; negative where there is none.
    NewestTime,
}

impl Call<'_> {
    /// An offset of partitions `0..count` of each topic, negative where no message is as late as asked; `None` where
    /// librdkafka finds a leader for none of them, which it also says of topics that are absent or forbidden.
    pub(in super::super) fn list_offsets(
        &self,
        topics: &BTreeMap<String, u32>,
        spec: OffsetSpec,
    ) -> Result<Option<Offsets>, NativeError> {
        let asked = match spec {
            OffsetSpec::Low => Spec::RD_KAFKA_OFFSET_SPEC_EARLIEST as i64,
            OffsetSpec::High => Spec::RD_KAFKA_OFFSET_SPEC_LATEST as i64,
            OffsetSpec::At(time) => i64::try_from(time).unwrap_or(i64::MAX),
            OffsetSpec::NewestTime => Spec::RD_KAFKA_OFFSET_SPEC_MAX_TIMESTAMP as i64,
        };
        let wanted = list(all(topics, asked))?;
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
        Ok(Some(
            infos
                .iter()
                .filter_map(|info| unsafe {
                    let (at, offset) = element(sys::rd_kafka_ListOffsetsResultInfo_topic_partition(*info))?;
                    let time = || sys::rd_kafka_ListOffsetsResultInfo_timestamp(*info);
                    let newest = |_| Place { offset: time(), ..Place::default() };
                    Some((at, if spec == OffsetSpec::NewestTime { offset.map(newest) } else { offset }))
                })
                .collect(),
        ))
    }
}
