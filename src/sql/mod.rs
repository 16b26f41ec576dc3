//! Room of sql.
