//! What a `ManualConsumer` consumes and where it puts it: all that the one who runs it must know.

use super::name::{ObjectName, ResourceId};
use super::setting::SettingValue;
use super::token::{TokenKind, tokenize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The consumption of one `ManualConsumer`, names resolved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Consumption {
    /// Its resource.
    pub id: ResourceId,
    /// Topics it reads, as named at the brokers.
    pub topics: Vec<String>,
    /// Consumer group.
    pub group: String,
    /// Format of the messages, as ClickHouse calls it.
    pub format: String,
    /// Settings of the format, by name.
    pub format_settings: BTreeMap<String, SettingValue>,
    /// The table rows are inserted into: the Distributed one, or the table itself where there is none.
    pub table: ObjectName,
    /// The table with the rows of one host.
    pub local: ObjectName,
    /// The columns of a message, in order: all that the values of `columns` and the filter are made of.
    pub wire: Vec<WireColumn>,
    /// The declared columns of the table that an insert fills, in order; those of [`METADATA`] are not among them.
    pub columns: Vec<ConsumedColumn>,
    /// Which rows are inserted: a condition over `src`, as the values of the columns are.
    pub filter: Option<String>,
    /// Most messages of one insert.
    pub batch_size: u32,
    /// Longest time a message waits for its insert.
    pub timeout: Duration,
    /// What becomes of a message that cannot be parsed or converted.
    pub on_bad_message: OnBadMessage,
    /// The table of bad messages that they are inserted into, with the columns of [`DEAD_LETTERS`].
    pub dead_letters: Option<ObjectName>,
}

/// One column of a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct WireColumn {
    /// Its name.
    pub name: String,
    /// Its type on the wire.
    pub data_type: String,
}

/// One column that an insert fills.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct ConsumedColumn {
    /// Its name in the table, and on the wire where it is there.
    pub name: String,
    /// Its type on the wire; none of one that is not in the messages.
    pub wire_type: Option<String>,
    /// Its type in the table.
    pub data_type: String,
    /// Its value, an expression over a table named `src` with the columns of the wire; none where the value is taken
    /// as it comes. It throws where a value cannot be converted.
    pub expression: Option<String>,
    /// A condition over `src` that is true of a row whose value cannot be converted, and throws for none; none where
    /// no value fails, or where the server has no conversion that tells without throwing.
    pub failed: Option<String>,
}

/// What becomes of a message that cannot be parsed or converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
pub enum OnBadMessage {
    /// It is kept in the table of dead letters.
    #[default]
    DeadLetter,
    /// It is counted and passed over.
    Skip,
    /// The consumer stops before it.
    Stop,
}

/// The columns that tell of each row how it came into the table: name, type and DEFAULT.
pub const METADATA: [(&str, &str, Option<&str>); 5] = [
    ("batch_id", "String", None),
    ("kafka_partition", "Int32", None),
    ("kafka_offset", "Int64", None),
    ("processing_time", "DateTime", Some("now()")),
    ("consumer_group_id", "String", None),
];

/// The columns of a table of dead letters: name and type. `raw` and `key` hold the bytes of the message.
pub const DEAD_LETTERS: [(&str, &str); 8] = [
    ("time", "DateTime"),
    ("topic", "LowCardinality(String)"),
    ("partition", "Int32"),
    ("offset", "Int64"),
    ("key", "String"),
    ("raw", "String"),
    ("reason", "String"),
    ("consumer_group_id", "LowCardinality(String)"),
];

/// Functions with another value each time.
const FICKLE: [&str; 20] = [
    "rand",
    "rand32",
    "rand64",
    "randConstant",
    "randCanonical",
    "randomString",
    "randUniform",
    "generateUUIDv4",
    "generateUUIDv7",
    "generateULID",
    "generateSnowflakeID",
    "now",
    "now64",
    "nowInBlock",
    "today",
    "yesterday",
    "rowNumberInBlock",
    "rowNumberInAllBlocks",
    "hostName",
    "queryID",
];

/// Whether an SQL expression may give another value each time for the same row. By such a sharding key an insert that is
/// repeated goes to another host, which does not know it.
pub fn varies(expression: &str) -> bool {
    let Ok(tokens) = tokenize(expression) else { return true };
    let fickle = |word: &str| FICKLE.iter().any(|f| f.eq_ignore_ascii_case(word));
    tokens.iter().any(|token| matches!(&token.kind, TokenKind::Word(word) if fickle(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_columns_is_the_same_each_time() {
        assert!(!varies("Distributed('dwh_test', 'raw', 'rand', xxHash64(location_key))"));
        assert!(varies("Distributed('dwh_test', 'raw', 't', rand())"));
        assert!(varies("Distributed('dwh_test', 'raw', 't', cityHash64(k, Now()))"));
    }
}
