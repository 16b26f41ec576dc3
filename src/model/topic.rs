//! Facts of Kafka topics as the brokers tell them.

/// Where the effective value of a config key comes from, as DescribeConfigs names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigSource {
    /// Pinned on the topic itself (DYNAMIC_TOPIC_CONFIG).
    Topic,
    /// Set on a broker, on all brokers, or in a broker's file.
    Broker,
    /// Kafka's built-in default.
    Default,
    /// A source this program does not know.
    Other,
}

/// One config key of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Effective value; `None` when the broker hides it as sensitive.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// The broker refuses to change it.
    pub read_only: bool,
}
