//! Rows stop on their way while views and tables change; and what is lost where they cannot be stopped.

use super::evolve::rebuilt;
use super::treatment::{Treated, Treatment};
use crate::diff::PipelineDiff;
use crate::model::{Kind, LiveClickHouse, Role};
use crate::plan::build::Draft;
use crate::plan::step::TableAction;
use crate::plan::{Hazard, ResourcePlan};
use std::collections::BTreeSet;

/// Takes away the views that read Kafka, on some hosts, and empties the queues behind them.
pub(super) fn stop(
    diff: &PipelineDiff,
    treated: &[Treated<'_>],
    on: &BTreeSet<usize>,
    live: &LiveClickHouse,
    plan: &mut ResourcePlan,
    draft: &mut Draft,
) {
    for view in treated.iter().filter(|t| t.is_view()) {
        let object = view.object;
        let there = |host: &usize| on.contains(host) && object.standing(*host, live).is_some();
        // What reads Kafka now is what stops, whatever it is to read after.
        let reads_kafka = |host: &usize| {
            let sources = treated.iter().filter(|t| t.role() == Role::Source);
            let names = sources.flat_map(|s| [Some(s.name()), s.object.desired.renamed_from.as_ref()]).flatten();
            let mut names = names.chain(diff.undeclared.keys());
            let found = object.standing(*host, live);
            names.any(|k| found.is_some_and(|v| v.definition.query.as_ref().is_some_and(|q| q.names(k))))
        };
        let remade = view.hosts_with(|t| matches!(t, Treatment::Remake));
        let stopped: BTreeSet<usize> = object.hosts.keys().copied().filter(there).collect();
        let stopped: BTreeSet<usize> = stopped.into_iter().filter(|h| reads_kafka(h) || remade.contains(h)).collect();
        for (hosts, old) in by_name(view, stopped) {
            let name = if old { object.desired.renamed_from.as_ref() } else { Some(view.name()) };
            let Some(name) = name.cloned() else { continue };
            let mut hazards = Vec::new();
            if view.role() == Role::Feed {
                hazards.push(Hazard::MissesRows);
            } else if hosts.iter().any(reads_kafka) {
                hazards.push(Hazard::PausesIngestion);
            }
            let action = TableAction::Drop { name, is_view: true, sync: true };
            draft.step_on(&plan.id, action, hosts, hazards);
        }
    }
    flush(treated, on, live, plan, draft);
}

/// Empties the queues of the Distributed tables on some hosts.
pub(super) fn flush(
    treated: &[Treated<'_>],
    on: &BTreeSet<usize>,
    live: &LiveClickHouse,
    plan: &ResourcePlan,
    draft: &mut Draft,
) {
    for table in treated.iter().filter(|t| t.role() == Role::Distributed) {
        let there = |host: &usize| on.contains(host) && table.object.standing(*host, live).is_some();
        let on: BTreeSet<usize> = table.object.hosts.keys().copied().filter(there).collect();
        for (hosts, old) in by_name(table, on) {
            let name = if old { table.object.desired.renamed_from.as_ref() } else { Some(table.name()) };
            let Some(name) = name.cloned() else { continue };
            draft.step_on(&plan.id, TableAction::Flush { name }, hosts, []);
        }
    }
}

/// Hosts where an object has its name, and hosts where it has the old one.
pub(super) fn by_name(object: &Treated<'_>, hosts: BTreeSet<usize>) -> [(BTreeSet<usize>, bool); 2] {
    let (old, new) = hosts.into_iter().partition(|h| object.object.under_old_name.contains(h));
    [(new, false), (old, true)]
}

/// What somebody who writes meanwhile may lose.
pub(super) fn unguarded(treated: &[Treated<'_>], plan: &ResourcePlan, draft: &mut Draft) {
    let of = |role: Role| treated.iter().filter(move |t| t.role() == role);
    match plan.id.kind {
        // Rows arrive in the tables that the feeds read, find no Kafka table, and pass by.
        Kind::OutgoingSink if of(Role::Feed).next().is_some() => {
            let sinks: BTreeSet<_> = of(Role::Sink)
                .flat_map(|t| [Some(t.name()), t.object.desired.renamed_from.as_ref()])
                .flatten()
                .collect();
            let takes_away =
                |action: &TableAction| matches!(action, TableAction::Drop { name, .. } if sinks.contains(name));
            draft.endanger(Hazard::MissesRows, takes_away);
        }
        Kind::ManualConsumer => {
            // Nobody writes where the Distributed table over it is away.
            let away = |t: &Treated<'_>| t.hosts.values().all(|t| matches!(t, Treatment::Remake | Treatment::Make));
            let closed = |table: &_| treated.iter().any(|t| t.under().as_ref() == Some(table) && away(t));
            let open: BTreeSet<_> = rebuilt(treated).into_iter().filter(|table| !closed(table)).collect();
            draft.endanger(
                Hazard::MissesRows,
                |action| matches!(action, TableAction::Copy(copy) if open.contains(&copy.from)),
            );
        }
        Kind::OutgoingSink | Kind::KafkaPipeline | Kind::Topic => {}
    }
}
