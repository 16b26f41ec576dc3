//! Lists of partitions with offsets, to and from C.

use super::super::error::TopicError;
use super::guard::Owned;
use super::outcome::{NativeError, topic_result};
use super::text::{c_string, text};
use rdkafka::bindings as sys;
use std::collections::BTreeMap;
use std::ffi::c_int;

/// Offsets by topic and partition number, each with the partition's own error.
pub(in super::super) type Offsets = BTreeMap<(String, u32), Result<Place, TopicError>>;

/// An offset, and what was written beside it when it was committed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Place {
    /// Negative ones stand for something else.
    pub offset: i64,
    /// Empty where there is none.
    pub metadata: String,
}

/// A list of our own.
pub(super) type List = Owned<sys::rd_kafka_topic_partition_list_t>;

/// The partitions with their offsets as C wants them.
pub(super) fn list<'a>(wanted: impl IntoIterator<Item = (&'a str, u32, i64)>) -> Result<List, NativeError> {
    // SAFETY: the list is ours.
    let list =
        unsafe { Owned::new(sys::rd_kafka_topic_partition_list_new(0), sys::rd_kafka_topic_partition_list_destroy) }
            .ok_or_else(|| NativeError::local("librdkafka made no list of partitions".to_owned()))?;
    for (topic, partition, offset) in wanted {
        let name = c_string(topic)?;
        let partition = c_int::try_from(partition)
            .map_err(|_| NativeError::local(format!("{partition} cannot be the number of a partition")))?;
        // SAFETY: list and name are live; the element returned is valid until the next one is added.
        unsafe {
            let element = sys::rd_kafka_topic_partition_list_add(list.ptr(), name.as_ptr(), partition);
            (*element).offset = offset;
        }
    }
    Ok(list)
}

/// Writes a text beside every offset of a list that has none yet.
pub(super) fn annotate(list: &List, metadata: &str) -> Result<(), NativeError> {
    if metadata.is_empty() {
        return Ok(());
    }
    // SAFETY: the list is live and has as many elements as it says; each takes memory of librdkafka's own allocator,
    // which it frees with the list.
    unsafe {
        let count = usize::try_from((*list.ptr()).cnt).unwrap_or(0);
        for i in 0..count {
            let copy = sys::rd_kafka_mem_malloc(std::ptr::null_mut(), metadata.len());
            if copy.is_null() {
                return Err(NativeError::local(
                    "librdkafka has no memory for what is written beside an offset".to_owned(),
                ));
            }
            copy.cast::<u8>().copy_from_nonoverlapping(metadata.as_ptr(), metadata.len());
            let element = (*list.ptr()).elems.add(i);
            (*element).metadata = copy;
            (*element).metadata_size = metadata.len();
        }
    }
    Ok(())
}

/// Partitions `0..count` of topics, all with the same offset.
pub(super) fn all(topics: &BTreeMap<String, u32>, offset: i64) -> impl Iterator<Item = (&str, u32, i64)> {
    topics.iter().flat_map(move |(topic, count)| (0..*count).map(move |partition| (topic.as_str(), partition, offset)))
}

/// Offset and error of one partition.
///
/// # Safety
/// `element` is live.
pub(super) unsafe fn element(
    element: *const sys::rd_kafka_topic_partition_t,
) -> Option<((String, u32), Result<Place, TopicError>)> {
    // SAFETY: live, by the caller's promise. Its error is read as the integer that C wrote: the bindings declare it as
    // a Rust enum, which brokers may overstep; so no reference is taken either.
    unsafe {
        let name = text((*element).topic)?;
        let partition = u32::try_from((*element).partition).ok()?;
        let code = (&raw const (*element).err).cast::<c_int>().read();
        let metadata = match (*element).metadata_size {
            0 => String::new(),
            size => {
                String::from_utf8_lossy(std::slice::from_raw_parts((*element).metadata.cast::<u8>(), size)).into_owned()
            }
        };
        let place = Place { offset: (*element).offset, metadata };
        Some(((name, partition), topic_result(code, None).map(|()| place)))
    }
}

/// Every partition of a list.
///
/// # Safety
/// `list` is null or live.
pub(super) unsafe fn elements(list: *const sys::rd_kafka_topic_partition_list_t) -> Offsets {
    if list.is_null() {
        return Offsets::new();
    }
    // SAFETY: live, by the caller's promise, and so are its elements.
    unsafe {
        let count = usize::try_from((*list).cnt).unwrap_or(0);
        (0..count).filter_map(|i| element((*list).elems.add(i).cast_const())).collect()
    }
}
