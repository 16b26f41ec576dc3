//! Every ALTER of a plan is tried on a temporary table before it is planned for good, on one host of each version.

use crate::client::clickhouse::ClickHouseReader;
use crate::diff::{Attribute, ChangeSet, ObjectDiff, definition};
use crate::model::{Definition, LiveClickHouse, ObjectName};
use crate::observe::ObserveError;
use crate::observe::alterable::{Trial, Verdict, trials};
use crate::plan::{Action, Plan, TableAction};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

/// Tables whose planned ALTERs a server refuses, or that would still differ after them, by host and with why.
pub(super) async fn refused(
    plan: &Plan,
    changes: &ChangeSet,
    live: &LiveClickHouse,
    readers: &[ClickHouseReader],
) -> Result<Vec<(usize, ObjectName, String)>, ObserveError> {
    let mut by_host: BTreeMap<usize, Trials<'_>> = BTreeMap::new();
    let mut objects: BTreeMap<&ObjectName, &ObjectDiff> = BTreeMap::new();
    for object in changes.pipelines.iter().flat_map(|p| &p.objects).filter(|o| !o.desired.owned_elsewhere) {
        objects.insert(&object.desired.definition.name, object);
    }
    // What is altered there is the copy, which has the desired form already.
    let copied: BTreeSet<(&ObjectName, usize)> = plan
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Table(TableAction::Copy(copy)) => Some(step.hosts.iter().map(|host| (&copy.from, *host))),
            Action::Table(_) | Action::Kafka(_) => None,
        })
        .flatten()
        .collect();
    for step in &plan.steps {
        let Action::Table(TableAction::Alter { name, commands }) = &step.action else { continue };
        for host in step.hosts.iter().filter(|host| !copied.contains(&(name, **host))) {
            let Some(found) = objects.get(name).and_then(|o| o.standing(*host, live)) else { continue };
            let trial = by_host.entry(*host).or_default().entry(name.clone());
            let trial = trial.or_insert_with(|| Trial { live: &found.definition, statements: Vec::new() });
            trial.statements.push(commands);
        }
    }
    let (tried, like) = one_of_each(by_host, live);
    let asked = tried.iter().map(|(host, tried)| async move {
        let verdicts = trials(&readers[*host], tried).await?;
        Ok::<_, ObserveError>(verdicts.into_iter().map(move |(name, verdict)| ((*host, name), verdict)))
    });
    let verdicts: BTreeMap<(usize, ObjectName), Verdict> = try_join_all(asked).await?.into_iter().flatten().collect();
    let mut refused = Vec::new();
    for ((host, name), on) in like {
        let why = match verdicts.get(&(on, name.clone())) {
            Some(Verdict::Refused(words)) => Some(words.clone()),
            Some(Verdict::Untried) | None => None,
            Some(Verdict::Altered(after)) => {
                let object = objects.get(&name);
                object.and_then(|o| remainder(o, host, (**after).clone(), live))
            }
        };
        refused.extend(why.map(|why| (host, name, why)));
    }
    Ok(refused)
}

type Trials<'a> = BTreeMap<ObjectName, Trial<'a>>;

/// The trials that differ, each on the first host that needs it, and for every host and table the host that tells: servers
/// of one version answer alike.
fn one_of_each<'a>(
    by_host: BTreeMap<usize, Trials<'a>>,
    live: &LiveClickHouse,
) -> (BTreeMap<usize, Trials<'a>>, BTreeMap<(usize, ObjectName), usize>) {
    let mut tried: BTreeMap<usize, Trials<'a>> = BTreeMap::new();
    let mut like = BTreeMap::new();
    for (host, trials) in by_host {
        for (name, trial) in trials {
            let same = |(other, trials): (&usize, &Trials<'a>)| {
                let alike = live.hosts[*other].version == live.hosts[host].version;
                (alike && trials.get(&name) == Some(&trial)).then_some(*other)
            };
            let on = tried.iter().find_map(same).unwrap_or(host);
            like.insert((host, name.clone()), on);
            if on == host {
                tried.entry(host).or_default().insert(name, trial);
            }
        }
    }
    (tried, like)
}

/// What would still differ after the ALTERs.
fn remainder(object: &ObjectDiff, host: usize, after: Definition, live: &LiveClickHouse) -> Option<String> {
    let desired = object.form(host);
    let found = object.standing(host, live)?;
    // A temporary table has a plain engine and no name; neither is what an ALTER changes.
    let engine = found.definition.engine.clone();
    let after = Definition { name: found.definition.name.clone(), engine, ..after };
    let left = definition::compare(desired, &after, &found.uuid, &object.desired.renamed_columns);
    let left = left.into_iter().find(|c| c.attribute != Attribute::Comment)?;
    Some(format!("{} would still differ after it", left.attribute))
}
