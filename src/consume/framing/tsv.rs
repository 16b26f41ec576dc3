//! TSV: lines of values between tabs, with backslash escapes or without.

use super::{Framed, append_lines};

/// Adds each line of a message, its offset first.
pub(super) fn append(escapes: bool, offset: i64, message: &[u8], body: &mut Vec<u8>) -> Result<Framed, &'static str> {
    // One line end behind the last line belongs to it; what else is there is the server's to judge.
    let text = message.strip_suffix(b"\n").unwrap_or(message);
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if escapes => {
                // An escaped line end is text.
                if at + 1 == text.len() {
                    return Err("it ends in the middle of an escape");
                }
                at += 1;
            }
            b'\n' => starts.push(at + 1),
            _ => {}
        }
        at += 1;
    }
    let framed = append_lines(&starts, b'\t', offset, text, body)?;
    Ok(if text.len() == message.len() { framed } else { framed.changed() })
}

#[cfg(test)]
mod tests {
    use super::super::{Framing, framed};

    #[test]
    fn each_line_gets_the_offset_and_an_escaped_line_end_is_none() {
        for (message, expected) in [
            ("a\t1", "7\ta\t1\n"),
            ("a\t1\n", "7\ta\t1\n"),
            ("a\\\nb\t1\nc\t2", "7\ta\\\nb\t1\n7\tc\t2\n"),
            ("a\\\\\nb\t1", "7\ta\\\\\n7\tb\t1\n"),
            ("\t", "7\t\t\n"),
            ("a\t1\r\n", "7\ta\t1\r\n"),
        ] {
            assert_eq!(framed(Framing::Tsv, message).as_deref(), Ok(expected), "{message:?}");
        }
        assert_eq!(framed(Framing::TsvRaw, "a\\\nb").as_deref(), Ok("7\ta\\\n7\tb\n"));
    }

    #[test]
    fn an_open_escape_is_refused() {
        assert!(framed(Framing::Tsv, "a\tb\\").is_err());
        assert!(framed(Framing::Tsv, "a\tb\\\n").is_err());
        assert!(framed(Framing::TsvRaw, "a\tb\\").is_ok());
    }
}
