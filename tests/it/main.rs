//! Tests of the public API, in one binary.

mod bad_manifests;
