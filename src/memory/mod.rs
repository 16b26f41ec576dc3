//! The topic in which a project remembers: reads it, and takes the lock that it holds.
//!
//! Changes nothing but that topic.

mod error;
mod keeper;
mod lock;

pub use error::MemoryError;
pub use lock::Lock;

use crate::client::Servers;
use crate::client::kafka::{
    KafkaError, KafkaReader, KafkaSettings, KafkaWriter, NewTopic, Tail, TopicDescription, TopicError,
};
use crate::model::StateTopic;
use crate::state::{Lease, Records, Remembered};
use std::collections::BTreeMap;
use std::time::Duration;

/// Between two heartbeats.
pub(crate) const BEAT: Duration = Duration::from_secs(2);
/// A holder that says nothing for so long is gone, or stands still: five heartbeats, for brokers and machines that are slow.
const SILENCE: Duration = Duration::from_secs(10);
/// How long a new topic may take to be there.
const APPEARS: Duration = Duration::from_secs(30);

/// Where a project remembers.
pub struct Memory {
    topic: StateTopic,
    reader: KafkaReader,
    writer: KafkaWriter,
    settings: KafkaSettings,
}

/// What was read, and where the reader stands.
pub struct Book {
    /// What is known.
    pub known: Remembered,
    records: Records,
    tail: Tail,
}

impl Memory {
    /// Of a project. Sends nothing.
    ///
    /// # Errors
    /// A property that librdkafka does not know or accept.
    pub fn of(servers: &Servers, topic: &StateTopic) -> Result<Self, MemoryError> {
        let settings = servers.kafka_settings().clone();
        Ok(Self { topic: topic.clone(), reader: servers.kafka().clone(), writer: servers.kafka_writer()?, settings })
    }

    /// Name of the topic.
    pub fn topic(&self) -> &str {
        &self.topic.name
    }

    /// Whether there is such a topic.
    ///
    /// # Errors
    /// The brokers did not answer, or refuse.
    pub async fn is_there(&self) -> Result<bool, MemoryError> {
        Ok(self.described().await?.is_some())
    }

    async fn described(&self) -> Result<Option<TopicDescription>, MemoryError> {
        let name = &self.topic.name;
        match self.reader.describe_topics(std::slice::from_ref(name)).await?.remove(name) {
            None | Some(Err(TopicError::NotFound)) => Ok(None),
            Some(Err(source)) => Err(MemoryError::Refused { topic: name.clone(), source }),
            Some(Ok(found)) => Ok(Some(found)),
        }
    }

    /// Reads all that is remembered; none where the topic is not there.
    ///
    /// # Errors
    /// The brokers did not answer or refuse, the topic is not one to remember in, or what stands in it cannot be read.
    pub async fn read(&self) -> Result<Option<Book>, MemoryError> {
        let name = &self.topic.name;
        let Some(TopicDescription { replicas, .. }) = self.described().await? else { return Ok(None) };
        if replicas.len() != 1 {
            return Err(MemoryError::Partitions { topic: name.clone(), partitions: replicas.len() });
        }
        self.is_compacted().await?;
        let mut book = Book {
            known: Remembered::default(),
            records: Records::default(),
            tail: Tail::open(&self.reader, &self.settings, name)?,
        };
        book.caught_up().await?;
        Ok(Some(book))
    }

    /// Whether the holder of the lock gives a sign of life within a time.
    ///
    /// # Errors
    /// As [`Memory::read`].
    pub async fn beats(&self, book: &mut Book, within: Duration) -> Result<bool, MemoryError> {
        let before = book.known.lease.as_ref().map(|(offset, _)| *offset);
        let more = book.tail.next(within).await?;
        book.put(more)?;
        Ok(book.known.held().is_some() && book.known.lease.as_ref().map(|(offset, _)| *offset) != before)
    }

    /// Messages would be deleted by age where the topic is not compacted, and the last of every key with them.
    async fn is_compacted(&self) -> Result<(), MemoryError> {
        let name = &self.topic.name;
        let configs = self.reader.describe_configs(std::slice::from_ref(name)).await?.remove(name);
        let policy = match configs {
            Some(Ok(mut entries)) => entries.remove("cleanup.policy").and_then(|entry| entry.value),
            // Whoever may read the topic and not its config has to trust it.
            Some(Err(_)) | None => None,
        };
        match policy {
            Some(policy) if policy.contains("delete") || !policy.contains("compact") => {
                Err(MemoryError::NotCompacted { topic: name.clone(), policy })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Makes the topic where it is not there.
    async fn there(&self) -> Result<(), MemoryError> {
        if self.is_there().await? {
            return Ok(());
        }
        let name = &self.topic.name;
        let config = [
            ("cleanup.policy", "compact"),
            // What was replaced goes soon: the topic is read as a whole by every command.
            ("segment.bytes", "1048576"),
            ("segment.ms", "3600000"),
            ("min.cleanable.dirty.ratio", "0.1"),
            ("delete.retention.ms", "3600000"),
            // Packed, a segment that is still written to would hold a multiple of what is worth reading.
            ("compression.type", "uncompressed"),
        ];
        let topic = NewTopic {
            name: name.clone(),
            partitions: 1,
            replication_factor: self.topic.replication_factor,
            config: config.map(|(k, v)| (k.to_owned(), v.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
        };
        match self.writer.create_topics(std::slice::from_ref(&topic), false).await?.remove(name) {
            // Somebody else was first.
            Some(Ok(()) | Err(TopicError::Exists(_))) => {}
            Some(Err(source)) => return Err(MemoryError::NotCreated { topic: name.clone(), source }),
            None => {}
        }
        self.writer.await_present(name, 1, APPEARS).await.map(drop).map_err(KafkaError::into)
    }
}

impl Book {
    /// Whoever holds the lock.
    pub fn holder(&self) -> Option<&Lease> {
        self.known.held()
    }

    async fn caught_up(&mut self) -> Result<(), MemoryError> {
        let stored = self.tail.to_the_end().await?;
        self.put(stored)
    }

    fn put(&mut self, stored: Vec<crate::client::kafka::Stored>) -> Result<(), MemoryError> {
        if stored.is_empty() && self.known != Remembered::default() {
            return Ok(());
        }
        for record in stored {
            self.records.put(record.offset, &record.key, record.value);
        }
        self.known = Remembered::of(&self.records)?;
        Ok(())
    }
}
