//! Tests against real servers.

mod kafka_client;
