//! The clauses of a SELECT, as far as letters tell them apart.

use crate::model::token::{Token, TokenKind, closing, split_at_commas, tokenize};
use std::ops::Range;

/// A SELECT without UNION, its outermost clauses as ranges of bytes.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// What is selected.
    pub items: Vec<Item>,
    /// The first table after FROM, where one is named: database (if written) and name, and where it stands.
    pub table: Option<(Option<String>, String, Range<usize>)>,
    /// The conditions of WHERE and PREWHERE.
    pub filters: Vec<Range<usize>>,
    /// The inside of GROUP BY.
    pub group_by: Option<Range<usize>>,
    /// The inside of SETTINGS.
    pub settings: Option<Range<usize>>,
}

/// One thing selected, with an alias.
#[derive(Debug)]
pub(super) struct Item {
    /// The name after AS.
    pub alias: String,
    /// Where it stands.
    pub at: Range<usize>,
    /// The expression before AS.
    pub value: Range<usize>,
}

const CLAUSES: [&str; 13] = [
    "SELECT", "FROM", "PREWHERE", "WHERE", "GROUP", "HAVING", "WINDOW", "QUALIFY", "ORDER", "LIMIT", "OFFSET",
    "SETTINGS", "FORMAT",
];

impl Query {
    /// Reads the outermost SELECT. `None` when there is none, or more than one.
    pub fn read(text: &str) -> Option<Self> {
        let tokens = tokenize(text).ok()?;
        let mut query = Self::default();
        let mut clause: Option<(&str, usize)> = None;
        let mut at = 0;
        while at < tokens.len() {
            if tokens[at].is_word("UNION") || tokens[at].is_word("INTERSECT") {
                return None;
            }
            if let Some(word) = keyword(&tokens, at, clause.map(|c| c.0)) {
                if let Some((word, from)) = clause {
                    query.take(word, &tokens[from..at]);
                }
                clause = Some((word, at + 1));
            }
            at = match tokens[at].is("(") || tokens[at].is("[") || tokens[at].is("{") {
                true => closing(&tokens, at)? + 1,
                false => at + 1,
            };
        }
        let (word, from) = clause?;
        query.take(word, &tokens[from..]);
        Some(query)
    }

    fn take(&mut self, word: &str, tokens: &[Token]) {
        let Some(range) = range(tokens) else { return };
        match word {
            "SELECT" => self.items = split_at_commas(tokens).into_iter().filter_map(item).collect(),
            "FROM" => self.table = table(tokens),
            "WHERE" | "PREWHERE" => self.filters.push(range),
            // The first token is BY.
            "GROUP" => self.group_by = tokens.get(1..).and_then(self::range),
            "SETTINGS" => self.settings = Some(range),
            _ => {}
        }
    }
}

/// The clause that begins at a token. Inside the list of WITH nothing but SELECT does.
fn keyword(tokens: &[Token], at: usize, current: Option<&str>) -> Option<&'static str> {
    let word = CLAUSES.into_iter().find(|word| tokens[at].is_word(word))?;
    let after_dot = at > 0 && (tokens[at - 1].is(".") || tokens[at - 1].is_word("AS"));
    let follows = match word {
        "SELECT" => current.is_none(),
        // `GROUP` and `ORDER` are clauses with BY only; a column may have any of the other names.
        "GROUP" | "ORDER" => tokens.get(at + 1).is_some_and(|t| t.is_word("BY")),
        "FORMAT" | "OFFSET" | "WINDOW" => !tokens.get(at + 1).is_none_or(|t| t.is("(") || t.is(",")),
        _ => true,
    };
    (follows && !after_dot && (word == "SELECT" || current.is_some())).then_some(word)
}

fn range(tokens: &[Token]) -> Option<Range<usize>> {
    Some(tokens.first()?.start..tokens.last()?.end)
}

fn item(tokens: &[Token]) -> Option<Item> {
    let [value @ .., before, name] = tokens else { return None };
    if !before.is_word("AS") {
        return None;
    }
    Some(Item { alias: name.name()?.to_owned(), at: name.start..name.end, value: range(value)? })
}

fn table(tokens: &[Token]) -> Option<(Option<String>, String, Range<usize>)> {
    let first = tokens.first()?;
    match tokens {
        [_, dot, name, ..] if dot.is(".") => {
            Some((Some(first.name()?.to_owned()), name.name()?.to_owned(), first.start..name.end))
        }
        [_, open, ..] if open.is("(") => None,
        _ => Some((None, first.name()?.to_owned(), first.start..first.end)),
    }
}

/// Whether a token is a string literal.
pub(super) fn is_text(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        let query = Query::read(text)?;
        let items: Vec<String> =
            query.items.iter().map(|i| format!("{}={}", i.alias, &text[i.value.clone()])).collect();
        let table = query.table.map(|(_, _, range)| text[range].to_owned());
        let filters: Vec<&str> = query.filters.iter().map(|r| &text[r.clone()]).collect();
        let group = query.group_by.map(|r| text[r].to_owned());
        Some(format!(
            "{} | {} | {} | {}",
            items.join(";"),
            table.unwrap_or_default(),
            filters.join(";"),
            group.unwrap_or_default()
        ))
    }

    #[test]
    fn clauses_are_found_outside_of_brackets() {
        for (text, expected) in [
            ("SELECT f(a) AS b, c FROM d.t WHERE x > 1 GROUP BY b, c", "b=f(a) | d.t | x > 1 | b, c"),
            ("WITH (SELECT max(x) FROM o) AS m SELECT m AS n FROM source", "n=m | source |  | "),
            ("SELECT extract(year FROM d) AS y FROM (SELECT 1 WHERE 2) WHERE 3", "y=extract(year FROM d) |  | 3 | "),
            (
                "SELECT a.format AS f, group AS g FROM t PREWHERE p WHERE w ORDER BY z",
                "f=a.format;g=group | t | p;w | ",
            ),
            ("SELECT 1 AS x FROM t SETTINGS a = 1", "x=1 | t |  | "),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(shown("SELECT 1 UNION ALL SELECT 2"), None);
        assert_eq!(shown("a + b"), None);
    }
}
