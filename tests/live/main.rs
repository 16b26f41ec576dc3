//! Tests against real servers: one sandbox a run, shared by all tests, which use names of their own.

mod clickhouse_client;
mod conversions;
mod create_statements;
mod example_data;
mod examples;
mod fixture;
mod kafka_client;
mod wild;
