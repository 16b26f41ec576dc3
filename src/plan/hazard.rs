//! What a step can cost. Hazards that lose something want consent by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A danger of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hazard {
    /// Rows are deleted.
    DeletesData,
    /// A topic is deleted and made again: its messages and the groups' offsets are gone.
    RecreatesTopic,
    /// Keys map to other partitions from now on.
    ChangesKeyMapping,
    /// Messages may be deleted earlier than before.
    ShortensRetention,
    /// Nothing is ingested for a while; Kafka keeps what arrives.
    PausesIngestion,
    /// Tables that others read are gone for a while.
    BreaksReaders,
    /// Messages are read again: rows that are there come once more.
    ReplaysMessages,
    /// Messages are passed over.
    SkipsMessages,
    /// Some rows may come twice.
    MayDuplicate,
    /// All rows of a table are written again.
    CopiesData,
    /// New rows go to other shards than old ones.
    ReshardsNewRowsOnly,
    /// Rows that somebody writes meanwhile do not get where they should.
    MissesRows,
}

impl Hazard {
    /// Every hazard.
    pub const ALL: [Hazard; 12] = [
        Hazard::DeletesData,
        Hazard::RecreatesTopic,
        Hazard::ChangesKeyMapping,
        Hazard::ShortensRetention,
        Hazard::PausesIngestion,
        Hazard::BreaksReaders,
        Hazard::ReplaysMessages,
        Hazard::SkipsMessages,
        Hazard::MayDuplicate,
        Hazard::CopiesData,
        Hazard::ReshardsNewRowsOnly,
        Hazard::MissesRows,
    ];

    /// Its name, as in `--allow`.
    pub fn as_str(self) -> &'static str {
        match self {
            Hazard::DeletesData => "deletes-data",
            Hazard::RecreatesTopic => "recreates-topic",
            Hazard::ChangesKeyMapping => "changes-key-mapping",
            Hazard::ShortensRetention => "shortens-retention",
            Hazard::PausesIngestion => "pauses-ingestion",
            Hazard::BreaksReaders => "breaks-readers",
            Hazard::ReplaysMessages => "replays-messages",
            Hazard::SkipsMessages => "skips-messages",
            Hazard::MayDuplicate => "may-duplicate",
            Hazard::CopiesData => "copies-data",
            Hazard::ReshardsNewRowsOnly => "reshards-new-rows-only",
            Hazard::MissesRows => "misses-rows",
        }
    }

    /// One sentence for a reviewer.
    pub fn meaning(self) -> &'static str {
        match self {
            Hazard::DeletesData => "rows are deleted and cannot be had back",
            Hazard::RecreatesTopic => "the topic's messages and the offsets of its consumer groups are gone",
            Hazard::ChangesKeyMapping => {
                "keys map to other partitions from now on; order per key is not kept across the change"
            }
            Hazard::ShortensRetention => "messages are deleted earlier than before, some of them at once",
            Hazard::PausesIngestion => {
                "nothing is ingested until the views are there again and the consumers have their partitions; Kafka keeps \
                 what arrives"
            }
            Hazard::BreaksReaders => "queries fail while the tables are gone",
            Hazard::ReplaysMessages => "messages are read again: the rows they gave come once more",
            Hazard::SkipsMessages => "messages that nobody has read yet are passed over",
            Hazard::MayDuplicate => "rows that are written while this happens may come twice",
            Hazard::CopiesData => {
                "all rows are written once more: it takes time, and disk space until the old table goes"
            }
            Hazard::ReshardsNewRowsOnly => {
                "new rows go to the shards of the new key and old ones stay where they are: a query that counts on the \
                 key to find all rows of one shard misses some"
            }
            Hazard::MissesRows => {
                "rows that are inserted while this happens are not published by the view that is away, or stay in the table \
                 that is replaced: stop what inserts them first"
            }
        }
    }

    /// Whether it loses something, so that somebody has to allow it.
    pub fn needs_consent(self) -> bool {
        match self {
            Hazard::DeletesData
            | Hazard::RecreatesTopic
            | Hazard::ChangesKeyMapping
            | Hazard::ShortensRetention
            | Hazard::ReplaysMessages
            | Hazard::SkipsMessages
            | Hazard::MayDuplicate
            | Hazard::ReshardsNewRowsOnly
            | Hazard::MissesRows => true,
            Hazard::PausesIngestion | Hazard::BreaksReaders | Hazard::CopiesData => false,
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|h| h.as_str() == text)
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
