//! Aggregate functions where there is nothing to aggregate over.

use super::super::columns::ColumnValue;
use super::super::expression;
use super::scene::Scene;
use crate::manifest::Finding;
use crate::model::token::{Token, closing, tokenize};
use std::ops::Range;

/// Aggregate functions people write in views.
const FUNCTIONS: [&str; 50] = [
    "any",
    "anyHeavy",
    "anyLast",
    "any_value",
    "argMax",
    "argMin",
    "avg",
    "avgWeighted",
    "corr",
    "count",
    "covarPop",
    "covarSamp",
    "deltaSum",
    "entropy",
    "first_value",
    "groupArray",
    "groupArrayLast",
    "groupArraySample",
    "groupBitAnd",
    "groupBitOr",
    "groupBitXor",
    "groupBitmap",
    "groupConcat",
    "groupUniqArray",
    "histogram",
    "kurtPop",
    "kurtSamp",
    "last_value",
    "max",
    "maxMap",
    "median",
    "min",
    "minMap",
    "quantile",
    "quantileExact",
    "quantileTDigest",
    "quantileTiming",
    "quantiles",
    "skewPop",
    "stddevPop",
    "stddevSamp",
    "sum",
    "sumKahan",
    "sumMap",
    "sumWithOverflow",
    "topK",
    "uniq",
    "uniqCombined",
    "uniqExact",
    "varPop",
];
const COMBINATORS: [&str; 9] =
    ["SimpleState", "State", "Merge", "If", "Array", "OrNull", "OrDefault", "Distinct", "ForEach"];

fn is_aggregate(name: &str) -> bool {
    let mut name = name;
    loop {
        // The functions of standard SQL are read in any case.
        let standard = ["avg", "count", "max", "min", "sum"].iter().any(|f| f.eq_ignore_ascii_case(name));
        if standard || FUNCTIONS.contains(&name) {
            return true;
        }
        match COMBINATORS.iter().find_map(|c| name.strip_suffix(c)) {
            Some(shorter) if !shorter.is_empty() => name = shorter,
            _ => return false,
        }
    }
}

/// The first aggregate function an expression calls itself: not in a subquery, not over a window.
pub(super) fn first_aggregate(text: &str) -> Option<Range<usize>> {
    let tokens = tokenize(text).ok()?;
    let mut at = 0;
    while at < tokens.len() {
        let opens = tokens[at].is("(");
        if opens && tokens.get(at + 1).is_some_and(|t| t.is_word("SELECT") || t.is_word("WITH")) {
            at = closing(&tokens, at)? + 1;
            continue;
        }
        let called = tokens.get(at + 1).is_some_and(|t| t.is("("));
        let after_dot = at > 0 && tokens[at - 1].is(".");
        if called && !after_dot && tokens[at].name().is_some_and(is_aggregate) && !over_window(&tokens, at) {
            return Some(tokens[at].start..tokens[at].end);
        }
        at += 1;
    }
    None
}

fn over_window(tokens: &[Token], function: usize) -> bool {
    let mut at = function + 1;
    while tokens.get(at).is_some_and(|t| t.is("(")) {
        match closing(tokens, at) {
            Some(end) => at = end + 1,
            None => return false,
        }
    }
    tokens.get(at).is_some_and(|t| t.is_word("OVER"))
}

/// Expressions of columns that aggregate: the generated SELECT has no GROUP BY.
pub(super) fn ungrouped(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.targets.iter().filter(|t| t.spec.select.is_none()) {
        let aggregate = |value: &ColumnValue| match value {
            ColumnValue::Expression(text) => first_aggregate(text),
            ColumnValue::Read(_) | ColumnValue::Table => None,
        };
        let by_row = |value: &ColumnValue| match value {
            ColumnValue::Read(_) => true,
            ColumnValue::Expression(text) => expression::references(text).is_ok_and(|r| !r.is_empty()),
            ColumnValue::Table => false,
        };
        let other = target.columns.iter().find(|c| aggregate(&c.value).is_none() && by_row(&c.value));
        for (i, column) in target.columns.iter().enumerate() {
            let Some(at) = aggregate(&column.value) else { continue };
            let place = scene.within(&format!("{}.columns[{i}].expression", target.path), at.start, at.end);
            let name = &column.column.name;
            let finding = match other {
                Some(other) => {
                    let message =
                        format!("`{name}` is aggregated, but `{}` is not: there is no GROUP BY", other.column.name);
                    Finding::error("pipeline/ungrouped", message, place)
                }
                None => {
                    let message = format!("`{name}` is aggregated over each block of messages, whatever its size");
                    Finding::warning("pipeline/ungrouped", message, place)
                }
            };
            findings.push(
                finding.label("an aggregate function").help("write the whole SELECT in `select`, with its GROUP BY"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_are_told_from_other_functions() {
        let found = |text: &str| first_aggregate(text).map(|r| text[r].to_owned());
        for (text, name) in [
            ("sum(a)", "sum"),
            ("1 + COUNT(*)", "COUNT"),
            ("uniqExactIfState(a, b)", "uniqExactIfState"),
            ("quantile(0.9)(a)", "quantile"),
        ] {
            assert_eq!(found(text).as_deref(), Some(name), "{text}");
        }
        for text in [
            "arraySum(a)",
            "max2(a, b)",
            "sum + 1",
            "(SELECT max(x) FROM d.t)",
            "sum(a) OVER (ORDER BY b)",
            "countSubstrings(a, 'b')",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
