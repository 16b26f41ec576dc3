//! Room of plan.
