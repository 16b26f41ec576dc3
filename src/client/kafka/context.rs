//! What librdkafka has to say: its log goes to `tracing`, the last error of a broker is kept for the request it fails.

use super::hidden::Hidden;
use super::settings::KafkaSettings;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError as RdError;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared between a handle and librdkafka's threads.
#[derive(Debug, Clone)]
pub(super) struct Context(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hidden: Hidden,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    broker: Option<String>,
    login: Option<String>,
}

impl Context {
    pub(super) fn new(settings: &KafkaSettings) -> Self {
        Self(Arc::new(Inner { hidden: Hidden::new(settings), heard: Mutex::default() }))
    }

    /// The text without the values of properties.
    pub(super) fn redact(&self, text: &str) -> String {
        self.0.hidden.redact(text)
    }

    /// The last error of a broker, if any was heard.
    pub(super) fn broker_error(&self) -> Option<String> {
        self.heard().broker.clone()
    }

    /// The last refused login since a request succeeded.
    pub(super) fn refused_login(&self) -> Option<String> {
        self.heard().login.clone()
    }

    /// A request succeeded: what was heard before explains no later failure.
    pub(super) fn forget(&self) {
        *self.heard() = Heard::default();
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let message = self.redact(message);
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::error!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{message}"),
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{message}"),
        }
    }

    fn stats_raw(&self, _statistics: &[u8]) {}

    fn error(&self, error: RdError, reason: &str) {
        let reason = self.redact(reason);
        // At info: librdkafka tries again by itself, and if that fails the request says so.
        tracing::info!(target: "librdkafka", "{reason}");
        let code = error.rdkafka_error_code();
        let mut heard = self.heard();
        if code == Some(RDKafkaErrorCode::Authentication) {
            heard.login = Some(reason.clone());
        }
        // "All brokers are down" comes after the error that says why.
        if code != Some(RDKafkaErrorCode::AllBrokersDown) || heard.broker.is_none() {
            heard.broker = Some(reason);
        }
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, _result: &DeliveryResult<'_>, _opaque: ()) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_kept_and_not_its_summary() {
        let mut settings = KafkaSettings::new("h:1");
        settings.properties.insert("sasl.password".to_owned(), "swordfish".into());
        let context = Context::new(&settings);
        context.error(RdError::Global(RDKafkaErrorCode::Authentication), "bad swordfish");
        context.error(RdError::Global(RDKafkaErrorCode::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(context.broker_error().as_deref(), Some("bad <hidden>"));
        assert_eq!(context.refused_login().as_deref(), Some("bad <hidden>"));
        context.forget();
        assert_eq!((context.broker_error(), context.refused_login()), (None, None));
    }
}
