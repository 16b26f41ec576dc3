//! Names in SQL texts that should be columns and are none.

use super::super::expression;
use super::super::view::not_sql;
use super::scene::Scene;
use crate::manifest::Finding;
use std::collections::BTreeSet;

/// Reports every name in `text`, written at `path`, that is none of `known`; `what` says whose columns they
/// are. Whether nothing was reported.
pub(super) fn known_columns(
    scene: &Scene<'_>,
    text: &str,
    path: &str,
    known: &BTreeSet<&str>,
    what: &str,
    findings: &mut Vec<Finding>,
) -> bool {
    match expression::unknown(text, &|name| known.contains(name)) {
        Ok(unknown) => {
            for reference in &unknown {
                let name = reference.path.join(".");
                let place = scene.within(path, reference.range.start, reference.range.end);
                let finding =
                    Finding::error("pipeline/unknown-column", format!("`{name}` is no column of {what}"), place);
                let finding = finding.label("not known").did_you_mean(&name, known.iter().copied());
                findings.push(match finding.help {
                    Some(_) => finding,
                    None => finding.help(columns_there(known)),
                });
            }
            unknown.is_empty()
        }
        Err(error) => {
            findings.push(not_sql(scene.document, path, &error));
            false
        }
    }
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
