//! The last lines: how much of what, which dangers, and what to say to go on.

use super::paper::{Paper, Tone};
use super::words::{DANGER, count};
use crate::model::ResourceId;
use crate::plan::{Hazard, Plan, Policy, Verb};
use std::collections::BTreeMap;

/// Names in one list before the rest is only counted.
const LONGEST_LIST: usize = 8;

/// Writes the totals of a plan that is not empty.
pub(super) fn write(paper: &mut Paper, plan: &Plan, policy: &Policy) {
    paper.put(Tone::Strong, "Plan:").gap(1).prose(Tone::Plain, &summary(plan));
    hazards(paper, plan, policy);
    let missing = policy.missing(plan);
    if !missing.is_empty() {
        paper.put(Tone::Strong, "To allow:").gap(1).put(Tone::Plain, &consent(&missing)).end();
    }
    if plan.is_blocked() {
        let resources = plan.resources.iter().filter(|r| !r.blocked.is_empty());
        let ids: Vec<String> = resources.map(|r| r.id.to_string()).collect();
        paper.put(Tone::Danger, "Blocked:").gap(1);
        let then = if plan.steps.is_empty() { "" } else { "; --only KIND/NAME plans the others without it" };
        paper.prose(Tone::Plain, &format!("{}. Nothing is applied while something is blocked{then}", listed(&ids)));
    }
}

/// `1 to create, 0 to change, 0 to delete; 3 steps, 1 blocked`.
pub(super) fn summary(plan: &Plan) -> String {
    let verbs = [
        (Verb::Create, true),
        (Verb::Change, true),
        (Verb::Rebuild, false),
        (Verb::Recreate, false),
        (Verb::Delete, true),
        (Verb::Forget, false),
    ];
    let told = verbs.into_iter().filter(|(verb, always)| *always || plan.count(*verb) > 0);
    let told: Vec<String> = told.map(|(verb, _)| format!("{} to {verb}", plan.count(verb))).collect();
    let blocked = plan.resources.iter().filter(|r| !r.blocked.is_empty()).count();
    let blocked = if blocked == 0 { String::new() } else { format!(", {blocked} blocked") };
    format!("{}; {}{blocked}", told.join(", "), count(plan.steps.len(), "step"))
}

/// What was applied once and is in no manifest any more; none where there is nothing.
pub(super) fn undeclared(plan: &Plan) -> Option<String> {
    let ids: Vec<String> = plan.header.undeclared.iter().map(ResourceId::to_string).collect();
    let stays = "as it was applied; --prune plans its removal";
    (!ids.is_empty()).then(|| format!("no longer declared {}: {} (each stays {stays})", ids.len(), listed(&ids)))
}

/// Each danger with the resources it is about.
pub(super) fn by_hazard(plan: &Plan) -> BTreeMap<Hazard, Vec<ResourceId>> {
    let mut by_hazard: BTreeMap<Hazard, Vec<ResourceId>> = BTreeMap::new();
    for (hazard, resource) in plan.hazards() {
        by_hazard.entry(hazard).or_default().push(resource);
    }
    by_hazard
}

fn hazards(paper: &mut Paper, plan: &Plan, policy: &Policy) {
    let by_hazard = by_hazard(plan);
    if by_hazard.is_empty() {
        return;
    }
    paper.put(Tone::Strong, "Hazards:").end();
    for (hazard, resources) in by_hazard {
        let ids: Vec<String> = resources.iter().map(ResourceId::to_string).collect();
        paper.gap(2).put(Tone::Danger, DANGER).gap(1).put(Tone::Danger, hazard.as_str()).gap(1);
        let allowed = hazard.needs_consent() && resources.iter().all(|r| policy.allows(hazard, r));
        let allowed = if allowed { " (allowed)" } else { "" };
        paper.prose(Tone::Plain, &format!("{}: {}{allowed}", listed(&ids), hazard.meaning()));
    }
}

/// The flags that give the consent a plan lacks.
pub fn consent(missing: &[(Hazard, ResourceId)]) -> String {
    let flag =
        |(hazard, resource): &(Hazard, ResourceId)| format!("--allow {}", argument(&format!("{hazard}:{resource}")));
    missing.iter().map(flag).collect::<Vec<_>>().join(" ")
}

/// An argument as a shell takes it.
fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':');
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A list that does not grow without end.
pub(super) fn listed(names: &[String]) -> String {
    match names.split_at_checked(LONGEST_LIST) {
        Some((shown, rest)) if rest.len() > 1 => format!("{} and {} more", shown.join(", "), rest.len()),
        Some(_) | None => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn consent_can_be_pasted_into_a_shell() {
        let missing = |name: &str| vec![(Hazard::DeletesData, ResourceId::new(Kind::Topic, name))];
        assert_eq!(consent(&missing("a.b-c_d")), "--allow deletes-data:Topic/a.b-c_d");
        assert_eq!(consent(&missing("it's; rm")), r"--allow 'deletes-data:Topic/it'\''s; rm'");
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!(listed(&names(9)), "0, 1, 2, 3, 4, 5, 6, 7, 8");
        assert_eq!(listed(&names(12)), "0, 1, 2, 3, 4, 5, 6, 7 and 4 more");
    }
}
