//! Asks the engines with the real clients whether they serve.

use super::Probe;
use crate::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use crate::client::kafka::{KafkaReader, KafkaSettings};
use secrecy::SecretString;
use std::fmt::Display;
use std::time::Duration;

/// One attempt gives up after this long; the sandbox tries again.
const PATIENCE: Duration = Duration::from_secs(3);

/// The clients of this program as a [`Probe`]. Blocking: not for use inside of an async runtime's thread.
pub struct Clients {
    runtime: tokio::runtime::Runtime,
    password: Option<SecretString>,
}

impl Clients {
    /// Clients that log in as `default` with this password.
    ///
    /// # Errors
    /// The operating system gives no more threads or descriptors.
    pub fn new(password: Option<SecretString>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { runtime, password })
    }
}

impl Probe for Clients {
    fn clickhouse(&self, url: &str) -> Result<(), String> {
        let settings = ClickHouseSettings {
            password: self.password.clone(),
            connect_timeout: PATIENCE,
            read_timeout: PATIENCE,
            ..ClickHouseSettings::default()
        };
        let reader = ClickHouseReader::connect(url, &settings).map_err(told)?;
        self.runtime.block_on(reader.text("SELECT 1")).map(drop).map_err(told)
    }

    fn kafka(&self, bootstrap: &str, brokers: usize) -> Result<(), String> {
        let settings = KafkaSettings { timeout: PATIENCE, ..KafkaSettings::new(bootstrap) };
        let reader = KafkaReader::connect(&settings).map_err(told)?;
        let found = self.runtime.block_on(reader.cluster()).map_err(told)?.brokers.len();
        if found == brokers { Ok(()) } else { Err(format!("{found} of {brokers} brokers have joined")) }
    }
}

fn told(error: impl Display) -> String {
    error.to_string()
}
