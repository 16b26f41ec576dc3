//! Records as they stand in the topic: a key in words, a value in JSON that begins with the version of its format.

use crate::drift::Applied;
use crate::model::ResourceId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Records of this first number are read; those of a higher second one hold what this version does not know.
const FORMAT: (u64, u64) = (1, 0);

/// Key and value; no value takes back what stood under the key.
pub type Record = (String, Option<Vec<u8>>);

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Who may change the servers.
    Lease,
    /// What was applied last of a resource.
    Resource(ResourceId),
    /// An apply.
    Apply(u64),
    /// A step of an apply.
    Step(u64, usize),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Lease => f.write_str("lease"),
            Key::Resource(id) => write!(f, "resource/{id}"),
            // Keys that sort as the applies do are easier to read with other tools.
            Key::Apply(number) => write!(f, "apply/{number:06}"),
            Key::Step(number, step) => write!(f, "step/{number:06}/{step:04}"),
        }
    }
}

impl Key {
    /// Reads the words; `None` where this version knows no such key.
    pub fn parse(text: &str) -> Option<Self> {
        let (what, rest) = text.split_once('/').unwrap_or((text, ""));
        match (what, rest) {
            ("lease", "") => Some(Key::Lease),
            ("resource", id) => ResourceId::parse(id).map(Key::Resource),
            ("apply", number) => number.parse().ok().map(Key::Apply),
            ("step", rest) => {
                let (number, step) = rest.split_once('/')?;
                Some(Key::Step(number.parse().ok()?, step.parse().ok()?))
            }
            _ => None,
        }
    }
}

/// A resource as it was applied, and by which apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedRecord {
    /// Its number.
    pub apply: u64,
    /// What is known of it.
    #[serde(flatten)]
    pub applied: Applied,
}

/// Why what is remembered cannot be read. Nothing is written where it cannot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Another version wrote it.
    #[error(
        "the record `{key}` at offset {offset} has format {found}, and this version of sluice reads {}.{} and older",
        FORMAT.0, FORMAT.1
    )]
    Newer {
        /// Its key.
        key: String,
        /// Where it stands.
        offset: i64,
        /// Its format.
        found: String,
    },
    /// It is no record of this program, or somebody wrote into it.
    #[error("the record `{key}` at offset {offset} is damaged: {why}")]
    Damaged {
        /// Its key.
        key: String,
        /// Where it stands.
        offset: i64,
        /// Why it cannot be read.
        why: String,
    },
}

#[derive(Serialize)]
struct Outgoing<'a, T> {
    format: String,
    #[serde(flatten)]
    value: &'a T,
}

/// A record with a value.
pub fn written(key: &Key, value: &impl Serialize) -> Record {
    let format = format!("{}.{}", FORMAT.0, FORMAT.1);
    // No map of these types has a key that is no text, and no number is a float: serialising them cannot fail.
    (key.to_string(), Some(serde_json::to_vec(&Outgoing { format, value }).unwrap_or_default()))
}

/// A record that takes back what stood under a key.
pub fn tombstone(key: &Key) -> Record {
    (key.to_string(), None)
}

/// Reads a value.
///
/// # Errors
/// It is damaged, or another version wrote it.
pub(super) fn read<T: DeserializeOwned>(key: &str, offset: i64, value: &[u8]) -> Result<T, StateError> {
    let damaged = |why: String| StateError::Damaged { key: key.to_owned(), offset, why };
    let mut value: serde_json::Value = serde_json::from_slice(value).map_err(|e| damaged(e.to_string()))?;
    let fields = value.as_object_mut().ok_or_else(|| damaged("it is no JSON object".into()))?;
    let format = fields.shift_remove("format");
    let format = format.as_ref().and_then(|f| f.as_str()).ok_or_else(|| damaged("it has no `format`".into()))?;
    let numbers = format.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let found: (u64, u64) = numbers.ok_or_else(|| damaged(format!("`{format}` is no format")))?;
    if found > FORMAT {
        return Err(StateError::Newer { key: key.to_owned(), offset, found: format.to_owned() });
    }
    serde_json::from_value(value).map_err(|e| damaged(e.to_string()))
}

/// What is wrong with a key that this version does not know.
pub(super) fn unknown(key: &str, offset: i64, value: &[u8]) -> StateError {
    let why = "this version of sluice knows no such key".to_owned();
    match read::<serde::de::IgnoredAny>(key, offset, value) {
        Err(newer @ StateError::Newer { .. }) => newer,
        Ok(_) | Err(StateError::Damaged { .. }) => StateError::Damaged { key: key.to_owned(), offset, why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn keys_are_read_back() {
        let id = ResourceId::new(Kind::KafkaPipeline, "a/b");
        for key in [Key::Lease, Key::Resource(id), Key::Apply(7), Key::Step(1_234_567, 12)] {
            assert_eq!(Key::parse(&key.to_string()), Some(key));
        }
        for text in ["", "lease/x", "apply/x", "step/1", "resource/Topik/a", "other"] {
            assert_eq!(Key::parse(text), None, "{text}");
        }
    }
}
