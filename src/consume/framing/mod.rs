//! Puts the offset of a message beside its rows, so that the server can parse the message itself and still say where
//! each row comes from.
//!
//! A message is scanned for where its rows begin, and for nothing else. What leaves a bracket, a quote or an escape open
//! would swallow the message after it, so such a message is refused here; all other judgement is the server's.

mod csv;
mod json;
mod tsv;

use crate::model::SettingValue;
use std::collections::BTreeMap;

/// How messages of a format are put one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Objects, the offset as their first key.
    JsonObjects,
    /// Arrays, the offset as their first element.
    JsonArrays,
    /// Lines of values, the offset as the first.
    Csv(csv::Dialect),
    /// Lines of values with escapes.
    Tsv,
    /// Lines of values without escapes.
    TsvRaw,
    /// Any other format: a message stands for itself, inside a statement.
    Whole,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed {
    /// There is nothing in it: a tombstone, or white space.
    Empty,
    /// One row; so many bytes were put in at this place, and one behind it.
    Row { at: usize, put: usize },
    /// Several rows, or one that looks otherwise now: how many.
    Rows(u32),
}

impl Framing {
    /// That of a format under its settings.
    pub fn of(format: &str, settings: &BTreeMap<String, SettingValue>) -> Self {
        let is = |names: &[&str]| names.iter().any(|n| format.eq_ignore_ascii_case(n));
        match () {
            () if is(&["JSONEachRow", "JSONLines", "NDJSON"]) => Self::JsonObjects,
            () if is(&["JSONCompactEachRow"]) => Self::JsonArrays,
            () if is(&["CSV"]) => csv::Dialect::of(settings).map_or(Self::Whole, Self::Csv),
            () if is(&["TSV", "TabSeparated"]) => Self::Tsv,
            () if is(&["TSVRaw", "TabSeparatedRaw", "Raw"]) => Self::TsvRaw,
            () => Self::Whole,
        }
    }

    /// Whether there is no row in a message. Blanks are values where lines are made of values.
    fn is_empty(self, message: &[u8]) -> bool {
        match self {
            Self::JsonObjects | Self::JsonArrays => message.iter().all(u8::is_ascii_whitespace),
            Self::Csv(_) | Self::Tsv | Self::TsvRaw => without_line_ends(message).is_empty(),
            Self::Whole => message.is_empty(),
        }
    }

    /// Adds a message to `body`.
    ///
    /// # Errors
    /// Why it cannot stand among others; `body` is as before.
    pub fn append(self, offset: i64, message: &[u8], body: &mut Vec<u8>) -> Result<Framed, &'static str> {
        if self.is_empty(message) {
            return Ok(Framed::Empty);
        }
        let before = body.len();
        let done = match self {
            Self::JsonObjects => json::append(b'{', offset, message, body),
            Self::JsonArrays => json::append(b'[', offset, message, body),
            Self::Csv(dialect) => csv::append(dialect, offset, message, body),
            Self::Tsv => tsv::append(true, offset, message, body),
            Self::TsvRaw => tsv::append(false, offset, message, body),
            Self::Whole => {
                body.extend_from_slice(message);
                Ok(Framed::Rows(1))
            }
        };
        if done.is_err() {
            body.truncate(before);
        }
        done
    }
}

/// Lines begin at these places; each gets the offset in front of it.
fn append_lines(
    starts: &[usize],
    separator: u8,
    offset: i64,
    message: &[u8],
    body: &mut Vec<u8>,
) -> Result<Framed, &'static str> {
    let digits = offset.to_string();
    let mut done = 0;
    for start in starts {
        body.extend_from_slice(&message[done..*start]);
        body.extend_from_slice(digits.as_bytes());
        body.push(separator);
        done = *start;
    }
    body.extend_from_slice(&message[done..]);
    body.push(b'\n');
    Ok(match starts {
        [0] => Framed::Row { at: 0, put: digits.len() + 1 },
        _ => Framed::Rows(u32::try_from(starts.len()).unwrap_or(u32::MAX)),
    })
}

impl Framed {
    /// Rows, where they are not as the message had them.
    fn changed(self) -> Self {
        match self {
            Self::Row { .. } => Self::Rows(1),
            Self::Empty | Self::Rows(_) => self,
        }
    }
}

/// A message without the line ends behind it.
fn without_line_ends(message: &[u8]) -> &[u8] {
    let end = message.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |last| last + 1);
    &message[..end]
}

#[cfg(test)]
pub(super) fn framed(framing: Framing, message: &str) -> Result<String, &'static str> {
    let mut body = Vec::new();
    framing.append(7, message.as_bytes(), &mut body).map(|_| String::from_utf8(body).unwrap())
}
