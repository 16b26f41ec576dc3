//! A pipeline's objects against every host that should carry them.

use super::surroundings;
use super::{AttributeChange, definition};
use crate::model::{
    Canonical, CanonicalForm, Definition, DesiredObject, DesiredPipeline, Kind, LiveClickHouse, LiveHost, LiveObject,
    ObjectName, Owner, Role, owner, scratch,
};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// One pipeline's differences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineDiff {
    /// The pipeline.
    pub desired: DesiredPipeline,
    /// Its objects, in its order.
    pub objects: Vec<ObjectDiff>,
    /// Views that carry this very resource's mark and read its tables, but are no longer declared.
    pub left_over: BTreeMap<ObjectName, LeftOver>,
    /// Databases its objects need, with the hosts that lack them.
    pub missing_databases: BTreeMap<String, BTreeSet<usize>>,
    /// What else carries this very resource's mark and is not declared, with its engine and the hosts that have it.
    pub undeclared: BTreeMap<ObjectName, (String, BTreeSet<usize>)>,
}

impl PipelineDiff {
    /// The Kafka tables that it no longer declares, each with the index of its host.
    pub fn undeclared_kafka_tables<'l>(
        &'l self,
        live: &'l LiveClickHouse,
    ) -> impl Iterator<Item = (usize, &'l Definition)> + 'l {
        let on = self.undeclared.iter().flat_map(|(name, (_, hosts))| hosts.iter().map(move |h| (*h, name)));
        on.filter_map(|(host, name)| Some((host, live.hosts.get(host)?.undeclared.get(name)?.definition.as_ref()?)))
            .filter(|(_, definition)| definition.engine.name == "Kafka")
    }

    /// The groups with which its Kafka tables read now, those included that it no longer declares.
    pub fn reading_groups(&self, live: &LiveClickHouse) -> BTreeSet<String> {
        let sources = self.objects.iter().filter(|o| o.desired.role == Role::Source);
        let standing = sources.flat_map(|s| s.hosts.keys().filter_map(|host| s.standing(*host, live)));
        let found = standing.map(|o| &o.definition).chain(self.undeclared_kafka_tables(live).map(|(_, d)| d));
        found.filter_map(|d| d.settings.get("kafka_group_name")?.plain().map(str::to_owned)).collect()
    }
}

/// A view of an earlier form of the pipeline. While it is there, rows go its way too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOver {
    /// Tables of the pipeline it reads.
    pub reads: BTreeSet<ObjectName>,
    /// Indexes of the hosts that have it.
    pub hosts: BTreeSet<usize>,
}

/// One object on the hosts that should carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectDiff {
    /// The object.
    pub desired: DesiredObject,
    /// How it stands, by index of the host in the live state.
    pub hosts: BTreeMap<usize, HostState>,
    /// What breaks when it goes and belongs to no pipeline of the project.
    pub strangers: BTreeSet<ObjectName>,
    /// Hosts where it still stands under the name it had before.
    pub under_old_name: BTreeSet<usize>,
    /// The definition in the words of each host that was asked for them.
    pub forms: BTreeMap<usize, Definition>,
    /// Kafka tables that stood aside for it, under whatever name it and its resource had: with the day, and the hosts. Only
    /// of a sink, which has no other Kafka table.
    pub aside: BTreeMap<ObjectName, (Date, BTreeSet<usize>)>,
    /// How they use it.
    pub uses: BTreeMap<ObjectName, Uses>,
    /// What the marks say of its secrets, where it exists and all hosts agree.
    pub seal: Option<String>,
    /// Clauses it has that no manifest asks for, with the hosts.
    pub beyond: BTreeMap<String, BTreeSet<usize>>,
}

impl ObjectDiff {
    /// The definition as a host would keep it, as far as it was asked: to be compared with what it has.
    pub fn form(&self, host: usize) -> &Definition {
        self.forms.get(&host).unwrap_or(&self.desired.definition)
    }

    /// The object as it stands on a host, under its name or the one it had before.
    pub fn standing<'l>(&self, host: usize, live: &'l LiveClickHouse) -> Option<&'l LiveObject> {
        let old = self.desired.renamed_from.as_ref().filter(|_| self.under_old_name.contains(&host));
        live.hosts.get(host)?.objects.get(old.unwrap_or(&self.desired.definition.name))
    }

    /// The comment to give to the object as it is: with the manifest's text, and saying of its secrets what it said
    /// before. That of the definition is for an object made anew, with the secrets of today.
    pub fn comment_in_place(&self) -> String {
        owner::sealed(&self.desired.definition.comment, self.seal.as_deref())
    }
}

/// How an object outside of the manifests uses a table of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Uses {
    /// Its engine.
    pub engine: String,
    /// Whether it reads the table.
    pub reads: bool,
    /// Whether it writes into the table.
    pub writes: bool,
    /// Indexes of the hosts where it does.
    pub hosts: BTreeSet<usize>,
}

/// How an object stands on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostState {
    /// It does not exist.
    Missing,
    /// It exists and is ours; what differs.
    Ours(Vec<AttributeChange>),
    /// It exists without an owner mark, or with the mark of another resource of this project.
    Unmarked {
        /// What differs.
        changes: Vec<AttributeChange>,
        /// The mark it has.
        mark: Option<Owner>,
    },
    /// Another project's mark claims it.
    Foreign(Owner),
    /// Whether it is what it should be cannot be told.
    Unknown {
        /// Why.
        why: String,
        /// What differs by letter.
        changes: Vec<AttributeChange>,
        /// Whether the server refuses what the manifest asks for: it is the manifest that has to change.
        refused: bool,
    },
}

impl HostState {
    /// What differs.
    pub fn changes(&self) -> &[AttributeChange] {
        match self {
            HostState::Missing | HostState::Foreign(_) => &[],
            HostState::Ours(changes) | HostState::Unmarked { changes, .. } | HostState::Unknown { changes, .. } => {
                changes
            }
        }
    }
}

pub(super) fn diff(
    desired: &DesiredPipeline,
    project: &str,
    live: &LiveClickHouse,
    canonical: &Canonical,
) -> PipelineDiff {
    let names = |o: &'_ DesiredObject| [Some(o.definition.name.clone()), o.renamed_from.clone()];
    let own: BTreeSet<ObjectName> = desired.objects.iter().flat_map(names).flatten().collect();
    let mut missing_databases: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut left_over = BTreeMap::new();
    let mut objects = Vec::new();
    for object in &desired.objects {
        let mut diff = ObjectDiff {
            desired: object.clone(),
            hosts: BTreeMap::new(),
            strangers: BTreeSet::new(),
            under_old_name: BTreeSet::new(),
            forms: BTreeMap::new(),
            aside: BTreeMap::new(),
            uses: BTreeMap::new(),
            seal: None,
            beyond: BTreeMap::new(),
        };
        let mut seals: BTreeSet<Option<&str>> = BTreeSet::new();
        for (index, host) in live.hosts.iter().enumerate().filter(|(_, h)| carries(h, &object.clusters)) {
            let name = &object.definition.name;
            if object.role == Role::Sink && desired.id.kind == Kind::OutgoingSink {
                let ours = |o: &LiveObject| o.definition.engine.name == "Kafka" && is_ours_before(o, project, desired);
                for (table, _) in host.objects.iter().filter(|(table, o)| !own.contains(*table) && ours(o)) {
                    let Some(since) = scratch::kept_day(table) else { continue };
                    diff.aside.entry(table.clone()).or_insert((since, BTreeSet::new())).1.insert(index);
                }
            }
            if !host.databases.contains(&name.database) {
                missing_databases.entry(name.database.clone()).or_default().insert(index);
            }
            let before = object.renamed_from.as_ref().and_then(|old| host.objects.get(old));
            let before = before.filter(|o| is_ours_before(o, project, desired));
            let found = host.objects.get(name).or(before);
            if !host.objects.contains_key(name) && before.is_some() {
                diff.under_old_name.insert(index);
            }
            seals.extend(found.map(|f| owner::seal(&f.definition.comment)));
            for clause in found.iter().flat_map(|f| &f.definition.beyond) {
                diff.beyond.entry(clause.clone()).or_default().insert(index);
            }
            let form = canonical.get(&(index, name.clone()));
            if let Some(CanonicalForm::Form(form)) = form {
                diff.forms.insert(index, (**form).clone());
            }
            let state = match (found, host.unreadable.get(name)) {
                (Some(found), _) => state(object, project, found, form),
                (None, Some(why)) => HostState::Unknown {
                    why: format!("its definition on the server could not be read: {why}"),
                    changes: Vec::new(),
                    refused: false,
                },
                (None, None) => missing(form),
            };
            diff.hosts.insert(index, state);
            for view in found.iter().flat_map(|f| &f.readers).filter(|r| !own.contains(*r)) {
                let mark = host.other_readers.get(view).cloned().flatten();
                if mark.is_some_and(|m| m == Owner::new(project, &desired.id)) {
                    let entry: &mut LeftOver = left_over.entry(view.clone()).or_default();
                    entry.reads.insert(name.clone());
                    entry.hosts.insert(index);
                } else {
                    diff.strangers.insert(view.clone());
                }
            }
        }
        if let (1, Some(Some(seal))) = (seals.len(), seals.first()) {
            diff.seal = Some((*seal).to_owned());
        }
        objects.push(diff);
    }
    for diff in &mut objects {
        surroundings::uses(diff, live, &left_over);
    }
    let undeclared = surroundings::undeclared(&Owner::new(project, &desired.id), live, &left_over);
    PipelineDiff { desired: desired.clone(), objects, left_over, missing_databases, undeclared }
}

/// Whether the mark on an object that stands under its old name is that of this resource, or of the one it was.
fn is_ours_before(object: &LiveObject, project: &str, desired: &DesiredPipeline) -> bool {
    let ids = std::iter::once(&desired.id).chain(&desired.renamed_from);
    let mark = Owner::read(&object.definition.comment).1;
    mark.is_some_and(|mark| ids.into_iter().any(|id| mark == Owner::new(project, id)))
}

/// A host carries what is on one of its clusters; without a cluster there is one host and it carries all.
fn carries(host: &LiveHost, clusters: &BTreeSet<String>) -> bool {
    clusters.is_empty() || clusters.iter().any(|c| host.clusters.contains_key(c))
}

/// What is to be made and could not be asked about is made all the same: then the server has its say.
fn missing(form: Option<&CanonicalForm>) -> HostState {
    match form {
        Some(CanonicalForm::Refused(why)) => {
            HostState::Unknown { why: why.clone(), changes: Vec::new(), refused: true }
        }
        Some(CanonicalForm::Form(_) | CanonicalForm::Formatted { .. } | CanonicalForm::Unknown(_)) | None => {
            HostState::Missing
        }
    }
}

fn state(object: &DesiredObject, project: &str, live: &LiveObject, form: Option<&CanonicalForm>) -> HostState {
    let compare = |desired| definition::compare(desired, &live.definition, &live.uuid, &object.renamed_columns);
    let changes = match form {
        Some(CanonicalForm::Form(form) | CanonicalForm::Formatted { form, .. }) => compare(form),
        Some(CanonicalForm::Refused(_) | CanonicalForm::Unknown(_)) | None => compare(&object.definition),
    };
    let (_, wanted) = Owner::read(&object.definition.comment);
    let (_, mark) = Owner::read(&live.definition.comment);
    if let Some(other) = mark.as_ref().filter(|m| m.project != project) {
        return HostState::Foreign(other.clone());
    }
    match form {
        Some(CanonicalForm::Refused(why)) => {
            return HostState::Unknown { why: why.clone(), changes, refused: true };
        }
        Some(CanonicalForm::Unknown(why)) => {
            return HostState::Unknown { why: why.clone(), changes, refused: false };
        }
        Some(CanonicalForm::Formatted { why, .. }) if !changes.iter().all(definition::is_proven) => {
            return HostState::Unknown { why: why.clone(), changes, refused: false };
        }
        Some(CanonicalForm::Form(_) | CanonicalForm::Formatted { .. }) | None => {}
    }
    if mark == wanted || object.owned_elsewhere {
        HostState::Ours(changes)
    } else {
        HostState::Unmarked { changes, mark }
    }
}
