//! What the hosts of a cluster answer to a statement that went ON CLUSTER: a row each, also where the request succeeded.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What became of a statement on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is done.
    Done,
    /// It failed, with the host's words.
    Failed(String),
    /// Nobody knows: the host said nothing, or nothing in time.
    Unknown,
}

#[derive(Debug, Deserialize)]
struct Row {
    host: String,
    port: u16,
    status: Option<Number>,
    error: Option<String>,
}

/// A whole number, which servers may put into quotes.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Bare(i64),
    Quoted(String),
}

/// The answer of each member, by its index in the plan. One without a row is unknown, and so is everybody after a place
/// where the answer breaks off.
pub(super) fn read(body: &str, members: &BTreeMap<(String, u16), usize>) -> BTreeMap<usize, Answer> {
    let mut answers: BTreeMap<usize, Answer> = members.values().map(|host| (*host, Answer::Unknown)).collect();
    let rows = body.lines().map_while(|line| serde_json::from_str::<Row>(line).ok());
    for row in rows {
        if let Some(host) = members.get(&(row.host.clone(), row.port)) {
            answers.insert(*host, answer(row));
        }
    }
    answers
}

fn answer(row: Row) -> Answer {
    let error = row.error.filter(|e| !e.is_empty());
    match (row.status, error) {
        (Some(status), None) if status.is_zero() => Answer::Done,
        (None, None) => Answer::Unknown,
        (status, error) => {
            let code = status.map(|s| format!(" (code {s})")).unwrap_or_default();
            Answer::Failed(error.unwrap_or_else(|| format!("failed{code}")))
        }
    }
}

impl Number {
    fn is_zero(&self) -> bool {
        match self {
            Number::Bare(number) => *number == 0,
            Number::Quoted(text) => text == "0",
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Bare(number) => number.fmt(f),
            Number::Quoted(text) => text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> BTreeMap<(String, u16), usize> {
        // Servers of one machine differ by their ports alone.
        [("a", 9000, 0), ("b", 9000, 1), ("a", 9001, 2), ("c", 9000, 3)]
            .map(|(host, port, at)| ((host.to_owned(), port), at))
            .into()
    }

    fn row(host: &str, port: u16, status: &str, error: &str) -> String {
        let error = if error == "null" { error.into() } else { format!("{error:?}") };
        format!(r#"{{"host":"{host}","port":{port},"status":{status},"error":{error},"num_hosts_remaining":0}}"#)
    }

    #[test]
    fn every_member_has_an_answer_or_is_unknown() {
        let body = [row("b", 9000, "57", "exists"), row("a", 9001, "null", "null"), row("a", 9000, "0", "")].join("\n");
        let expected = [Answer::Done, Answer::Failed("exists".into()), Answer::Unknown, Answer::Unknown];
        assert_eq!(read(&body, &members()).into_values().collect::<Vec<_>>(), expected);
        assert!(read("", &members()).into_values().all(|answer| answer == Answer::Unknown));
        assert!(read("<html>", &members()).into_values().all(|answer| answer == Answer::Unknown));
    }

    #[test]
    fn numbers_in_quotes_are_numbers_and_a_failure_without_words_has_its_code() {
        let body = [row("a", 9000, r#""0""#, ""), row("b", 9000, r#""60""#, "")].join("\n");
        let answers = read(&body, &members());
        assert_eq!((&answers[&0], &answers[&1]), (&Answer::Done, &Answer::Failed("failed (code 60)".into())));
    }

    #[test]
    fn an_answer_that_breaks_off_says_nothing_of_those_after_it() {
        let whole = [row("a", 9000, "0", ""), row("b", 9000, "0", "")].join("\n");
        let answers = read(&whole[..whole.len() - 5], &members());
        assert_eq!((&answers[&0], &answers[&1]), (&Answer::Done, &Answer::Unknown));
    }
}
