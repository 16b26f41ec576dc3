//! What was applied once and is in no manifest any more: it is always told, and goes only when somebody asks for it. Pure.

use crate::drift::{AppliedResource, LastApplied};
use crate::model::{Desired, ObjectName, Presence, ResourceId};
use std::collections::BTreeSet;

/// Why nothing is pruned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpruned {
    /// More than half of the project would go: a folder that was not read looks like that.
    #[error("{gone} of the {all} resources that were applied would go, which is more than half")]
    Most {
        /// How many would go.
        gone: usize,
        /// Of how many.
        all: usize,
    },
    /// Nothing would be left.
    #[error("all {0} resources that were applied would go")]
    All(usize),
    /// Something that is declared works with it.
    #[error("{id} is no longer declared, but {by} still uses {what}")]
    Used {
        /// What would go.
        id: ResourceId,
        /// Of it, what is used.
        what: String,
        /// By what.
        by: ResourceId,
    },
}

/// What nobody declares any more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undeclared {
    /// Resources with something of their own on the servers.
    pub standing: BTreeSet<ResourceId>,
    /// Resources of which all that they had is declared under other names: nothing is left of them to remove.
    pub passed_on: BTreeSet<ResourceId>,
}

/// Finds it.
pub fn undeclared(applied: &LastApplied, desired: &Desired) -> Undeclared {
    let declared = Declared::of(desired);
    let mut found = Undeclared::default();
    for (id, last) in applied {
        if declared.ids.contains(id) || declared.renamed.contains(id) {
            continue;
        }
        let left = match &last.resource {
            AppliedResource::Topic(topic) => !declared.topics.contains(topic.name.as_str()),
            AppliedResource::Chain(chain) => {
                chain.objects.iter().any(|o| !o.owned_elsewhere && !declared.objects.contains(&o.definition.name))
            }
        };
        match left {
            true => found.standing.insert(id.clone()),
            false => found.passed_on.insert(id.clone()),
        };
    }
    found
}

/// Whether these may go.
///
/// # Errors
/// Too many would go and `most` does not allow it, or something that is declared uses one.
pub fn check(
    applied: &LastApplied,
    desired: &Desired,
    gone: &BTreeSet<ResourceId>,
    most: bool,
) -> Result<(), Unpruned> {
    let all = applied.len();
    match gone.len() {
        0 => return Ok(()),
        n if n == all && !most => return Err(Unpruned::All(n)),
        n if 2 * n > all && !most => return Err(Unpruned::Most { gone: n, all }),
        _ => {}
    }
    let used = |name: &ObjectName| {
        let mut objects = desired.pipelines.iter().flat_map(|p| p.objects.iter().map(move |o| (&p.id, o)));
        objects.find(|(_, o)| o.reads.contains(name) || o.definition.target.as_ref() == Some(name)).map(|(id, _)| id)
    };
    let reads =
        |topic: &String| desired.pipelines.iter().find(|p| p.topics.contains(topic) || p.writes_topics.contains(topic));
    for (id, last) in applied.iter().filter(|(id, _)| gone.contains(*id)) {
        let found = match &last.resource {
            AppliedResource::Topic(topic) => reads(&topic.name).map(|by| (format!("topic {}", topic.name), &by.id)),
            AppliedResource::Chain(chain) => {
                let mut names = chain.objects.iter().filter(|o| !o.owned_elsewhere).map(|o| &o.definition.name);
                names.find_map(|name| used(name).map(|by| (format!("table {name}"), by)))
            }
        };
        if let Some((what, by)) = found {
            return Err(Unpruned::Used { id: id.clone(), what, by: by.clone() });
        }
    }
    Ok(())
}

/// What is declared, and these beside it as what should not be there any more, each with the guards that it was applied with.
/// Of a resource that was not applied nothing is added.
pub fn with_gone(desired: &Desired, applied: &LastApplied, gone: &BTreeSet<ResourceId>) -> Desired {
    let declared = Declared::of(desired);
    let mut all = desired.clone();
    for (_, last) in applied.iter().filter(|(id, _)| gone.contains(*id) && !declared.ids.contains(*id)) {
        match &last.resource {
            AppliedResource::Topic(topic) => {
                let mut topic = topic.clone();
                topic.lifecycle.state = Presence::Absent;
                all.topics.push(topic);
            }
            AppliedResource::Chain(chain) => {
                let mut chain = (**chain).clone();
                chain.lifecycle.state = Presence::Absent;
                chain.renamed_from = None;
                chain.objects.retain(|o| !declared.objects.contains(&o.definition.name));
                chain.backfills.clear();
                all.pipelines.push(chain);
            }
        }
    }
    all.topics.sort_by(|a, b| a.id.cmp(&b.id));
    all.pipelines.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

struct Declared<'d> {
    ids: BTreeSet<&'d ResourceId>,
    renamed: BTreeSet<&'d ResourceId>,
    topics: BTreeSet<&'d str>,
    objects: BTreeSet<ObjectName>,
}

impl<'d> Declared<'d> {
    fn of(desired: &'d Desired) -> Self {
        let topics = desired.topics.iter();
        Self {
            ids: topics.clone().map(|t| &t.id).chain(desired.pipelines.iter().map(|p| &p.id)).collect(),
            renamed: desired.pipelines.iter().filter_map(|p| p.renamed_from.as_ref()).collect(),
            topics: topics.map(|t| t.name.as_str()).collect(),
            objects: desired.object_names(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Applied;
    use crate::model::{Deletion, DesiredTopic, Kind, Lifecycle, Topology, UnmanagedConfig};

    fn topic(id: &str, name: &str) -> DesiredTopic {
        DesiredTopic {
            id: ResourceId::new(Kind::Topic, id),
            name: name.into(),
            partitions: 1,
            replication_factor: 1,
            config: Default::default(),
            unmanaged_config: UnmanagedConfig::Report,
            lifecycle: Lifecycle { deletion: Deletion::Orphan, ..Lifecycle::default() },
        }
    }

    fn applied(topics: &[DesiredTopic]) -> LastApplied {
        let record = |t: &DesiredTopic| {
            let resource = AppliedResource::Topic(t.clone());
            (t.id.clone(), Applied { at: "then".into(), whole: true, resource })
        };
        topics.iter().map(record).collect()
    }

    fn desired(topics: &[DesiredTopic]) -> Desired {
        Desired { project: "p".into(), topology: Topology::Single, topics: topics.to_vec(), pipelines: vec![] }
    }

    fn ids(names: &[&str]) -> BTreeSet<ResourceId> {
        names.iter().map(|name| ResourceId::new(Kind::Topic, *name)).collect()
    }

    #[test]
    fn a_topic_that_another_resource_declares_is_passed_on() {
        let known = applied(&[topic("a", "a"), topic("b", "b"), topic("c", "c")]);
        let now = desired(&[topic("a", "a"), topic("new", "b")]);
        let found = undeclared(&known, &now);
        assert_eq!((found.standing, found.passed_on), (ids(&["c"]), ids(&["b"])));
    }

    #[test]
    fn what_goes_keeps_the_guards_it_was_applied_with() {
        let known = applied(&[topic("a", "a"), topic("c", "c")]);
        let all = with_gone(&desired(&[topic("b", "b")]), &known, &ids(&["c", "never"]));
        let found: Vec<_> =
            all.topics.iter().map(|t| (t.name.as_str(), t.lifecycle.deletion, t.lifecycle.state)).collect();
        let [b, c] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((b.0, b.2), ("b", Presence::Present));
        assert_eq!(*c, ("c", Deletion::Orphan, Presence::Absent));
    }

    #[test]
    fn more_than_half_needs_a_word_of_its_own() {
        let known = applied(&["a", "b", "c", "d"].map(|name| topic(name, name)));
        let none = desired(&[]);
        let refused = |names: &[&str], most| check(&known, &none, &ids(names), most).err();
        assert_eq!(refused(&[], false), None);
        assert_eq!(refused(&["a", "b"], false), None);
        assert_eq!(refused(&["a", "b", "c"], false), Some(Unpruned::Most { gone: 3, all: 4 }));
        assert_eq!(refused(&["a", "b", "c", "d"], false), Some(Unpruned::All(4)));
        assert_eq!(refused(&["a", "b", "c", "d"], true), None);
    }
}
