//! A text of parts in a number of bytes.

use crate::render::words::{count, grouped};
use std::collections::{BTreeMap, BTreeSet};

/// How much a part matters, from what goes first to what stays always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Resources that stay as they are.
    Unchanged,
    /// How data flows through what changes.
    Graph,
    /// What a reader should know beside.
    Notes,
    /// What differs, in a table.
    Attributes,
    /// Steps and statements.
    Statements,
    /// Why something is blocked.
    Obstacles,
    /// The fold around the parts of a resource.
    Frame,
    /// Totals and dangers.
    Always,
}

/// A piece of the text.
pub(super) struct Part {
    rank: Rank,
    of: String,
    text: String,
}

impl Part {
    /// A part that stays.
    pub fn always(text: String) -> Self {
        Self { rank: Rank::Always, of: String::new(), text }
    }

    /// A part that may be left out; `of` is what it is about.
    pub fn of(rank: Rank, of: &str, text: String) -> Self {
        Self { rank, of: of.to_owned(), text }
    }
}

/// The parts one after the other. Where they are too long, those of the lowest rank are left out, the last first, and
/// the end says so.
pub(super) fn fitted(parts: Vec<Part>, budget: usize) -> String {
    let all: usize = parts.iter().map(|p| p.text.len()).sum();
    if all <= budget {
        return parts.into_iter().map(|p| p.text).collect();
    }
    let mut order: Vec<usize> = (0..parts.len()).filter(|i| parts[*i].rank < Rank::Always).collect();
    order.sort_by_key(|i| (parts[*i].rank, std::cmp::Reverse(*i)));
    let mut left_out: BTreeSet<usize> = BTreeSet::new();
    let mut length = all;
    for part in order {
        if length + said(&parts, &left_out, budget).len() <= budget {
            break;
        }
        if !parts[part].text.is_empty() && left_out.insert(part) {
            length -= parts[part].text.len();
        }
        // A fold goes as a whole.
        if parts[part].rank == Rank::Frame {
            let of: Vec<usize> =
                (0..parts.len()).filter(|i| parts[*i].rank == Rank::Frame && parts[*i].of == parts[part].of).collect();
            for other in of {
                if left_out.insert(other) {
                    length -= parts[other].text.len();
                }
            }
        }
    }
    let last = said(&parts, &left_out, budget);
    let kept = parts.iter().enumerate().filter(|(i, _)| !left_out.contains(i)).map(|(_, p)| p.text.as_str());
    kept.chain([last.as_str()]).collect()
}

/// What is left out, in a sentence.
fn said(parts: &[Part], left_out: &BTreeSet<usize>, budget: usize) -> String {
    let mut of: BTreeMap<Rank, BTreeSet<&str>> = BTreeMap::new();
    for part in left_out {
        of.entry(parts[*part].rank).or_default().insert(&parts[*part].of);
    }
    let told: Vec<String> = of
        .into_iter()
        .map(|(rank, of)| {
            let resources = count(of.len(), "resource");
            match rank {
                Rank::Unchanged => "the list of what is unchanged".into(),
                Rank::Graph => "the graph".into(),
                Rank::Notes => format!("notes on {resources}"),
                Rank::Attributes => format!("attributes of {resources}"),
                Rank::Statements => format!("steps and statements of {resources}"),
                Rank::Obstacles => format!("why {resources} are blocked"),
                Rank::Frame | Rank::Always => format!("{resources} as a whole"),
            }
        })
        .collect();
    let bytes = grouped(budget as u64);
    format!(
        "\n> **Cut to {bytes} bytes.** Left out: {}. The saved plan has all of it: `sluice show`.\n",
        told.join(", ")
    )
}
