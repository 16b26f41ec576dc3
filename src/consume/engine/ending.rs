//! When a run is at its end, and how it ends.

use super::{Engine, Outcome};
use crate::client::kafka::{GroupConsumer, Partition};
use crate::consume::commits;
use crate::consume::error::ConsumeError;
use crate::consume::run::{Level, now};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// From one look at what other members have committed to the next.
const OTHERS_EVERY: Duration = Duration::from_secs(1);
/// How long no message has come before the brokers are asked whether any stands there.
const QUIET: Duration = Duration::from_secs(1);
/// How long the end of a run waits for what is in flight.
const FINISH_WITHIN: Duration = Duration::from_secs(120);
/// Attempts of the last commit, and the pause between them.
const COMMITS: usize = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// What is known of the ends.
#[derive(Debug, Default)]
pub(super) struct Ending {
    quiet_since: Option<Instant>,
    asking: bool,
    others_asked: Option<Instant>,
    /// What others have committed, of partitions whose end they have not reached.
    others: BTreeMap<Partition, i64>,
    /// Behind these offsets no message stands.
    empty: BTreeMap<Partition, i64>,
}

impl Engine {
    /// Asks the brokers for which partitions there is nothing left to wait for. Offsets do not tell: behind the last
    /// message there may be marks of transactions, and the end of a partition is told without its topic.
    pub(super) fn ask_ends(&mut self, idle: bool) {
        if !idle {
            self.ending.quiet_since = None;
            return;
        }
        let since = *self.ending.quiet_since.get_or_insert_with(now);
        if self.ending.asking || since.elapsed() < QUIET {
            return;
        }
        let mut places = BTreeMap::new();
        for (topic, lanes) in &self.lanes {
            for (partition, lane) in lanes {
                if lane.waits() {
                    places.insert((topic.clone(), *partition), lane.position());
                }
            }
        }
        places.extend(self.ending.others.clone().into_iter().filter(|(p, at)| self.ending.empty.get(p) != Some(at)));
        if places.is_empty() {
            return;
        }
        self.ending.asking = true;
        let (reader, settings) = (self.setup.reader.clone(), self.setup.settings.clone());
        let told = self.told.clone();
        self.setup.runtime.spawn(async move {
            let number = |n: i32| u32::try_from(n).unwrap_or_default();
            let wanted = places.iter().map(|((topic, p), at)| ((topic.clone(), number(*p)), at.unsigned_abs()));
            // What cannot be told now is told by the next look.
            let found = reader.without_messages(&settings, &wanted.collect()).await.unwrap_or_default();
            let empty = places.into_iter().filter(|((topic, p), _)| found.contains(&(topic.clone(), number(*p))));
            let _ = told.send(Outcome::Empty(empty.collect()));
        });
    }

    pub(super) fn found_empty(&mut self, empty: BTreeMap<Partition, i64>) {
        self.ending.asking = false;
        self.ending.quiet_since = None;
        for (partition, at) in &empty {
            if let Some(lane) = self.lane(partition).filter(|lane| lane.position() == *at) {
                lane.meet_end();
            }
        }
        self.ending.empty.extend(empty);
    }

    /// Whether every partition is consumed up to its end, by whomever.
    pub fn is_finished(&mut self, consumer: &GroupConsumer) -> bool {
        let Some(ends) = &self.setup.ends else { return false };
        let mut others = Vec::new();
        for ((topic, partition), end) in ends {
            match self.lanes.get(topic).and_then(|lanes| lanes.get(partition)) {
                Some(lane) if lane.is_settled() && lane.is_over() => {}
                Some(_) => return false,
                None => others.push(((topic.clone(), *partition), *end)),
            }
        }
        if others.is_empty() {
            return true;
        }
        if self.ending.others_asked.is_some_and(|at| at.elapsed() < OTHERS_EVERY) {
            return false;
        }
        self.ending.others_asked = Some(now());
        let partitions: Vec<Partition> = others.iter().map(|(p, _)| p.clone()).collect();
        // What cannot be told now is told by the next look.
        let Ok(mut found) = consumer.committed(&partitions) else { return false };
        self.ending.others.clear();
        let mut finished = true;
        for (partition, end) in others {
            let committed = found.remove(&partition).unwrap_or_default();
            // A word beside the offset is of messages in flight.
            let done = committed.offset.filter(|_| committed.metadata.is_empty());
            match done {
                _ if end == 0 => {}
                Some(at) if at >= end || self.ending.empty.get(&partition) == Some(&at) => {}
                Some(at) => {
                    finished = false;
                    self.ending.others.insert(partition, at);
                }
                None => finished = false,
            }
        }
        finished
    }

    /// Ends: what is in flight is waited for and committed, what was not begun is left to the next run.
    ///
    /// # Errors
    /// What made it end.
    pub fn finish(&mut self, consumer: &Arc<GroupConsumer>) -> Result<(), ConsumeError> {
        for lane in self.lanes.values_mut().flat_map(BTreeMap::values_mut) {
            lane.let_go();
        }
        let begin = now();
        let ours = |engine: &Self| !engine.tasks.is_empty() || engine.commits.waits();
        self.start();
        while ours(self) && begin.elapsed() < FINISH_WITHIN && self.setup.stop.level() < Level::Cancel {
            self.receive(Duration::from_millis(20));
            self.start();
        }
        if !self.commits.waits() {
            self.commit_last(consumer);
        }
        for task in std::mem::take(&mut self.tasks).into_values() {
            task.abort.abort();
        }
        self.lanes.values_mut().for_each(BTreeMap::clear);
        self.failure.take().map_or(Ok(()), Err)
    }

    /// The last commit of a run. A group that is being divided anew refuses it, which is no failure: the group knows what
    /// was in flight, and the next run inserts it again under the same tokens.
    fn commit_last(&mut self, consumer: &GroupConsumer) {
        let words = self.words();
        for attempt in 1..=COMMITS {
            if words.is_empty() || self.setup.stop.level() >= Level::Cancel {
                return;
            }
            let Err(error) = consumer.commit(&words) else { return };
            if commits::is_final(&error) {
                return self.fail(error.into());
            }
            if attempt == COMMITS {
                self.setup.events.say(&format!(
                    "the last commit is refused: {error}; the next run inserts again, under the same tokens, what was in \
                     flight"
                ));
            } else {
                std::thread::sleep(PAUSE);
            }
        }
    }
}
