//! Tests against real servers: one sandbox a run, shared by all tests, which use names of their own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests fail like tests"
)]

mod clickhouse_client;
mod clusters;
mod consume;
mod conversions;
mod create_statements;
mod demo;
mod drift;
mod evolutions;
mod example_data;
mod examples;
mod exit_codes;
mod failures;
mod fixture;
mod forms;
mod health;
mod import;
mod kafka_client;
mod kafka_groups;
mod on_cluster;
mod random;
mod rebuild;
mod saved_plan;
mod scenarios;
mod starter;
mod state;
mod walkthrough;
mod wild;
