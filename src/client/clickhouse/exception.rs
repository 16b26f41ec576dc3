//! The server's words: finding an exception in an answer and taking it apart.

/// An exception as the server tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Exception {
    pub code: i32,
    pub name: String,
    pub message: String,
}

impl Exception {
    /// Reads `Code: 60. DB::Exception: Words. (UNKNOWN_TABLE) (version 26.9.2.1 (official build))`, where
    /// name and version may be missing. `code` is the one of the HTTP header, which wins. Words that are
    /// in another form are kept whole.
    pub(super) fn read(words: &str, code: Option<i32>) -> Self {
        let words = words.trim();
        let (written, rest) = match words.strip_prefix("Code: ").and_then(|r| r.split_once(". ")) {
            Some((number, rest)) => match number.parse() {
                Ok(number) => (Some(number), rest),
                Err(_) => (None, words),
            },
            None => (None, words),
        };
        let mut rest = rest;
        for class in ["DB::Exception: ", "DB::NetException: ", "DB::Exception: "] {
            rest = rest.strip_prefix(class).unwrap_or(rest);
        }
        let rest = without_version(rest);
        let (message, name) = split_name(rest);
        Self { code: code.or(written).unwrap_or(0), name: name.to_owned(), message: message.trim().to_owned() }
    }

    /// Finds an exception in the body of an answer that began as a success. `tag` is the random word of
    /// `X-ClickHouse-Exception-Tag` that newer servers put around an exception in mid-answer; older ones
    /// just append it as the last paragraph.
    pub(super) fn in_body(body: &str, tag: Option<&str>, code: Option<i32>) -> Option<Self> {
        if let Some(tag) = tag {
            let opening = format!("__exception__\r\n{tag}\r\n");
            if let Some((_, rest)) = body.rsplit_once(&opening) {
                let end = rest.find(&format!(" {tag}\r\n__exception__")).unwrap_or(rest.len());
                // Before the closing tag stands the length of the words, on a line of its own.
                let words = rest[..end].trim_end_matches(|c: char| c.is_ascii_digit());
                return Some(Self::read(words, code));
            }
        }
        let last =
            body.rmatch_indices("Code: ").map(|(at, _)| at).find(|at| *at == 0 || body[..*at].ends_with('\n'))?;
        let words = body[last..].trim_end();
        // Both ends must fit: a cell of data may well begin like an exception.
        let begins =
            words.trim_start_matches("Code: ").trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(". DB::");
        (begins && words.len() != without_version(words).len()).then(|| Self::read(words, code))
    }

    /// Whether the server does not know who we are. An inner server's refusal of a cluster's own credentials
    /// has the same code and another cure.
    pub(super) fn is_unauthorized(&self) -> bool {
        // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED
        matches!(self.code, 192 | 193 | 194 | 516) && !self.message.contains("Received from ")
    }

    /// Whether a write that ended so may have been executed, go on in the background, or be done on some hosts.
    pub(super) fn leaves_doubt(&self) -> bool {
        matches!(
            self.code,
            // TIMEOUT_EXCEEDED: how ON CLUSTER says "continues in the background".
            159
            // SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED: a connection between servers.
            | 209 | 210 | 279
            // ABORTED, UNFINISHED (waiting for a mutation ended), QUERY_WAS_CANCELLED.
            | 236 | 341 | 394
            // UNKNOWN_STATUS_OF_INSERT, DATABASE_REPLICATION_FAILED.
            | 319 | 571
            // KEEPER_EXCEPTION and the three of unknown origin.
            | 999..=1002
        )
    }

    /// Whether the same read may do better a moment later.
    pub(super) fn passes(&self) -> bool {
        matches!(
            self.code,
            // DNS_ERROR, SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED, KEEPER_EXCEPTION: links of
            // the server to others. TOO_MANY_SIMULTANEOUS_QUERIES: others' load.
            // Not TIMEOUT_EXCEEDED (159): the limit that stopped the read would stop it again, three times as late.
            198 | 209 | 210 | 279 | 999 | 202
        )
    }
}

fn without_version(words: &str) -> &str {
    match words.rfind(" (version ") {
        Some(at) if words.ends_with(')') => &words[..at],
        Some(_) | None => words,
    }
}

fn split_name(words: &str) -> (&str, &str) {
    let words = words.trim_end();
    words
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('))
        .filter(|(_, name)| {
            name.chars().any(|c| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        .unwrap_or((words, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::Strategy;

    fn read(words: &str) -> (i32, String, String) {
        let e = Exception::read(words, None);
        (e.code, e.name, e.message)
    }

    #[test]
    fn words_are_taken_apart() {
        let is = |code, name: &str, message: &str| (code, name.to_owned(), message.to_owned());
        assert_eq!(
            read("Code: 60. DB::Exception: Unknown table 'a'. (UNKNOWN_TABLE) (version 26.9.2.1)\n"),
            is(60, "UNKNOWN_TABLE", "Unknown table 'a'.")
        );
        assert_eq!(
            read("Code: 47. DB::Exception: f(a) (b): x. (UNKNOWN_IDENTIFIER) (version 24.8.1 (official build))"),
            is(47, "UNKNOWN_IDENTIFIER", "f(a) (b): x.")
        );
        assert_eq!(
            read("Code: 194. DB::Exception: default: No.\n\nMore\n. (REQUIRED_PASSWORD)"),
            is(194, "REQUIRED_PASSWORD", "default: No.\n\nMore\n.")
        );
        assert_eq!(
            read("Code: 210. DB::NetException: Connection refused (a:9000)"),
            is(210, "", "Connection refused (a:9000)")
        );
        assert_eq!(read("something else (X)"), is(0, "X", "something else"));
        assert_eq!(Exception::read("Code: 1. DB::Exception: x", Some(2)).code, 2);
    }

    #[test]
    fn an_exception_after_data_is_found_and_data_is_not_one() {
        let tagged = "1\n\r\n__exception__\r\nabcd\r\nCode: 395. DB::Exception: no. (X_Y) (version 26.9.2.1)\n50 abcd\r\n__exception__\r\n";
        let found = Exception::in_body(tagged, Some("abcd"), None).map(|e| (e.code, e.name, e.message));
        assert_eq!(found, Some((395, "X_Y".to_owned(), "no.".to_owned())));
        assert_eq!(Exception::in_body(tagged, Some("other"), None).map(|e| e.code), None);
        let old = "{\"a\":1}\nCode: 395. DB::Exception: no. (X_Y) (version 24.8.1 (official build))\n";
        assert_eq!(Exception::in_body(old, None, None).map(|e| e.code), Some(395));
        for data in ["", "1\n", "Code: 5\n", "a Code: 1. DB::Exception: x (version 1)", "Code: 1. DB::Exception: x\n"] {
            assert_eq!(Exception::in_body(data, None, None), None, "{data}");
        }
    }

    #[test]
    fn a_shard_that_refuses_the_cluster_s_user_is_no_matter_of_ours() {
        let ours = "Code: 516. DB::Exception: joe: Authentication failed. (AUTHENTICATION_FAILED)";
        let theirs =
            "Code: 516. DB::Exception: Received from shard2:9000. DB::Exception: joe: no. (AUTHENTICATION_FAILED)";
        assert!(Exception::read(ours, None).is_unauthorized());
        assert!(!Exception::read(theirs, None).is_unauthorized());
    }

    fn part() -> impl proptest::strategy::Strategy<Value = String> {
        let known: &[&str] = &[
            "Code: ",
            "60",
            ". DB::Exception: ",
            "(A_B)",
            " (version ",
            ")",
            "\n",
            "__exception__\r\nt\r\n",
            " t\r\n",
        ];
        proptest::prop_oneof![proptest::sample::select(known).prop_map(str::to_owned), "\\PC{0,3}"]
    }

    proptest::proptest! {
        #[test]
        fn any_answer_is_read(parts in proptest::collection::vec(part(), 0..20)) {
            let body = parts.concat();
            let _ = Exception::in_body(&body, Some("t"), None);
            let _ = Exception::read(&body, None);
        }
    }
}
