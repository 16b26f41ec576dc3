//! How to reach ClickHouse servers, the same for every host of a cluster.

use secrecy::SecretString;
use std::time::Duration;

/// User, limits and trust for the connections to ClickHouse.
#[derive(Debug, Clone)]
pub struct ClickHouseSettings {
    /// User name.
    pub user: String,
    /// Password; `None` for a user without one.
    pub password: Option<SecretString>,
    /// Longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest wait for the whole answer to one read. Writes bring their own limit.
    pub read_timeout: Duration,
    /// PEM with the certificates to trust instead of the machine's; only for `https` URLs.
    pub ca_certificate: Option<Vec<u8>>,
}

impl Default for ClickHouseSettings {
    /// User `default` without a password, 5 s to connect, 30 s to read.
    fn default() -> Self {
        Self {
            user: "default".to_owned(),
            password: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            ca_certificate: None,
        }
    }
}
