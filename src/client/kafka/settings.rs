//! How to reach the brokers.

use super::error::KafkaError;
use super::hidden::Hidden;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError as RdError;
use rdkafka::types::RDKafkaConfRes;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::time::Duration;

/// Properties that make librdkafka load a library or run a command. A manifest comes from a pull request, so it must
/// not be able to run code where the plan is made.
const RUNS_CODE: [&str; 4] =
    ["plugin.library.paths", "sasl.kerberos.kinit.cmd", "ssl.engine.location", "ssl.providers"];

const CLIENT_ID: &str = "sluice";

/// Everything a handle is made from. Its `Debug` shows no value of a property.
#[derive(Debug, Clone)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub bootstrap_servers: String,
    /// Any other librdkafka property. What this program decides itself cannot be overridden:
    /// `bootstrap.servers` and `allow.auto.create.topics`.
    pub properties: BTreeMap<String, SecretString>,
    /// How long one request may take, connecting included.
    pub timeout: Duration,
}

impl KafkaSettings {
    /// Long enough for a broker that has just restarted, short enough for a person who waits.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

    /// Settings without properties, with the default timeout.
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.into(),
            properties: BTreeMap::new(),
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }

    /// What every client of this program calls itself, unless a property says otherwise.
    pub fn client_id(&self) -> &str {
        self.properties.get("client.id").map_or(CLIENT_ID, ExposeSecret::expose_secret)
    }

    /// librdkafka's form of them.
    ///
    /// # Errors
    /// [`KafkaError::Property`] for a property that would run code.
    pub(super) fn client_config(&self) -> Result<ClientConfig, KafkaError> {
        let mut config = ClientConfig::new();
        config.set("client.id", CLIENT_ID);
        for (key, value) in &self.properties {
            if RUNS_CODE.contains(&key.as_str()) {
                return Err(KafkaError::Property {
                    key: key.clone(),
                    reason: "it would run code of its value's choice; remove it".to_owned(),
                });
            }
            config.set(key, value.expose_secret());
        }
        config.set("bootstrap.servers", &self.bootstrap_servers);
        // Handles of the producer kind create topics by asking for them, unless told not to: a poll for the absence
        // of a deleted topic would bring it back.
        config.set("allow.auto.create.topics", "false");
        config.set_log_level(log_level());
        Ok(config)
    }

    /// librdkafka's refusal in words that hold no value.
    pub(super) fn refusal(&self, error: &RdError) -> KafkaError {
        let hidden = Hidden::new(self);
        let RdError::ClientConfig(kind, description, key, _) = error else {
            let reason = if let RdError::ClientCreation(reason) = error { reason.clone() } else { error.to_string() };
            let reason = hidden.redact(&reason);
            return KafkaError::Setup { servers: self.bootstrap_servers.clone(), reason };
        };
        let reason = match kind {
            RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN => "librdkafka knows no such property".to_owned(),
            RDKafkaConfRes::RD_KAFKA_CONF_INVALID | RDKafkaConfRes::RD_KAFKA_CONF_OK => hidden.redact(description),
        };
        KafkaError::Property { key: key.clone(), reason }
    }
}

/// Nobody reads what is not logged, and librdkafka need not write it.
fn log_level() -> RDKafkaLogLevel {
    if tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG) {
        RDKafkaLogLevel::Debug
    } else if tracing::enabled!(target: "librdkafka", tracing::Level::INFO) {
        RDKafkaLogLevel::Info
    } else {
        RDKafkaLogLevel::Warning
    }
}

#[cfg(test)]
mod tests {
    use super::super::KafkaReader;
    use super::*;

    fn connect(key: &str, value: &str) -> Result<KafkaReader, KafkaError> {
        let mut settings = KafkaSettings::new("127.0.0.1:1");
        settings.properties.insert(key.to_owned(), value.into());
        KafkaReader::connect(&settings)
    }

    #[test]
    fn a_topic_is_never_created_by_asking_for_it() {
        let mut settings = KafkaSettings::new("h:1");
        settings.properties.insert("allow.auto.create.topics".to_owned(), "true".into());
        settings.properties.insert("bootstrap.servers".to_owned(), "other:1".into());
        let config = settings.client_config().unwrap();
        assert_eq!(config.get("allow.auto.create.topics"), Some("false"));
        assert_eq!(config.get("bootstrap.servers"), Some("h:1"));
        assert_eq!((config.get("client.id"), settings.client_id()), (Some("sluice"), "sluice"));
        settings.properties.insert("client.id".to_owned(), "mine".into());
        let config = settings.client_config().unwrap();
        assert_eq!((config.get("client.id"), settings.client_id()), (Some("mine"), "mine"));
    }

    #[test]
    fn a_property_that_runs_code_is_refused() {
        for key in RUNS_CODE {
            let error = connect(key, "evil").err().unwrap();
            assert!(
                matches!(&error, KafkaError::Property { key: k, reason } if k == key && reason.contains("run code"))
            );
        }
    }

    #[test]
    fn an_unknown_property_is_named_without_its_value() {
        let error = connect("sasl.pasword", "swordfish").err().unwrap();
        assert_eq!(
            error.to_string(),
            "connection property `sasl.pasword` cannot be used: librdkafka knows no such property"
        );
        assert!(!format!("{error:?}").contains("swordfish"));
    }

    #[test]
    fn an_invalid_value_is_shown_only_where_it_cannot_be_secret() {
        let error = connect("security.protocol", "PLAINTXT").err().unwrap().to_string();
        assert!(error.contains("PLAINTXT"), "{error}");
        let error = connect("socket.timeout.ms", "swordfish").err().unwrap();
        assert!(!format!("{error} {error:?}").contains("swordfish"), "{error}");
    }
}
