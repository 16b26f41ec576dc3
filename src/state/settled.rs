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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Census, Deletion, DesiredTopic, Kind, Topology, UnmanagedConfig};
    use crate::plan::{Action, Blocked, Header, KafkaAction, Reach, Step, Verb};

    fn topic(name: &str, partitions: u32, state: Presence) -> DesiredTopic {
        DesiredTopic {
            id: ResourceId::new(Kind::Topic, name),
            name: name.into(),
            partitions,
            replication_factor: 1,
            config: BTreeMap::new(),
            unmanaged_config: UnmanagedConfig::Report,
            lifecycle: Lifecycle { deletion: Deletion::Allow, state, ..Lifecycle::default() },
        }
    }

    fn applied(topic: &DesiredTopic, whole: bool) -> Applied {
        Applied { at: "then".into(), whole, resource: AppliedResource::Topic(topic.clone()) }
    }

    /// A plan with two steps of each of these topics.
    fn plan(topics: &[&DesiredTopic]) -> Plan {
        let step = |topic: &DesiredTopic| {
            let action = Action::from(KafkaAction::GrowTopic { name: topic.name.clone(), from: 1, to: 2 });
            Step {
                resource: topic.id.clone(),
                timeout: action.timeout(),
                action,
                hosts: BTreeSet::new(),
                reach: Reach::EachHost,
                needs: BTreeSet::new(),
                hazards: vec![],
            }
        };
        let resource = |topic: &&DesiredTopic| {
            let (impact, changes, blocked, notes) = (None, Vec::new(), Vec::new(), Vec::new());
            ResourcePlan { id: topic.id.clone(), verb: Verb::Change, impact, changes, blocked, notes }
        };
        let header = Header {
            project: "p".into(),
            environment: None,
            kafka: String::new(),
            cluster_id: String::new(),
            topology: Topology::Single,
            hosts: vec![],
            census: Census::default(),
            left_out: BTreeSet::new(),
            undeclared: BTreeSet::new(),
        };
        let resources = topics.iter().map(resource).collect();
        Plan { header, resources, steps: topics.iter().flat_map(|t| [step(t), step(t)]).collect() }
    }

    fn desired(topics: &[&DesiredTopic]) -> Desired {
        let topics = topics.iter().map(|t| (*t).clone()).collect();
        Desired { project: "p".into(), topology: Topology::Single, topics, pipelines: vec![] }
    }

    #[test]
    fn what_was_begun_is_new_and_what_was_not_stays_as_it_was() {
        let (a, b, c) =
            (topic("a", 2, Presence::Present), topic("b", 2, Presence::Present), topic("c", 2, Presence::Present));
        let all = [&a, &b, &c];
        let found = settled(
            &plan(&all),
            &desired(&all),
            &LastApplied::new(),
            &BTreeSet::from([0, 1, 2]),
            &BTreeSet::from([0, 1]),
            "now",
        );
        let whole: BTreeMap<String, bool> =
            found.into_iter().map(|(id, last)| (id.name, last.expect("it stays").whole)).collect();
        assert_eq!(whole, BTreeMap::from([("a".to_owned(), true), ("b".to_owned(), false)]));
    }

    #[test]
    fn what_is_gone_is_forgotten_and_what_is_half_gone_is_not() {
        let (a, b, c) =
            (topic("a", 1, Presence::Absent), topic("b", 1, Presence::Absent), topic("c", 1, Presence::Absent));
        let all = [&a, &b, &c];
        let was = |t: &DesiredTopic| (t.id.clone(), applied(&topic(&t.name, 1, Presence::Present), true));
        let before = LastApplied::from([was(&a), was(&b)]);
        let steps = |all: &[usize]| all.iter().copied().collect::<BTreeSet<usize>>();
        let found =
            settled(&plan(&all), &desired(&all), &before, &steps(&[0, 1, 2, 4, 5]), &steps(&[0, 1, 4, 5]), "now");
        assert_eq!(found[&a.id], None);
        let half = found[&b.id].clone().expect("it is still known");
        assert_eq!((half.whole, half.at.as_str(), &half.resource), (false, "then", &before[&b.id].resource));
        // Nobody ever knew it.
        assert_eq!(found.get(&c.id), None);
        assert_eq!(begun(&desired(&all), &a.id, "now"), None);
    }

    #[test]
    fn only_what_is_new_is_written() {
        let (old, new) = (topic("a", 1, Presence::Present), topic("a", 2, Presence::Present));
        let quiet = Plan { steps: vec![], ..plan(&[&new]) };
        let none = BTreeSet::new();
        let written = |known: Option<Applied>| {
            let before = known.map(|known| (new.id.clone(), known)).into_iter().collect();
            settled(&quiet, &desired(&[&new]), &before, &none, &none, "now").len()
        };
        assert_eq!([written(None), written(Some(applied(&old, true)))], [1, 1]);
        assert_eq!([written(Some(applied(&new, false))), written(Some(applied(&new, true)))], [1, 0]);
        // What is blocked is not as declared, whatever has no steps.
        let mut blocked = quiet.clone();
        blocked.resources[0].blocked.push(Blocked::NeedsRecreate);
        assert!(settled(&blocked, &desired(&[&new]), &LastApplied::new(), &none, &none, "now").is_empty());
    }
}
