//! What a step can cost. Hazards that lose something want consent by name.

use std::fmt;

/// A danger of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
}

impl Hazard {
    /// Every hazard.
    pub const ALL: [Hazard; 6] = [
        Hazard::DeletesData,
        Hazard::RecreatesTopic,
        Hazard::ChangesKeyMapping,
        Hazard::ShortensRetention,
        Hazard::PausesIngestion,
        Hazard::BreaksReaders,
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
                "nothing is ingested until the new consumers have their partitions (up to 50 s); Kafka keeps what arrives"
            }
            Hazard::BreaksReaders => "queries fail while the tables are gone",
        }
    }

    /// Whether it loses something, so that somebody has to allow it.
    pub fn needs_consent(self) -> bool {
        match self {
            Hazard::DeletesData | Hazard::RecreatesTopic | Hazard::ChangesKeyMapping | Hazard::ShortensRetention => {
                true
            }
            Hazard::PausesIngestion | Hazard::BreaksReaders => false,
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
