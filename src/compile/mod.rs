//! Room of compile.
