//! All servers of a project: how they are reached, and the hosts of the cluster found once.

use super::clickhouse::{ClickHouseError, ClickHouseReader, ClickHouseSettings, ClickHouseWriter};
use super::kafka::{KafkaError, KafkaReader, KafkaSettings, KafkaWriter};
use crate::model::{ClickHouseConnection, KafkaConnection, SecretRef, Secrets, Value};
use secrecy::SecretString;

/// Why a connection cannot be prepared. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// A secret has no value.
    #[error("{what} needs {secret}, which has no value")]
    NoSecret {
        /// Who needs it.
        what: String,
        /// Its reference.
        secret: SecretRef,
    },
    /// The file with the certificate authority cannot be read.
    #[error("the certificate authority {path} cannot be read")]
    Certificate {
        /// Its path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The Kafka client cannot be made.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// A ClickHouse client cannot be made.
    #[error(transparent)]
    ClickHouse(#[from] ClickHouseError),
}

/// Connections to the servers of a project. Preparing them sends nothing.
pub struct Servers {
    kafka: KafkaSettings,
    clickhouse: ClickHouseSettings,
    connection: ClickHouseConnection,
    reader: KafkaReader,
    secrets: Secrets,
}

impl Servers {
    /// Prepares the connections; no request is sent.
    ///
    /// # Errors
    /// A secret without a value, a file that cannot be read, properties librdkafka does not know.
    pub fn connect(
        kafka: &KafkaConnection,
        clickhouse: &ClickHouseConnection,
        secrets: &Secrets,
    ) -> Result<Self, ConnectError> {
        let mut settings = KafkaSettings::new(&kafka.bootstrap_servers);
        for (key, value) in &kafka.properties {
            let what = format!("the Kafka property `{key}`");
            settings.properties.insert(key.clone(), reveal(value, secrets, &what)?);
        }
        let password = clickhouse.password.as_ref();
        let password = password.map(|p| reveal(p, secrets, "the ClickHouse password")).transpose()?;
        let ca_certificate = clickhouse.ca_certificate.as_ref().map(|p| certificate(p)).transpose()?;
        Ok(Self {
            reader: KafkaReader::connect(&settings)?,
            kafka: settings,
            clickhouse: ClickHouseSettings {
                user: clickhouse.user.clone(),
                password,
                ca_certificate,
                ..ClickHouseSettings::default()
            },
            connection: clickhouse.clone(),
            secrets: secrets.clone(),
        })
    }

    /// The brokers, for reading.
    pub fn kafka(&self) -> &KafkaReader {
        &self.reader
    }

    /// The brokers, for changing.
    ///
    /// # Errors
    /// As [`KafkaWriter::connect`].
    pub fn kafka_writer(&self) -> Result<KafkaWriter, KafkaError> {
        KafkaWriter::connect(&self.kafka)
    }

    /// The secrets that have a value: those of the connections, and what is known of the tables'.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// How the brokers are reached.
    pub fn kafka_settings(&self) -> &KafkaSettings {
        &self.kafka
    }

    /// How ClickHouse is reached.
    pub fn connection(&self) -> &ClickHouseConnection {
        &self.connection
    }

    /// A ClickHouse server, for reading.
    ///
    /// # Errors
    /// The URL is none.
    pub fn reader(&self, url: &str) -> Result<ClickHouseReader, ClickHouseError> {
        ClickHouseReader::connect(url, &self.clickhouse)
    }

    /// A ClickHouse server, for changing.
    ///
    /// # Errors
    /// The URL is none.
    pub fn writer(&self, url: &str) -> Result<ClickHouseWriter, ClickHouseError> {
        ClickHouseWriter::connect(url, &self.clickhouse)
    }
}

fn reveal(value: &Value, secrets: &Secrets, what: &str) -> Result<SecretString, ConnectError> {
    match value {
        Value::Plain(text) => Ok(text.clone().into()),
        Value::Secret(secret) => secrets
            .get(secret)
            .cloned()
            .ok_or_else(|| ConnectError::NoSecret { what: what.to_owned(), secret: secret.clone() }),
    }
}

#[expect(clippy::disallowed_methods, reason = "the certificate is part of the connection")]
fn certificate(path: &str) -> Result<Vec<u8>, ConnectError> {
    std::fs::read(path).map_err(|source| ConnectError::Certificate { path: path.to_owned(), source })
}
