//! What went wrong in a step that sends several statements, before it is said whose step it was.

use super::kafka::chain;
use crate::client::clickhouse::ClickHouseError;

/// Why a statement of a step failed, or what the step found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The server's words, or ours.
    pub words: String,
    /// Whether the statement may have been executed all the same.
    pub in_doubt: bool,
}

impl Trouble {
    /// The same, with the host before its words.
    pub fn on(self, host: &str) -> Self {
        Self { words: format!("{host}: {}", self.words), ..self }
    }

    /// Several at once; `None` where there is none.
    pub fn of_all(all: Vec<Self>) -> Option<Self> {
        let in_doubt = all.iter().any(|trouble| trouble.in_doubt);
        let words: Vec<String> = all.into_iter().map(|trouble| trouble.words).collect();
        (!words.is_empty()).then(|| Self { words: words.join("; "), in_doubt })
    }
}

impl From<String> for Trouble {
    fn from(words: String) -> Self {
        Self { words, in_doubt: false }
    }
}

impl From<ClickHouseError> for Trouble {
    fn from(error: ClickHouseError) -> Self {
        Self { words: chain(&error), in_doubt: error.is_in_doubt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_in_doubt_is_enough() {
        let sure = Trouble::from("a".to_owned());
        let doubtful = Trouble { in_doubt: true, ..Trouble::from("b".to_owned()) };
        assert_eq!(Trouble::of_all(Vec::new()), None);
        assert_eq!(Trouble::of_all(vec![sure.clone()]), Some(sure.clone()));
        let both = Trouble { words: "a; h: b".to_owned(), in_doubt: true };
        assert_eq!(Trouble::of_all(vec![sure, doubtful.on("h")]), Some(both));
    }
}
