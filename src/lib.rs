//! sluice: a declarative reconciler for Kafka topics and ClickHouse ingestion chains.
//!
//! The data flow, left to right; each stage takes the whole of the one before it:
//!
//! ```text
//! manifest -> compile -> desired --+
//!                                  +-> diff -> plan -> render | apply
//! client  ->  observe -> live   ---+
//! ```
//!
//! `model` is the vocabulary at the bottom. Only `client`, `observe`, `memory`, `apply`, `sandbox` and
//! `cli` touch the world; everything else is pure and synchronous. ARCHITECTURE.md holds the import table
//! and the invariants, and a test enforces both.

pub mod model;

pub mod manifest;

pub mod sql;

pub mod compile;

pub mod health;

pub mod client;

pub mod observe;

pub mod diff;

pub mod plan;

pub mod drift;

pub mod prune;

pub mod state;

pub mod memory;

pub mod reconcile;

pub mod render;

pub mod apply;

pub mod consume;

pub mod import;

pub mod sandbox;

pub mod cli;
