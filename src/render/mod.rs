//! Room of render.

pub mod finding;
