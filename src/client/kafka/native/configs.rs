//! DescribeConfigs and IncrementalAlterConfigs of topics, with the error of each.

use super::super::error::TopicError;
use super::super::facts::PerTopic;
use super::call::{Call, result_of};
use super::guard::{Owned, array, pointers};
use super::outcome::{NativeError, topic_result};
use super::raw;
use super::text::{c_string, text};
use crate::model::{ConfigEntry, ConfigSource};
use rdkafka::bindings as sys;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use sys::rd_kafka_AlterConfigOpType_t as Change;
use sys::rd_kafka_ConfigSource_t as Source;
use sys::rd_kafka_admin_op_t as Op;

type Resource = Owned<sys::rd_kafka_ConfigResource_t>;

impl Call<'_> {
    /// Effective config of topics.
    pub(in super::super) fn describe_configs(
        &self,
        names: &[String],
    ) -> Result<PerTopic<BTreeMap<String, ConfigEntry>>, NativeError> {
        let wanted = names.iter().map(|name| resource(name)).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&wanted);
        let event = self.admin(Op::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, false, |rk, options, queue| {
            // SAFETY: all are live for the call, and the list has the length given.
            unsafe { sys::rd_kafka_DescribeConfigs(rk, list.as_mut_ptr(), list.len(), options, queue) }
        })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_DescribeConfigs_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and resources are parts of the live event.
        let resources = unsafe {
            let items = sys::rd_kafka_DescribeConfigs_result_resources(result.as_ptr(), &raw mut count);
            array(items, count)
        };
        // SAFETY: as above.
        let answers = resources.iter().filter_map(|resource| unsafe {
            let (name, result) = outcome(*resource)?;
            Some((name, result.map(|()| entries(*resource))))
        });
        Ok(answers.collect())
    }

    /// Pins and unpins config keys of one topic, all or none; keys not named keep what they are.
    pub(in super::super) fn alter_config(
        &self,
        topic: &str,
        set: &BTreeMap<String, String>,
        unset: &BTreeSet<String>,
        validate_only: bool,
    ) -> Result<PerTopic<()>, NativeError> {
        let wanted = resource(topic)?;
        for (key, value) in set {
            change(&wanted, key, Change::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET, Some(&c_string(value)?))?;
        }
        for key in unset {
            change(&wanted, key, Change::RD_KAFKA_ALTER_CONFIG_OP_TYPE_DELETE, None)?;
        }
        let mut list = [wanted.ptr()];
        let event =
            self.admin(Op::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS, validate_only, |rk, options, queue| {
                // SAFETY: all are live for the call, and the list has the length given.
                unsafe { sys::rd_kafka_IncrementalAlterConfigs(rk, list.as_mut_ptr(), list.len(), options, queue) }
            })?;
        // SAFETY: the event is live; the result is part of it.
        let result = result_of(unsafe { sys::rd_kafka_event_IncrementalAlterConfigs_result(event.ptr()) })?;
        let mut count = 0;
        // SAFETY: result, array and resources are parts of the live event.
        let resources = unsafe {
            let items = sys::rd_kafka_IncrementalAlterConfigs_result_resources(result.as_ptr(), &raw mut count);
            array(items, count)
        };
        // SAFETY: as above.
        Ok(resources.iter().filter_map(|resource| unsafe { outcome(*resource) }).collect())
    }
}

fn resource(topic: &str) -> Result<Resource, NativeError> {
    let name = c_string(topic)?;
    // SAFETY: the name is live for the call, which copies it; the object is ours.
    unsafe {
        Owned::new(
            sys::rd_kafka_ConfigResource_new(sys::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC, name.as_ptr()),
            sys::rd_kafka_ConfigResource_destroy,
        )
    }
    .ok_or_else(|| NativeError::local(format!("{topic:?} cannot be the name of a topic")))
}

fn change(resource: &Resource, key: &str, change: Change, value: Option<&CString>) -> Result<(), NativeError> {
    let key = c_string(key)?;
    let value = value.map_or(std::ptr::null(), |v| v.as_ptr());
    // SAFETY: all are live for the call, which copies the texts; the error is ours, and live while it is checked.
    unsafe {
        let error = sys::rd_kafka_ConfigResource_add_incremental_config(resource.ptr(), key.as_ptr(), change, value);
        match Owned::new(error, sys::rd_kafka_error_destroy) {
            Some(error) => NativeError::check(error.ptr()),
            None => Ok(()),
        }
    }
}

/// Name and error of a resource: what the rdkafka crate does not read.
///
/// # Safety
/// `resource` is live.
unsafe fn outcome(resource: *const sys::rd_kafka_ConfigResource_t) -> Option<(String, Result<(), TopicError>)> {
    // SAFETY: live, by the caller's promise; its strings live as long as it.
    unsafe {
        let name = text(sys::rd_kafka_ConfigResource_name(resource))?;
        let message = text(sys::rd_kafka_ConfigResource_error_string(resource));
        Some((name, topic_result(raw::rd_kafka_ConfigResource_error(resource), message)))
    }
}

/// # Safety
/// `resource` is live.
unsafe fn entries(resource: *const sys::rd_kafka_ConfigResource_t) -> BTreeMap<String, ConfigEntry> {
    let mut count = 0;
    // SAFETY: live, by the caller's promise; its entries and their strings live as long as it.
    unsafe {
        array(sys::rd_kafka_ConfigResource_configs(resource, &raw mut count).cast_const(), count)
            .iter()
            .filter_map(|entry| {
                let name = text(sys::rd_kafka_ConfigEntry_name(*entry))?;
                let sensitive = sys::rd_kafka_ConfigEntry_is_sensitive(*entry) == 1;
                let value = text(sys::rd_kafka_ConfigEntry_value(*entry)).filter(|_| !sensitive);
                let source = source(raw::rd_kafka_ConfigEntry_source(*entry));
                let read_only = sys::rd_kafka_ConfigEntry_is_read_only(*entry) == 1;
                Some((name, ConfigEntry { value, source, read_only }))
            })
            .collect()
    }
}

fn source(number: i32) -> ConfigSource {
    const BROKER: [Source; 3] = [
        Source::RD_KAFKA_CONFIG_SOURCE_DYNAMIC_BROKER_CONFIG,
        Source::RD_KAFKA_CONFIG_SOURCE_DYNAMIC_DEFAULT_BROKER_CONFIG,
        Source::RD_KAFKA_CONFIG_SOURCE_STATIC_BROKER_CONFIG,
    ];
    if number == Source::RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG as i32 {
        ConfigSource::Topic
    } else if BROKER.iter().any(|s| *s as i32 == number) {
        ConfigSource::Broker
    } else if number == Source::RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG as i32 {
        ConfigSource::Default
    } else {
        ConfigSource::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart_and_new_ones_are_no_error() {
        assert_eq!([0, 1, 2, 3, 4, 5, 8, 99].map(source), {
            use ConfigSource::{Broker, Default, Other, Topic};
            [Other, Topic, Broker, Broker, Broker, Default, Other, Other]
        });
    }
}
