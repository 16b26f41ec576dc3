//! What is to be imported.

use crate::model::ObjectName;

/// Patterns, a database, or everything.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Names of topics or of `database.table`, with `*` for any letters.
    pub patterns: Vec<String>,
    /// A database.
    pub database: Option<String>,
    /// Everything.
    pub all: bool,
}

/// Databases of the server itself.
pub const SYSTEM: [&str; 3] = ["system", "information_schema", "INFORMATION_SCHEMA"];

impl Wanted {
    /// Whether a topic is asked for by its own name.
    pub fn topic(&self, name: &str) -> bool {
        !internal(name) && (self.all || self.patterns.iter().any(|p| matches(p, name)))
    }

    /// Whether an object is.
    pub fn object(&self, name: &ObjectName) -> bool {
        let named = |p: &String| matches(p, &name.to_string()) || matches(p, &name.table);
        self.all || self.database.as_ref() == Some(&name.database) || self.patterns.iter().any(named)
    }
}

/// Topics of Kafka, of schema registries and of sluice itself.
pub fn internal(topic: &str) -> bool {
    topic.starts_with("__") || topic.starts_with("_sluice.") || topic == "_schemas"
}

/// Whether a name is of a pattern.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((begin, rest)) => name.strip_prefix(begin).is_some_and(|name| {
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| matches(rest, &name[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_of_whole_names() {
        for (pattern, name, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b*", "abc", true),
            ("a*c", "abd", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn topics_of_the_servers_own_are_left_out() {
        let wanted = Wanted { all: true, ..Wanted::default() };
        for topic in ["__consumer_offsets", "_sluice.covid19", "_schemas"] {
            assert!(!wanted.topic(topic), "{topic}");
        }
        assert!(wanted.topic("_mine"));
    }
}
