//! CreateTopics, DeleteTopics, CreatePartitions and DescribeTopics.

use super::super::error::TopicError;
use super::super::facts::{NewTopic, PerTopic, TopicDescription};
use super::call::{Call, result_of};
use super::guard::{Owned, array, pointers};
use super::outcome::{NativeError, topic_result};
use super::raw;
use super::text::{Complaint, c_string, text};
use rdkafka::bindings as sys;
use std::ffi::c_int;
use sys::rd_kafka_admin_op_t as Op;

impl Call<'_> {
    /// Creates topics, or asks whether they could be created.
    pub(in super::super) fn create_topics(
        &self,
        topics: &[NewTopic],
        validate_only: bool,
    ) -> Result<PerTopic<()>, NativeError> {
        let mut answers = PerTopic::new();
        let mut wanted = Vec::new();
        for topic in topics {
            match new_topic(topic)? {
                Ok(native) => wanted.push(native),
                Err(error) => {
                    answers.insert(topic.name.clone(), Err(error));
                }
            }
        }
        if wanted.is_empty() {
            return Ok(answers);
        }
        let mut list = pointers(&wanted);
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_CREATETOPICS, validate_only, |rk, options, queue| {
            // SAFETY: all are live for the call, and the list has the length given.
            unsafe { sys::rd_kafka_CreateTopics(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_CreateTopics_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result and array are parts of the live event.
        answers.extend(unsafe {
            let items = sys::rd_kafka_CreateTopics_result_topics(result.as_ptr(), &raw mut count);
            topic_results(items, count)
        });
        Ok(answers)
    }

    /// Deletes topics.
    pub(in super::super) fn delete_topics(&self, names: &[String]) -> Result<PerTopic<()>, NativeError> {
        let wanted = names.iter().map(|name| deletion(name)).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&wanted);
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_DELETETOPICS, false, |rk, options, queue| {
            // SAFETY: all are live for the call, and the list has the length given.
            unsafe { sys::rd_kafka_DeleteTopics(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DeleteTopics_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result and array are parts of the live event.
        Ok(unsafe {
            let items = sys::rd_kafka_DeleteTopics_result_topics(result.as_ptr(), &raw mut count);
            topic_results(items, count)
        })
    }

    /// Gives one topic more partitions, `total` in all.
    pub(in super::super) fn create_partitions(&self, topic: &str, total: u32) -> Result<PerTopic<()>, NativeError> {
        let name = c_string(topic)?;
        let mut why = Complaint::new();
        let (at, len) = (why.ptr(), why.len());
        // SAFETY: name and buffer are live for the call; the object is ours.
        let wanted = unsafe {
            Owned::new(
                sys::rd_kafka_NewPartitions_new(name.as_ptr(), total as usize, at, len),
                sys::rd_kafka_NewPartitions_destroy,
            )
        }
        .ok_or_else(|| NativeError::local(why.text()))?;
        let mut list = [wanted.ptr()];
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, false, |rk, options, queue| {
            // SAFETY: all are live for the call, and the list has the length given.
            unsafe { sys::rd_kafka_CreatePartitions(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_CreatePartitions_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result and array are parts of the live event.
        Ok(unsafe {
            let items = sys::rd_kafka_CreatePartitions_result_topics(result.as_ptr(), &raw mut count);
            topic_results(items, count)
        })
    }

    /// Describes topics by name; librdkafka sends this request with auto-creation off.
    pub(in super::super) fn describe_topics(
        &self,
        names: &[String],
    ) -> Result<PerTopic<TopicDescription>, NativeError> {
        let names = names.iter().map(|n| c_string(n)).collect::<Result<Vec<_>, _>>()?;
        let mut list: Vec<_> = names.iter().map(|n| n.as_ptr()).collect();
        // SAFETY: the names are live for the call, which copies them; the collection is ours.
        let wanted = unsafe {
            Owned::new(
                sys::rd_kafka_TopicCollection_of_topic_names(list.as_mut_ptr(), list.len()),
                sys::rd_kafka_TopicCollection_destroy,
            )
        }
        .ok_or_else(|| NativeError::local("librdkafka made no list of topics".to_owned()))?;
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, false, |rk, options, queue| {
            // SAFETY: all are live for the call.
            unsafe { sys::rd_kafka_DescribeTopics(rk, wanted.ptr(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DescribeTopics_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and descriptions are parts of the live event.
        let topics = unsafe {
            let items = sys::rd_kafka_DescribeTopics_result_topics(result.as_ptr(), &raw mut count);
            array(items, count)
        };
        // SAFETY: as above.
        Ok(topics.iter().filter_map(|topic| unsafe { description(*topic) }).collect())
    }
}

/// A topic to create as librdkafka wants it; the inner error is its refusal of this topic.
fn new_topic(topic: &NewTopic) -> Result<Result<Owned<sys::rd_kafka_NewTopic_t>, TopicError>, NativeError> {
    let name = c_string(&topic.name)?;
    let partitions = c_int::try_from(topic.partitions).unwrap_or(c_int::MAX);
    let mut why = Complaint::new();
    let (at, len) = (why.ptr(), why.len());
    // SAFETY: name and buffer are live for the call; the object is ours.
    let native = unsafe {
        Owned::new(
            sys::rd_kafka_NewTopic_new(name.as_ptr(), partitions, c_int::from(topic.replication_factor), at, len),
            sys::rd_kafka_NewTopic_destroy,
        )
    };
    let Some(native) = native else { return Ok(Err(NativeError::local(why.text()).into())) };
    for (key, value) in &topic.config {
        let (key, value) = (c_string(key)?, c_string(value)?);
        // SAFETY: all are live for the call, which copies the texts. It fails only for an empty key, which the
        // brokers would refuse too.
        let code = unsafe { sys::rd_kafka_NewTopic_set_config(native.ptr(), key.as_ptr(), value.as_ptr()) };
        if let Err(error) = topic_result(code as i32, None) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(native))
}

fn deletion(topic: &str) -> Result<Owned<sys::rd_kafka_DeleteTopic_t>, NativeError> {
    let name = c_string(topic)?;
    // SAFETY: the name is live for the call, which copies it; the object is ours.
    unsafe { Owned::new(sys::rd_kafka_DeleteTopic_new(name.as_ptr()), sys::rd_kafka_DeleteTopic_destroy) }
        .ok_or_else(|| NativeError::local(format!("{topic:?} cannot be the name of a topic")))
}

/// # Safety
/// `items` are `count` live results.
unsafe fn topic_results(items: *mut *const sys::rd_kafka_topic_result_t, count: usize) -> PerTopic<()> {
    // SAFETY: the caller's promise; the strings live as long as their result.
    unsafe { array(items.cast_const(), count) }
        .iter()
        .filter_map(|item| unsafe {
            let name = text(sys::rd_kafka_topic_result_name(*item))?;
            let message = text(sys::rd_kafka_topic_result_error_string(*item));
            Some((name, topic_result(raw::rd_kafka_topic_result_error(*item), message)))
        })
        .collect()
}

/// # Safety
/// `topic` is live.
unsafe fn description(
    topic: *const sys::rd_kafka_TopicDescription_t,
) -> Option<(String, Result<TopicDescription, TopicError>)> {
    // SAFETY: live, by the caller's promise; its parts live as long as it.
    unsafe {
        let name = text(sys::rd_kafka_TopicDescription_name(topic))?;
        if let Err(error) = NativeError::check(sys::rd_kafka_TopicDescription_error(topic)) {
            return Some((name, Err(error.into())));
        }
        let mut count = 0;
        let partitions = array(sys::rd_kafka_TopicDescription_partitions(topic, &raw mut count).cast_const(), count);
        let mut replicas = vec![0; partitions.len()];
        let mut leaderless = Vec::new();
        for partition in partitions {
            let Ok(number) = u32::try_from(sys::rd_kafka_TopicPartitionInfo_partition(*partition)) else { continue };
            let mut count = 0;
            sys::rd_kafka_TopicPartitionInfo_replicas(*partition, &raw mut count);
            if let Some(slot) = replicas.get_mut(number as usize) {
                *slot = count;
            }
            let leader = sys::rd_kafka_TopicPartitionInfo_leader(*partition);
            if leader.is_null() || sys::rd_kafka_Node_id(leader) < 0 {
                leaderless.push(number);
            }
        }
        leaderless.sort_unstable();
        let internal = sys::rd_kafka_TopicDescription_is_internal(topic) != 0;
        let id = topic_id(sys::rd_kafka_TopicDescription_topic_id(topic));
        Some((name, Ok(TopicDescription { id, replicas, leaderless, internal })))
    }
}

/// # Safety
/// `id` is null or live.
unsafe fn topic_id(id: *const sys::rd_kafka_Uuid_t) -> String {
    if id.is_null() {
        return String::new();
    }
    // SAFETY: live, by the caller's promise.
    let (high, low) =
        unsafe { (sys::rd_kafka_Uuid_most_significant_bits(id), sys::rd_kafka_Uuid_least_significant_bits(id)) };
    base64(u128::from(high.cast_unsigned()) << 64 | u128::from(low.cast_unsigned()))
}

/// URL-safe base64 without padding, as Kafka's Uuid.toString: librdkafka's own text uses the other alphabet. Zero, the
/// id of brokers without ids, is empty.
fn base64(id: u128) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if id == 0 {
        return String::new();
    }
    // 21 letters of 6 bits, and the last 2 bits at the top of the 22nd.
    let sixes = (0..21).map(|i| id >> (122 - 6 * i)).chain([id << 4]);
    sixes.map(|bits| char::from(LETTERS[(bits & 63) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_as_in_kafkas_own_tools() {
        // Kafka's Uuid(1, 2) and its METADATA_TOPIC_ID (0, 1); the third has letters that only one alphabet has.
        assert_eq!(base64(1 << 64 | 2), "AAAAAAAAAAEAAAAAAAAAAg");
        assert_eq!(base64(1), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(base64(u128::MAX), "_____________________w");
        assert_eq!(base64(0xfb << 120), "-wAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(base64(0), "");
    }
}
