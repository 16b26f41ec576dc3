//! Where a partition begins, from what the group, the table and the topic say.

use super::error::ConsumeError;
use super::intent::{self, Intent};
use crate::client::kafka::{CommittedOffset, Partition};

/// How to consume a partition from here on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Begin {
    /// Offset to read from.
    pub from: i64,
    /// Ranges that may have been inserted in part, to be inserted again as they were.
    pub replays: Vec<Intent>,
    /// Offset of the first message of which nothing is known to be in the table.
    pub floor: i64,
    /// Messages that the topic no longer keeps, and nobody consumed.
    pub lost: i64,
}

/// What is known of a partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The group's word.
    pub committed: CommittedOffset,
    /// Highest offset in the table.
    pub highest: Option<i64>,
    /// First offset that the topic keeps, and the next one it will give.
    pub low: i64,
    pub high: i64,
    /// Where to begin where nothing was ever consumed.
    pub fresh: i64,
}

/// Decides. The table wins where it is further than the group, but for the ranges that were in flight: of those the
/// table may have one row and lack another.
///
/// # Errors
/// The group or the table is further than the topic, or the group's word cannot be read.
pub(super) fn begin(partition: &Partition, known: &Known) -> Result<Begin, ConsumeError> {
    let (topic, number) = (partition.0.clone(), partition.1);
    let text = &known.committed.metadata;
    let replays = intent::decode(text).map_err(|_| ConsumeError::Metadata {
        topic: topic.clone(),
        partition: number,
        text: text.clone(),
    })?;
    let group = known.committed.offset;
    // Ranges below the group's offset are done, whoever moved it there.
    let replays: Vec<Intent> = replays.into_iter().filter(|r| Some(r.first) >= group).collect();
    let table = known.highest.map(|highest| highest + 1);
    let beyond = |who: &str, at: i64| ConsumeError::Beyond {
        topic: topic.clone(),
        partition: number,
        end: known.high,
        who: who.to_owned(),
        at,
    };
    if let Some(at) = group.filter(|at| *at > known.high) {
        return Err(beyond("the group", at));
    }
    if let Some(at) = table.filter(|at| *at > known.high) {
        return Err(beyond("the table", at));
    }
    let intended = replays.last().map(|r| r.last + 1);
    let floor = [group, table, intended].into_iter().flatten().max().unwrap_or(known.fresh);
    let from = replays.first().map_or(floor, |r| r.first);
    let lost = if group.is_none() && table.is_none() { 0 } else { (known.low - from).max(0) };
    Ok(Begin { from: from.max(known.low), replays, floor: floor.max(known.low), lost })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(offset: Option<i64>, metadata: &str, highest: Option<i64>) -> Known {
        let committed = CommittedOffset { offset, metadata: metadata.to_owned() };
        Known { committed, highest, low: 0, high: 1000, fresh: 3 }
    }

    fn began(known: &Known) -> (i64, Vec<(i64, i64)>, i64, i64) {
        let begin = begin(&("t".to_owned(), 0), known).unwrap();
        (begin.from, begin.replays.iter().map(|r| (r.first, r.last)).collect(), begin.floor, begin.lost)
    }

    #[test]
    fn the_highest_of_group_and_table_wins() {
        assert_eq!(began(&known(None, "", None)), (3, vec![], 3, 0));
        assert_eq!(began(&known(Some(100), "", None)), (100, vec![], 100, 0));
        assert_eq!(began(&known(Some(100), "", Some(49))), (100, vec![], 100, 0));
        assert_eq!(began(&known(Some(100), "", Some(149))), (150, vec![], 150, 0));
        assert_eq!(began(&known(None, "", Some(149))), (150, vec![], 150, 0));
    }

    #[test]
    fn what_was_in_flight_is_inserted_again_however_far_the_table_is() {
        let in_flight = "sluice1 100+99@5 300+9@6";
        assert_eq!(began(&known(Some(100), in_flight, Some(305))), (100, vec![(100, 199), (300, 309)], 310, 0));
        assert_eq!(began(&known(Some(100), in_flight, None)), (100, vec![(100, 199), (300, 309)], 310, 0));
        // Whoever moved the group by hand has written nothing beside the offset, or moved it past a range.
        assert_eq!(began(&known(Some(250), in_flight, Some(305))), (300, vec![(300, 309)], 310, 0));
    }

    #[test]
    fn what_the_topic_no_longer_keeps_is_told() {
        let gone = Known { low: 120, ..known(Some(100), "sluice1 100+9@1", None) };
        assert_eq!(began(&gone), (120, vec![(100, 109)], 120, 20));
        assert_eq!(began(&Known { low: 120, fresh: 120, ..known(None, "", None) }), (120, vec![], 120, 0));
    }

    #[test]
    fn a_topic_made_anew_is_no_topic_to_go_on_with() {
        let short = Known { high: 10, ..known(Some(100), "", None) };
        assert!(begin(&("t".to_owned(), 0), &short).unwrap_err().to_string().contains("the group is at 100"));
        let short = Known { high: 10, ..known(Some(5), "", Some(10)) };
        assert!(begin(&("t".to_owned(), 0), &short).unwrap_err().to_string().contains("the table is at 11"));
        assert!(begin(&("t".to_owned(), 0), &known(Some(1), "sluice9 x", None)).is_err());
    }
}
