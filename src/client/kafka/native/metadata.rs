//! Metadata of the cluster and all its topics, in one request.

use super::super::facts::ClusterFacts;
use super::call::{Call, millis};
use super::guard::array;
use super::outcome::NativeError;
use super::raw;
use super::text::text;
use rdkafka::bindings as sys;
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::ptr::{self, NonNull};
use std::time::Duration;
use sys::rd_kafka_resp_err_t as Code;

/// How long one attempt waits: a refused login is noticed between two, an answer slower than this is asked for twice.
const ATTEMPT: Duration = Duration::from_secs(1);

/// A metadata answer.
struct Metadata(NonNull<sys::rd_kafka_metadata>);

impl Drop for Metadata {
    fn drop(&mut self) {
        // SAFETY: `fetch` got it from librdkafka, and nobody else destroys it.
        unsafe { sys::rd_kafka_metadata_destroy(self.0.as_ptr()) }
    }
}

impl Call<'_> {
    /// The cluster, its brokers and all topics the principal may describe.
    pub(in super::super) fn cluster(&self) -> Result<ClusterFacts, NativeError> {
        let metadata = self.fetch()?;
        let at = metadata.0.as_ptr();
        // SAFETY: the answer is live, and so are its arrays and strings. Nothing takes a reference to a struct with an
        // error in it: the bindings declare errors as Rust enums, which brokers may overstep.
        let (brokers, topics) = unsafe {
            let brokers = array((*at).brokers.cast_const(), length((*at).broker_cnt));
            let topics = (0..length((*at).topic_cnt)).map(|i| (*at).topics.add(i).cast_const());
            (brokers, topics.filter_map(|t| topic(t)).collect())
        };
        let brokers = brokers
            .iter()
            // SAFETY: as above.
            .map(|b| (b.id, format!("{}:{}", unsafe { text(b.host) }.unwrap_or_default(), b.port)))
            .collect();
        Ok(ClusterFacts { id: self.cluster_id(), brokers, topics })
    }

    /// Asks in attempts: librdkafka's call cannot be stopped, and it would not notice a refused login.
    fn fetch(&self) -> Result<Metadata, NativeError> {
        let mut patience = ATTEMPT;
        loop {
            let mut answer: *const sys::rd_kafka_metadata = ptr::null();
            let time = millis(patience.min(self.deadline().remaining()));
            // SAFETY: the client is live; no topic is given, so all are meant; the answer is ours on success.
            let code = unsafe { raw::rd_kafka_metadata(self.rk(), 1, ptr::null_mut(), &raw mut answer, time) };
            if let (0, Some(answer)) = (code, NonNull::new(answer.cast_mut())) {
                return Ok(Metadata(answer));
            }
            self.give_up()?;
            let error = NativeError::new(code, None);
            let no_broker = code == Code::RD_KAFKA_RESP_ERR__TRANSPORT as i32;
            let no_answer = code == Code::RD_KAFKA_RESP_ERR__TIMED_OUT as i32;
            if self.deadline().is_over() || !(no_broker || no_answer) {
                return Err(error);
            }
            if no_answer {
                // A broker has the request and is slow: more attempts would only make it slower.
                patience = self.deadline().remaining();
            }
        }
    }

    /// The id that came with the metadata; asks nothing.
    fn cluster_id(&self) -> String {
        // SAFETY: the client is live; the string is ours, and is read before it is freed.
        unsafe {
            let id = sys::rd_kafka_clusterid(self.rk(), 0);
            let copy = text(id).unwrap_or_default();
            if !id.is_null() {
                sys::rd_kafka_mem_free(self.rk(), id.cast());
            }
            copy
        }
    }
}

/// Name and replicas by partition.
///
/// # Safety
/// `topic` is live.
unsafe fn topic(topic: *const sys::rd_kafka_metadata_topic) -> Option<(String, Vec<usize>)> {
    // SAFETY: live, by the caller's promise, and so are its partitions; no reference is taken (see `cluster`).
    unsafe {
        let name = text((*topic).topic)?;
        if (&raw const (*topic).err).cast::<c_int>().read() == Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART as c_int {
            return None;
        }
        let count = length((*topic).partition_cnt);
        let by_number: BTreeMap<i32, usize> =
            (0..count).map(|i| (*topic).partitions.add(i)).map(|p| ((*p).id, length((*p).replica_cnt))).collect();
        Some((name, by_number.into_values().collect()))
    }
}

fn length(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(0)
}
