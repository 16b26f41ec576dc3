//! Partitions come and go.

use super::{Engine, ends};
use crate::client::kafka::{Assignment, GroupListener, KafkaError, Partition, TopicError};
use crate::consume::begin::{Begin, Known, begin};
use crate::consume::error::ConsumeError;
use crate::consume::lane::Lane;
use crate::consume::options::From;
use crate::consume::run::{Level, now};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long partitions that go wait for what is in flight: less than the group waits for this member.
const HAND_OVER_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks at brokers that do not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// Attempts of the last commit of partitions that go.
const COMMITS: usize = 3;
/// How long a run with an end waits for them.
const GIVE_UP: Duration = Duration::from_secs(300);

/// The engine as the group's listener.
pub(in super::super) struct Listener(pub Arc<Mutex<Engine>>);

impl GroupListener for Listener {
    fn assigned(&self, assignment: &Assignment<'_>, partitions: &[Partition]) -> BTreeMap<Partition, i64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).assigned(assignment, partitions)
    }

    fn revoked(&self, assignment: &Assignment<'_>, partitions: &[Partition], lost: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).revoked(assignment, partitions, lost);
    }
}

impl Engine {
    fn assigned(&mut self, assignment: &Assignment<'_>, partitions: &[Partition]) -> BTreeMap<Partition, i64> {
        self.paused = false;
        let since = now();
        let mut said = false;
        let known = loop {
            if partitions.is_empty() || self.failure.is_some() || self.setup.stop.level() > Level::Go {
                return BTreeMap::new();
            }
            match self.known(assignment, partitions) {
                Ok(known) => break known,
                Err(Trouble::Final(error)) => {
                    self.fail(error);
                    return BTreeMap::new();
                }
                Err(Trouble::Passing(error)) => {
                    if self.setup.options.once && since.elapsed() > GIVE_UP {
                        self.fail(ConsumeError::GaveUp { after: GIVE_UP, source: Box::new(error) });
                        return BTreeMap::new();
                    }
                    if !said {
                        self.setup.events.say(&format!("cannot begin yet: {error}; trying again"));
                        said = true;
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(Trouble::Stopped) => return BTreeMap::new(),
            }
        };
        let mut starts = BTreeMap::new();
        for (partition, known) in known {
            let Begin { from, replays, floor, lost } = match begin(&partition, &known) {
                Ok(begin) => begin,
                Err(error) => {
                    self.fail(error);
                    return BTreeMap::new();
                }
            };
            if lost > 0 {
                self.setup.events.say(&format!(
                    "topic `{}`, partition {}: {lost} offset(s) before {from} are no longer kept by the topic; their \
                     messages were never consumed",
                    partition.0, partition.1
                ));
                self.statistics().lost += u64::try_from(lost).unwrap_or_default();
            }
            self.statistics().repeated += replays.len() as u64;
            let durable = known.committed.offset.map(|offset| (offset, known.committed.metadata.clone()));
            let mut lane = Lane::new(
                partition.clone(),
                self.framing,
                self.limits(),
                Begin { from, replays, floor, lost },
                durable,
            );
            lane.end = self.setup.ends.as_ref().and_then(|ends| ends.get(&partition).copied());
            self.lanes.entry(partition.0.clone()).or_default().insert(partition.1, lane);
            starts.insert(partition, from);
        }
        self.count_partitions();
        starts
    }

    /// What group, table and topic say of these partitions.
    fn known(
        &self,
        assignment: &Assignment<'_>,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Known>, Trouble> {
        let mut committed = assignment.committed(partitions)?;
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        let mut above: BTreeMap<String, BTreeMap<i32, Option<i64>>> = BTreeMap::new();
        for (topic, partition) in partitions {
            let offset = committed.get(&(topic.clone(), *partition)).and_then(|c| c.offset);
            above.entry(topic.clone()).or_default().insert(*partition, offset);
            let count = counts.entry(topic.clone()).or_default();
            *count = (*count).max(u32::try_from(partition + 1).unwrap_or_default());
        }
        let setup = &self.setup;
        let reading = async {
            let mut highest = BTreeMap::new();
            for (topic, above) in &above {
                highest.insert(topic.clone(), setup.sink.highest(topic, above).await.map_err(Trouble::Final)?);
            }
            let marks = setup.reader.watermarks(&counts).await?;
            let fresh = match setup.options.from {
                From::Earliest | From::Latest => BTreeMap::new(),
                From::At(time) => setup.reader.offsets_at(time, &counts).await?,
            };
            Ok::<_, Trouble>((highest, marks, fresh))
        };
        let (highest, marks, fresh) = setup.runtime.block_on(async {
            tokio::select! {
                read = reading => read,
                () = setup.stop.reached(Level::Finish) => Err(Trouble::Stopped),
            }
        })?;
        let lows = marks.clone().into_iter().map(|(topic, m)| {
            let low = |m: Vec<crate::client::kafka::Watermark>| m.iter().map(|m| m.low).collect::<Vec<u64>>();
            (topic, m.map(low))
        });
        let lows: BTreeMap<String, Result<Vec<u64>, TopicError>> = lows.collect();
        let highs = ends(marks);
        let mut all = BTreeMap::new();
        for partition in partitions {
            let (low, high) = (at(&lows, partition)?, highs.get(partition).copied().unwrap_or_default());
            let fresh = match setup.options.from {
                From::Earliest => low,
                From::Latest => high,
                From::At(_) => at(&fresh, partition)?,
            };
            let committed = committed.remove(partition).unwrap_or_default();
            let highest = highest.get(&partition.0).and_then(|h| h.get(&partition.1)).copied();
            all.insert(partition.clone(), Known { committed, highest, low, high, fresh });
        }
        Ok(all)
    }

    fn revoked(&mut self, assignment: &Assignment<'_>, partitions: &[Partition], lost: bool) {
        for partition in partitions {
            if let Some(lane) = self.lane(partition) {
                lane.let_go();
            }
        }
        let of_these =
            |engine: &Self| engine.commits.waits() || engine.tasks.values().any(|t| partitions.contains(&t.partition));
        let begin = now();
        self.start();
        while !lost && of_these(self) && begin.elapsed() < HAND_OVER_WITHIN && self.setup.stop.level() < Level::Cancel {
            self.receive(Duration::from_millis(20));
            self.start();
        }
        // An answer that is still awaited could overtake this one.
        if !lost && !self.commits.waits() && self.setup.stop.level() < Level::Cancel {
            let mut words = BTreeMap::new();
            for partition in partitions {
                if let Some(word) = self.lane(partition).and_then(Lane::next_commit) {
                    words.insert(partition.clone(), word);
                }
            }
            let mut last = Ok(());
            for attempt in 0..COMMITS {
                last = if words.is_empty() { Ok(()) } else { assignment.commit(&words) };
                match last {
                    Err(_) if attempt + 1 < COMMITS => std::thread::sleep(PAUSE),
                    Ok(()) | Err(_) => break,
                }
            }
            if let Err(error) = last {
                // The next owner inserts again what the group knows to be in flight, and no more is begun here.
                tracing::info!("partitions are handed over without a last commit: {error}");
            }
        }
        self.tasks.retain(|_, task| {
            let goes = partitions.contains(&task.partition);
            if goes {
                task.abort.abort();
            }
            !goes
        });
        for (topic, partition) in partitions {
            if let Some(lanes) = self.lanes.get_mut(topic) {
                lanes.remove(partition);
            }
        }
        self.count_partitions();
    }

    fn count_partitions(&self) {
        self.statistics().partitions = self.lanes.values().map(BTreeMap::len).sum();
    }
}

/// Why a partition cannot begin.
enum Trouble {
    Passing(ConsumeError),
    Final(ConsumeError),
    Stopped,
}

impl std::convert::From<KafkaError> for Trouble {
    fn from(error: KafkaError) -> Self {
        match error {
            KafkaError::Login { .. } | KafkaError::Property { .. } | KafkaError::Setup { .. } => {
                Trouble::Final(error.into())
            }
            KafkaError::Unreachable { .. }
            | KafkaError::Request { .. }
            | KafkaError::Topic { .. }
            | KafkaError::Group { .. }
            | KafkaError::StillPresent { .. }
            | KafkaError::NotReady { .. }
            | KafkaError::NotWritten { .. }
            | KafkaError::Delivery { .. } => Trouble::Passing(error.into()),
        }
    }
}

fn at(found: &BTreeMap<String, Result<Vec<u64>, TopicError>>, partition: &Partition) -> Result<i64, Trouble> {
    let of = found.get(&partition.0).cloned().unwrap_or_else(|| Ok(Vec::new()));
    let of =
        of.map_err(|e| Trouble::Passing(ConsumeError::Topic { topic: partition.0.clone(), reason: e.to_string() }))?;
    let offset = usize::try_from(partition.1).ok().and_then(|p| of.get(p)).copied().unwrap_or_default();
    Ok(i64::try_from(offset).unwrap_or(i64::MAX))
}
