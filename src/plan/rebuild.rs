//! A table is built anew beside the old one.

use super::build::Draft;
use super::{Policy, ResourcePlan};
use crate::diff::ObjectDiff;
use crate::model::{LiveClickHouse, ObjectName};
use std::collections::BTreeSet;

/// The name of the new table until it takes its place.
pub(super) fn next(name: &ObjectName) -> ObjectName {
    name.with_suffix("__sluice_next")
}

/// Placeholder until the room's work is merged.
pub(super) fn rebuild(
    _object: &ObjectDiff,
    _hosts: &BTreeSet<usize>,
    _live: &LiveClickHouse,
    _policy: &Policy,
    plan: &mut ResourcePlan,
    _draft: &mut Draft,
) {
    plan.block(super::Blocked::NeedsRecreate);
}
