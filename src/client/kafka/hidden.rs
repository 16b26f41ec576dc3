//! Takes the values of connection properties out of texts that others wrote.

use super::settings::KafkaSettings;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What stands where a value was.
const MARK: &str = "<hidden>";

/// Shorter values are no secrets, and taking them out would garble every text.
const SHORTEST: usize = 3;

/// Properties whose values are words of librdkafka, good to see in an error and never secret.
const PLAIN: [&str; 14] = [
    "acks",
    "broker.address.family",
    "client.dns.lookup",
    "client.id",
    "compression.codec",
    "compression.type",
    "debug",
    "isolation.level",
    "partitioner",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.oauthbearer.method",
    "security.protocol",
    "ssl.endpoint.identification.algorithm",
];

/// Parts of property names whose values stay hidden even where they look like a number.
const SENSITIVE: [&str; 8] = ["password", "secret", "key", "token", "username", "pem", "config", "assertion"];

/// The values to take out.
pub(super) struct Hidden(Vec<SecretString>);

impl Hidden {
    pub(super) fn new(settings: &KafkaSettings) -> Self {
        let mut values: Vec<SecretString> =
            settings.properties.iter().filter(|(key, value)| is_hidden(key, value)).map(|(_, v)| v.clone()).collect();
        // Longest first: a value that contains another must not leave its rest behind.
        values.sort_by_key(|value| std::cmp::Reverse(value.expose_secret().len()));
        Self(values)
    }

    /// The text without the values.
    pub(super) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| text.replace(value.expose_secret(), MARK))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({})", self.0.len())
    }
}

fn is_hidden(key: &str, value: &SecretString) -> bool {
    let value = value.expose_secret();
    if value.len() < SHORTEST || PLAIN.contains(&key) {
        return false;
    }
    let is_setting = value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
    !is_setting || SENSITIVE.iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(properties: &[(&str, &str)]) -> Hidden {
        let mut settings = KafkaSettings::new("h:1");
        settings.properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        Hidden::new(&settings)
    }

    #[test]
    fn values_are_taken_out_longest_first() {
        let hidden = hidden(&[("sasl.username", "alice"), ("sasl.password", "alice-1")]);
        assert_eq!(hidden.redact("login alice / alice-1 failed"), "login <hidden> / <hidden> failed");
    }

    #[test]
    fn words_of_librdkafka_stay_readable() {
        let hidden = hidden(&[("acks", "all"), ("sasl.mechanism", "PLAIN"), ("socket.timeout.ms", "1000")]);
        assert_eq!(hidden.redact("all PLAIN 1000"), "all PLAIN 1000");
    }

    #[test]
    fn a_password_of_digits_is_hidden() {
        assert_eq!(hidden(&[("sasl.password", "123456")]).redact("got 123456"), "got <hidden>");
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", hidden(&[("sasl.password", "swordfish")])), "Hidden(1)");
    }
}
