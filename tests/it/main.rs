//! Tests of the public API, in one binary.

#![expect(clippy::disallowed_methods, reason = "tests read and write their own files and the blessing variable")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad_manifests;
mod command_line;
mod consumption;
mod convergence;
mod docs;
mod findings_formats;
mod graphs;
mod homework;
mod on_cluster;
mod recipes;
mod schemas;
mod starter;
mod tidy;
mod tls;
