//! Ranges of messages, their names, and how the ranges in flight are written beside a committed offset.

use std::fmt::Write as _;

/// What the text begins with; another number is another way to write it.
const VERSION: &str = "sluice1";

/// Messages of one partition that are inserted together, both ends included, and when they were put together: seconds
/// since 1970. The time is part of it so that a repetition makes the same rows, and so that the same messages, read anew
/// on purpose, are others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Intent {
    pub first: i64,
    pub last: i64,
    pub seconds: i64,
}

impl Intent {
    /// The name of the batch, which is the token of its insert too.
    pub fn name(&self, topic: &str, partition: i32) -> String {
        format!("{}{partition}/{}-{}@{}", batches(topic), self.first, self.last, self.seconds)
    }
}

/// What the names of all batches of a topic begin with.
pub(super) fn batches(topic: &str) -> String {
    format!("{topic}/")
}

/// Text that cannot be read: somebody else's, or a newer program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The ranges as text, shorter than 40 bytes each: brokers take 4,096 by default.
pub(super) fn encode(intents: &[Intent]) -> String {
    if intents.is_empty() {
        return String::new();
    }
    let mut text = VERSION.to_owned();
    for intent in intents {
        // Writing into a String does not fail.
        let _ = write!(text, " {}+{}@{}", intent.first, intent.last - intent.first, intent.seconds);
    }
    text
}

/// Reads what [`encode`] wrote, in the order of the offsets.
///
/// # Errors
/// It was written by a program that does it otherwise. To go on would be to guess what is in the table.
pub(super) fn decode(text: &str) -> Result<Vec<Intent>, Unreadable> {
    let mut words = text.split(' ');
    match words.next() {
        // What others write there has no meaning here.
        Some(word) if word == VERSION => {}
        Some(word) if word.strip_prefix("sluice").is_some_and(|version| version.parse::<u32>().is_ok()) => {
            return Err(Unreadable);
        }
        Some(_) | None => return Ok(Vec::new()),
    }
    let mut intents = words.map(one).collect::<Option<Vec<_>>>().ok_or(Unreadable)?;
    intents.sort_unstable();
    match intents.windows(2).all(|pair| pair[0].last < pair[1].first) {
        true => Ok(intents),
        false => Err(Unreadable),
    }
}

fn one(word: &str) -> Option<Intent> {
    let (first, rest) = word.split_once('+')?;
    let (more, seconds) = rest.split_once('@')?;
    let (first, more): (i64, i64) = (first.parse().ok()?, more.parse().ok()?);
    let last = first.checked_add(more)?;
    (first >= 0 && more >= 0).then_some(Intent { first, last, seconds: seconds.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_batch_has_a_name_that_tells_where_it_comes_from() {
        let intent = Intent { first: 5, last: 9, seconds: 1_764_050_000 };
        assert_eq!(intent.name("covid", 2), "covid/2/5-9@1764050000");
        assert_eq!(encode(&[intent]), "sluice1 5+4@1764050000");
        assert_eq!(encode(&[]), "");
    }

    #[test]
    fn what_others_wrote_is_none_of_ours_and_what_we_cannot_read_is_no_guess() {
        assert_eq!(decode(""), Ok(vec![]));
        assert_eq!(decode("connect-worker-1"), Ok(vec![]));
        assert_eq!(decode("sluice: goes on where this group stood: before"), Ok(vec![]));
        for text in ["sluice2 x", "sluice1 5", "sluice1 5+1", "sluice1 5+-1@3", "sluice1 -5+1@3", "sluice1 1+5@1 6+1@1"]
        {
            assert_eq!(decode(text), Err(Unreadable), "{text}");
        }
    }

    proptest! {
        #[test]
        fn ranges_come_back(parts in proptest::collection::vec((0i64..1_000, 0i64..100_000, 0i64..4_000_000_000), 0..8)) {
            let mut next = 0;
            let intents: Vec<Intent> = parts
                .into_iter()
                .map(|(gap, more, seconds)| {
                    let intent = Intent { first: next + gap, last: next + gap + more, seconds };
                    next = intent.last + 1;
                    intent
                })
                .collect();
            let text = encode(&intents);
            prop_assert!(text.len() < 4096 / 8 + 40 * intents.len());
            prop_assert_eq!(decode(&text), Ok(intents));
        }
    }
}
