//! One admin request: options, a result queue of its own, and the wait for the one event that answers it.

use super::super::context::Context;
use super::super::deadline::Deadline;
use super::guard::Owned;
use super::outcome::NativeError;
use super::raw;
use super::text::{Complaint, text};
use rdkafka::bindings as sys;
use rdkafka::client::Client;
use std::ffi::c_int;
use std::ptr::NonNull;
use std::time::Duration;
use sys::rd_kafka_admin_op_t as Op;
use sys::rd_kafka_resp_err_t as Code;

/// How often a wait looks whether the login was refused. Also what a refused login costs at most beyond the refusal.
const SLICE: Duration = Duration::from_millis(100);

/// librdkafka answers at its own timeout; waiting a little longer gets its words instead of ours.
const GRACE: Duration = Duration::from_millis(500);

/// The borrowed client and the time left for a request. To be used on a thread that may block.
pub(in super::super) struct Call<'a> {
    client: &'a Client<Context>,
    deadline: Deadline,
}

/// An answer of librdkafka that holds no error of the whole request.
pub(super) type Event = Owned<sys::rd_kafka_event_t>;

impl<'a> Call<'a> {
    pub(in super::super) fn new(client: &'a Client<Context>, deadline: Deadline) -> Self {
        Self { client, deadline }
    }

    pub(super) fn rk(&self) -> *mut sys::rd_kafka_t {
        self.client.native_ptr()
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Waiting on cannot help any more: librdkafka would try a refused login for ever.
    pub(super) fn give_up(&self) -> Result<(), NativeError> {
        match self.client.context().refused_login() {
            Some(reason) => Err(NativeError::new(Code::RD_KAFKA_RESP_ERR__AUTHENTICATION as i32, Some(reason))),
            None => Ok(()),
        }
    }

    /// Submits a request and waits for its answer.
    ///
    /// `submit` gets the client, the options and the result queue, all live while it runs; it must make exactly one
    /// admin request that answers to that queue. librdkafka copies all arguments of admin requests.
    pub(super) fn admin(
        &self,
        op: Op,
        validate_only: bool,
        submit: impl FnOnce(*mut sys::rd_kafka_t, *const sys::rd_kafka_AdminOptions_t, *mut sys::rd_kafka_queue_t),
    ) -> Result<Event, NativeError> {
        let options = self.options(op, validate_only)?;
        // SAFETY: the client is live; the queue is ours and is destroyed before the client that we borrow.
        let queue = unsafe { Owned::new(sys::rd_kafka_queue_new(self.rk()), sys::rd_kafka_queue_destroy) }
            .ok_or_else(|| NativeError::local("librdkafka made no result queue".to_owned()))?;
        submit(self.rk(), options.ptr(), queue.ptr());
        self.answer(&queue)
    }

    fn options(&self, op: Op, validate_only: bool) -> Result<Owned<sys::rd_kafka_AdminOptions_t>, NativeError> {
        // SAFETY: the client is live; the options are ours.
        let options =
            unsafe { Owned::new(sys::rd_kafka_AdminOptions_new(self.rk(), op), sys::rd_kafka_AdminOptions_destroy) }
                .ok_or_else(|| NativeError::local(format!("librdkafka has no options for {op:?}")))?;
        let time = millis(self.deadline.remaining());
        let mut why = Complaint::new();
        let (at, len) = (why.ptr(), why.len());
        // SAFETY: the options are live; the buffer is writable for the length given.
        let code = unsafe { sys::rd_kafka_AdminOptions_set_request_timeout(options.ptr(), time, at, len) };
        expect_ok(code, &why)?;
        if matches!(op, Op::RD_KAFKA_ADMIN_OP_CREATETOPICS)
            || matches!(op, Op::RD_KAFKA_ADMIN_OP_DELETETOPICS)
            || matches!(op, Op::RD_KAFKA_ADMIN_OP_CREATEPARTITIONS)
        {
            // Unset it would be 60 s, however long the request may take.
            // SAFETY: as above.
            let code = unsafe { sys::rd_kafka_AdminOptions_set_operation_timeout(options.ptr(), time, at, len) };
            expect_ok(code, &why)?;
        }
        if validate_only {
            // SAFETY: as above.
            let code = unsafe { sys::rd_kafka_AdminOptions_set_validate_only(options.ptr(), 1, at, len) };
            expect_ok(code, &why)?;
        }
        Ok(options)
    }

    fn answer(&self, queue: &Owned<sys::rd_kafka_queue_t>) -> Result<Event, NativeError> {
        let patience = Deadline::after(self.deadline.remaining() + GRACE);
        while !patience.is_over() {
            let slice = millis(patience.remaining().min(SLICE));
            // SAFETY: the queue is live; the event it returns is ours to destroy.
            let event =
                unsafe { Owned::new(sys::rd_kafka_queue_poll(queue.ptr(), slice), sys::rd_kafka_event_destroy) };
            let Some(event) = event else {
                self.give_up()?;
                continue;
            };
            // SAFETY: the event is live, and its string as long as it.
            let (code, message) = unsafe {
                (raw::rd_kafka_event_error(event.ptr()), text(sys::rd_kafka_event_error_string(event.ptr())))
            };
            return if code == 0 { Ok(event) } else { Err(NativeError::new(code, message)) };
        }
        Err(NativeError::timed_out())
    }
}

/// The part of an event that answers a request of one kind.
pub(super) fn result_of<R>(result: *const R) -> Result<NonNull<R>, NativeError> {
    NonNull::new(result.cast_mut())
        .ok_or_else(|| NativeError::local("librdkafka answered another request than was made".to_owned()))
}

/// Milliseconds as librdkafka takes them; it allows an hour at most.
pub(super) fn millis(time: Duration) -> c_int {
    let most: c_int = 3_600_000;
    c_int::try_from(time.as_millis()).map_or(most, |ms| ms.clamp(1, most))
}

fn expect_ok(code: Code, why: &Complaint) -> Result<(), NativeError> {
    if code == Code::RD_KAFKA_RESP_ERR_NO_ERROR { Ok(()) } else { Err(NativeError::new(code as i32, Some(why.text()))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_in_the_range_of_librdkafka() {
        assert_eq!(millis(Duration::ZERO), 1);
        assert_eq!(millis(Duration::from_secs(10)), 10_000);
        assert_eq!(millis(Duration::MAX), 3_600_000);
    }
}
