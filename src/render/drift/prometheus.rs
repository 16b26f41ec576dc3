//! Drift for a scraper, as a text file of the node exporter.

use crate::drift::{Drift, ResourceDrift};
use crate::render::metrics::{Family, written};

/// A gauge of each resource for drift, pending changes and what could not be read, and the totals.
pub fn prometheus(drift: &Drift) -> String {
    let each = |name, help, value: fn(&ResourceDrift) -> usize| {
        let sample = |r: &ResourceDrift| {
            let labels = vec![
                ("project", drift.header.project.clone()),
                ("kind", r.id.kind.to_string()),
                ("name", r.id.name.clone()),
            ];
            (labels, u64::try_from(value(r)).unwrap_or(u64::MAX))
        };
        Family { name, help, samples: drift.resources.iter().map(sample).collect() }
    };
    let drifted = |r: &ResourceDrift| r.drift.changes.len() + r.drift.steps.len() + r.stuck.len();
    let pending = |r: &ResourceDrift| r.pending.changes.len() + r.pending.steps.len() + usize::from(!r.declared);
    let families = [
        each("sluice_drift_changes", "Differences between the servers and what was applied last", drifted),
        each("sluice_pending_changes", "What the manifests ask for and was not applied", pending),
        each("sluice_drift_not_read", "What could not be read of a resource", |r| r.unread.len()),
    ];
    families.iter().map(written).collect()
}
