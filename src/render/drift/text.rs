//! Drift for a person at a terminal or in a log.

use super::{Line, Told, UNRECORDED, Way, gone, lines, summary};
use crate::drift::{Difference, Drift, ResourceDrift};
use crate::plan::Blocked;
use crate::render::hosts::Hosts;
use crate::render::paper::{Paper, Tone};
use crate::render::text::Style;
use crate::render::words::{ARROW, DANGER, DROPPED, MADE};
use crate::render::{query, reason};

/// Where lines about a resource begin.
const INDENT: usize = 11;

/// What drifted, what is pending and what could not be read, each with its lines.
pub fn text(drift: &Drift, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    let hosts = Hosts::new(&drift.header);
    if !drift.recorded {
        paper.prose(Tone::Faint, UNRECORDED);
    }
    for resource in &drift.resources {
        one(&mut paper, resource, &hosts, drift.recorded);
    }
    paper.put(Tone::Strong, &summary(drift)).end();
    paper.finish()
}

fn one(paper: &mut Paper, resource: &ResourceDrift, hosts: &Hosts, recorded: bool) {
    let id = resource.id.to_string();
    if resource.is_drifted() {
        let word = if recorded { "DRIFT" } else { "DIFFERS" };
        paper.put(Tone::Gone, word).to(INDENT).put(Tone::Strong, &id);
        if let Some(at) = &resource.applied_at {
            paper.gap(2).put(Tone::Faint, &format!("(last applied {at})"));
        }
        paper.end();
        difference(paper, &resource.drift, hosts, Way::Drifted);
        if resource.cut {
            paper.gap(INDENT);
            paper.prose(Tone::Faint, "its last apply was cut: some of this may be what that left undone");
        }
        reasons(paper, resource, &resource.stuck, hosts);
    }
    if !resource.declared {
        paper.put(Tone::Changed, "PENDING").to(INDENT);
        paper.prose(Tone::Plain, &gone(&resource.id));
    } else if resource.is_pending() {
        paper.put(Tone::Changed, "PENDING").to(INDENT).put(Tone::Strong, &id).end();
        difference(paper, &resource.pending, hosts, Way::Pending);
    }
    if !resource.unread.is_empty() {
        paper.put(Tone::Danger, "NOT READ").to(INDENT).put(Tone::Strong, &id).end();
        reasons(paper, resource, &resource.unread, hosts);
    }
}

fn reasons(paper: &mut Paper, resource: &ResourceDrift, reasons: &[Blocked], hosts: &Hosts) {
    for why in reasons {
        paper.gap(INDENT).put(Tone::Danger, DANGER).gap(1);
        paper.prose(Tone::Plain, &reason::blocked(why, &resource.id, hosts));
    }
}

fn difference(paper: &mut Paper, difference: &Difference, hosts: &Hosts, way: Way) {
    let lines = lines(difference, hosts, way);
    let column = lines.iter().map(|l| l.what.chars().count()).max().unwrap_or(0) + INDENT + 2;
    for Line { what, told, on } in lines {
        paper.gap(INDENT).put(Tone::Plain, &what);
        let mut beneath = None;
        match told {
            Told::Words(words) => {
                paper.to(column).put(Tone::Plain, words);
            }
            Told::From(from, to) if paper.fits(column + from.chars().count() + to.chars().count() + 4) => {
                paper.to(column).put(Tone::Gone, &from).gap(1).put(Tone::Faint, ARROW).gap(1).put(Tone::Made, &to);
            }
            Told::From(..) | Told::Query(..) => beneath = Some(told),
        }
        if let Some(on) = on {
            paper.gap(2).put(Tone::Faint, "on").gap(1).put(Tone::Plain, &on);
        }
        paper.end();
        match beneath {
            Some(Told::From(from, to)) => {
                paper.gap(INDENT + 2).put(Tone::Gone, DROPPED).gap(1).put(Tone::Gone, &from).end();
                paper.gap(INDENT + 2).put(Tone::Made, MADE).gap(1).put(Tone::Made, &to).end();
            }
            Some(Told::Query(from, to)) => query::diff(paper, INDENT + 2, &from, &to),
            Some(Told::Words(_)) | None => {}
        }
    }
}
