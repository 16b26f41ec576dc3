//! Room of diff.
