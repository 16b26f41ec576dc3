//! Which resources, and what is allowed with them: arguments -> policy, with every name checked.

use super::args::Selection;
use super::report::{Exit, Failure};
use crate::model::{Deletion, Desired, ResourceId};
use crate::plan::Policy;
use std::collections::BTreeSet;

/// The policy of a command.
///
/// # Errors
/// A name that is no resource of the project: a typo would otherwise read as "nothing to do".
pub(super) fn policy(selection: &Selection, desired: &Desired) -> Result<Policy, Failure> {
    let topics = desired.topics.iter().map(|t| (&t.id, t.lifecycle));
    let pipelines = desired.pipelines.iter().map(|p| (&p.id, p.lifecycle));
    let known: Vec<_> = topics.chain(pipelines).collect();
    let ids: Vec<&ResourceId> = known.iter().map(|(id, _)| *id).collect();
    let allowed = selection.allow.iter().filter_map(|a| a.resource.as_ref());
    let flags = [
        ("--only", selection.only.iter().collect::<Vec<_>>()),
        ("--recreate", selection.recreate.iter().collect()),
        ("--allow", allowed.collect()),
    ];
    for (flag, named) in flags {
        if let Some(unknown) = named.into_iter().find(|id| !ids.contains(id)) {
            return Err(no_such(flag, unknown, &ids));
        }
    }
    Ok(Policy {
        allow: selection.allow.clone(),
        recreate: selection.recreate.iter().cloned().collect(),
        only: selection.only.iter().cloned().collect(),
        deletion_allowed: known
            .iter()
            .filter(|(_, lifecycle)| lifecycle.deletion == Deletion::Allow)
            .map(|(id, _)| (*id).clone())
            .collect(),
        unreachable: selection.allow_unreachable.iter().cloned().collect(),
        pruned: BTreeSet::new(),
        today: today(),
        start_declared: desired.pipelines.iter().filter(|p| p.start_from.is_some()).map(|p| p.id.clone()).collect(),
    })
}

/// The resources named, each of which must be one of the project.
///
/// # Errors
/// A name that is none.
pub(super) fn named(resources: &[ResourceId], desired: &Desired) -> Result<BTreeSet<ResourceId>, Failure> {
    let ids: Vec<&ResourceId> =
        desired.topics.iter().map(|t| &t.id).chain(desired.pipelines.iter().map(|p| &p.id)).collect();
    match resources.iter().find(|id| !ids.contains(id)) {
        Some(unknown) => Err(no_such("resource", unknown, &ids)),
        None => Ok(resources.iter().cloned().collect()),
    }
}

/// The project with nothing but these resources; all of it where none is named. Nobody needs to read the rest.
pub(super) fn part(desired: &Desired, only: &BTreeSet<ResourceId>) -> Desired {
    let mut part = desired.clone();
    if !only.is_empty() {
        part.topics.retain(|t| only.contains(&t.id));
        part.pipelines.retain(|p| only.contains(&p.id));
    }
    part
}

/// The day at Greenwich: the same for everybody who plans at this moment, wherever they are.
#[expect(clippy::disallowed_methods, reason = "the plan reads no clock: this is where it comes from")]
pub(super) fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

fn no_such(flag: &str, id: &ResourceId, known: &[&ResourceId]) -> Failure {
    let failure = Failure::new(Exit::Usage, format!("{flag} {id}: the project has no such resource"));
    let distance = |k: &ResourceId| strsim::damerau_levenshtein(&k.to_string(), &id.to_string());
    match known.iter().map(|k| (distance(k), *k)).min() {
        Some((distance, near)) if distance <= 3 => failure.hint(format!("did you mean {near}?")),
        Some(_) => {
            let names: Vec<String> = known.iter().map(|k| k.to_string()).collect();
            failure.hint(format!("there are: {}", names.join(", ")))
        }
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DesiredTopic, Kind, Lifecycle, Topology, UnmanagedConfig};
    use crate::plan::{Allowance, Hazard};

    fn desired() -> Desired {
        let topic = DesiredTopic {
            id: ResourceId::new(Kind::Topic, "orders"),
            name: "orders".into(),
            partitions: 1,
            replication_factor: 1,
            config: Default::default(),
            unmanaged_config: UnmanagedConfig::Report,
            lifecycle: Lifecycle { deletion: Deletion::Allow, ..Lifecycle::default() },
        };
        Desired { project: "p".into(), topology: Topology::Single, topics: vec![topic], pipelines: vec![] }
    }

    #[test]
    fn the_manifest_allows_what_it_says() {
        let policy = policy(&Selection::default(), &desired()).unwrap();
        assert!(policy.allows(Hazard::RecreatesTopic, &ResourceId::new(Kind::Topic, "orders")));
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let id = ResourceId::new(Kind::Topic, "oders");
        let allow = Allowance { hazard: Hazard::DeletesData, resource: Some(id.clone()) };
        for selection in [
            Selection { only: vec![id.clone()], ..Selection::default() },
            Selection { recreate: vec![id.clone()], ..Selection::default() },
            Selection { allow: vec![allow], ..Selection::default() },
        ] {
            let failure = format!("{:?}", policy(&selection, &desired()).unwrap_err());
            assert!(failure.contains("Usage") && failure.contains("did you mean Topic/orders?"), "{failure}");
        }
    }
}
