//! Every ALTER of a plan is tried on a temporary table before it is planned for good.

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
    let mut by_host: BTreeMap<usize, BTreeMap<ObjectName, Trial<'_>>> = BTreeMap::new();
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
    let asked = by_host.iter().map(|(host, tried)| async move {
        let verdicts = trials(&readers[*host], tried).await?;
        Ok::<_, ObserveError>(verdicts.into_iter().map(move |(name, verdict)| (*host, name, verdict)))
    });
    let mut refused = Vec::new();
    for (host, name, verdict) in try_join_all(asked).await?.into_iter().flatten() {
        let why = match verdict {
            Verdict::Refused(words) => Some(words),
            Verdict::Untried => None,
            Verdict::Altered(after) => {
                let object = objects.get(&name);
                object.and_then(|o| remainder(o, host, *after, live))
            }
        };
        refused.extend(why.map(|why| (host, name, why)));
    }
    Ok(refused)
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
