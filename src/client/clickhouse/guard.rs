//! What a reader may send. The server's `readonly=2` alone is no guard: seen in 26.9, it lets INSERT INTO
//! FUNCTION write files and UNDROP and BACKUP pass.

use crate::model::token::{TokenKind, tokenize};

/// Words a read begins with. EXPLAIN of what changes something is refused by the server.
const READS: [&str; 7] = ["SELECT", "WITH", "DESCRIBE", "DESC", "SHOW", "EXISTS", "EXPLAIN"];

/// Whether a statement reads and nothing else.
pub(super) fn is_read(sql: &str) -> bool {
    let words = words(sql);
    let Some(first) = words.first() else { return false };
    // `WITH x AS (SELECT …) INSERT …` is the one change that begins like a read.
    READS.iter().any(|read| first.eq_ignore_ascii_case(read))
        && !(first.eq_ignore_ascii_case("WITH") && mentions_insert(sql))
}

/// Whether a statement reads, or makes, alters or drops a temporary object.
pub(super) fn is_read_or_temporary(sql: &str) -> bool {
    let words = words(sql);
    let temporary = words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("TEMPORARY"));
    let makes =
        words.first().is_some_and(|word| ["CREATE", "ALTER", "DROP"].iter().any(|w| word.eq_ignore_ascii_case(w)));
    (makes && temporary) || is_read(sql)
}

/// The first words of a statement, for an error: too little of it to hold a secret.
pub(super) fn beginning(sql: &str) -> String {
    words(sql).join(" ")
}

fn words(sql: &str) -> Vec<&str> {
    sql.split_whitespace()
        .take(2)
        .map(|w| w.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default())
        .collect()
}

fn mentions_insert(sql: &str) -> bool {
    let Ok(tokens) = tokenize(sql) else { return true };
    tokens.iter().any(|token| matches!(&token.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case("INSERT")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pass() {
        for sql in ["SELECT 1", " select(1)", "with 'INSERT' AS x SELECT x", "DESCRIBE TABLE null('')", "EXISTS a.b"] {
            assert!(is_read(sql) && is_read_or_temporary(sql), "{sql}");
        }
        for sql in [
            "CREATE TEMPORARY TABLE t (a Int8)",
            "create\ntemporary view v AS SELECT 1",
            "ALTER TEMPORARY TABLE t DROP COLUMN a",
            "DROP TEMPORARY TABLE t",
        ] {
            assert!(!is_read(sql) && is_read_or_temporary(sql), "{sql}");
        }
    }

    #[test]
    fn changes_do_not() {
        for sql in [
            "",
            "INSERT INTO FUNCTION file('x') SELECT 1",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "WITH 'x SELECT 1",
            "CREATE TABLE t (a Int8)",
            "ALTER TABLE t DROP COLUMN a",
            "CREATE OR REPLACE TEMPORARY TABLE t (a Int8)",
            "UNDROP TABLE t",
            "SYSTEM RELOAD CONFIG",
            "/* SELECT */ DROP TABLE t",
            "SELECTED",
        ] {
            assert!(!is_read(sql) && !is_read_or_temporary(sql), "{sql}");
        }
    }
}
