//! What no manifest declares and stands beside a pipeline's objects. It is told and left alone.

use super::pipeline::{LeftOver, ObjectDiff};
use crate::model::{LiveClickHouse, ObjectName, Owner};
use std::collections::{BTreeMap, BTreeSet};

/// Fills in who uses the object, on the hosts that carry it. Views that will be dropped as left over are not among them.
pub(super) fn uses(diff: &mut ObjectDiff, live: &LiveClickHouse, left_over: &BTreeMap<ObjectName, LeftOver>) {
    for index in diff.hosts.keys() {
        let before = diff.desired.renamed_from.as_ref().filter(|_| diff.under_old_name.contains(index));
        let name = before.unwrap_or(&diff.desired.definition.name);
        let used = |d: &&crate::model::Dependant| d.reads.contains(name) || d.writes.contains(name);
        let dependants = live.hosts[*index].dependants.iter().filter(|(_, d)| used(d));
        for (other, dependant) in dependants.filter(|(other, _)| !left_over.contains_key(*other)) {
            let found = diff.uses.entry(other.clone()).or_default();
            found.engine.clone_from(&dependant.engine);
            found.reads |= dependant.reads.contains(name);
            found.writes |= dependant.writes.contains(name);
            found.hosts.insert(*index);
            diff.strangers.insert(other.clone());
        }
    }
}

/// Names for a while of what is being replaced: they tell of a rebuild, not of something forgotten.
fn is_passing(name: &ObjectName) -> bool {
    let ends = |with: &str| name.table.ends_with(with);
    ends("__sluice_next") || ends("__sluice_through") || name.table.contains("__old_")
}

/// What carries the mark of `owner` and is neither declared nor dropped as left over.
pub(super) fn undeclared(
    owner: &Owner,
    live: &LiveClickHouse,
    left_over: &BTreeMap<ObjectName, LeftOver>,
) -> BTreeMap<ObjectName, (String, BTreeSet<usize>)> {
    let mut found: BTreeMap<ObjectName, (String, BTreeSet<usize>)> = BTreeMap::new();
    for (index, host) in live.hosts.iter().enumerate() {
        let ours = host.undeclared.iter().filter(|(_, u)| u.owner == *owner);
        for (name, undeclared) in ours.filter(|(name, _)| !left_over.contains_key(*name) && !is_passing(name)) {
            let (engine, hosts) = found.entry(name.clone()).or_default();
            engine.clone_from(&undeclared.engine);
            hosts.insert(index);
        }
    }
    found
}
