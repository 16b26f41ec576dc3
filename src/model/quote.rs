//! The one place that quotes identifiers and string literals for ClickHouse. All SQL goes through here.

use super::name::ObjectName;

/// A string literal: single quotes, with backslash escapes the server reads back byte for byte.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// A string literal of bytes that need not be text: what is no printable ASCII is written by its number.
pub fn literal_of_bytes(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('\'');
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\'' => out.push_str("\\'"),
            b'\n' => out.push_str("\\n"),
            0x20..=0x7e => out.push(char::from(*byte)),
            other => {
                // Writing into a String does not fail.
                let _ = write!(out, "\\x{other:02x}");
            }
        }
    }
    out.push('\'');
    out
}

/// An identifier, in backquotes unless it is plain. Words that mean something in SQL are quoted too.
pub fn identifier(name: &str) -> String {
    if is_plain(name) {
        return name.to_owned();
    }
    backquoted(name)
}

/// An identifier in backquotes, always: the form the server prints column lists in.
pub fn backquoted(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('`');
    for c in name.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '`' => out.push_str("\\`"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\0' => out.push_str("\\0"),
            other => out.push(other),
        }
    }
    out.push('`');
    out
}

/// `database.table`, each part quoted where it must be.
pub fn object(name: &ObjectName) -> String {
    format!("{}.{}", identifier(&name.database), identifier(&name.table))
}

fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && chars.all(|c| c.is_ascii_alphanumeric() || c == '_') && !is_word_of_sql(name)
}

/// Words after which a parser could go astray when they stand as a bare name. Quoting one too many costs
/// nothing: equality looks through quotes.
pub fn is_word_of_sql(name: &str) -> bool {
    const WORDS: [&str; 61] = [
        "ALIAS",
        "ALL",
        "AND",
        "ANTI",
        "ANY",
        "ARRAY",
        "AS",
        "ASC",
        "ASOF",
        "BETWEEN",
        "BY",
        "CASE",
        "CAST",
        "CODEC",
        "COMMENT",
        "CONSTRAINT",
        "CROSS",
        "DEFAULT",
        "DESC",
        "DISTINCT",
        "ELSE",
        "END",
        "ENGINE",
        "EPHEMERAL",
        "FINAL",
        "FORMAT",
        "FROM",
        "FULL",
        "GLOBAL",
        "GROUP",
        "HAVING",
        "IN",
        "INDEX",
        "INNER",
        "INTERVAL",
        "INTO",
        "IS",
        "JOIN",
        "LEFT",
        "LIKE",
        "LIMIT",
        "MATERIALIZED",
        "NOT",
        "NULL",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "PREWHERE",
        "PROJECTION",
        "RIGHT",
        "SAMPLE",
        "SELECT",
        "SEMI",
        "SETTINGS",
        "TABLE",
        "THEN",
        "UNION",
        "USING",
        "WHERE",
        "WITH",
    ];
    WORDS.binary_search(&name.to_ascii_uppercase().as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_cannot_leave_their_quotes() {
        assert_eq!(literal("a'b\\c\n"), r"'a\'b\\c\n'");
        assert_eq!(identifier("a`b"), r"`a\`b`");
        assert_eq!(identifier("select"), "`select`");
        assert_eq!(identifier("_offset"), "_offset");
        assert_eq!(identifier("1a"), "`1a`");
        assert_eq!(identifier(""), "``");
        assert_eq!(object(&ObjectName::new("raw", "a.b")), "raw.`a.b`");
    }
}
