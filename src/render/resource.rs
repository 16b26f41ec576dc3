//! The block of one resource.

use super::hosts::Hosts;
use super::paper::{Paper, Tone};
use super::words::{self, DANGER};
use super::{difference, matrix, reason};
use crate::plan::{Plan, ResourcePlan, Verb};

/// Writes the block.
pub(super) fn write(paper: &mut Paper, resource: &ResourcePlan, plan: &Plan, hosts: &Hosts) {
    paper.put(tone(resource.verb), words::mark(resource.verb)).gap(1);
    paper.put(Tone::Strong, &resource.id.to_string());
    let gist = words::gist(resource.verb);
    if !gist.is_empty() {
        paper.gap(3).put(tone(resource.verb), gist);
    }
    if let Some(impact) = &resource.impact {
        paper.gap(3).put(Tone::Plain, &reason::impact(impact));
    }
    paper.end();
    difference::write(paper, &difference::of(resource, plan, hosts));
    matrix::write(paper, &resource.changes, &plan.header, hosts, difference::INDENT);
    for why in &resource.blocked {
        paper.gap(difference::INDENT).put(Tone::Danger, DANGER).gap(1);
        paper.prose(Tone::Plain, &reason::blocked(why, &resource.id, hosts));
    }
    notes(paper, resource, hosts);
}

/// Writes the notes of a resource.
pub(super) fn notes(paper: &mut Paper, resource: &ResourcePlan, hosts: &Hosts) {
    for note in resource.notes.iter().filter(|n| !reason::is_not_managed(n)) {
        paper.gap(difference::INDENT).put(Tone::Faint, "note:").gap(1);
        paper.prose(Tone::Plain, &reason::note(note, hosts));
    }
}

fn tone(verb: Verb) -> Tone {
    match verb {
        Verb::Keep => Tone::Plain,
        Verb::Create => Tone::Made,
        Verb::Change | Verb::Forget => Tone::Changed,
        Verb::Rebuild | Verb::Recreate | Verb::Delete => Tone::Gone,
        Verb::Blocked => Tone::Danger,
    }
}
