//! Room of manifest.
