//! The SELECTs of views, taken apart as far as the compiler would put them together again.

use crate::model::ObjectName;
use crate::model::token::{Token, closing, split_at_commas, text_of, tokenize};

/// The alias that generated SELECTs give to what they read.
const ALIAS: &str = "src";
/// Words that begin what a generated SELECT does not have.
const MORE: [&str; 17] = [
    "PREWHERE",
    "GROUP",
    "HAVING",
    "ORDER",
    "LIMIT",
    "SETTINGS",
    "JOIN",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "WINDOW",
    "QUALIFY",
    "OFFSET",
    "FINAL",
    "SAMPLE",
    "ARRAY",
    "WITH",
];

/// A SELECT of the form in which the compiler makes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simple {
    /// Values with their names, over `src`.
    pub items: Vec<(String, String)>,
    /// The condition, over `src`.
    pub filter: Option<String>,
}

impl Simple {
    /// Reads it. `None` where it is anything else.
    pub fn read(text: &str) -> Option<Self> {
        let tokens = tokenize(text).ok()?;
        if !tokens.first()?.is_word("SELECT") || tokens.get(1)?.is_word("DISTINCT") {
            return None;
        }
        let from = outside(&tokens, |t| t.is_word("FROM"))?;
        let [_, dot, _, as_word, alias, ..] = tokens.get(from + 1..)? else { return None };
        if !dot.is(".") || !as_word.is_word("AS") || alias.name() != Some(ALIAS) {
            return None;
        }
        let rest = &tokens[from + 6..];
        if outside(rest, |t| MORE.iter().any(|w| t.is_word(w))).is_some() {
            return None;
        }
        let filter = match rest {
            [] => None,
            [word, condition @ ..] if word.is_word("WHERE") => Some(text_of(text, condition).to_owned()),
            _ => return None,
        };
        let items = split_at_commas(&tokens[1..from]).into_iter().map(|item| {
            let [value @ .., as_word, name] = item else { return None };
            as_word.is_word("AS").then(|| Some((text_of(text, value).to_owned(), name.name()?.to_owned())))?
        });
        Some(Self { items: items.collect::<Option<Vec<_>>>()?, filter })
    }

    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.items.iter().find(|(_, n)| n == name).map(|(value, _)| value.as_str())
    }
}

/// The first token outside of brackets that is it.
fn outside(tokens: &[Token], is: impl Fn(&Token) -> bool) -> Option<usize> {
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].is("(") || tokens[at].is("[") || tokens[at].is("{") {
            at = closing(tokens, at)?;
        } else if is(&tokens[at]) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The expression without `src.` before its columns: the compiler puts it there again.
pub fn unqualified(text: &str) -> String {
    let Ok(tokens) = tokenize(text) else { return text.to_owned() };
    let mut out = String::new();
    let mut copied = 0;
    for pair in tokens.windows(2) {
        if pair[0].is_word(ALIAS) && pair[1].is(".") && pair[0].start >= copied {
            out.push_str(&text[copied..pair[0].start]);
            copied = pair[1].end;
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// A condition without the one that leaves errors out, in the ways in which it may have been written.
pub fn without_reason(filter: &str) -> Vec<Option<String>> {
    let reason = "src._reason = ''";
    if filter == reason {
        return vec![None];
    }
    let Some(rest) = filter.strip_prefix(&format!("({reason}) AND ")) else { return vec![Some(filter.to_owned())] };
    let inner =
        tokenize(rest).ok().filter(|t| t.first().is_some_and(|t| t.is("(")) && closing(t, 0) == Some(t.len() - 1));
    let inner = inner.map(|_| rest[1..rest.len() - 1].to_owned());
    inner.into_iter().chain([rest.to_owned()]).map(Some).collect()
}

/// The SELECT as an author would have written it: what the view reads is `source`, unless it has no alias there.
pub fn written(text: &str, from: &ObjectName) -> String {
    let Ok(tokens) = tokenize(text) else { return text.to_owned() };
    let is_from = |at: usize| {
        let named = |i: usize| tokens.get(i).and_then(Token::name);
        named(at) == Some(&from.database)
            && tokens.get(at + 1).is_some_and(|t| t.is("."))
            && named(at + 2) == Some(&from.table)
    };
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for at in 0..tokens.len() {
        if !(tokens[at].is_word("FROM") || tokens[at].is_word("JOIN")) {
            continue;
        }
        // `(SELECT * … FROM hub WHERE _reason = '')` stands for the hub where errors are kept.
        let marked = || {
            let end = tokens.get(at + 1).filter(|t| t.is("(")).and_then(|_| closing(&tokens, at + 1))?;
            let inside = text_of(text, &tokens[at + 2..end]);
            let plain = tokenize(inside).ok()?;
            let star = plain.first()?.is_word("SELECT") && plain.get(1)?.is("*") && plain.get(2)?.is_word("FROM");
            let tail = plain.len() == 10 && plain[7].name() == Some("_reason");
            (star && tail && is_from(at + 5)).then_some((end, end + 1))
        };
        let Some((last, next)) = marked().or_else(|| is_from(at + 1).then_some((at + 3, at + 4))) else { continue };
        let alias = tokens.get(next).filter(|t| t.is_word("AS")).and_then(|_| tokens.get(next + 1));
        match alias.and_then(Token::name) {
            Some("source") => edits.push((tokens[at + 1].start, tokens[next + 1].end, "source".into())),
            Some(_) => edits.push((tokens[at + 1].start, tokens[last].end, "source".into())),
            None => {}
        }
    }
    for at in 0..tokens.len() {
        let except = tokens[at].is("*") && tokens.get(at + 1).is_some_and(|t| t.is_word("EXCEPT"));
        let Some(end) = tokens.get(at + 2).filter(|t| except && t.is("(")).and_then(|_| closing(&tokens, at + 2))
        else {
            continue;
        };
        if tokens[at + 3..end].iter().filter_map(Token::name).any(|n| n == "_topic") {
            edits.push((tokens[at].end, tokens[end].end, String::new()));
        }
    }
    edits.sort();
    let (mut out, mut copied) = (String::new(), 0);
    for (start, end, words) in edits.into_iter() {
        if start < copied {
            continue;
        }
        out.push_str(&text[copied..start]);
        out.push_str(&words);
        copied = end;
    }
    out.push_str(&text[copied..]);
    out
}

/// The SELECT with a line for each item and each clause.
pub fn lines(text: &str) -> String {
    const CLAUSES: [&str; 9] = ["FROM", "PREWHERE", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "SETTINGS", "UNION"];
    /// What fits on a line is left there.
    const SHORT: usize = 90;
    let Ok(tokens) = tokenize(text) else { return text.to_owned() };
    if text.len() <= SHORT || !tokens.first().is_some_and(|t| t.is_word("SELECT")) {
        return text.to_owned();
    }
    let (mut breaks, mut at, mut items) = (Vec::new(), 0, true);
    while at < tokens.len() {
        if tokens[at].is("(") || tokens[at].is("[") || tokens[at].is("{") {
            at = closing(&tokens, at).unwrap_or(tokens.len() - 1);
        } else if at > 0 && CLAUSES.iter().any(|w| tokens[at].is_word(w)) && !tokens[at - 1].is(".") {
            items = false;
            breaks.push((tokens[at - 1].end, tokens[at].start, "\n"));
        } else if items && at + 1 < tokens.len() && (at == 0 || tokens[at].is(",")) {
            breaks.push((tokens[at].end, tokens[at + 1].start, "\n    "));
        }
        at += 1;
    }
    let (mut out, mut copied) = (String::new(), 0);
    for (end, start, gap) in breaks {
        out.push_str(&text[copied..end]);
        out.push_str(gap);
        copied = start;
    }
    out.push_str(&text[copied..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_select_is_taken_apart() {
        let simple = Simple::read("SELECT src.a AS a, f(src.b) AS `c d` FROM k.t AS src WHERE src.a != ''").unwrap();
        assert_eq!(simple.items, [("src.a".into(), "a".into()), ("f(src.b)".into(), "c d".into())]);
        assert_eq!(simple.filter.as_deref(), Some("src.a != ''"));
        assert_eq!(unqualified("f(src.b, x.src.c, 'src.d')"), "f(b, x.c, 'src.d')");
        for other in
            ["SELECT a FROM k.t", "SELECT src.a AS a FROM k.t AS src GROUP BY a", "SELECT a AS b FROM k.t AS s"]
        {
            assert_eq!(Simple::read(other), None, "{other}");
        }
    }

    #[test]
    fn what_a_view_reads_is_called_source_again() {
        let hub = ObjectName::new("k", "hub");
        let of = |text: &str| written(text, &hub);
        assert_eq!(of("SELECT a FROM k.hub AS source"), "SELECT a FROM source");
        assert_eq!(of("SELECT a FROM k.hub AS h"), "SELECT a FROM source AS h");
        assert_eq!(of("SELECT a FROM k.hub"), "SELECT a FROM k.hub");
        assert_eq!(of("SELECT * FROM (SELECT * FROM k.hub WHERE _reason = '') AS source"), "SELECT * FROM source");
        assert_eq!(of("SELECT * EXCEPT (_topic, `_headers.name`) FROM k.hub AS source"), "SELECT * FROM source");
    }

    #[test]
    fn the_condition_on_errors_is_the_compilers() {
        assert_eq!(without_reason("src._reason = ''"), [None]);
        let both = without_reason("(src._reason = '') AND (src.a > 1)");
        assert_eq!(both, [Some("src.a > 1".to_owned()), Some("(src.a > 1)".to_owned())]);
    }
}
