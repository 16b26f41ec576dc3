//! What drifted and what is pending, for people, for pages, for programs and for scrapers.

mod json;
mod markdown;
mod prometheus;
mod text;

#[cfg(test)]
mod tests;

pub use json::{json, schema};
pub use markdown::markdown;
pub use prometheus::prometheus;
pub use text::text;

use super::difference::{self, Fact};
use super::hosts::Hosts;
use super::words::{ABSENT, CHANGED, DROPPED, MADE};
use crate::drift::{Difference, Drift};
use crate::model::ResourceId;
use crate::plan::Step;

/// One line about a resource: what it is about, and how it was and is.
struct Line {
    what: String,
    told: Told,
    /// Where, if not everywhere.
    on: Option<String>,
}

enum Told {
    Words(&'static str),
    From(String, String),
    Query(String, String),
}

/// Which way a difference is told.
#[derive(Clone, Copy)]
enum Way {
    /// From what was applied to what is there.
    Drifted,
    /// From what is there to what is declared.
    Pending,
}

fn facts(difference: &Difference, hosts: &Hosts) -> Vec<Fact> {
    let steps: Vec<&Step> = difference.steps.iter().collect();
    difference::facts(difference::rows(&difference.changes, &steps, hosts))
}

fn lines(difference: &Difference, hosts: &Hosts, way: Way) -> Vec<Line> {
    facts(difference, hosts).into_iter().filter_map(|fact| line(fact, way)).collect()
}

fn line(fact: Fact, way: Way) -> Option<Line> {
    let Fact { object, what, mark, old, new, is_query, hosts: on, hazards: _ } = fact;
    if object.as_deref().is_some_and(|o| o.starts_with("topic ")) && new.is_some() {
        // What a missing topic would have is no difference of its own.
        return None;
    }
    let words = match (object.is_none(), mark, way) {
        (true, MADE, Way::Drifted) => Some("is gone"),
        (true, DROPPED, Way::Drifted) => Some("was not applied"),
        (true, CHANGED, Way::Drifted) => Some("has lost its owner mark, or has another one"),
        (true, MADE, Way::Pending) => Some("is to be made"),
        (true, DROPPED, Way::Pending) => Some("is to be dropped"),
        (true, CHANGED, Way::Pending) => Some("is to be taken over"),
        (_, _, _) => None,
    };
    let told = match (words, way) {
        (Some(words), _) => Told::Words(words),
        (None, way) => {
            let shown = |text: Option<String>| text.unwrap_or_else(|| ABSENT.to_owned());
            let (from, to) = match way {
                Way::Drifted => (shown(new), shown(old)),
                Way::Pending => (shown(old), shown(new)),
            };
            if is_query { Told::Query(from, to) } else { Told::From(from, to) }
        }
    };
    let what = match object {
        Some(object) => format!("{object}  {what}"),
        None => what,
    };
    Some(Line { what, told, on })
}

/// What was found, in one line.
pub fn summary(drift: &Drift) -> String {
    let unread = match drift.unread() {
        0 => String::new(),
        some => format!("{some} not read, "),
    };
    let (drifted, rest) = (drift.drifted(), drift.as_applied());
    match drift.recorded {
        true => format!("{drifted} drifted, {} pending, {unread}{rest} as applied", drift.pending()),
        false => format!("{drifted} different, {unread}{rest} as declared"),
    }
}

/// How a resource that the manifests no longer have can go.
fn gone(id: &ResourceId) -> String {
    format!("{id} is no longer declared: it stays on the servers until `sluice apply --prune` removes it")
}

/// What stands for a record that nobody keeps.
const UNRECORDED: &str = "Nobody keeps what was applied: all that differs from the manifests is told, whether it was \
                          changed on the servers or in the manifests.";
