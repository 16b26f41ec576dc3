//! A SELECT broken into lines where a person would break it, and two of them as a diff.

use super::paper::{Paper, Tone};
use super::words::{DROPPED, MADE};
use crate::model::token::{Token, tokenize};
use similar::{ChangeTag, TextDiff};

/// Words that begin a line. The second of two-word clauses follows by itself.
const CLAUSES: [&str; 22] = [
    "SELECT",
    "FROM",
    "PREWHERE",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "SETTINGS",
    "UNION",
    "EXCEPT",
    "INTERSECT",
    "WITH",
    "JOIN",
    "LEFT",
    "RIGHT",
    "INNER",
    "ARRAY",
    "FULL",
];
/// Of these the first in a row begins the line: `LEFT ARRAY JOIN` stays one.
const JOINS: [&str; 6] = ["JOIN", "LEFT", "RIGHT", "INNER", "ARRAY", "FULL"];
/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// The lines of a SELECT: one a clause, one an element of a list, subqueries further in. A text that is no
/// sequence of tokens keeps the lines it has.
pub(super) fn lines(query: &str) -> Vec<String> {
    let Ok(tokens) = tokenize(query) else { return query.lines().map(str::to_owned).collect() };
    let mut writer = Lines { lines: vec![String::new()], depth: 0 };
    // What each open bracket holds: a query is broken too, anything else stays on its line.
    let mut open: Vec<bool> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|b| &tokens[b]);
        let in_query = open.last().copied().unwrap_or(true);
        let text = &query[token.start..token.end];
        if token.is(")") || token.is("]") || token.is("}") {
            if open.pop() == Some(true) && token.is(")") {
                writer.depth = writer.depth.saturating_sub(1);
                writer.next(0);
            }
        } else if in_query && begins_line(token, before, tokens.get(i + 1)) {
            writer.next(0);
        } else if in_query && before.is_some_and(|b| b.is(",")) {
            writer.next(1);
        }
        let apart = before.is_some_and(|b| b.end < token.start);
        writer.write(text, apart);
        if token.is("(") || token.is("[") || token.is("{") {
            let holds_query =
                token.is("(") && tokens.get(i + 1).is_some_and(|t| t.is_word("SELECT") || t.is_word("WITH"));
            open.push(holds_query);
            writer.depth += usize::from(holds_query);
        }
    }
    writer.lines.retain(|l| !l.trim().is_empty());
    writer.lines
}

struct Lines {
    lines: Vec<String>,
    depth: usize,
}

impl Lines {
    fn next(&mut self, further: usize) {
        self.lines.push("  ".repeat(self.depth + further));
    }

    fn write(&mut self, text: &str, apart: bool) {
        let Some(line) = self.lines.last_mut() else { return };
        if apart && !line.trim().is_empty() {
            line.push(' ');
        }
        line.push_str(text);
    }
}

fn begins_line(token: &Token, before: Option<&Token>, after: Option<&Token>) -> bool {
    let is_one = |words: &[&str], t: &Token| words.iter().any(|w| t.is_word(w));
    let continues = before.is_some_and(|b| is_one(&JOINS, b) || b.is_word("WITH") || b.is_word("GLOBAL"));
    // `left(x, 1)` and `t.left` are no clauses.
    let is_name = before.is_some_and(|b| b.is(".") || b.is_word("AS"))
        || is_one(&JOINS, token) && after.is_none_or(|t| t.is("(") || t.is(","));
    is_one(&CLAUSES, token) && !is_name && !(continues && is_one(&JOINS, token))
}

/// A line of a diff.
enum Line {
    /// Lines that are alike are left out here.
    Gap,
    /// One of the lines, and what became of it.
    Of(ChangeTag, String),
}

/// What differs between two queries, with some lines around it.
fn compared(old: &str, new: &str) -> Vec<Line> {
    let (old, new) = (lines(old), lines(new));
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut found = Vec::new();
    for (i, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if i > 0 {
            found.push(Line::Gap);
        }
        let changes = group.iter().flat_map(|op| diff.iter_changes(op));
        found.extend(changes.map(|change| Line::Of(change.tag(), change.value().to_owned())));
    }
    found
}

/// Writes what differs between two queries, each line indented.
pub(super) fn diff(paper: &mut Paper, indent: usize, old: &str, new: &str) {
    for line in compared(old, new) {
        match line {
            Line::Gap => paper.gap(indent).put(Tone::Faint, "…").end(),
            Line::Of(tag, text) => {
                let (tone, mark) = match tag {
                    ChangeTag::Delete => (Tone::Gone, DROPPED),
                    ChangeTag::Insert => (Tone::Made, MADE),
                    ChangeTag::Equal => (Tone::Faint, ""),
                };
                paper.gap(indent).put(tone, mark).to(indent + 2).put(tone, &text).end()
            }
        };
    }
}

/// What differs between two queries, as lines that begin with `+`, `-` or a blank.
pub(super) fn unified(old: &str, new: &str) -> String {
    let line = |line: Line| match line {
        Line::Gap => "…".to_owned(),
        Line::Of(ChangeTag::Delete, text) => format!("{DROPPED} {text}"),
        Line::Of(ChangeTag::Insert, text) => format!("{MADE} {text}"),
        Line::Of(ChangeTag::Equal, text) => format!("  {text}"),
    };
    compared(old, new).into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_and_elements_begin_lines() {
        let query = "WITH x AS (SELECT a, f(b, c) FROM t) SELECT k.`a` AS  from, toDate(k.b,\n 'UTC'), left(c, 1) FROM d.t AS k \
                     LEFT ARRAY JOIN l AS e WHERE a IN (1, 2) AND b GROUP BY a, b -- end";
        let expected = "\
WITH x AS (
  SELECT a,
    f(b, c)
  FROM t
)
SELECT k.`a` AS from,
  toDate(k.b, 'UTC'),
  left(c, 1)
FROM d.t AS k
LEFT ARRAY JOIN l AS e
WHERE a IN (1, 2) AND b
GROUP BY a,
  b";
        assert_eq!(lines(query).join("\n"), expected);
        assert_eq!(lines("SELECT 'a\nFROM b"), ["SELECT 'a", "FROM b"]);
    }

    #[test]
    fn only_what_differs_is_shown_with_its_neighbours() {
        let columns = |last: &str| format!("SELECT a, b, c, d, e, f, g, {last} FROM t WHERE x");
        let mut paper = Paper::new(false, 80);
        diff(&mut paper, 2, &columns("h"), &columns("i, j"));
        let expected = "      f,\n      g,\n  -   h\n  +   i,\n  +   j\n    FROM t\n    WHERE x\n";
        assert_eq!(paper.finish(), expected);
    }
}
