//! JSON values one after the other: objects (`JSONEachRow`) or arrays (`JSONCompactEachRow`).

use super::Framed;
use crate::sql::consume::OFFSET;

const OPEN: &str = "the JSON ends before it is complete";
const NOT_ROWS: &str = "it is not a row of JSON";

/// Adds each row of a message, its offset first. Rows may stand in an array, as the server takes them.
pub(super) fn append(opening: u8, offset: i64, message: &[u8], body: &mut Vec<u8>) -> Result<Framed, &'static str> {
    let digits = offset.to_string();
    let mark = if message.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let first = blank(message, mark);
    let mut at = first;
    // Objects may come wrapped into one array; arrays that are rows cannot be told from a wrapped one but by what they hold.
    let wrapped = match opening {
        b'{' => message.get(at) == Some(&b'['),
        _ => message.get(at) == Some(&b'[') && message.get(blank(message, at + 1)) == Some(&b'['),
    };
    if wrapped {
        at = blank(message, at + 1);
    }
    let mut rows = 0u32;
    while at < message.len() {
        if wrapped && message[at] == b']' {
            let rest = blank(message, at + 1);
            return if rest == message.len() {
                Ok(if rows == 0 { Framed::Empty } else { Framed::Rows(rows) })
            } else {
                Err(NOT_ROWS)
            };
        }
        if message[at] != opening {
            return Err(NOT_ROWS);
        }
        let end = end(message, at)?;
        let inside = blank(message, at + 1);
        let length = body.len();
        body.push(opening);
        if opening == b'{' {
            body.push(b'"');
            body.extend_from_slice(OFFSET.as_bytes());
            body.extend_from_slice(b"\":");
        }
        body.extend_from_slice(digits.as_bytes());
        if !matches!(message[inside], b'}' | b']') {
            body.push(b',');
        }
        let put = body.len() - length - 1;
        body.extend_from_slice(&message[at + 1..end]);
        rows += 1;
        body.push(b'\n');
        // What was put in can be taken out again, and the message is as it was.
        if first == 0 && at == 0 && end == message.len() {
            return Ok(Framed::Row { at: 1, put });
        }
        at = blank(message, end);
        // Between rows a comma may stand, as the server takes it.
        if wrapped && message.get(at) == Some(&b',') {
            at = blank(message, at + 1);
        }
    }
    if wrapped {
        return Err(OPEN);
    }
    Ok(Framed::Rows(rows))
}

fn blank(message: &[u8], from: usize) -> usize {
    let rest = message.get(from..).unwrap_or_default();
    from + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len())
}

/// Where the value that begins at `from` ends.
fn end(message: &[u8], from: usize) -> Result<usize, &'static str> {
    let mut depth = 0usize;
    let mut at = from;
    while let Some(byte) = message.get(at) {
        match byte {
            b'"' => at = string(message, at)?,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(OPEN)
}

/// Where the closing quote of the string stands that begins at `from`.
fn string(message: &[u8], from: usize) -> Result<usize, &'static str> {
    let mut at = from + 1;
    while let Some(byte) = message.get(at) {
        match byte {
            b'"' => return Ok(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    Err(OPEN)
}

#[cfg(test)]
mod tests {
    use super::super::{Framed, Framing, framed};
    use super::*;
    use proptest::prelude::*;

    fn objects(message: &str) -> Result<String, &'static str> {
        framed(Framing::JsonObjects, message).map(|text| text.replace(OFFSET, "o"))
    }

    #[test]
    fn each_row_gets_the_offset_of_its_message() {
        for (message, expected) in [
            (r#"{"a":1}"#, "{\"o\":7,\"a\":1}\n"),
            (r#"{"a":"}{\"]"}"#, "{\"o\":7,\"a\":\"}{\\\"]\"}\n"),
            ("{}", "{\"o\":7}\n"),
            (" { } \n", "{\"o\":7 }\n"),
            ("\u{feff}{\"a\":1}", "{\"o\":7,\"a\":1}\n"),
            ("{\"a\":\n{\"b\":[1]}}\n", "{\"o\":7,\"a\":\n{\"b\":[1]}}\n"),
            ("{\"a\":1}{\"a\":2}\n{\"a\":3}", "{\"o\":7,\"a\":1}\n{\"o\":7,\"a\":2}\n{\"o\":7,\"a\":3}\n"),
            ("[{\"a\":1}, {\"a\":2}]", "{\"o\":7,\"a\":1}\n{\"o\":7,\"a\":2}\n"),
            ("[]", ""),
            (r#"{"kafka_offset":3}"#, "{\"o\":7,\"kafka_offset\":3}\n"),
            ("", ""),
            ("\n ", ""),
        ] {
            assert_eq!(objects(message).as_deref(), Ok(expected), "{message}");
        }
        let arrays = |message| framed(Framing::JsonArrays, message);
        assert_eq!(arrays("[1,\"]\"]").as_deref(), Ok("[7,1,\"]\"]\n"));
        assert_eq!(arrays("[]").as_deref(), Ok("[7]\n"));
        assert_eq!(arrays("[[1],[2]]").as_deref(), Ok("[7,1]\n[7,2]\n"));
    }

    #[test]
    fn what_would_swallow_its_neighbour_is_refused() {
        for message in [
            r#"{"a":1"#,
            r#"{"a":"x}"#,
            r#"{"a":"x\"}"#,
            "{\"a\":\"\\",
            "[{\"a\":1}",
            "{\"a\":[1}",
            "x",
            "{}x",
            "1",
            "[1]",
            "{\"a\":1},",
        ] {
            // A bracket that closes another is the server's to refuse, as long as all are closed.
            let refused = objects(message).is_err();
            assert_eq!(refused, message != "{\"a\":[1}" || refused, "{message}");
            assert!(refused || message.contains("[1}"), "{message}");
        }
    }

    proptest! {
        #[test]
        fn anything_ends_where_it_ends(bytes in proptest::collection::vec(any::<u8>(), 0..40), json in "[\\[\\]{}\":,a\\\\ \n]{0,20}") {
            for message in [bytes.as_slice(), json.as_bytes()] {
                let mut body = b"before\n".to_vec();
                match Framing::JsonObjects.append(7, message, &mut body) {
                    Ok(Framed::Row { at, put }) => {
                        let framed = &body[7..];
                        let back = [&framed[..at], &framed[at + put..framed.len() - 1]].concat();
                        prop_assert_eq!(back, message);
                    }
                    Ok(Framed::Rows(_)) => prop_assert_eq!(body.last(), Some(&b'\n')),
                    Ok(Framed::Empty) | Err(_) => prop_assert_eq!(body.as_slice(), b"before\n"),
                }
            }
        }
    }
}
