//! Names in SQL texts that should be columns and are none.

use super::super::expression::{self, Reference};
use super::super::view::not_sql;
use super::scene::Scene;
use crate::manifest::Finding;
use std::collections::{BTreeMap, BTreeSet};

/// The columns an expression may use.
pub(super) struct Known<'a> {
    /// Their names.
    pub names: BTreeSet<&'a str>,
    /// Columns that are there but cannot be used, with what they are.
    pub computed: BTreeMap<&'a str, &'static str>,
    /// Whose they are.
    pub of: String,
}

/// Reports every name in `text`, written at `path`, that is no column to use.
pub(super) fn known_columns(scene: &Scene<'_>, text: &str, path: &str, known: &Known<'_>, findings: &mut Vec<Finding>) {
    match expression::unknown(text, &|name| known.names.contains(name)) {
        Ok(unknown) => findings.extend(unknown.iter().map(|reference| unknown_column(scene, path, reference, known))),
        Err(error) => findings.push(not_sql(scene.document, path, &error)),
    }
}

fn unknown_column(scene: &Scene<'_>, path: &str, reference: &Reference, known: &Known<'_>) -> Finding {
    let name = reference.path.join(".");
    let place = scene.within(path, reference.range.start, reference.range.end);
    if let Some(kind) = reference.path.first().and_then(|first| known.computed.get(first.as_str())) {
        let message = format!("`{name}` is {kind} in {}: nothing is stored to use here", known.of);
        let finding = Finding::error("pipeline/unknown-column", message, place).label("not stored");
        return finding.help("make it a DEFAULT or MATERIALIZED, or write its expression here");
    }
    let message = format!("`{name}` is no column of {}", known.of);
    let finding = Finding::error("pipeline/unknown-column", message, place).label("not known");
    let finding = finding.did_you_mean(&name, known.names.iter().copied());
    if finding.help.is_some() { finding } else { finding.help(columns_there(&known.names)) }
}

fn columns_there(known: &BTreeSet<&str>) -> String {
    const MOST: usize = 12;
    let mut shown: Vec<&str> = known.iter().copied().filter(|n| !n.starts_with('_')).take(MOST + 1).collect();
    let more = if shown.len() > MOST { ", …" } else { "" };
    shown.truncate(MOST);
    format!("its columns: {}{more}", shown.join(", "))
}

/// The word nearest to `word` among `known`, if one is near enough to be meant.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> bool {
    Finding::error("", "", None).did_you_mean(word, known).help.is_some()
}
