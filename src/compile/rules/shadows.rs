//! Aliases that hide a column: ClickHouse reads a bare name in WHERE and GROUP BY as the output of that name.

use super::super::expression;
use super::super::target::Target;
use super::aggregates::first_aggregate;
use super::query::{Item, Query, is_text};
use super::scene::Scene;
use super::sorting::elements_of;
use crate::manifest::Finding;
use crate::model::token::{Token, tokenize};
use std::ops::Range;

/// Functions that make a date or a time of a text: what is compared with a text before is none any more.
const CONVERSIONS: [&str; 3] = ["toDate", "parseDateTime", "parseDate"];

/// Outputs of a written SELECT that have the name of a column and are used where the column may be meant.
pub(super) fn aliases(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in &scene.targets {
        let Some(text) = &target.spec.select else { continue };
        let Some(query) = Query::read(text) else { continue };
        let set = query.settings.as_ref().map_or("", |r| &text[r.clone()]);
        if query.table.is_none() || set.contains("prefer_column_name_to_alias") {
            continue;
        }
        let columns = scene.read_by(target);
        for item in query.items.iter().filter(|i| columns.has(&i.alias) && !is_itself(&text[i.value.clone()], &i.alias))
        {
            for filter in &query.filters {
                in_filter(scene, target, text, item, filter, findings);
            }
            if let Some(group_by) = &query.group_by {
                in_group_by(scene, target, text, item, group_by, findings);
            }
        }
    }
}

/// `date AS date`, `src.date AS date`.
fn is_itself(value: &str, alias: &str) -> bool {
    let Ok(tokens) = tokenize(value) else { return true };
    match tokens.as_slice() {
        [name] => name.name() == Some(alias),
        [_, dot, name] => dot.is(".") && name.name() == Some(alias),
        _ => false,
    }
}

/// Where a piece of the text uses the bare name.
fn uses(text: &str, range: &Range<usize>, alias: &str) -> Vec<Range<usize>> {
    let found = expression::references(&text[range.clone()]).unwrap_or_default();
    let bare = found.into_iter().filter(|r| r.path.first().is_some_and(|n| n == alias));
    bare.map(|r| range.start + r.range.start..range.start + r.range.end).collect()
}

fn in_filter(
    scene: &Scene<'_>,
    target: &Target<'_>,
    text: &str,
    item: &Item,
    filter: &Range<usize>,
    findings: &mut Vec<Finding>,
) {
    let value = &text[item.value.clone()];
    let converts = CONVERSIONS.iter().any(|c| value.starts_with(c));
    for at in uses(text, filter, &item.alias) {
        let fails = first_aggregate(value).is_some() || (converts && treats_as_text(text, filter, &at));
        findings.push(finding(scene, target, item, &at, "WHERE", fails));
    }
}

/// Whether the name is compared with an empty text or asked for its length.
fn treats_as_text(text: &str, filter: &Range<usize>, at: &Range<usize>) -> bool {
    let Ok(tokens) = tokenize(&text[filter.clone()]) else { return false };
    let Some(here) = tokens.iter().position(|t| filter.start + t.start == at.start) else { return false };
    let is_compared = |t: Option<&Token>| t.is_some_and(|t| ["=", "==", "!=", "<>"].iter().any(|m| t.is(m)));
    let is_empty = |t: Option<&Token>| t.is_some_and(|t| is_text(t) && t.end - t.start == 2);
    let before = |n: usize| here.checked_sub(n).and_then(|i| tokens.get(i));
    let measured = before(1).is_some_and(|t| t.is("("))
        && before(2).is_some_and(|t| ["empty", "notEmpty", "length"].iter().any(|f| t.is_word(f)));
    (is_compared(tokens.get(here + 1)) && is_empty(tokens.get(here + 2)))
        || (is_compared(before(1)) && is_empty(before(2)))
        || measured
}

fn in_group_by(
    scene: &Scene<'_>,
    target: &Target<'_>,
    text: &str,
    item: &Item,
    group_by: &Range<usize>,
    findings: &mut Vec<Finding>,
) {
    let aggregated = first_aggregate(&text[item.value.clone()]).is_some();
    for element in elements_of(&text[group_by.clone()]).unwrap_or_default() {
        // `GROUP BY hour` of `toStartOfHour(hour) AS hour` is what everybody means by it.
        if element.column.as_ref() == Some(&item.alias) && !aggregated {
            continue;
        }
        let range = group_by.start + element.start..group_by.start + element.end;
        for at in uses(text, &range, &item.alias) {
            findings.push(finding(scene, target, item, &at, "GROUP BY", aggregated));
        }
    }
}

fn finding(
    scene: &Scene<'_>,
    target: &Target<'_>,
    item: &Item,
    at: &Range<usize>,
    clause: &str,
    fails: bool,
) -> Finding {
    let path = format!("{}.select", target.path);
    let alias = &item.alias;
    let message = format!("`{alias}` in {clause} is the output `{alias}`, not the column it hides");
    let place = scene.within(&path, at.start, at.end);
    let finding = match fails {
        true => Finding::error("pipeline/alias-shadows", message, place).label("the server refuses it here"),
        false => Finding::warning("pipeline/alias-shadows", message, place).label("the output"),
    };
    finding
        .also(scene.within(&path, item.at.start, item.at.end), "hides the column")
        .help(format!("write `source.{alias}` for the column, or give the output another name with `AS`"))
}
