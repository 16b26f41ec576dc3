//! What stands on the hosts, one entry an object, and how the objects hang together.

use crate::model::{Definition, EngineArg, LiveClickHouse, LiveObject, ObjectName, Owner, Topology};
use std::collections::{BTreeMap, BTreeSet};

/// An object as it stands.
pub struct Standing {
    /// What it is on most of the hosts that have it.
    pub definition: Definition,
    /// Views that fire on what is inserted into it.
    pub readers: BTreeSet<ObjectName>,
    /// Indexes of the hosts that have it.
    pub hosts: BTreeSet<usize>,
}

/// Everything that was found.
pub struct Stock {
    pub objects: BTreeMap<ObjectName, Standing>,
    pub unreadable: BTreeMap<ObjectName, String>,
    /// Distributed tables by the table under them.
    pub over: BTreeMap<ObjectName, Vec<ObjectName>>,
    /// Views by the table they write into.
    pub writers: BTreeMap<ObjectName, Vec<ObjectName>>,
    /// Clusters by the hosts that they have.
    clusters: BTreeMap<String, BTreeSet<usize>>,
    topology: Topology,
}

impl Stock {
    pub fn new(live: &LiveClickHouse, topology: &Topology) -> Self {
        let mut objects: BTreeMap<ObjectName, Standing> = BTreeMap::new();
        let mut forms: BTreeMap<ObjectName, Vec<(Definition, usize)>> = BTreeMap::new();
        let mut clusters: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut unreadable = BTreeMap::new();
        for (index, host) in live.hosts.iter().enumerate() {
            for (name, object) in &host.objects {
                let found = folded(object);
                let known = forms.entry(name.clone()).or_default();
                match known.iter_mut().find(|(form, _)| *form == found) {
                    Some((_, count)) => *count += 1,
                    None => known.push((found.clone(), 1)),
                }
                let entry = objects.entry(name.clone()).or_insert_with(|| Standing {
                    definition: found,
                    readers: BTreeSet::new(),
                    hosts: BTreeSet::new(),
                });
                entry.readers.extend(object.readers.iter().cloned());
                entry.hosts.insert(index);
            }
            for cluster in host.clusters.keys() {
                clusters.entry(cluster.clone()).or_default().insert(index);
            }
            unreadable.extend(host.unreadable.clone());
        }
        for (name, object) in &mut objects {
            // Of forms that are as frequent the one of the first host.
            let all = forms.remove(name).unwrap_or_default().into_iter().rev();
            if let Some((form, _)) = all.max_by_key(|(_, count)| *count) {
                object.definition = form;
            }
        }
        let (mut over, mut writers) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (name, object) in &objects {
            if let Some(under) = under(&object.definition) {
                over.entry(under).or_default().push(name.clone());
            }
            if let Some(target) = &object.definition.target {
                writers.entry(target.clone()).or_default().push(name.clone());
            }
        }
        Self { objects, unreadable, over, writers, clusters, topology: topology.clone() }
    }

    pub fn get(&self, name: &ObjectName) -> Option<&Definition> {
        self.objects.get(name).map(|o| &o.definition)
    }

    /// Views that fire on a table, by name.
    pub fn readers(&self, name: &ObjectName) -> impl Iterator<Item = &ObjectName> {
        self.objects.get(name).into_iter().flat_map(|o| &o.readers).filter(|v| self.objects.contains_key(*v))
    }

    /// Whether the project has a cluster.
    pub fn is_spread(&self) -> bool {
        self.topology.cluster().is_some()
    }

    /// The cluster that an object is on, where it is not the project's. Of several with the same hosts it is `told`.
    pub fn cluster_of(&self, name: &ObjectName, told: Option<&str>) -> Option<String> {
        let own = self.topology.cluster()?;
        let hosts = &self.objects.get(name)?.hosts;
        let fits = |cluster: &str| self.clusters.get(cluster) == Some(hosts);
        match told.filter(|t| fits(t)) {
            Some(told) => (told != own).then(|| told.to_owned()),
            None if fits(own) => None,
            None => self.clusters.keys().find(|c| fits(c)).cloned(),
        }
    }

    /// The cluster of the project.
    pub fn own_cluster(&self) -> Option<&str> {
        self.topology.cluster()
    }

    /// The project whose mark an object carries.
    pub fn owner(&self, name: &ObjectName) -> Option<Owner> {
        Owner::read(&self.get(name)?.comment).1
    }
}

/// The definition with `{uuid}` where a replicated table's path has its own: each table has another one.
fn folded(object: &LiveObject) -> Definition {
    let mut definition = object.definition.clone();
    if definition.engine.is_replicated() && !object.uuid.is_empty() {
        for arg in &mut definition.engine.args {
            if let EngineArg::Text(text) = arg {
                *text = text.replace(&object.uuid, "{uuid}");
            }
        }
    }
    definition
}

/// The table under a Distributed one.
pub fn under(definition: &Definition) -> Option<ObjectName> {
    if definition.engine.name != "Distributed" {
        return None;
    }
    Some(ObjectName::new(argument(definition, 1)?, argument(definition, 2)?))
}

/// An argument of an engine that is a text or a name.
pub fn argument(definition: &Definition, index: usize) -> Option<String> {
    match definition.engine.args.get(index)? {
        EngineArg::Text(text) => Some(text.clone()),
        EngineArg::Expression(name) => Some(name.as_str().trim_matches('`').to_owned()),
        EngineArg::Named(..) => None,
    }
}
