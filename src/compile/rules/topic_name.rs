//! What Kafka accepts as the name of a topic.

/// Longest name: a folder of the broker is named after it.
const LONGEST: usize = 249;

/// What is wrong with a name, as words that follow "the topic name `x` "; and where, as a range of bytes.
pub(super) fn fault(name: &str) -> Option<(String, std::ops::Range<usize>)> {
    let whole = 0..name.len();
    if name.is_empty() {
        return Some(("is empty".into(), whole));
    }
    if name == "." || name == ".." {
        return Some(("is a folder's name".into(), whole));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if let Some((at, c)) = name.char_indices().find(|(_, c)| !legal(*c)) {
        return Some((format!("has the character {c:?}"), at..at + c.len_utf8()));
    }
    (name.len() > LONGEST).then(|| (format!("is {} characters long", name.len()), whole))
}

/// What names may be made of.
pub(super) const HELP: &str = "1 to 249 of the characters a-z A-Z 0-9 . _ -";

/// Kafka names metrics after topics and writes `.` as `_` there: two topics whose names then are one cannot
/// both exist.
pub(super) fn in_metrics(name: &str) -> String {
    name.replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_kafka_takes_and_names_it_does_not() {
        for good in ["a", "a.b-c_D9", "...", "_x", &"a".repeat(249)] {
            assert_eq!(fault(good), None, "{good}");
        }
        for (bad, words) in [
            ("", "is empty"),
            (".", "is a folder's name"),
            ("..", "is a folder's name"),
            ("a b", "has the character ' '"),
            ("é", "has the character 'é'"),
            (&"a".repeat(250), "is 250 characters long"),
        ] {
            assert_eq!(fault(bad).map(|(w, _)| w).as_deref(), Some(words), "{bad}");
        }
        assert_eq!(fault("ab,c").map(|(_, at)| at), Some(2..3));
    }
}
