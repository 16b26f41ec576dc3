//! A plan for a person at a terminal or in a log.

use super::action::action;
use super::hosts::Hosts;
use super::paper::{Paper, Tone, escape};
use super::words::count;
use super::{census, difference, query, reason, resource, totals};
use crate::model::Topology;
use crate::plan::{Header, Plan, Policy, Step, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// With escape sequences for colour. The text is the same.
    pub colour: bool,
    /// Columns at which prose is folded; lines of facts are never cut.
    pub width: usize,
    /// The statement under each step.
    pub sql: bool,
}

/// The whole plan: servers, resources, steps, totals. The policy tells which dangers are allowed already.
pub fn plan(plan: &Plan, policy: &Policy, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    let hosts = Hosts::new(&plan.header);
    header(&mut paper, &plan.header, &hosts);
    paper.end();
    for resource in plan.resources.iter().filter(|r| r.verb != Verb::Keep) {
        resource::write(&mut paper, resource, plan, &hosts);
        paper.end();
    }
    let kept = kept(&mut paper, plan, &hosts);
    if let Some(undeclared) = totals::undeclared(plan) {
        paper.gap(2).prose(Tone::Changed, &undeclared);
        paper.end();
    }
    if plan.is_empty() {
        let declared = if kept == 1 { "resource is as declared." } else { "resources are as declared." };
        paper.put(Tone::Strong, "No changes:").gap(1).put(Tone::Plain, &format!("{kept} {declared}")).end();
        if let Some(left) = census::left_for_later(plan) {
            paper.prose(Tone::Plain, &left);
        }
        return paper.finish();
    }
    if !plan.steps.is_empty() {
        paper.put(Tone::Strong, "Steps").end();
        steps(&mut paper, plan, &hosts, style.sql);
        paper.end();
    }
    totals::write(&mut paper, plan, policy);
    paper.finish()
}

/// One step on one line, by its index: `create topic orders  partitions = 3 …`.
pub fn step(plan: &Plan, index: usize) -> String {
    match plan.steps.get(index) {
        Some(step) => {
            let (verb, what) = action(&step.action);
            let hosts = Hosts::new(&plan.header).of_step(step);
            let on = if step.hosts.is_empty() { String::new() } else { format!("  on {hosts}") };
            escape(&format!("{verb} {what}{on}"))
        }
        None => format!("step {}", index + 1),
    }
}

fn header(paper: &mut Paper, header: &Header, hosts: &Hosts) {
    paper.put(Tone::Strong, &header.project);
    if let Some(environment) = &header.environment {
        paper.gap(1).put(Tone::Plain, &format!("(env {environment})"));
    }
    paper.gap(3).put(Tone::Faint, "kafka").gap(1).put(Tone::Plain, &header.kafka);
    if !header.cluster_id.is_empty() {
        paper.gap(1).put(Tone::Plain, &format!("({})", header.cluster_id));
    }
    let mut parts = Vec::new();
    match &header.topology {
        Topology::Single => {}
        Topology::PerHost { cluster } => parts.push(format!("{cluster} (each host by itself)")),
        Topology::OnCluster { cluster } => parts.push(format!("{cluster} (ON CLUSTER)")),
    }
    parts.push(match header.hosts.len() {
        0 => "no host".into(),
        1 => hosts.one(0),
        n => count(n, "host"),
    });
    parts.extend(versions(header, hosts));
    paper.gap(3).put(Tone::Faint, "clickhouse").gap(1).put(Tone::Plain, &parts.join(", ")).end();
    census::write(paper, header);
}

/// The version, or each with the hosts that have it.
fn versions(header: &Header, hosts: &Hosts) -> Option<String> {
    let mut by_version: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (i, host) in header.hosts.iter().enumerate() {
        by_version.entry(&host.version).or_default().insert(i);
    }
    if by_version.len() < 2 {
        return by_version.into_keys().next().map(str::to_owned);
    }
    let each = by_version.into_iter().map(|(version, on)| format!("{version} on {}", hosts.some(on)));
    Some(each.collect::<Vec<_>>().join(" and "))
}

/// Resources that stay as they are, with what is to be said about them, and what is not managed at all; how many stay.
fn kept(paper: &mut Paper, plan: &Plan, hosts: &Hosts) -> usize {
    let kept: Vec<_> = plan.resources.iter().filter(|r| r.verb == Verb::Keep).collect();
    let names: Vec<String> = kept.iter().map(|r| r.id.to_string()).collect();
    let listed = !kept.is_empty() && !plan.is_empty();
    if listed {
        let label = format!("unchanged {}", kept.len());
        paper.gap(2).put(Tone::Faint, &label).gap(2).prose(Tone::Plain, &totals::listed(&names));
    }
    let noted: Vec<_> = kept.iter().filter(|r| r.notes.iter().any(|n| !reason::is_not_managed(n))).collect();
    for resource in &noted {
        paper.gap(2).put(Tone::Plain, &resource.id.to_string()).end();
        resource::notes(paper, resource, hosts);
    }
    let beside = not_managed(paper, plan, hosts);
    if listed || !noted.is_empty() || beside {
        paper.end();
    }
    kept.len()
}

/// What no manifest declares, of all resources together; whether there is any.
fn not_managed(paper: &mut Paper, plan: &Plan, hosts: &Hosts) -> bool {
    let notes = plan.resources.iter().flat_map(|r| &r.notes).filter(|n| reason::is_not_managed(n));
    let lines: Vec<String> = notes.map(|n| reason::note(n, hosts)).collect();
    let label = format!("not managed {}", lines.len());
    for (i, line) in lines.iter().enumerate() {
        match i {
            0 => paper.gap(2).put(Tone::Faint, &label).gap(2),
            _ => paper.gap(label.len() + 4),
        };
        paper.prose(Tone::Plain, line);
    }
    !lines.is_empty()
}

fn steps(paper: &mut Paper, plan: &Plan, hosts: &Hosts, sql: bool) {
    let places: Vec<String> = plan.steps.iter().map(|s| hosts.of_step(s)).collect();
    // Longer lists of hosts push their own line aside only.
    let longest = places.iter().map(|p| p.chars().count()).filter(|n| *n <= 24).max().unwrap_or(0);
    let digits = plan.steps.len().to_string().len();
    for (i, (step, place)) in plan.steps.iter().zip(&places).enumerate() {
        let number = (i + 1).to_string();
        let (verb, what) = action(&step.action);
        let verb_at = 2 + digits + 2 + longest + 2;
        paper.gap(2 + digits - number.len()).put(Tone::Plain, &number).gap(2).put(Tone::Plain, place);
        paper.to(verb_at).put(Tone::Strong, verb).to(verb_at + 8).put(Tone::Plain, &what);
        difference::hazards(paper, &step.hazards);
        paper.end();
        if sql {
            statement(paper, step, 2 + digits + 2);
        }
    }
}

fn statement(paper: &mut Paper, step: &Step, indent: usize) {
    let Some(statement) = step.statement() else { return };
    for line in statement.shown().lines() {
        match line.strip_prefix("AS ").filter(|q| !paper.fits(indent + 2 + q.len() + 3) && !may_hold_comment(q)) {
            Some(query) => {
                paper.gap(indent + 2).put(Tone::Faint, "AS").end();
                for line in query::lines(query) {
                    paper.gap(indent + 2).put(Tone::Faint, &line).end();
                }
            }
            None => {
                paper.gap(indent + 2).put(Tone::Faint, line).end();
            }
        }
    }
}

/// A comment would be lost where a query is broken into lines; nothing of a statement may be.
fn may_hold_comment(query: &str) -> bool {
    ["--", "/*", "#"].iter().any(|mark| query.contains(mark))
}
