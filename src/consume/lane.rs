//! One partition: which messages to take, which to insert together, and what to commit. Does nothing itself.

use super::batch::{Batch, Building};
use super::begin::Begin;
use super::framing::Framing;
use super::intent::{Intent, encode};
use crate::client::kafka::{Incoming, Partition};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::time::Instant;

/// Batches of a partition that are planned or on their way. More would not make it faster, and their ranges must fit
/// beside the committed offset.
const IN_FLIGHT: usize = 3;

/// How large a batch grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub messages: u64,
    pub bytes: usize,
}

/// What the group holds of a partition: the next offset, and the ranges in flight as text.
pub(super) type Word = (i64, String);

/// A partition that is ours.
#[derive(Debug)]
pub(super) struct Lane {
    partition: Partition,
    framing: Framing,
    /// The offset after the last message that was taken or passed over.
    position: i64,
    floor: i64,
    /// Ranges that are inserted again, the first of them in the making.
    replays: VecDeque<Intent>,
    limits: Limits,
    /// Batches that are complete and wait for room in flight.
    full: VecDeque<Building>,
    building: Option<Building>,
    planned: VecDeque<Batch>,
    running: BTreeMap<i64, Intent>,
    /// First offsets of ranges that the group knows to be in flight.
    known: BTreeSet<i64>,
    durable: Option<Word>,
    asked: Option<(Word, BTreeSet<i64>)>,
    /// Where the run ends, if there is an end.
    pub end: Option<i64>,
    /// There was no further message a moment ago.
    at_end: bool,
    /// It is about to go to somebody else, who reads again what was not begun here.
    gone: bool,
}

impl Lane {
    /// Begins; `durable` is what the group holds.
    pub fn new(partition: Partition, framing: Framing, limits: Limits, begin: Begin, durable: Option<Word>) -> Self {
        Self {
            partition,
            framing,
            position: begin.from,
            floor: begin.floor,
            known: begin.replays.iter().map(|r| r.first).collect(),
            replays: begin.replays.into(),
            limits,
            full: VecDeque::new(),
            building: None,
            planned: VecDeque::new(),
            running: BTreeMap::new(),
            durable,
            asked: None,
            end: None,
            at_end: false,
            gone: false,
        }
    }

    /// The offset after the last message that was taken or passed over.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Takes a message, or passes it over where it is in the table.
    pub fn take(&mut self, message: &Incoming<'_>, now: Instant) {
        self.at_end = false;
        if self.gone || message.offset < self.position {
            return;
        }
        while self.replays.front().is_some_and(|r| message.offset > r.last) {
            self.end_replay();
        }
        let wanted = match self.replays.front() {
            Some(replay) => message.offset >= replay.first,
            None => message.offset >= self.floor,
        };
        self.position = message.offset + 1;
        if !wanted {
            return;
        }
        let framing = self.framing;
        let building = self.building.get_or_insert_with(|| Building::new(framing, message.offset, now));
        building.take(message);
        let limits = self.limits;
        if self.replays.is_empty() && (building.messages >= limits.messages || building.length() >= limits.bytes) {
            building.fit();
            self.full.extend(self.building.take());
        }
        if self.replays.front().is_some_and(|r| message.offset == r.last) {
            self.end_replay();
        }
    }

    /// Whether it waits for a message that may not come: up to the end of the run, or to that of a range that is inserted
    /// again.
    pub fn waits(&self) -> bool {
        !self.at_end && (!self.replays.is_empty() || self.end.is_some_and(|end| self.position < end))
    }

    /// Whether it is at the end of the run.
    pub fn is_over(&self) -> bool {
        self.end.is_some_and(|end| self.position >= end || self.at_end)
    }

    /// There is no further message now.
    pub fn meet_end(&mut self) {
        // Not read to the end here.
        if self.gone {
            return;
        }
        self.at_end = true;
        while !self.replays.is_empty() {
            self.end_replay();
        }
    }

    /// The range in the making is complete. Messages of it that the topic no longer keeps are missing.
    fn end_replay(&mut self) {
        let Some(intent) = self.replays.pop_front() else { return };
        if let Some(building) = self.building.take() {
            self.planned.push_back(building.seal(&self.partition, intent));
        }
    }

    /// The batch that could be planned now. None while there is no room, or while a range is inserted again, whose end is
    /// given.
    pub fn building(&self) -> Option<&Building> {
        let free = self.replays.is_empty() && self.planned.len() + self.running.len() < IN_FLIGHT;
        self.full.front().or(self.building.as_ref()).filter(|_| free)
    }

    /// Whether that batch is as large as it may be.
    pub fn is_complete(&self) -> bool {
        !self.full.is_empty()
    }

    /// Whether any batch waits for its turn.
    pub fn is_idle(&self) -> bool {
        self.planned.is_empty() && self.running.is_empty()
    }

    /// Plans what has come together.
    pub fn plan(&mut self, seconds: i64) {
        if self.building().is_none() {
            return;
        }
        if let Some(building) = self.full.pop_front().or_else(|| self.building.take()) {
            let intent = Intent { first: building.first, last: building.last, seconds };
            self.planned.push_back(building.seal(&self.partition, intent));
        }
    }

    /// The next batch whose range the group knows to be in flight: it may be inserted.
    pub fn start(&mut self) -> Option<Batch> {
        let ready = self.planned.front().is_some_and(|b| self.known.contains(&b.intent.first));
        let batch = if ready { self.planned.pop_front()? } else { return None };
        self.running.insert(batch.intent.first, batch.intent);
        Some(batch)
    }

    /// A batch is in the table.
    pub fn done(&mut self, intent: &Intent) {
        self.running.remove(&intent.first);
        self.known.remove(&intent.first);
    }

    /// Forgets what was not begun: whoever comes next reads it again. Takes nothing more.
    pub fn let_go(&mut self) {
        self.gone = true;
        let (kept, dropped): (VecDeque<Batch>, VecDeque<Batch>) =
            std::mem::take(&mut self.planned).into_iter().partition(|b| self.known.contains(&b.intent.first));
        self.planned = kept;
        // A range that is inserted again stays among the replays until it is complete.
        let building = self.building.take().filter(|_| self.replays.is_empty()).map(|b| b.first);
        let full = std::mem::take(&mut self.full).into_iter().map(|b| b.first);
        let first = dropped.iter().map(|b| b.intent.first).chain(full).chain(building).min();
        self.position = first.map_or(self.position, |first| first.min(self.position));
    }

    /// Bytes of memory that its batches hold, apart from those on their way.
    pub fn held(&self) -> usize {
        let taken = self.full.iter().chain(&self.building).map(Building::held).sum::<usize>();
        taken + self.planned.iter().map(|b| b.held).sum::<usize>()
    }

    /// What the group should hold, where it holds something else and nobody is asking it yet.
    pub fn next_commit(&mut self) -> Option<Word> {
        let (word, ranges) = self.word();
        if self.asked.is_some() || self.durable.as_ref() == Some(&word) {
            return None;
        }
        self.asked = Some((word.clone(), ranges));
        Some(word)
    }

    /// What the group should hold.
    pub fn word(&self) -> (Word, BTreeSet<i64>) {
        let planned = self.planned.iter().map(|b| b.intent);
        let mut intents: Vec<Intent> =
            self.replays.iter().copied().chain(planned).chain(self.running.values().copied()).collect();
        intents.sort_unstable();
        let next = match (intents.first(), self.full.front().or(self.building.as_ref())) {
            (Some(first), _) => first.first,
            (None, Some(building)) => building.first,
            // Messages below it are passed over when they come.
            (None, None) => self.position.max(self.floor),
        };
        ((next, encode(&intents)), intents.iter().map(|i| i.first).collect())
    }

    /// The group holds what it was asked to hold, or nobody knows.
    pub fn committed(&mut self, success: bool) {
        if let Some((word, ranges)) = self.asked.take()
            && success
        {
            self.durable = Some(word);
            self.known.extend(ranges);
        }
    }

    /// Everything that was taken is in the table and committed.
    pub fn is_settled(&self) -> bool {
        self.is_idle()
            && self.building.is_none()
            && self.full.is_empty()
            && self.replays.is_empty()
            && self.durable.as_ref() == Some(&self.word().0)
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
