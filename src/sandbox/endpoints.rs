//! Where a sandbox listens, as its users need it.

use secrecy::{ExposeSecret, SecretString};

/// Addresses and names of a running sandbox.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Bootstrap list, `host:port` separated by commas, in the order of the brokers.
    pub kafka_brokers: String,
    /// HTTP URL of each ClickHouse node, in the order of the shards.
    pub clickhouse_urls: Vec<String>,
    /// Cluster of all the nodes.
    pub cluster: String,
    /// User of ClickHouse: `default` without a password; another one with a password, as the engine
    /// cannot give `default` one.
    pub user: String,
    /// Password of that user, if it has one.
    pub password: Option<SecretString>,
}

impl Endpoints {
    /// The same as environment variables, in a fixed order: `KAFKA_BROKERS`, `CLICKHOUSE_URL` (the
    /// first node), `CLICKHOUSE_URLS` (separated by commas), `CLICKHOUSE_CLUSTER`; with a password also
    /// `CLICKHOUSE_USER` and `CLICKHOUSE_PASSWORD`, whose value is a secret.
    pub fn environment(&self) -> Vec<(String, String)> {
        let first = self.clickhouse_urls.first().cloned().unwrap_or_default();
        let mut variables = vec![
            ("KAFKA_BROKERS".to_owned(), self.kafka_brokers.clone()),
            ("CLICKHOUSE_URL".to_owned(), first),
            ("CLICKHOUSE_URLS".to_owned(), self.clickhouse_urls.join(",")),
            ("CLICKHOUSE_CLUSTER".to_owned(), self.cluster.clone()),
        ];
        if let Some(password) = &self.password {
            variables.push(("CLICKHOUSE_USER".to_owned(), self.user.clone()));
            variables.push(("CLICKHOUSE_PASSWORD".to_owned(), password.expose_secret().to_owned()));
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(password: Option<&str>) -> Endpoints {
        Endpoints {
            kafka_brokers: "127.0.0.1:9092".to_owned(),
            clickhouse_urls: vec!["http://127.0.0.1:1".to_owned(), "http://127.0.0.1:2".to_owned()],
            cluster: "dwh_test".to_owned(),
            user: "someone".to_owned(),
            password: password.map(SecretString::from),
        }
    }

    #[test]
    fn the_environment_has_a_fixed_order_and_the_password_only_if_set() {
        let lines = |endpoints: Endpoints| {
            endpoints.environment().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
        };
        let without = [
            "KAFKA_BROKERS=127.0.0.1:9092",
            "CLICKHOUSE_URL=http://127.0.0.1:1",
            "CLICKHOUSE_URLS=http://127.0.0.1:1,http://127.0.0.1:2",
            "CLICKHOUSE_CLUSTER=dwh_test",
        ];
        assert_eq!(lines(endpoints(None)), without);
        let with = lines(endpoints(Some("pa ss")));
        assert_eq!(with[..4], without);
        assert_eq!(with[4..], ["CLICKHOUSE_USER=someone", "CLICKHOUSE_PASSWORD=pa ss"]);
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", endpoints(Some("hunter2"))).contains("hunter2"));
    }
}
