//! The text of generated SELECTs, in the form the server keeps them, so that most views compare equal by
//! their letters alone.

use super::expression;
use crate::model::token::{Token, TokenError, TokenKind, closing, split_at_commas, tokenize};
use crate::model::{ObjectName, quote};
use std::collections::{BTreeMap, BTreeSet};

/// The alias every generated SELECT gives to what it reads.
pub(super) const SOURCE: &str = "src";

/// `SELECT value AS name, … FROM table AS src WHERE …`, a line an item: people review it.
pub(super) fn select(items: &[(String, String)], from: &str, filters: &[String]) -> String {
    let items: Vec<String> =
        items.iter().map(|(value, name)| format!("{value} AS {}", quote::identifier(name))).collect();
    let mut text = format!("SELECT\n    {}\nFROM {} AS {SOURCE}", items.join(",\n    "), from);
    if let Some(filter) = all_of(filters) {
        text.push_str("\nWHERE ");
        text.push_str(&filter);
    }
    text
}

/// The conjunction of some conditions; `None` of none.
pub(super) fn all_of(conditions: &[String]) -> Option<String> {
    match conditions {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(several.iter().map(|c| operand(c)).collect::<Vec<_>>().join(" AND ")),
    }
}

/// In brackets, unless it is a name, a literal or one call.
fn operand(text: &str) -> String {
    let simple = tokenize(text).is_ok_and(|tokens| match tokens.as_slice() {
        [_] => true,
        [name, open, ..] => {
            (name.name().is_some() && open.is("(") && closing(&tokens, 1) == Some(tokens.len() - 1))
                || (name.is("(") && closing(&tokens, 0) == Some(tokens.len() - 1))
        }
        [] => true,
    });
    if simple { text.to_owned() } else { format!("({text})") }
}

/// How `source` is put into an author's SELECT.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placing<'a> {
    /// The Kafka table by its own name: another spelling of `source`.
    pub written: &'a ObjectName,
    /// What the view really reads: a table, or a SELECT in brackets.
    pub reads: &'a str,
    /// The same where it is a table.
    pub table: Option<&'a ObjectName>,
    /// Condition on the rows.
    pub only: Option<&'a str>,
    /// Columns that `*` must not give: those a Kafka table has but does not show.
    pub hidden: &'a [&'a str],
}

/// The author's SELECT with `source` replaced by what the view really reads. The flag tells whether it was
/// found.
pub(super) fn place_source(text: &str, placing: &Placing<'_>) -> Result<(String, bool), TokenError> {
    let tokens = tokenize(text)?;
    let mut edits: BTreeMap<usize, (usize, String)> = BTreeMap::new();
    let mut found = false;
    for (i, pair) in tokens.windows(2).enumerate() {
        if !(pair[0].is_word("FROM") || pair[0].is_word("JOIN")) {
            continue;
        }
        let at = i + 1;
        let qualified = tokens.get(at + 1).is_some_and(|t| t.is("."));
        let short = pair[1].is_word("source") && !qualified && !tokens.get(at + 1).is_some_and(|t| t.is("("));
        let is = |name: &ObjectName| {
            qualified
                && pair[1].name() == Some(name.database.as_str())
                && tokens.get(at + 2).and_then(|t| t.name()) == Some(name.table.as_str())
        };
        // By its own name it stands as its author wrote it: views that were made by hand are taken over as they are.
        let itself = placing.table.is_some_and(is);
        if itself && placing.only.is_none() {
            found = true;
            continue;
        }
        let long = is(placing.written) || itself;
        if !short && !long {
            continue;
        }
        found = true;
        let last = if long { at + 2 } else { at };
        let mut placed = match placing.only {
            Some(condition) => format!("(SELECT * FROM {} WHERE {condition})", placing.reads),
            None => placing.reads.to_owned(),
        };
        if !has_alias(tokens.get(last + 1)) {
            placed.push_str(" AS source");
        }
        edits.insert(pair[1].start, (tokens[last].end, placed));
        if !placing.hidden.is_empty() {
            let names: Vec<String> = placing.hidden.iter().map(|n| quote::identifier(n)).collect();
            for star in stars_before(&tokens, i) {
                edits.insert(tokens[star].end, (tokens[star].end, format!(" EXCEPT ({})", names.join(", "))));
            }
        }
    }
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (start, (end, words)) in edits {
        out.push_str(&text[copied..start]);
        out.push_str(&words);
        copied = end;
    }
    out.push_str(&text[copied..]);
    Ok((out, found))
}

/// The stars that mean all columns, in the SELECT to which the FROM or JOIN at `from` belongs.
fn stars_before(tokens: &[Token], from: usize) -> Vec<usize> {
    let (mut depth, mut found) = (0_usize, Vec::new());
    for at in (0..from).rev() {
        let token = &tokens[at];
        if token.is(")") || token.is("]") {
            depth += 1;
        } else if token.is("(") || token.is("[") {
            match depth.checked_sub(1) {
                Some(outer) => depth = outer,
                None => break,
            }
        } else if depth == 0 && token.is_word("SELECT") {
            break;
        } else if depth == 0 && token.is("*") && at > 0 {
            let before = &tokens[at - 1];
            let begins = before.is_word("SELECT") || before.is_word("DISTINCT") || before.is(",") || before.is(".");
            if begins {
                found.push(at);
            }
        }
    }
    found
}

fn has_alias(next: Option<&Token>) -> bool {
    next.is_some_and(|t| match &t.kind {
        TokenKind::Word(w) => w.eq_ignore_ascii_case("AS") || !quote::is_word_of_sql(w) && !starts_a_clause(w),
        TokenKind::Quoted(_) => true,
        TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Mark(_) => false,
    })
}

fn starts_a_clause(word: &str) -> bool {
    ["WINDOW", "QUALIFY", "OFFSET", "FETCH", "EXCEPT", "INTERSECT", "PASTE", "NATURAL"]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
}

/// Tables a SELECT names after FROM or JOIN, as far as they are qualified.
pub(super) fn tables(text: &str) -> BTreeSet<ObjectName> {
    let Ok(tokens) = tokenize(text) else { return BTreeSet::new() };
    let after = |i: usize| tokens[i].is_word("FROM") || tokens[i].is_word("JOIN");
    let named = |i: usize| {
        let (database, dot, table) = (tokens.get(i + 1)?, tokens.get(i + 2)?, tokens.get(i + 3)?);
        dot.is(".").then_some(())?;
        Some(ObjectName::new(database.name()?, table.name()?))
    };
    (0..tokens.len()).filter(|i| after(*i)).filter_map(named).collect()
}

/// Names of the top-level output columns of a SELECT: the alias of each item, or its bare column. `None`
/// where the letters do not tell (`*`, an unnamed expression, `WITH`, a UNION).
pub fn output_names(text: &str) -> Option<Vec<String>> {
    let tokens = tokenize(text).ok()?;
    if !tokens.first()?.is_word("SELECT") || tokens.iter().any(|t| t.is_word("UNION")) {
        return None;
    }
    let mut end = 1;
    while end < tokens.len() && !tokens[end].is_word("FROM") {
        let bracket = tokens[end].is("(") || tokens[end].is("[") || tokens[end].is("{");
        end = if bracket { closing(&tokens, end)? + 1 } else { end + 1 };
    }
    split_at_commas(&tokens[1..end]).into_iter().map(output_name).collect()
}

fn output_name(item: &[crate::model::token::Token]) -> Option<String> {
    match item {
        [name] => name.name().map(str::to_owned),
        [.., before, name] if before.is_word("AS") || before.is(".") => name.name().map(str::to_owned),
        _ => None,
    }
}

/// The expression over `src`, every known column qualified.
pub(super) fn over_source(text: &str, known: &dyn Fn(&str) -> bool) -> Result<String, TokenError> {
    expression::qualify(text, SOURCE, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_joined_as_the_server_prints_them() {
        let all = |c: &[&str]| all_of(&c.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(all(&[]), None);
        assert_eq!(all(&["a != ''"]).as_deref(), Some("a != ''"));
        assert_eq!(all(&["a != ''", "f(b)", "(c)"]).as_deref(), Some("(a != '') AND f(b) AND (c)"));
        assert_eq!(all(&["(a) OR (b)", "c"]).as_deref(), Some("((a) OR (b)) AND c"));
    }

    #[test]
    fn the_source_is_placed_under_any_spelling() {
        let kafka = ObjectName::new("k", "t");
        let place = |text: &str, only| {
            let table = ObjectName::new("k", "hub");
            place_source(text, &Placing { written: &kafka, table: Some(&table), reads: "k.hub", only, hidden: &[] })
                .unwrap()
        };
        assert_eq!(place("SELECT a FROM source", None), ("SELECT a FROM k.hub AS source".into(), true));
        assert_eq!(place("SELECT s.a FROM source AS s WHERE 1", None).0, "SELECT s.a FROM k.hub AS s WHERE 1");
        assert_eq!(place("SELECT s.a FROM k.t s", None).0, "SELECT s.a FROM k.hub s");
        assert_eq!(
            place("SELECT a FROM source WHERE b", Some("_reason = ''")).0,
            "SELECT a FROM (SELECT * FROM k.hub WHERE _reason = '') AS source WHERE b"
        );
        assert_eq!(place("SELECT a FROM other.t", None), ("SELECT a FROM other.t".into(), false));
        assert_eq!(place("SELECT hub.a FROM k.hub", None), ("SELECT hub.a FROM k.hub".into(), true));
    }

    #[test]
    fn a_star_over_the_hub_gives_what_the_kafka_table_shows() {
        let written = ObjectName::new("k", "t");
        let hidden = ["_topic", "_headers.name"];
        let place = |text| {
            let table = ObjectName::new("k", "hub");
            let placing =
                Placing { written: &written, table: Some(&table), reads: "k.hub", only: None, hidden: &hidden };
            place_source(text, &placing).unwrap().0
        };
        let except = "EXCEPT (_topic, `_headers.name`)";
        assert_eq!(
            place("SELECT a * 2 AS b, * EXCEPT (a), count(*) FROM source"),
            format!("SELECT a * 2 AS b, * {except} EXCEPT (a), count(*) FROM k.hub AS source")
        );
        assert_eq!(place("SELECT s.* FROM source s"), format!("SELECT s.* {except} FROM k.hub s"));
        assert_eq!(
            place("SELECT * FROM (SELECT *, _topic FROM source)"),
            format!("SELECT * FROM (SELECT * {except}, _topic FROM k.hub AS source)")
        );
    }

    #[test]
    fn outputs_are_named_where_letters_tell() {
        let names = |t: &str| output_names(t).map(|n| n.join(" "));
        assert_eq!(names("SELECT a, s.b, f(c, d) AS e FROM t").as_deref(), Some("a b e"));
        assert_eq!(names("SELECT * FROM t"), None);
        assert_eq!(names("SELECT f(a) FROM t"), None);
        assert_eq!(names("WITH 1 AS x SELECT x"), None);
    }
}
