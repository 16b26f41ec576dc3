//! Rows move to the hosts where another sharding key looks for them: all hosts copy at the same time, each into the new
//! tables of all, and nothing is swapped before all rows are counted.
//!
//! Once a host has swapped, the others must swap too and never copy again: rows would come twice or go. The marks of
//! the copies tell, and a table keeps the word by which key its rows lie until the Distributed table has that key.

use super::standing::{Standing, standing};
use super::{exchanges, text, work};
use crate::diff::{HostState, ObjectDiff, PipelineDiff};
use crate::model::token::{tokenize, unwrapped};
use crate::model::{
    Column, Definition, Engine, EngineArg, LiveClickHouse, ObjectName, Owner, Role, TableSize, scratch,
};
use crate::plan::Obstacle;
use crate::sql::CopiedValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// What becomes of rows that were spread by a sharding key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Moves {
    /// They lie where the key looks for them.
    Settled,
    /// The key looks elsewhere, and nobody wants them to move.
    Stay,
    /// They are copied to where it looks.
    All(Spread),
    /// They were copied by an earlier run, which did not come to swap the tables of these hosts.
    Rest(Spread, BTreeSet<usize>),
    /// They should move and cannot.
    Blocked(Obstacle),
}

/// How rows are spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Spread {
    /// The Distributed table, as it is to be.
    over: Definition,
    /// Its sharding key, as marks tell it.
    pub(super) key: String,
    /// Shards over which it spreads.
    shards: u64,
}

impl Moves {
    /// The hosts whose tables are built anew for it.
    pub(in crate::plan) fn hosts(&self, local: &ObjectDiff) -> BTreeSet<usize> {
        match self {
            Moves::Settled | Moves::Stay | Moves::Blocked(_) => BTreeSet::new(),
            Moves::All(_) => local.hosts.keys().copied().collect(),
            Moves::Rest(_, hosts) => hosts.clone(),
        }
    }

    pub(super) fn spread(&self) -> Option<&Spread> {
        match self {
            Moves::Settled | Moves::Stay | Moves::Blocked(_) => None,
            Moves::All(spread) | Moves::Rest(spread, _) => Some(spread),
        }
    }

    /// Whether an earlier run has copied and compared all rows.
    pub(super) fn are_copied(&self) -> bool {
        matches!(self, Moves::Rest(..))
    }
}

impl Spread {
    /// The Distributed table over the new ones, with the columns of the copy. One that is not copied and that the key
    /// needs is computed there as it is in the table.
    pub(super) fn through(
        &self,
        local: &ObjectName,
        form: &Definition,
        values: &[(String, CopiedValue)],
    ) -> Definition {
        let mut args = self.over.engine.args.clone();
        if let Some(table) = args.get_mut(2) {
            *table = EngineArg::Text(scratch::next(local).table);
        }
        let in_key = self.over.engine.args.get(3).map(names).unwrap_or_default();
        let column = |c: &Column| {
            let bare = Column { codec: None, ttl: None, comment: String::new(), ..c.clone() };
            match values.iter().any(|(name, _)| *name == c.name) {
                true => Some(Column { default: None, ..bare }),
                false => in_key.contains(&c.name).then_some(bare),
            }
        };
        Definition {
            columns: form.columns.iter().filter_map(column).collect(),
            comment: self.over.comment.clone(),
            ..Definition::new(scratch::through(local), Engine { name: self.over.engine.name.clone(), args })
        }
    }

    /// About how much of all rows a host is going to have; how even the key is nobody knows before.
    pub(super) fn share(&self, sizes: &[TableSize]) -> u64 {
        sizes.iter().map(|s| s.bytes).sum::<u64>() / self.shards.max(1)
    }
}

/// The Distributed table of the pipeline over a local one.
fn over<'a>(diff: &'a PipelineDiff, local: &ObjectName) -> Option<&'a ObjectDiff> {
    let lies_over = |o: &&ObjectDiff| {
        let args = o.desired.definition.engine.args.as_slice();
        let named = |arg: &EngineArg, name: &str| matches!(arg, EngineArg::Text(text) if text == name);
        matches!(args, [_, d, t, ..] if named(d, &local.database) && named(t, &local.table))
    };
    let tables = diff.objects.iter().filter(|o| o.desired.role == Role::Distributed && !o.desired.owned_elsewhere);
    tables.into_iter().find(lies_over)
}

/// The pipeline's local table under a Distributed one.
pub(in crate::plan) fn under<'a>(diff: &'a PipelineDiff, distributed: &ObjectName) -> Option<&'a ObjectName> {
    let mut locals = diff.objects.iter().filter(|o| o.desired.role == Role::Local && !o.desired.owned_elsewhere);
    let above = |o: &&ObjectDiff| {
        over(diff, &o.desired.definition.name).is_some_and(|d| d.desired.definition.name == *distributed)
    };
    locals.find(above).map(|o| &o.desired.definition.name)
}

/// Where the rows of a local table lie, and what is to be done about it; `None` where no Distributed table of the
/// pipeline is over it.
pub(in crate::plan) fn moves(diff: &PipelineDiff, local: &ObjectDiff, live: &LiveClickHouse) -> Option<Moves> {
    let name = &local.desired.definition.name;
    let over = over(diff, name)?;
    let wanted = over.hosts.keys().next().and_then(|host| key(over.form(*host)));
    let keyed = |host: &usize| over.standing(*host, live).map(|o| key(&o.definition));
    let stale = over.hosts.keys().filter_map(keyed).any(|live| !same(wanted, live));
    let shards = shards(over, local, live);
    let spread = Spread {
        over: over.desired.definition.clone(),
        key: wanted.map(mark).unwrap_or_default(),
        shards: shards.as_ref().map_or(0, |shards| u64::try_from(shards.len()).unwrap_or_default()),
    };
    let (mut astray, mut swapped, mut copied) = (false, BTreeSet::new(), BTreeSet::new());
    let mut as_wanted = over.desired.reshard;
    for host in local.hosts.keys() {
        let Some(found) = local.standing(*host, live) else { continue };
        let comment = text(&found.definition);
        astray |= scratch::placed_key(comment).map_or(stale, |key| key != spread.key);
        if scratch::copy_form(comment).is_some_and(|form| scratch::reshard_key(form).is_some()) {
            as_wanted &= scratch::placed_key(comment) == Some(spread.key.as_str());
            swapped.insert(*host);
        } else if let Standing::Copied { form } = standing(name, found, &live.hosts[*host], &local.desired.definition)
            && scratch::reshard_key(&form).is_some()
        {
            let work = work(local, local.form(*host), found, Some(&spread));
            as_wanted &= scratch::copy_form(text(&work.next)) == Some(form.as_str());
            copied.insert(*host);
        }
    }
    Some(match (&shards, over.desired.reshard) {
        _ if !swapped.is_empty() && !copied.is_empty() => {
            let all = swapped.len() + copied.len() == local.hosts.len();
            match as_wanted && all {
                true => Moves::Rest(spread, copied),
                false => Moves::Blocked(Obstacle::HalfMoved { left: copied.into_iter().collect() }),
            }
        }
        _ if !astray => Moves::Settled,
        // There is one place for all rows.
        (Ok(shards), _) if shards.len() == 1 => Moves::Settled,
        (_, false) => Moves::Stay,
        (Err(why), true) => Moves::Blocked(why.clone()),
        (Ok(_), true) => obstacle(over, local, live).map_or(Moves::All(spread), Moves::Blocked),
    })
}

/// The shards of the hosts that keep the rows, or why rows cannot be spread over them.
fn shards(over: &ObjectDiff, local: &ObjectDiff, live: &LiveClickHouse) -> Result<BTreeSet<u32>, Obstacle> {
    let cluster = match over.desired.definition.engine.args.first() {
        Some(EngineArg::Text(cluster)) => cluster.as_str(),
        Some(EngineArg::Expression(_) | EngineArg::Named(..)) | None => "",
    };
    let mut shards = BTreeSet::new();
    for (host, server) in live.hosts.iter().enumerate() {
        let kept = local.hosts.get(&host).is_some_and(|state| !matches!(state, HostState::Missing));
        match server.clusters.get(cluster) {
            Some((shard, _)) if kept => {
                if !shards.insert(*shard) {
                    return Err(Obstacle::Replicas);
                }
            }
            None if !local.hosts.contains_key(&host) => {}
            Some(_) | None => return Err(Obstacle::OtherHosts { cluster: cluster.to_owned(), host }),
        }
    }
    Ok(shards)
}

/// What else makes it impossible: a run that was cut could not be told from one that did not begin.
fn obstacle(over: &ObjectDiff, local: &ObjectDiff, live: &LiveClickHouse) -> Option<Obstacle> {
    if !over.under_old_name.is_empty() || !local.under_old_name.is_empty() {
        return Some(Obstacle::Renamed);
    }
    for object in [over, local] {
        let database = &object.desired.definition.name.database;
        if let Some(host) = object.hosts.keys().find(|h| !exchanges(&live.hosts[**h], database)) {
            return Some(Obstacle::NoExchange { database: database.clone(), host: *host });
        }
    }
    let (through, owner) = (scratch::through(&local.desired.definition.name), &local.desired.definition.comment);
    let foreign = |host: &&usize| {
        let server = &live.hosts[**host];
        let mark = server.objects.get(&through).map(|o| Owner::read(&o.definition.comment).1);
        mark.is_some_and(|mark| mark != Owner::read(owner).1) || server.unreadable.contains_key(&through)
    };
    let host = *local.hosts.keys().find(foreign)?;
    Some(Obstacle::InTheWay { table: through, host })
}

fn key(definition: &Definition) -> Option<&EngineArg> {
    definition.engine.args.get(3)
}

fn same(one: Option<&EngineArg>, other: Option<&EngineArg>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A key in a mark, whatever spaces and brackets are around it.
fn mark(key: &EngineArg) -> String {
    let text = key.to_string();
    let tokens = tokenize(&text).unwrap_or_default();
    let words = unwrapped(&tokens).iter().map(|t| t.name().map_or_else(|| format!("{:?}", t.kind), str::to_owned));
    let told = words.collect::<Vec<_>>().join(" ");
    let digest = Sha256::digest(if told.is_empty() { text.as_bytes() } else { told.as_bytes() });
    digest.iter().take(4).map(|b| format!("{b:02x}")).collect()
}

fn names(key: &EngineArg) -> BTreeSet<String> {
    let tokens = tokenize(&key.to_string()).unwrap_or_default();
    tokens.iter().filter_map(|t| t.name().map(str::to_owned)).collect()
}
