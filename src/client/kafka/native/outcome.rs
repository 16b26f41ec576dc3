//! Error codes of librdkafka and of brokers as errors of this crate.

use super::super::error::TopicError;
use super::super::group::GroupError;
use super::raw;
use super::text::text;
use rdkafka::bindings as sys;
use sys::rd_kafka_resp_err_t as Code;

/// A request failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct NativeError {
    /// librdkafka's or the broker's number.
    pub(in super::super) code: i32,
    /// Its name, e.g. `_TIMED_OUT`.
    pub(in super::super) name: String,
    /// librdkafka's or the broker's words.
    pub(in super::super) message: String,
}

impl NativeError {
    /// An error with a code; the words are the code's own where nobody said more.
    pub(super) fn new(code: i32, message: Option<String>) -> Self {
        let message = message.filter(|m| !m.is_empty()).unwrap_or_else(|| words(code));
        Self { code, name: name(code), message }
    }

    /// librdkafka's local error for a request that cannot be made.
    pub(super) fn local(message: String) -> Self {
        Self::new(Code::RD_KAFKA_RESP_ERR__INVALID_ARG as i32, Some(message))
    }

    /// No answer in time.
    pub(super) fn timed_out() -> Self {
        Self::new(Code::RD_KAFKA_RESP_ERR__TIMED_OUT as i32, None)
    }

    /// Takes librdkafka's error object apart; `Ok` for null and for "no error".
    ///
    /// # Safety
    /// `error` is null or live.
    pub(super) unsafe fn check(error: *const sys::rd_kafka_error_t) -> Result<(), NativeError> {
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: live, by the caller's promise.
        let (code, message) = unsafe { (raw::rd_kafka_error_code(error), text(sys::rd_kafka_error_string(error))) };
        if code == 0 { Ok(()) } else { Err(Self::new(code, message)) }
    }
}

impl From<NativeError> for TopicError {
    fn from(NativeError { code, name, message }: NativeError) -> Self {
        const NOT_FOUND: [Code; 2] =
            [Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID];
        // CreateTopics needs a right on the cluster where the principal has none on the topic.
        const FORBIDDEN: [Code; 2] =
            [Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Code::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED];
        if NOT_FOUND.iter().any(|c| *c as i32 == code) {
            TopicError::NotFound
        } else if FORBIDDEN.iter().any(|c| *c as i32 == code) {
            TopicError::Forbidden(message)
        } else if code == Code::RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS as i32 {
            TopicError::Exists(message)
        } else if code == Code::RD_KAFKA_RESP_ERR_INVALID_CONFIG as i32 {
            TopicError::InvalidConfig(message)
        } else {
            TopicError::Other { code: name, message }
        }
    }
}

/// How a group with members refuses a change; a commit from outside with the words for a member that is none.
const LIVE: [Code; 4] = [
    Code::RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP,
    Code::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
    Code::RD_KAFKA_RESP_ERR_GROUP_SUBSCRIBED_TO_TOPIC,
    Code::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
];

/// How the right to a group is refused.
const NO_RIGHT: Code = Code::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;

/// How a coordinator that moves or loads refuses whatever it is asked.
const ON_THE_MOVE: [Code; 3] = [
    Code::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    Code::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    Code::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
];

/// Whether the error is about the group, wherever librdkafka tells it.
pub(super) fn is_about_group(code: i32) -> bool {
    code == NO_RIGHT as i32 || LIVE.iter().chain(&ON_THE_MOVE).any(|c| *c as i32 == code)
}

impl From<NativeError> for GroupError {
    fn from(NativeError { code, name, message }: NativeError) -> Self {
        if LIVE.iter().any(|c| *c as i32 == code) {
            GroupError::Live
        } else if code == NO_RIGHT as i32 {
            GroupError::Forbidden(message)
        } else {
            GroupError::Other { code: name, message }
        }
    }
}

/// Whether the error says that there is no such group.
pub(super) fn is_absent_group(code: i32) -> bool {
    code == Code::RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND as i32
}

/// The result of one topic: `Ok` for code 0.
pub(super) fn topic_result(code: i32, message: Option<String>) -> Result<(), TopicError> {
    if code == 0 { Ok(()) } else { Err(NativeError::new(code, message).into()) }
}

fn name(code: i32) -> String {
    // SAFETY: takes any number, returns a string that lives as long as the program or a thread-local buffer.
    unsafe { text(raw::rd_kafka_err2name(code)) }.unwrap_or_else(|| code.to_string())
}

fn words(code: i32) -> String {
    // SAFETY: as for `name`.
    unsafe { text(raw::rd_kafka_err2str(code)) }.unwrap_or_else(|| format!("error {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds_with_the_words_of_the_broker() {
        let kind = |code: Code| topic_result(code as i32, Some("words".to_owned())).unwrap_err();
        assert_eq!(kind(Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), TopicError::NotFound);
        assert_eq!(kind(Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), TopicError::Forbidden("words".to_owned()));
        assert_eq!(kind(Code::RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS), TopicError::Exists("words".to_owned()));
        assert_eq!(kind(Code::RD_KAFKA_RESP_ERR_INVALID_CONFIG), TopicError::InvalidConfig("words".to_owned()));
        assert_eq!(
            kind(Code::RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR),
            TopicError::Other { code: "INVALID_REPLICATION_FACTOR".to_owned(), message: "words".to_owned() }
        );
        assert_eq!(topic_result(0, None), Ok(()));
    }

    #[test]
    fn a_code_nobody_knows_is_still_an_error() {
        let Err(TopicError::Other { code, message }) = topic_result(31_999, None) else { panic!("not an error") };
        assert!(code.contains("31999") && message.contains("31999"), "{code} {message}");
    }
}
