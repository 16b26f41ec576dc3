//! A plan for a pull request on GitHub or GitLab.
//!
//! Totals and dangers first and always; what does not fit into a comment is left out from the least to the most
//! important, and what was left out is said.

mod budget;
mod mark_up;
#[cfg(test)]
mod tests;

use self::budget::{Part, Rank, fitted};
use self::mark_up::fence;
pub(super) use self::mark_up::{inline, table, word};
use super::action::action;
use super::difference::{self, Fact};
use super::hosts::Hosts;
use super::paper::escape;
use super::words::{self, DANGER, DROPPED, MADE, count};
use super::{query, reason, totals};
use crate::plan::saved::SavedPlan;
use crate::plan::{Action, Hazard, Plan, Policy, ResourcePlan, Step, TableAction, Verb};
use std::collections::BTreeSet;

/// The most bytes a comment of GitHub may have.
pub const BUDGET: usize = 65_536;
/// Rows of the table of resources before the rest is only counted: what stays always must be short.
const MOST_ROWS: usize = 60;
/// Resources named with a danger.
const MOST_NAMES: usize = 20;
/// What differs, named in the table.
const MOST_FACTS: usize = 4;

/// The plan in at most `budget` bytes, with the statements if `sql`.
///
/// The first line is a comment that no reader sees: a job finds its own comment by `sluice:plan project=… env=…` and
/// writes it anew.
pub fn plan(saved: &SavedPlan, sql: bool, budget: usize) -> String {
    let SavedPlan { plan, policy, .. } = saved;
    let hosts = Hosts::new(&plan.header);
    let mut parts = vec![Part::always(head(saved))];
    parts.push(Part::always(resources(plan, &hosts)));
    parts.push(Part::always(dangers(plan, policy)));
    if let Some(undeclared) = totals::undeclared(plan) {
        parts.push(Part::always(format!("\n{}\n", inline(&undeclared))));
    }
    for resource in plan.resources.iter().filter(|r| r.verb != Verb::Keep) {
        parts.extend(details(resource, plan, &hosts, sql));
    }
    if !saved.graph.is_empty() {
        let graph = format!("\n<details><summary>Graph</summary>\n\n{}\n</details>\n", fence("mermaid", &saved.graph));
        parts.push(Part::of(Rank::Graph, "the graph", graph));
    }
    parts.extend(beside(plan, &hosts));
    fitted(parts, budget)
}

fn head(saved: &SavedPlan) -> String {
    let header = &saved.plan.header;
    let environment = header.environment.as_deref();
    let marker = format!(
        "<!-- sluice:plan project={} env={} id={} -->",
        word(&header.project),
        environment.map_or_else(|| "-".into(), word),
        saved.id()
    );
    let place =
        [Some(header.project.as_str()), environment].into_iter().flatten().map(inline).collect::<Vec<_>>().join(", ");
    let told = if saved.plan.is_empty() { "no changes".to_owned() } else { totals::summary(&saved.plan) };
    format!("{marker}\n### sluice plan: {told} ({place})\n")
}

/// One row a resource that does not stay as it is.
fn resources(plan: &Plan, hosts: &Hosts) -> String {
    let changed: Vec<&ResourcePlan> = plan.resources.iter().filter(|r| r.verb != Verb::Keep).collect();
    if changed.is_empty() {
        let kept = words::count(plan.resources.len(), "resource");
        return format!("\n{kept} as declared.\n");
    }
    let rows = changed.iter().take(MOST_ROWS).map(|resource| {
        let facts = difference::facts(difference::of(resource, plan, hosts));
        let steps = plan.steps.iter().filter(|s| s.resource == resource.id).count();
        let impact = match (&resource.impact, resource.blocked.as_slice()) {
            (_, [_, ..]) => "nothing is done".to_owned(),
            (Some(impact), []) => reason::impact(impact),
            (None, []) => String::new(),
        };
        let mark = words::mark(resource.verb);
        vec![
            mark.to_owned(),
            resource.id.to_string(),
            what(resource, &facts),
            impact,
            if steps == 0 { String::new() } else { steps.to_string() },
        ]
    });
    let mut out = table(&["", "Resource", "What", "Rows and pause", "Steps"], rows);
    if changed.len() > MOST_ROWS {
        out.push_str(&format!("\nand {} more\n", count(changed.len() - MOST_ROWS, "resource")));
    }
    out
}

fn what(resource: &ResourcePlan, facts: &[Fact]) -> String {
    let mut named: Vec<String> = facts
        .iter()
        .filter(|f| !(f.object.is_some() && f.old.is_none() && resource.verb == Verb::Create))
        .map(|f| match f.mark {
            "" => f.what.clone(),
            mark => format!("{mark} {}", f.what),
        })
        .collect();
    // A column is one thing to a reader, in however many tables it is.
    let mut seen = BTreeSet::new();
    named.retain(|name| seen.insert(name.clone()));
    let gist = words::gist(resource.verb);
    let shown = match named.split_at_checked(MOST_FACTS) {
        Some((shown, rest)) if rest.len() > 1 => format!("{} and {} more", shown.join(", "), rest.len()),
        Some(_) | None => named.join(", "),
    };
    match (gist, shown.as_str()) {
        ("", _) => shown,
        (_, "") => gist.to_owned(),
        _ => format!("{gist}: {shown}"),
    }
}

/// Every danger with what it means, and the flags that allow what nobody allowed.
fn dangers(plan: &Plan, policy: &Policy) -> String {
    let mut out = String::new();
    for (hazard, resources) in totals::by_hazard(plan) {
        let missing = !resources.iter().all(|r| policy.allows(hazard, r));
        let named: Vec<String> = resources.iter().take(MOST_NAMES).map(|r| inline(&r.to_string())).collect();
        let more = resources.len().saturating_sub(MOST_NAMES);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let allowed = match (hazard.needs_consent(), missing) {
            (false, _) => "",
            (true, false) => " *(allowed)*",
            (true, true) => " *(not allowed yet)*",
        };
        out.push_str(&format!("\n> {DANGER} **{hazard}** {}{more}: {}{allowed}\n", named.join(", "), hazard.meaning()));
    }
    let missing = policy.missing(plan);
    if !missing.is_empty() {
        // Each resource by its name, or the hazard as a whole where there are too many.
        let flags = match missing.len() <= MOST_NAMES {
            true => totals::consent(&missing),
            false => {
                let hazards: BTreeSet<Hazard> = missing.iter().map(|(h, _)| *h).collect();
                hazards.iter().map(|h| format!("--allow {h}")).collect::<Vec<_>>().join(" ")
            }
        };
        out.push_str(&format!("\nTo allow:\n{}", fence("sh", &flags)));
    }
    if plan.is_blocked() {
        out.push_str("\n**Blocked**: nothing is applied while something is.\n");
    }
    out
}

/// A fold with everything about a resource. Its parts are dropped one by one where there is no room.
fn details(resource: &ResourcePlan, plan: &Plan, hosts: &Hosts, sql: bool) -> Vec<Part> {
    let steps: Vec<(usize, &Step)> = plan.steps.iter().enumerate().filter(|(_, s)| s.resource == resource.id).collect();
    let label = inline(&resource.id.to_string());
    let told = if steps.is_empty() { String::new() } else { format!(": {}", count(steps.len(), "step")) };
    // Inside of HTML, Markdown's own escapes would be seen.
    let summary = format!("{} <b>{}</b>{told}", words::mark(resource.verb), html(&resource.id.to_string()));
    let fold = if resource.blocked.is_empty() { "<details>" } else { "<details open>" };
    let mut parts = vec![Part::of(Rank::Frame, &label, format!("\n{fold}<summary>{summary}</summary>\n"))];
    let mut why = String::new();
    for blocked in &resource.blocked {
        why.push_str(&format!("\n> {DANGER} {}\n", inline(&reason::blocked(blocked, &resource.id, hosts))));
    }
    parts.push(Part::of(Rank::Obstacles, &label, why));
    let facts = difference::facts(difference::of(resource, plan, hosts));
    parts.push(Part::of(Rank::Attributes, &label, attributes(&facts)));
    let notes = resource.notes.iter().filter(|n| !reason::is_not_managed(n));
    let notes: Vec<String> = notes.map(|n| format!("- {}\n", inline(&reason::note(n, hosts)))).collect();
    let notes = if notes.is_empty() { String::new() } else { format!("\n{}", notes.concat()) };
    parts.push(Part::of(Rank::Notes, &label, notes));
    if !steps.is_empty() {
        parts.push(Part::of(Rank::Statements, &label, statements(&steps, hosts, sql)));
    }
    parts.push(Part::of(Rank::Frame, &label, "\n</details>\n".into()));
    parts
}

/// Text inside of HTML.
fn html(text: &str) -> String {
    escape(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What differs, as a table; queries as a diff below it.
fn attributes(facts: &[Fact]) -> String {
    let with_places = facts.iter().any(|f| f.hosts.is_some());
    let rows: Vec<Vec<String>> = facts
        .iter()
        .map(|fact| {
            let name = match (&fact.object, fact.mark) {
                (Some(object), _) => format!("{object} {}", fact.what),
                (None, "") => fact.what.clone(),
                (None, mark) => format!("{mark} {}", fact.what),
            };
            let side =
                |side: &Option<String>| if fact.is_query { "(below)".into() } else { side.clone().unwrap_or_default() };
            let hazards: Vec<String> = fact.hazards.iter().map(|h| format!("{DANGER} {h}")).collect();
            let mut row = vec![name, side(&fact.old), side(&fact.new), hazards.join(", ")];
            if with_places {
                row.insert(3, fact.hosts.clone().unwrap_or_default());
            }
            row
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut out = match with_places {
        true => table(&["Attribute", "Servers", "Manifests", "On", ""], rows.into_iter()),
        false => table(&["Attribute", "Servers", "Manifests", ""], rows.into_iter()),
    };
    for fact in facts.iter().filter(|f| f.is_query) {
        if let (Some(old), Some(new)) = (&fact.old, &fact.new) {
            out.push_str(&format!("\n{}", fence("diff", &query::unified(old, new))));
        }
    }
    out
}

/// The steps as a diff: what is made, what goes, and what changes.
fn statements(steps: &[(usize, &Step)], hosts: &Hosts, sql: bool) -> String {
    let mut lines = Vec::new();
    for (index, step) in steps {
        let (verb, what) = action(&step.action);
        let hazards: String = step.hazards.iter().map(|h| format!("  {DANGER} {h}")).collect();
        lines.push(format!("# {}  {}: {verb} {what}{hazards}", index + 1, hosts.of_step(step)));
        let Some(statement) = step.statement().filter(|_| sql) else { continue };
        let mark = colour(&step.action);
        lines.extend(statement.shown().lines().map(|line| format!("{mark} {line}")));
    }
    format!("\n{}", fence("diff", &lines.join("\n")))
}

/// What a line of a diff begins with.
fn colour(action: &Action) -> &'static str {
    match action {
        Action::Kafka(_) => " ",
        Action::Table(action) => match action {
            TableAction::CreateDatabase { .. } | TableAction::Create(_) | TableAction::CreateFillingView(_) => MADE,
            TableAction::Drop { .. } => DROPPED,
            TableAction::Fill(_)
            | TableAction::Comment { .. }
            | TableAction::Alter { .. }
            | TableAction::ModifyQuery { .. }
            | TableAction::Flush { .. }
            | TableAction::Copy(_)
            | TableAction::StartMerges { .. }
            | TableAction::Exchange { .. }
            | TableAction::Rename { .. } => DANGER,
        },
    }
}

/// What stays, and what is not managed.
fn beside(plan: &Plan, hosts: &Hosts) -> Vec<Part> {
    let kept: Vec<String> = plan.resources.iter().filter(|r| r.verb == Verb::Keep).map(|r| r.id.to_string()).collect();
    let mut parts = Vec::new();
    if !kept.is_empty() && !plan.is_empty() {
        let text = format!("\nUnchanged ({}): {}\n", kept.len(), inline(&totals::listed(&kept)));
        parts.push(Part::of(Rank::Unchanged, "what is unchanged", text));
    }
    let notes = plan.resources.iter().flat_map(|r| &r.notes).filter(|n| reason::is_not_managed(n));
    let lines: Vec<String> = notes.map(|n| format!("- {}\n", inline(&reason::note(n, hosts)))).collect();
    if !lines.is_empty() {
        parts.push(Part::of(Rank::Notes, "what is not managed", format!("\nNot managed:\n{}", lines.concat())));
    }
    parts
}
