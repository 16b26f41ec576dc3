//! Asks the engines of a sandbox, with the real clients, whether they serve.

use crate::client::clickhouse::{ClickHouseReader, ClickHouseSettings};
use crate::client::kafka::{KafkaReader, KafkaSettings};
use crate::sandbox::Probe;
use secrecy::SecretString;
use std::error::Error;
use std::time::Duration;
use tokio::runtime::Handle;

/// One attempt; the sandbox repeats it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Probes from a thread that may block.
pub(super) struct Clients {
    pub runtime: Handle,
    pub password: Option<SecretString>,
}

impl Probe for Clients {
    fn clickhouse(&self, url: &str) -> Result<(), String> {
        let settings = ClickHouseSettings {
            password: self.password.clone(),
            connect_timeout: PATIENCE,
            read_timeout: PATIENCE,
            ..ClickHouseSettings::default()
        };
        let reader = ClickHouseReader::connect(url, &settings).map_err(|e| chain(&e))?;
        self.runtime.block_on(reader.text("SELECT 1")).map(drop).map_err(|e| chain(&e))
    }

    fn kafka(&self, bootstrap: &str, brokers: usize) -> Result<(), String> {
        let settings = KafkaSettings { timeout: PATIENCE, ..KafkaSettings::new(bootstrap) };
        let reader = KafkaReader::connect(&settings).map_err(|e| chain(&e))?;
        let cluster = self.runtime.block_on(reader.cluster()).map_err(|e| chain(&e))?;
        match cluster.brokers.len() {
            alive if alive >= brokers => Ok(()),
            alive => Err(format!("{alive} of {brokers} brokers are in the cluster")),
        }
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}
