//! What an apply leaves to remember of each resource.

use crate::drift::{Applied, AppliedResource, LastApplied};
use crate::model::{Desired, Lifecycle, Presence, ResourceId};
use crate::plan::{Plan, ResourcePlan};
use std::collections::{BTreeMap, BTreeSet};

/// A resource as it is about to be applied: what differs from it may be what is not done yet. None of one that goes: it is
/// as it was until it is gone.
pub fn begun(desired: &Desired, id: &ResourceId, at: &str) -> Option<Applied> {
    let (resource, lifecycle) = asked(desired, id)?;
    let stays = lifecycle.state == Presence::Present;
    stays.then(|| Applied { at: at.to_owned(), whole: false, resource })
}

/// What is to be written of the resources of a plan of which these steps were begun and these are done; none where a
/// resource is to be forgotten. What stays as it was written before is left out.
pub fn settled(
    plan: &Plan,
    desired: &Desired,
    before: &LastApplied,
    begun: &BTreeSet<usize>,
    done: &BTreeSet<usize>,
    at: &str,
) -> BTreeMap<ResourceId, Option<Applied>> {
    let mut settled = BTreeMap::new();
    for ResourcePlan { id, blocked, .. } in &plan.resources {
        let Some((resource, lifecycle)) = asked(desired, id) else { continue };
        let steps: BTreeSet<usize> = (0..plan.steps.len()).filter(|i| plan.steps[*i].resource == *id).collect();
        if !blocked.is_empty() || !steps.is_empty() && steps.is_disjoint(begun) {
            continue;
        }
        let (whole, known) = (steps.is_subset(done), before.get(id));
        match lifecycle.state {
            Presence::Absent => {
                let rest = known.filter(|_| !whole).map(|known| Applied { whole: false, ..known.clone() });
                known.and_then(|_| settled.insert(id.clone(), rest));
            }
            Presence::Present if steps.is_empty() && known.is_some_and(|k| k.whole && k.resource == resource) => {}
            Presence::Present => {
                settled.insert(id.clone(), Some(Applied { at: at.to_owned(), whole, resource }));
            }
        }
        if let Some(old) = renamed(desired, id).filter(|old| whole && before.contains_key(old)) {
            settled.insert(old, None);
        }
    }
    settled
}

fn asked(desired: &Desired, id: &ResourceId) -> Option<(AppliedResource, Lifecycle)> {
    let topic = desired.topics.iter().find(|t| t.id == *id);
    let chain = || desired.pipelines.iter().find(|p| p.id == *id);
    topic.map(|t| (AppliedResource::Topic(t.clone()), t.lifecycle)).or_else(|| {
        let chain = chain()?;
        Some((AppliedResource::Chain(Box::new(chain.clone())), chain.lifecycle))
    })
}

fn renamed(desired: &Desired, id: &ResourceId) -> Option<ResourceId> {
    desired.pipelines.iter().find(|p| p.id == *id)?.renamed_from.clone()
}
