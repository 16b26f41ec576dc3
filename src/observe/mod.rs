//! Room of observe.
