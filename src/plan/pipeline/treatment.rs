//! What each object of a pipeline needs on each host: the least change that works.

use crate::diff::{Attribute, AttributeChange, HostState, ObjectDiff, PipelineDiff};
use crate::model::{Definition, Engine, EngineArg, LiveClickHouse, ObjectName, Role};
use crate::plan::alter::{Alteration, NoAlter, alteration};
use crate::plan::rebuild::{self, Moves};
use std::collections::{BTreeMap, BTreeSet};

/// What is done with an object on a host, its comment apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Nothing.
    Keep,
    /// It is made.
    Make,
    /// MODIFY QUERY.
    Query,
    /// ALTER.
    Alter(Alteration),
    /// A table that keeps no rows is made beside it and takes its name: whoever writes into it meanwhile finds one.
    Swap,
    /// It is dropped and made: it holds no rows.
    Remake,
    /// It is built anew and filled with its rows.
    Rebuild(Attribute),
    /// Only a drop would help: another kind of object stands there.
    Nothing,
}

/// An object with what it needs on each host.
pub(super) struct Treated<'a> {
    pub object: &'a ObjectDiff,
    pub hosts: BTreeMap<usize, Treatment>,
    /// What becomes of the rows that the sharding key over them spreads: of a local table, and of the Distributed one.
    pub moves: Option<Moves>,
}

impl<'a> Treated<'a> {
    pub fn new(object: &'a ObjectDiff, live: &LiveClickHouse) -> Self {
        let hosts = object.hosts.iter().map(|(host, state)| (*host, treatment(object, *host, state, live))).collect();
        Self { object, hosts, moves: None }
    }

    /// Sees whether rows move to other hosts.
    pub fn spread(&mut self, diff: &PipelineDiff, live: &LiveClickHouse) {
        let local = match self.role() {
            Role::Local => Some(self.name()),
            Role::Distributed => rebuild::under(diff, self.name()),
            Role::Source | Role::Sink | Role::Hub | Role::View | Role::EntryView | Role::Feed => None,
        };
        let local = diff.objects.iter().find(|o| Some(&o.desired.definition.name) == local);
        self.moves = local.and_then(|local| rebuild::moves(diff, local, live));
        if let (Role::Local, Some(moves)) = (self.role(), &self.moves) {
            for host in moves.hosts(self.object) {
                self.hosts.insert(host, Treatment::Rebuild(Attribute::Engine));
            }
        }
    }

    /// The Kafka table is made anew on these hosts wherever it is, whether it differs or not.
    pub fn reconnect(&mut self, on: &BTreeSet<usize>) {
        if self.role() == Role::Source {
            let there = self.hosts.iter_mut().filter(|(host, t)| on.contains(host) && **t != Treatment::Make);
            there.for_each(|(_, t)| *t = Treatment::Remake);
        }
    }

    /// The Distributed table is away while the table under it is built anew: whoever writes through it fails, and
    /// nothing is written into the table that is replaced.
    pub fn close(&mut self, rebuilt: &BTreeSet<ObjectName>) {
        let closes = |t: &&mut Treatment| matches!(t, Treatment::Keep | Treatment::Alter(_));
        if self.under().is_some_and(|under| rebuilt.contains(&under)) {
            self.hosts.values_mut().filter(closes).for_each(|t| *t = Treatment::Remake);
        }
    }

    /// A table of a sink is made anew, differs it or not: beside the old one, so that nobody who writes finds none.
    pub fn replace(&mut self, live: &LiveClickHouse) {
        if matches!(self.role(), Role::Sink | Role::Distributed) {
            for (host, treatment) in &mut self.hosts {
                if matches!(treatment, Treatment::Keep | Treatment::Alter(_)) {
                    *treatment = if swaps(self.object, *host, live) { Treatment::Swap } else { Treatment::Remake };
                }
            }
        }
    }

    /// The table under a Distributed one.
    pub fn under(&self) -> Option<ObjectName> {
        let engine = &self.object.desired.definition.engine;
        match engine.args.get(1..3)? {
            [EngineArg::Text(database), EngineArg::Text(table)] if engine.name == "Distributed" => {
                Some(ObjectName::new(database, table))
            }
            _ => None,
        }
    }

    pub fn name(&self) -> &'a ObjectName {
        &self.object.desired.definition.name
    }

    pub fn role(&self) -> Role {
        self.object.desired.role
    }

    pub fn is_view(&self) -> bool {
        matches!(self.role(), Role::View | Role::EntryView | Role::Feed)
    }

    /// Hosts that need this.
    pub fn hosts_with(&self, holds: impl Fn(&Treatment) -> bool) -> BTreeSet<usize> {
        self.hosts.iter().filter(|(_, t)| holds(t)).map(|(h, _)| *h).collect()
    }

    pub fn any(&self, holds: impl Fn(&Treatment) -> bool) -> bool {
        self.hosts.values().any(holds)
    }

    /// The ways it is altered, each with the hosts that need it.
    pub fn alterations(&self) -> Vec<(&Alteration, BTreeSet<usize>)> {
        let mut found: Vec<(&Alteration, BTreeSet<usize>)> = Vec::new();
        for (host, treatment) in &self.hosts {
            let Treatment::Alter(alteration) = treatment else { continue };
            match found.iter_mut().find(|(a, _)| *a == alteration) {
                Some((_, hosts)) => drop(hosts.insert(*host)),
                None => found.push((alteration, BTreeSet::from([*host]))),
            }
        }
        found
    }

    /// Whether columns that a view fills come, go or change.
    pub fn moves_columns(&self, live: &LiveClickHouse) -> bool {
        self.hosts.iter().any(|(host, treatment)| match treatment {
            Treatment::Alter(alteration) => {
                self.object.standing(*host, live).is_some_and(|o| alteration.moves_columns(&o.definition))
            }
            Treatment::Rebuild(_) => true,
            Treatment::Remake => !self.is_view(),
            Treatment::Keep | Treatment::Make | Treatment::Query | Treatment::Swap | Treatment::Nothing => false,
        })
    }
}

fn treatment(object: &ObjectDiff, host: usize, state: &HostState, live: &LiveClickHouse) -> Treatment {
    let changes = match state {
        HostState::Missing => return Treatment::Make,
        HostState::Foreign(_) | HostState::Unknown { .. } => return Treatment::Keep,
        HostState::Ours(changes) | HostState::Unmarked { changes, .. } => changes,
    };
    let renamed = object.under_old_name.contains(&host);
    let other_than = |attribute: &Attribute| changes.iter().any(|c| c.attribute != *attribute);
    let differs = other_than(&Attribute::Comment);
    let has = |attribute: &Attribute| changes.iter().any(|c| c.attribute == *attribute);
    // A table that keeps rows and one that only passes them on are not made out of each other: the rows would be lost,
    // or copied once for every host.
    let other_kind =
        standing_engine(object, host, live).is_some_and(|engine| keeps_otherwise(&object.desired.role, engine));
    if has(&Attribute::Kind) || other_kind {
        return Treatment::Nothing;
    }
    match object.desired.role {
        Role::View | Role::EntryView | Role::Feed => match object.standing(host, live) {
            _ if renamed => Treatment::Remake,
            _ if !differs => Treatment::Keep,
            Some(found) if !has(&Attribute::Target) && reads_the_same(object, &found.definition) => Treatment::Query,
            Some(_) | None => Treatment::Remake,
        },
        Role::Sink if differs && !renamed && swaps(object, host, live) => Treatment::Swap,
        Role::Source | Role::Sink | Role::Hub if differs || renamed => Treatment::Remake,
        Role::Source | Role::Sink | Role::Hub => Treatment::Keep,
        Role::Distributed if renamed => Treatment::Remake,
        Role::Distributed | Role::Local if !differs => Treatment::Keep,
        Role::Distributed => match altered(object, host, changes, live) {
            Ok(alteration) if changes.iter().all(is_of_columns) => Treatment::Alter(alteration),
            Ok(_) | Err(_) if swaps(object, host, live) => Treatment::Swap,
            Ok(_) | Err(_) => Treatment::Remake,
        },
        Role::Local => match altered(object, host, changes, live) {
            Ok(alteration) => Treatment::Alter(alteration),
            Err(NoAlter(attribute)) => Treatment::Rebuild(attribute),
        },
    }
}

fn standing_engine<'l>(object: &ObjectDiff, host: usize, live: &'l LiveClickHouse) -> Option<&'l Engine> {
    object.standing(host, live).map(|found| &found.definition.engine)
}

/// Whether what stands there keeps rows and the object of this role would not, or the reverse.
fn keeps_otherwise(role: &Role, engine: &Engine) -> bool {
    match role {
        Role::Local => !engine.holds_rows(),
        Role::Source | Role::Sink | Role::Distributed | Role::Hub => engine.holds_rows(),
        Role::View | Role::EntryView | Role::Feed => false,
    }
}

/// Whether two tables of its database can take each other's names at one moment.
fn swaps(object: &ObjectDiff, host: usize, live: &LiveClickHouse) -> bool {
    let database = &object.desired.definition.name.database;
    live.hosts.get(host).is_some_and(|server| rebuild::exchanges(server, database))
}

/// Columns and the comment are all that can be altered of a Distributed table.
fn is_of_columns(change: &AttributeChange) -> bool {
    matches!(change.attribute, Attribute::Column(_) | Attribute::ColumnOrder | Attribute::Comment)
}

fn altered(
    object: &ObjectDiff,
    host: usize,
    changes: &[AttributeChange],
    live: &LiveClickHouse,
) -> Result<Alteration, NoAlter> {
    let first = || changes.first().map_or(Attribute::Engine, |c| c.attribute.clone());
    let found = object.standing(host, live).ok_or_else(|| NoAlter(first()))?;
    let refused = live.hosts.get(host).is_some_and(|h| h.unalterable.contains_key(&object.desired.definition.name));
    if refused {
        let structural = changes.iter().find(|c| c.attribute != Attribute::Comment);
        return Err(NoAlter(structural.map_or_else(first, |c| c.attribute.clone())));
    }
    alteration(&object.desired, object.form(host), &found.definition, changes)
}

/// Whether a view goes on reading the tables that it reads. MODIFY QUERY does not move it to another source.
fn reads_the_same(object: &ObjectDiff, live: &Definition) -> bool {
    let Some(query) = &live.query else { return false };
    object.desired.reads.iter().all(|table| query.names(table))
}
