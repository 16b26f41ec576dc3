//! What is behind an exception of a server: its code first, its words where the code says too little.

/// What is behind an exception, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// A file with a format's schema is missing or cannot be read.
    FormatSchema,
    /// The host cannot reach the brokers.
    Brokers,
    /// The brokers refuse the host's login or its rights.
    Login,
    /// A message cannot be parsed or converted.
    Message,
    /// A table or a column is missing.
    Missing,
    /// A table takes no inserts.
    ReadOnly,
    /// A table has too many parts, or its disk is full.
    Full,
    /// Another host of the cluster cannot be reached or refuses.
    Shard,
    /// A limit of memory or time.
    Limit,
    /// Anything else.
    Other,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 10] = [
        Cause::FormatSchema,
        Cause::Brokers,
        Cause::Login,
        Cause::Message,
        Cause::Missing,
        Cause::ReadOnly,
        Cause::Full,
        Cause::Shard,
        Cause::Limit,
        Cause::Other,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::FormatSchema => "format-schema",
            Cause::Brokers => "brokers",
            Cause::Login => "login",
            Cause::Message => "message",
            Cause::Missing => "missing",
            Cause::ReadOnly => "read-only",
            Cause::Full => "full",
            Cause::Shard => "shard",
            Cause::Limit => "limit",
            Cause::Other => "other",
        }
    }

    /// Whether the same will happen again until somebody changes something outside of the messages.
    pub fn needs_repair(self) -> bool {
        match self {
            Cause::FormatSchema | Cause::Brokers | Cause::Login | Cause::Missing | Cause::ReadOnly => true,
            Cause::Message | Cause::Full | Cause::Shard | Cause::Limit | Cause::Other => false,
        }
    }

    /// The cause of an exception with these words.
    pub fn of(words: &str) -> Self {
        let code = code(words);
        let says = |needles: &[&str]| needles.iter().any(|n| words.to_ascii_lowercase().contains(n));
        match code {
            // CANNOT_PARSE_PROTOBUF_SCHEMA, CANNOT_PARSE_CAPN_PROTO_SCHEMA, UNKNOWN_PROTOBUF_FORMAT,
            // UNKNOWN_MESSAGE_BROKER…: the words tell.
            Some(432 | 434) => Cause::FormatSchema,
            _ if says(&["format_schema", "schema file", "'format schema'", "failed to load schema"]) => {
                Cause::FormatSchema
            }
            // TABLE_IS_READ_ONLY, TABLE_IS_PERMANENTLY_READ_ONLY (774 in 26.9 for `table_readonly`).
            Some(242 | 774) => Cause::ReadOnly,
            // TOO_MANY_PARTS, NOT_ENOUGH_SPACE.
            Some(252 | 243) => Cause::Full,
            // UNKNOWN_TABLE, UNKNOWN_DATABASE, NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, THERE_IS_NO_COLUMN.
            Some(60 | 81 | 16 | 47 | 8) => Cause::Missing,
            // ALL_CONNECTION_TRIES_FAILED, NETWORK_ERROR, SOCKET_TIMEOUT, TOO_MANY_UNAVAILABLE_SHARDS.
            Some(279 | 210 | 209 | 290) => Cause::Shard,
            // MEMORY_LIMIT_EXCEEDED, TIMEOUT_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES.
            Some(241 | 159 | 202) => Cause::Limit,
            // The many codes for a value that is none: CANNOT_PARSE_TEXT, _DATE, _NUMBER, …, INCORRECT_DATA,
            // TYPE_MISMATCH, VALUE_IS_OUT_OF_RANGE, CANNOT_CONVERT_TYPE, ARGUMENT_OUT_OF_BOUND, CANNOT_INSERT_NULL.
            Some(
                6 | 25..=28 | 33 | 38 | 41 | 53 | 69 | 70 | 72 | 117 | 130 | 131 | 349 | 376 | 441 | 467 | 675 | 691,
            ) => Cause::Message,
            _ if says(&["sasl", "authentication", "authorization failed", "ssl handshake"]) => Cause::Login,
            _ if says(&[
                "brokers are down",
                "transport failure",
                "failed to resolve",
                "connect to ",
                "disconnected",
            ]) =>
            {
                Cause::Brokers
            }
            _ if says(&["cannot parse", "cannot read", "cannot convert"]) => Cause::Message,
            Some(_) | None => Cause::Other,
        }
    }
}

/// The number in `Code: 38. DB::Exception: …`; the innermost counts where exceptions are told in one another.
fn code(words: &str) -> Option<u32> {
    let digits = words.split_once("Code: ")?.1;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok()
}

/// What of an exception a person reads: its first line, without the code's frame and the stack.
pub(super) fn gist(words: &str) -> String {
    let words = words.split(", Stack trace").next().unwrap_or(words);
    let words = words.split(". Stack trace:").next().unwrap_or(words);
    // How far each shard of a Distributed table had got says nothing of why.
    let words = words.split(": Insertion status:").next().unwrap_or(words);
    let line: Vec<&str> = words.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let joined = line.join(" ");
    match joined.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", joined[..end].trim_end()),
        None => joined,
    }
}

/// Longest gist, in characters.
const MOST: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that ClickHouse 26.9 gave.
    #[test]
    fn causes_are_told_by_code_and_words() {
        for (words, cause) in [
            ("[thrd:127.0.0.1:1/bootstrap]: 1/1 brokers are down", Cause::Brokers),
            ("[thrd:x:9092/bootstrap]: x:9092/bootstrap: Failed to resolve 'x:9092'", Cause::Brokers),
            ("[thrd:b]: SASL authentication error: wrong password", Cause::Login),
            (
                "Code: 434. DB::Exception: Cannot parse 'nowhere.proto' file, found an error at line -1, column 0, File \
                 not found: While executing Kafka. (CANNOT_PARSE_PROTOBUF_SCHEMA)",
                Cause::FormatSchema,
            ),
            ("Code: 38. DB::Exception: Cannot parse date: expected a date: while pushing to view a.b", Cause::Message),
            ("Code: 117. DB::Exception: Cannot parse JSON object: (INCORRECT_DATA)", Cause::Message),
            ("Code: 774. DB::Exception: Table is in readonly mode: Insertion status:", Cause::ReadOnly),
            ("Code: 242. DB::Exception: Table is in readonly mode (replica path: /x)", Cause::ReadOnly),
            ("Code: 252. DB::Exception: Too many parts (3000)", Cause::Full),
            (
                "Code: 60. DB::Exception: Received from h:9000. DB::Exception: Table t.rows_local does not exist.",
                Cause::Missing,
            ),
            ("Code: 279. DB::NetException: All connection tries failed. Log:", Cause::Shard),
            ("Code: 241. DB::Exception: Memory limit (total) exceeded", Cause::Limit),
            ("Code: 4711. DB::Exception: of tomorrow", Cause::Other),
            ("", Cause::Other),
        ] {
            assert_eq!(Cause::of(words), cause, "{words}");
        }
    }

    #[test]
    fn a_gist_is_one_line_without_a_stack() {
        assert_eq!(gist("Code: 1. A\n\n b: c, Stack trace (when copying this):\n\n0. ?"), "Code: 1. A b: c");
        assert_eq!(gist("Code: 1. A. Stack trace:\n0. ?"), "Code: 1. A");
        let long = gist(&"ö".repeat(400));
        assert!(long.ends_with('…') && long.chars().count() == MOST + 1);
    }
}
