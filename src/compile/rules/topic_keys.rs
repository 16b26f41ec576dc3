//! The config keys of a topic in Kafka 4.1, with what their values may be. Brokers of vendors know more.

use super::amounts::Unit;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    /// A whole number from the first to the second.
    Whole(i64, i64, Unit),
    /// A number from 0 to 1.
    Share,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, commas between them.
    Words(&'static [&'static str]),
}

const INT: i64 = i32::MAX as i64;
const LONG: i64 = i64::MAX;

use Unit::{Bytes, Count, Milliseconds};
use Value::{Boolean, Share, Whole, Word, Words};

/// Every key that may be set, sorted.
pub(super) const KEYS: &[(&str, Value)] = &[
    ("cleanup.policy", Words(&["compact", "delete"])),
    ("compression.gzip.level", Whole(-1, 9, Count)),
    ("compression.lz4.level", Whole(1, 17, Count)),
    ("compression.type", Word(&["gzip", "lz4", "producer", "snappy", "uncompressed", "zstd"])),
    ("compression.zstd.level", Whole(-131_072, 22, Count)),
    ("delete.retention.ms", Whole(0, LONG, Milliseconds)),
    ("file.delete.delay.ms", Whole(0, LONG, Milliseconds)),
    ("flush.messages", Whole(1, LONG, Count)),
    ("flush.ms", Whole(0, LONG, Milliseconds)),
    ("index.interval.bytes", Whole(0, INT, Bytes)),
    ("local.retention.bytes", Whole(-2, LONG, Bytes)),
    ("local.retention.ms", Whole(-2, LONG, Milliseconds)),
    ("max.compaction.lag.ms", Whole(1, LONG, Milliseconds)),
    ("max.message.bytes", Whole(0, INT, Bytes)),
    ("message.timestamp.after.max.ms", Whole(0, LONG, Milliseconds)),
    ("message.timestamp.before.max.ms", Whole(0, LONG, Milliseconds)),
    ("message.timestamp.type", Word(&["CreateTime", "LogAppendTime"])),
    ("min.cleanable.dirty.ratio", Share),
    ("min.compaction.lag.ms", Whole(0, LONG, Milliseconds)),
    ("min.insync.replicas", Whole(1, INT, Count)),
    ("preallocate", Boolean),
    ("remote.log.copy.disable", Boolean),
    ("remote.log.delete.on.disable", Boolean),
    ("remote.storage.enable", Boolean),
    ("retention.bytes", Whole(i64::MIN, LONG, Bytes)),
    ("retention.ms", Whole(-1, LONG, Milliseconds)),
    // Kafka 4 raised the least segment size (KIP-1030).
    ("segment.bytes", Whole(1 << 20, INT, Bytes)),
    ("segment.index.bytes", Whole(4, INT, Bytes)),
    ("segment.jitter.ms", Whole(0, LONG, Milliseconds)),
    ("segment.ms", Whole(1, LONG, Milliseconds)),
    ("unclean.leader.election.enable", Boolean),
];

/// Keys of Kafka 3 that Kafka 4 refuses, with what replaces them.
pub(super) const REMOVED: &[(&str, &str)] = &[
    ("message.downconversion.enable", "Kafka 4 always answers in the format of the client"),
    ("message.format.version", "Kafka 4 has one message format"),
    ("message.timestamp.difference.max.ms", "use message.timestamp.before.max.ms and message.timestamp.after.max.ms"),
];

/// Keys that tools write while they move replicas: never a manifest's.
pub(super) const THROTTLES: &[&str] =
    &["follower.replication.throttled.replicas", "leader.replication.throttled.replicas"];
