//! The clients: the only users of reqwest and rdkafka, with timeouts and redaction.

pub mod clickhouse;
