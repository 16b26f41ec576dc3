//! Finds the columns an expression refers to, and qualifies them, so that no alias can shadow one.

use crate::model::quote;
use crate::model::token::{Token, TokenError, TokenKind, closing, tokenize};
use std::collections::BTreeSet;
use std::ops::Range;

/// A name in an expression that can only mean a column, an alias of the expression or a subcolumn path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The path, unquoted: `a` or, for `a.b.c`, all three.
    pub path: Vec<String>,
    /// Byte range of the path in the text.
    pub range: Range<usize>,
    /// Byte ranges of the path's parts.
    pub parts: Vec<Range<usize>>,
}

impl Reference {
    /// How many leading parts make the longest name for which `known` holds.
    fn known_prefix(&self, known: &dyn Fn(&str) -> bool) -> Option<usize> {
        (1..=self.path.len()).rev().find(|n| known(&self.path[..*n].join(".")))
    }
}

/// The references of an expression, in order. Function names, types of casts, lambda parameters, aliases
/// being defined and units of intervals are none.
///
/// # Errors
/// When the text is no sequence of tokens.
pub fn references(text: &str) -> Result<Vec<Reference>, TokenError> {
    let tokens = tokenize(text)?;
    let lambdas = lambdas(&tokens);
    let foreign = foreign(&tokens);
    let aliases: BTreeSet<&str> =
        tokens.windows(2).filter(|w| w[0].is_word("AS")).filter_map(|w| w[1].name()).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let length = path_length(&tokens, at);
        if length > 0 && !foreign.iter().any(|r| r.contains(&at)) && !is_something_else(&tokens, at, length) {
            let name = tokens[at].name().unwrap_or_default();
            let parameter = lambdas.iter().any(|l| l.scope.contains(&at) && l.parameters.contains(name));
            let own_alias = aliases.contains(name);
            if !parameter && !own_alias {
                found.push(reference(&tokens[at..at + length]));
            }
        }
        at += length.max(1);
    }
    Ok(found)
}

fn reference(tokens: &[Token]) -> Reference {
    let names = || tokens.iter().filter(|t| !t.is("."));
    Reference {
        path: names().filter_map(|t| t.name().map(str::to_owned)).collect(),
        parts: names().map(|t| t.start..t.end).collect(),
        range: tokens[0].start..tokens[tokens.len() - 1].end,
    }
}

/// Number of tokens of the dotted path that starts at `at`; 0 when no name stands there.
fn path_length(tokens: &[Token], at: usize) -> usize {
    if tokens[at].name().is_none() {
        return 0;
    }
    let mut length = 1;
    while tokens.get(at + length).is_some_and(|t| t.is("."))
        && tokens.get(at + length + 1).is_some_and(|t| t.name().is_some())
    {
        length += 2;
    }
    length
}

fn is_something_else(tokens: &[Token], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).map(|i| &tokens[i]);
    let after = tokens.get(at + length);
    let keyword = matches!(&tokens[at].kind, TokenKind::Word(w) if quote::is_word_of_sql(w) || is_constant(w));
    let function = after.is_some_and(|t| t.is("("));
    let typed_literal = after.is_some_and(|t| matches!(t.kind, TokenKind::Text(_)))
        && matches!(tokens[at].kind, TokenKind::Word(_))
        && !before.is_some_and(|t| t.is_word("IN"));
    let part_of_path = before.is_some_and(|t| t.is("."));
    let alias_or_type = before.is_some_and(|t| t.is_word("AS") || t.is("::"));
    let unit = at >= 2 && tokens[at - 2].is_word("INTERVAL");
    // `json.a.:Int64` and `json.^a`
    let part_of_json = at >= 2 && tokens[at - 2].is(".") && (tokens[at - 1].is(":") || tokens[at - 1].is("^"));
    keyword || function || typed_literal || part_of_path || alias_or_type || unit || part_of_json
}

/// Tokens whose names are never columns of what is read: types of casts, subqueries, codecs, and the names of
/// dictionaries and join tables.
fn foreign(tokens: &[Token]) -> Vec<Range<usize>> {
    let opens = |at: usize| tokens.get(at).is_some_and(|t| t.is("("));
    let range = |at: usize| {
        let token = &tokens[at];
        let subquery = opens(at) && tokens.get(at + 1).is_some_and(|t| t.is_word("SELECT") || t.is_word("WITH"));
        if subquery {
            return closing(tokens, at).map(|end| at..end + 1);
        }
        let name = token.name().filter(|_| opens(at + 1))?;
        let of_a_cast = at > 0 && (tokens[at - 1].is_word("AS") || tokens[at - 1].is("::"));
        if of_a_cast || token.is_word("CODEC") {
            return closing(tokens, at + 1).map(|end| at..end + 1);
        }
        if ["dictGet", "dictHas", "dictIsIn", "joinGet"].iter().any(|f| name.starts_with(f)) {
            let end =
                (at + 2..tokens.len()).find(|i| tokens[*i].is(",") || tokens[*i].is(")") || tokens[*i].is("("))?;
            return Some(at + 2..end);
        }
        None
    };
    (0..tokens.len()).filter_map(range).collect()
}

fn is_constant(word: &str) -> bool {
    ["true", "false", "inf", "nan"].iter().any(|c| word.eq_ignore_ascii_case(c))
        || ["ILIKE", "WHEN", "DIV", "MOD", "OVER", "PARTITION", "ROWS", "EXISTS", "ASCENDING", "DESCENDING"]
            .iter()
            .any(|w| word.eq_ignore_ascii_case(w))
}

struct Lambda {
    parameters: BTreeSet<String>,
    scope: Range<usize>,
}

fn lambdas(tokens: &[Token]) -> Vec<Lambda> {
    let arrows = tokens.iter().enumerate().filter(|(_, t)| t.is("->")).map(|(i, _)| i);
    arrows.filter(|i| *i > 0).map(|arrow| lambda(tokens, arrow)).collect()
}

fn lambda(tokens: &[Token], arrow: usize) -> Lambda {
    let mut start = arrow - 1;
    if tokens[start].is(")") {
        start = (0..start).rev().find(|i| closing(tokens, *i) == Some(arrow - 1)).unwrap_or(start);
    }
    let parameters = tokens[start..arrow].iter().filter_map(|t| t.name().map(str::to_owned)).collect();
    let mut end = arrow + 1;
    while end < tokens.len() && !tokens[end].is(",") && !tokens[end].is(")") && !tokens[end].is("]") {
        end = match tokens[end].is("(") || tokens[end].is("[") {
            true => closing(tokens, end).unwrap_or(tokens.len() - 1) + 1,
            false => end + 1,
        };
    }
    Lambda { parameters, scope: start..end }
}

/// The expression with every reference to a `known` column written as `alias.column`.
///
/// # Errors
/// When the text is no sequence of tokens.
pub fn qualify(text: &str, alias: &str, known: &dyn Fn(&str) -> bool) -> Result<String, TokenError> {
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    for reference in references(text)? {
        let Some(parts) = reference.known_prefix(known) else { continue };
        out.push_str(&text[at..reference.range.start]);
        out.push_str(&column(alias, &reference.path[..parts].join(".")));
        at = reference.parts[parts - 1].end;
    }
    out.push_str(&text[at..]);
    Ok(out.trim().to_owned())
}

/// References that no known column explains. Words that mean something to the grammar in some places are none:
/// only the server knows where.
///
/// # Errors
/// When the text is no sequence of tokens.
pub fn unknown(text: &str, known: &dyn Fn(&str) -> bool) -> Result<Vec<Reference>, TokenError> {
    let grammar = |r: &Reference| match r.path.as_slice() {
        [word] => GRAMMAR.iter().any(|g| g.eq_ignore_ascii_case(word)),
        _ => false,
    };
    // `key IN allowed` names a table.
    let table = |r: &Reference| {
        text[..r.range.start].split_whitespace().next_back().is_some_and(|w| w.eq_ignore_ascii_case("IN"))
    };
    let unexplained = |r: &Reference| r.known_prefix(known).is_none() && !grammar(r) && !table(r);
    Ok(references(text)?.into_iter().filter(unexplained).collect())
}

/// Units of time, frames of windows, actions of TTLs, options of functions with a syntax of their own.
const GRAMMAR: [&str; 56] = [
    "NANOSECOND",
    "NANOSECONDS",
    "MICROSECOND",
    "MICROSECONDS",
    "MILLISECOND",
    "MILLISECONDS",
    "SECOND",
    "SECONDS",
    "MINUTE",
    "MINUTES",
    "HOUR",
    "HOURS",
    "DAY",
    "DAYS",
    "WEEK",
    "WEEKS",
    "MONTH",
    "MONTHS",
    "QUARTER",
    "QUARTERS",
    "YEAR",
    "YEARS",
    "UNBOUNDED",
    "PRECEDING",
    "FOLLOWING",
    "CURRENT",
    "ROW",
    "RANGE",
    "GROUPS",
    "NULLS",
    "FIRST",
    "LAST",
    "RESPECT",
    "IGNORE",
    "FILL",
    "STEP",
    "BOTH",
    "LEADING",
    "TRAILING",
    "FOR",
    "ESCAPE",
    "REGEXP",
    "COLLATE",
    "FILTER",
    "DELETE",
    "TO",
    "DISK",
    "VOLUME",
    "RECOMPRESS",
    "SET",
    "EXCEPT",
    "REPLACE",
    "APPLY",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "TODAY",
];

/// `alias.column`, quoted where it must be.
pub fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", quote::identifier(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qualified(text: &str) -> String {
        let known = ["date", "day", "key", "a.b", "payload", "x", "items"];
        qualify(text, "src", &|name| known.contains(&name)).unwrap()
    }

    #[test]
    fn columns_are_qualified_and_nothing_else_is() {
        for (text, expected) in [
            ("date != ''", "src.date != ''"),
            ("toDate(date)", "toDate(src.date)"),
            ("date(day)", "date(src.day)"),
            ("'date'", "'date'"),
            ("DATE '2020-01-01' > date", "DATE '2020-01-01' > src.date"),
            ("now() - INTERVAL 1 day", "now() - INTERVAL 1 day"),
            ("CAST(x AS Date)", "CAST(src.x AS Date)"),
            ("x::date", "src.x::date"),
            ("a.b + `a.b`", "src.`a.b` + src.`a.b`"),
            ("payload.key.day", "src.payload.key.day"),
            ("arrayMap(x -> x + day, items)", "arrayMap(x -> x + src.day, src.items)"),
            ("arrayMap((x, y) -> x + y, items, items), x", "arrayMap((x, y) -> x + y, src.items, src.items), src.x"),
            ("arrayFilter(x -> has(items, x), items)", "arrayFilter(x -> has(src.items, x), src.items)"),
            ("(length(key) AS day) + day", "(length(src.key) AS day) + day"),
            ("other + date", "other + src.date"),
            ("key IN ('a', 'b') AND NOT x", "src.key IN ('a', 'b') AND NOT src.x"),
            ("t.date", "t.date"),
            ("CAST(x AS Array(String))", "CAST(src.x AS Array(String))"),
            ("x::Map(String, day)", "src.x::Map(String, day)"),
            ("key IN (SELECT key FROM d.t WHERE x)", "src.key IN (SELECT key FROM d.t WHERE x)"),
            ("dictGet(d.names, 'n', key)", "dictGet(d.names, 'n', src.key)"),
            ("payload.a.:Int64 + payload.^x", "src.payload.a.:Int64 + src.payload.^x"),
        ] {
            assert_eq!(qualified(text), expected, "{text}");
        }
    }

    #[test]
    fn unknown_names_are_found_with_their_place() {
        let text = "date, locatoin_key, toYYYYMM(dat), true, NULL";
        let found: Vec<_> =
            unknown(text, &|n| n == "date").unwrap().into_iter().map(|r| text[r.range].to_owned()).collect();
        assert_eq!(found, ["locatoin_key", "dat"]);
        for text in [
            "extract(year FROM date)",
            "dateDiff(day, date, date)",
            "date + INTERVAL (1) DAY",
            "date + INTERVAL 1 DAY TO VOLUME 'cold', date + INTERVAL 2 DAY RECOMPRESS CODEC(ZSTD(3), LZ4)",
            "date IN some_set",
            "CAST(date, 'Date')::Nullable(Date)",
            "trim(BOTH ' ' FROM date)",
        ] {
            assert_eq!(unknown(text, &|n| n == "date"), Ok(Vec::new()), "{text}");
        }
    }
}
