//! Room of client.
