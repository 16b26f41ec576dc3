//! Messages of one partition that are inserted together.

use super::framing::{Framed, Framing};
use super::intent::Intent;
use crate::client::kafka::{Incoming, Partition};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Range;
use tokio::time::Instant;

/// A message that is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadMessage {
    pub offset: i64,
    pub key: Vec<u8>,
    pub raw: Vec<u8>,
    pub reason: String,
}

/// Where a message lies in the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub offset: i64,
    bytes: Range<usize>,
    key: Range<usize>,
    /// What was put in; none where the message is kept aside as it was.
    put: Option<Range<usize>>,
    rows: u32,
}

/// A batch that still takes messages.
#[derive(Debug)]
pub(super) struct Building {
    framing: Framing,
    body: Vec<u8>,
    keys: Vec<u8>,
    entries: Vec<Entry>,
    aside: BTreeMap<i64, Vec<u8>>,
    bad: Vec<BadMessage>,
    held: usize,
    pub first: i64,
    pub last: i64,
    pub messages: u64,
    pub since: Instant,
    oldest_ms: Option<i64>,
}

impl Building {
    pub fn new(framing: Framing, first: i64, since: Instant) -> Self {
        Self {
            framing,
            body: Vec::new(),
            keys: Vec::new(),
            entries: Vec::new(),
            aside: BTreeMap::new(),
            bad: Vec::new(),
            held: 0,
            first,
            last: first,
            messages: 0,
            since,
            oldest_ms: None,
        }
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Incoming<'_>) {
        let (raw, key) = (message.payload.unwrap_or_default(), message.key.unwrap_or_default());
        self.last = message.offset;
        self.messages += 1;
        if let Some(time) = message.timestamp_ms {
            self.oldest_ms = Some(self.oldest_ms.map_or(time, |oldest| oldest.min(time)));
        }
        let begin = self.body.len();
        let (put, rows) = match self.framing.append(message.offset, raw, &mut self.body) {
            Ok(Framed::Empty) => return,
            Ok(Framed::Row { at, put }) => (Some(begin + at..begin + at + put), 1),
            // In a format where a message stands for itself its bytes are the message.
            Ok(Framed::Rows(rows)) if self.framing == Framing::Whole => (Some(begin..begin), rows),
            Ok(Framed::Rows(rows)) => {
                self.held += raw.len();
                self.aside.insert(message.offset, raw.to_vec());
                (None, rows)
            }
            Err(reason) => {
                self.held += raw.len() + key.len();
                let reason = reason.to_owned();
                self.bad.push(BadMessage { offset: message.offset, key: key.to_vec(), raw: raw.to_vec(), reason });
                return;
            }
        };
        let keys = self.keys.len();
        self.keys.extend_from_slice(key);
        let (bytes, key) = (begin..self.body.len(), keys..self.keys.len());
        self.entries.push(Entry { offset: message.offset, bytes, key, put, rows });
    }

    /// Bytes of memory it holds.
    pub fn held(&self) -> usize {
        let entries = self.entries.capacity() * size_of::<Entry>();
        self.body.capacity() + self.keys.capacity() + entries + self.held
    }

    /// Bytes that an insert would send.
    pub fn length(&self) -> usize {
        self.body.len()
    }

    /// Gives back the memory that it did not need.
    pub fn fit(&mut self) {
        self.body.shrink_to_fit();
        self.keys.shrink_to_fit();
        self.entries.shrink_to_fit();
    }

    /// Takes no further message.
    pub fn seal(mut self, partition: &Partition, intent: Intent) -> Batch {
        self.fit();
        let held = self.held();
        Batch {
            partition: partition.clone(),
            intent,
            framing: self.framing,
            body: Bytes::from(self.body),
            keys: self.keys,
            entries: self.entries,
            aside: self.aside,
            bad: self.bad,
            messages: self.messages,
            oldest_ms: self.oldest_ms,
            held,
        }
    }
}

/// A batch as it is inserted.
#[derive(Debug)]
pub(super) struct Batch {
    pub partition: Partition,
    pub intent: Intent,
    pub framing: Framing,
    pub body: Bytes,
    keys: Vec<u8>,
    pub entries: Vec<Entry>,
    aside: BTreeMap<i64, Vec<u8>>,
    /// Messages that cannot stand among others.
    pub bad: Vec<BadMessage>,
    /// Messages, those without rows too.
    pub messages: u64,
    pub oldest_ms: Option<i64>,
    pub held: usize,
}

impl Batch {
    /// Its name, which is the token of its insert.
    pub fn name(&self) -> String {
        self.intent.name(&self.partition.0, self.partition.1)
    }

    /// The bytes of entries that follow one another.
    pub fn slice(&self, entries: Range<usize>) -> Bytes {
        let begin = self.entries.get(entries.start).map_or(0, |e| e.bytes.start);
        let end = entries.end.checked_sub(1).and_then(|last| self.entries.get(last)).map_or(begin, |e| e.bytes.end);
        self.body.slice(begin..end.max(begin))
    }

    /// Rows that are sent without these entries. A message of a format that stands for itself counts as one.
    pub fn rows(&self, without: &[usize]) -> u64 {
        let all: u64 = self.entries.iter().map(|e| u64::from(e.rows)).sum();
        let out: u64 = without.iter().filter_map(|i| self.entries.get(*i)).map(|e| u64::from(e.rows)).sum();
        all - out
    }

    /// The entries' messages, where a message stands for itself.
    pub fn messages_of(&self, entries: &[usize]) -> Vec<(i64, &[u8])> {
        let of = |i: &usize| self.entries.get(*i).map(|e| (e.offset, &self.body[e.bytes.clone()]));
        entries.iter().filter_map(of).collect()
    }

    /// The body without these entries, which are in order.
    pub fn without(&self, entries: &[usize]) -> Bytes {
        if entries.is_empty() {
            return self.body.clone();
        }
        let mut rest = Vec::with_capacity(self.body.len());
        let mut begin = 0;
        for entry in entries.iter().filter_map(|i| self.entries.get(*i)) {
            rest.extend_from_slice(&self.body[begin..entry.bytes.start]);
            begin = entry.bytes.end;
        }
        rest.extend_from_slice(&self.body[begin..]);
        rest.into()
    }

    /// The message of an entry as it was.
    pub fn bad(&self, entry: usize, reason: String) -> Option<BadMessage> {
        let entry = self.entries.get(entry)?;
        let raw = match (&entry.put, self.aside.get(&entry.offset)) {
            (None, aside) => aside.cloned().unwrap_or_default(),
            (Some(put), _) => {
                // Behind the message a line end was put, but where it stands for itself.
                let end = if self.framing == Framing::Whole { entry.bytes.end } else { entry.bytes.end - 1 };
                [&self.body[entry.bytes.start..put.start], &self.body[put.end..end]].concat()
            }
        };
        Some(BadMessage { offset: entry.offset, key: self.keys[entry.key.clone()].to_vec(), raw, reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_can_be_taken_out_and_shown_as_it_was() {
        let messages = ["{\"a\":1}", " {\"a\":2}\n", "{\"a\"", "", "{}", "{\"a\":3}{\"a\":4}"];
        let mut building = Building::new(Framing::JsonObjects, 10, Instant::now());
        for (offset, message) in (10..).zip(messages) {
            let payload = Some(message.as_bytes());
            building.take(&Incoming {
                topic: "t",
                partition: 0,
                offset,
                key: Some(b"k"),
                payload,
                timestamp_ms: Some(offset),
            });
        }
        assert_eq!((building.first, building.last, building.messages), (10, 15, 6));
        let intent = Intent { first: 10, last: 15, seconds: 1 };
        let batch = building.seal(&("t".to_owned(), 0), intent);
        assert_eq!(
            batch.bad.iter().map(|b| (b.offset, b.raw.as_slice())).collect::<Vec<_>>(),
            [(12, b"{\"a\"".as_slice())]
        );
        let raw = |i| batch.bad(i, String::new()).map(|b| String::from_utf8(b.raw).unwrap());
        assert_eq!(
            [raw(0), raw(1), raw(2), raw(3)].map(Option::unwrap),
            [messages[0], messages[1], messages[4], messages[5]]
        );
        assert_eq!(batch.bad(0, String::new()).unwrap().key, b"k");
        let rest = String::from_utf8(batch.without(&[0, 2]).to_vec()).unwrap();
        assert_eq!(rest.lines().count(), 3);
        assert!(rest.starts_with("{\"__sluice_offset\":11,\"a\":2}\n"), "{rest}");
        assert_eq!(batch.slice(0..4), batch.body);
        assert_eq!([batch.slice(0..1), batch.slice(1..4)].concat(), batch.body);
        assert_eq!(batch.oldest_ms, Some(10));
        assert_eq!((batch.rows(&[]), batch.rows(&[0, 3])), (5, 2));
    }
}
