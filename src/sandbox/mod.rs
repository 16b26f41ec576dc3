//! Room of sandbox.
