//! What went wrong in a step that sends several statements to several hosts.

use super::StepError;
use super::kafka::chain;
use crate::client::clickhouse::ClickHouseError;
use crate::sql::Statement;
use std::collections::BTreeMap;

/// Why a statement of a step failed, or what the step found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// The host, where it is about one.
    pub host: Option<String>,
    /// The server's words, or ours.
    pub words: String,
    /// Whether the statement may have been executed all the same.
    pub in_doubt: bool,
}

impl Trouble {
    /// The same, of this host.
    pub fn on(self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self }
    }

    /// Several at once, of each host the first: what fails at one that is down fails there again. `None` where there is
    /// none.
    pub fn of_all(all: Vec<Self>) -> Option<Self> {
        let mut first: BTreeMap<Option<String>, Self> = BTreeMap::new();
        for trouble in all {
            first.entry(trouble.host.clone()).or_insert(trouble);
        }
        let in_doubt = first.values().any(|trouble| trouble.in_doubt);
        let mut first = first.into_values();
        let (one, more) = (first.next()?, first.collect::<Vec<_>>());
        if more.is_empty() {
            return Some(one);
        }
        let told = |t: Self| t.host.map_or(t.words.clone(), |host| format!("{host}: {}", t.words));
        let words = std::iter::once(one).chain(more).map(told).collect::<Vec<_>>().join("; ");
        Some(Self { host: None, words, in_doubt })
    }

    /// As what became of a step.
    pub fn of_step(self, statement: &Statement) -> StepError {
        StepError { host: self.host, statement: Some(statement.shown()), words: self.words, in_doubt: self.in_doubt }
    }
}

impl From<String> for Trouble {
    fn from(words: String) -> Self {
        Self { host: None, words, in_doubt: false }
    }
}

impl From<ClickHouseError> for Trouble {
    fn from(error: ClickHouseError) -> Self {
        Self { host: None, words: chain(&error), in_doubt: error.is_in_doubt() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(host: &str, words: &str, in_doubt: bool) -> Trouble {
        Trouble { host: Some(host.to_owned()), words: words.to_owned(), in_doubt }
    }

    #[test]
    fn a_host_is_named_once_and_one_in_doubt_is_enough() {
        let (down, again) = (trouble("a", "closed", true), trouble("a", "refused", false));
        assert_eq!(Trouble::of_all(Vec::new()), None);
        assert_eq!(Trouble::of_all(vec![down.clone(), again.clone()]), Some(down.clone()));
        let two = Trouble::of_all(vec![trouble("b", "no", false), down, again]);
        let words = "a: closed; b: no".to_owned();
        assert_eq!(two, Some(Trouble { host: None, words, in_doubt: true }));
    }
}
