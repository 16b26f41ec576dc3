//! CSV: lines of values, some in quotes, in which a line end is text.

use super::{Framed, append_lines, without_line_ends};
use crate::model::SettingValue;
use std::collections::BTreeMap;

/// What of the format's settings tells where a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Dialect {
    delimiter: u8,
    single: bool,
    double: bool,
}

impl Dialect {
    /// None where the settings ask for lines that are not these.
    pub fn of(settings: &BTreeMap<String, SettingValue>) -> Option<Self> {
        let text = |name: &str| settings.get(name).map(ToString::to_string);
        let flag = |name: &str, default| text(name).map_or(default, |v| v == "1" || v.eq_ignore_ascii_case("true"));
        let delimiter = match text("format_csv_delimiter") {
            None => b',',
            Some(d) if d.len() == 1 => d.as_bytes()[0],
            Some(_) => return None,
        };
        // Lines to pass over would be those of the whole body.
        let skips = text("input_format_csv_skip_first_lines").is_some_and(|v| v != "0");
        let single = flag("format_csv_allow_single_quotes", false);
        (!skips).then_some(Self { delimiter, single, double: flag("format_csv_allow_double_quotes", true) })
    }

    fn quote(self, byte: u8) -> bool {
        (byte == b'"' && self.double) || (byte == b'\'' && self.single)
    }
}

/// Adds each line of a message, its offset first.
pub(super) fn append(
    dialect: Dialect,
    offset: i64,
    message: &[u8],
    body: &mut Vec<u8>,
) -> Result<Framed, &'static str> {
    let starts = starts(dialect, without_line_ends(message))?;
    append_lines(&starts, dialect.delimiter, offset, message, body)
        .inspect(|_| {
            // A line end behind the message would be an empty line.
            while body.len() > 1 && matches!(body[body.len() - 2], b'\n' | b'\r') {
                body.remove(body.len() - 2);
            }
        })
        .map(|framed| if without_line_ends(message).len() == message.len() { framed } else { framed.changed() })
}

fn starts(dialect: Dialect, message: &[u8]) -> Result<Vec<usize>, &'static str> {
    let mut starts = vec![0];
    let mut at = 0;
    let mut value = true;
    while let Some(byte) = message.get(at).copied() {
        if value && dialect.quote(byte) {
            at = closing(byte, message, at + 1).ok_or("a quote is opened and never closed")?;
            value = false;
        } else if byte == dialect.delimiter {
            value = true;
        } else if byte == b'\n' {
            starts.push(at + 1);
            value = true;
        } else if !matches!(byte, b' ' | b'\t') {
            value = false;
        }
        at += 1;
    }
    Ok(starts)
}

/// Where the quote stands that closes; a doubled one is text.
fn closing(quote: u8, message: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(byte) = message.get(at) {
        match (*byte == quote, message.get(at + 1) == Some(&quote)) {
            (true, true) => at += 2,
            (true, false) => return Some(at),
            (false, _) => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Framing, framed};
    use super::*;

    fn csv(message: &str) -> Result<String, &'static str> {
        framed(Framing::of("CSV", &BTreeMap::new()), message)
    }

    #[test]
    fn each_line_gets_the_offset_and_a_quoted_line_end_is_none() {
        for (message, expected) in [
            ("a,1", "7,a,1\n"),
            ("a,1\n", "7,a,1\n"),
            ("a,1\r\n", "7,a,1\n"),
            ("\"a\nb\",1", "7,\"a\nb\",1\n"),
            ("\"a\"\"\n\",1\nb,2\n", "7,\"a\"\"\n\",1\n7,b,2\n"),
            ("a\"b,1\nc,2", "7,a\"b,1\n7,c,2\n"),
            ("a, \"x\n\"", "7,a, \"x\n\"\n"),
            ("'a,1", "7,'a,1\n"),
            ("\n", ""),
        ] {
            assert_eq!(csv(message).as_deref(), Ok(expected), "{message:?}");
        }
    }

    #[test]
    fn an_open_quote_is_refused() {
        assert!(csv("a,\"b").is_err());
        assert!(csv("a,\"b\"\"").is_err());
        let single = BTreeMap::from([("format_csv_allow_single_quotes".to_owned(), SettingValue::Number("1".into()))]);
        assert!(framed(Framing::of("CSV", &single), "'a,1").is_err());
    }

    #[test]
    fn settings_change_what_a_line_is() {
        let with = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), SettingValue::Text(value.into()))]);
        assert_eq!(framed(Framing::of("CSV", &with("format_csv_delimiter", ";")), "a;1").as_deref(), Ok("7;a;1\n"));
        assert_eq!(Framing::of("CSV", &with("format_csv_delimiter", "||")), Framing::Whole);
        assert_eq!(Framing::of("CSV", &with("input_format_csv_skip_first_lines", "1")), Framing::Whole);
        assert_eq!(Framing::of("CSVWithNames", &BTreeMap::new()), Framing::Whole);
    }
}
