//! Room of apply.
