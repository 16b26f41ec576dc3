//! A lane against a model of the group and of the table, killed between any two things that happen.

use super::*;
use crate::client::kafka::CommittedOffset;
use crate::consume::begin::{Known, begin};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Shards of the table. Each takes its part of an insert, or has taken it before, without asking the other.
const SHARDS: usize = 2;

/// Messages of the topic; some offsets are marks of transactions, some messages have no row.
const LOG: i64 = 60;

fn is_message(offset: i64) -> bool {
    offset % 11 != 10
}

fn has_row(offset: i64) -> bool {
    offset % 7 != 6
}

fn shard(offset: i64) -> usize {
    usize::from(offset % 3 == 0)
}

/// An insert that some process has sent, and which shards have not answered.
#[derive(Debug, Clone)]
struct Sent {
    name: String,
    intent: Intent,
    rows: Vec<i64>,
    open: BTreeSet<usize>,
}

/// What lasts.
#[derive(Debug, Default)]
struct World {
    group: CommittedOffset,
    /// Rows by offset: how often each is there.
    rows: BTreeMap<i64, usize>,
    tokens: BTreeSet<(usize, String)>,
    /// Inserts of processes that are gone; they land at any time, or never.
    orphans: Vec<Sent>,
    clock: i64,
}

impl World {
    fn land(&mut self, sent: &mut Sent, shard_of: usize) {
        if sent.open.remove(&shard_of) && self.tokens.insert((shard_of, sent.name.clone())) {
            for offset in sent.rows.iter().filter(|o| shard(**o) == shard_of) {
                *self.rows.entry(*offset).or_default() += 1;
            }
        }
    }
}

/// What dies.
struct Process {
    lane: Lane,
    read: i64,
    sent: Vec<Sent>,
    /// A commit on its way, and whether the brokers have taken it.
    commit: Option<(Word, bool)>,
}

impl Process {
    fn start(world: &World) -> Self {
        let highest = world.rows.keys().next_back().copied();
        let known = Known { committed: world.group.clone(), highest, low: 0, high: LOG, fresh: 0 };
        let partition = ("t".to_owned(), 0);
        let begin = begin(&partition, &known).unwrap();
        let durable = known.committed.offset.map(|offset| (offset, known.committed.metadata));
        let read = begin.from;
        let lane = Lane::new(partition, Framing::JsonObjects, Limits { messages: 8, bytes: 1 << 20 }, begin, durable);
        Self { lane, read, sent: Vec::new(), commit: None }
    }

    fn read(&mut self) {
        while self.read < LOG && !is_message(self.read) {
            self.read += 1;
        }
        if self.read == LOG {
            return self.lane.meet_end();
        }
        let payload = Some(b"{}".as_slice());
        let message = Incoming { topic: "t", partition: 0, offset: self.read, key: None, payload, timestamp_ms: None };
        self.lane.take(&message, Instant::now());
        self.read += 1;
    }

    fn ask(&mut self) {
        if self.commit.is_none() {
            self.commit = self.lane.next_commit().map(|word| (word, false));
        }
    }

    fn arrive(&mut self, world: &mut World) {
        if let Some((word, taken)) = &mut self.commit
            && !*taken
        {
            world.group = CommittedOffset { offset: Some(word.0), metadata: word.1.clone() };
            *taken = true;
        }
    }

    /// The answer: of a commit that was taken it may be lost.
    fn answer(&mut self, lost: bool) {
        if let Some((_, taken)) = self.commit.take() {
            self.lane.committed(taken && !lost);
        }
    }

    fn insert(&mut self) {
        if let Some(batch) = self.lane.start() {
            let rows = batch.entries.iter().map(|e| e.offset).filter(|o| has_row(*o)).collect();
            self.sent.push(Sent { name: batch.name(), intent: batch.intent, rows, open: (0..SHARDS).collect() });
        }
    }

    fn confirm(&mut self) {
        if let Some(at) = self.sent.iter().position(|s| s.open.is_empty()) {
            let sent = self.sent.remove(at);
            self.lane.done(&sent.intent);
        }
    }
}

/// Whatever happens, in this order.
fn run(actions: &[u8]) -> Result<World, TestCaseError> {
    let mut world = World::default();
    let mut process = Process::start(&world);
    for action in actions {
        let which = usize::from(*action / 16);
        match action % 16 {
            0..=3 => (0..=which / 4).for_each(|_| process.read()),
            4 | 5 => {
                world.clock += i64::from(which % 3 == 0);
                process.lane.plan(world.clock);
            }
            6 => process.ask(),
            7 => process.arrive(&mut world),
            8 => process.answer(which == 0),
            9 | 10 => process.insert(),
            11 => {
                if let Some(at) = (which / SHARDS).checked_rem(process.sent.len()) {
                    world.land(&mut process.sent[at], which % SHARDS);
                }
            }
            12 => process.confirm(),
            13 => {
                if let Some(at) = (which / SHARDS).checked_rem(world.orphans.len()) {
                    let mut sent = world.orphans[at].clone();
                    world.land(&mut sent, which % SHARDS);
                    world.orphans[at] = sent;
                }
            }
            // It goes in good order, if it is left the time.
            14 => process.lane.let_go(),
            _ => {
                world.orphans.append(&mut process.sent);
                process = Process::start(&world);
            }
        }
        prop_assert!(world.rows.values().all(|times| *times == 1), "twice: {:?}", world.rows);
    }
    world.orphans.append(&mut process.sent);
    finish(&mut world)?;
    Ok(world)
}

/// A last process that nobody disturbs, and whatever the dead have sent lands at last.
fn finish(world: &mut World) -> Result<(), TestCaseError> {
    let mut process = Process::start(world);
    for _ in 0..LOG * 4 {
        process.read();
        process.lane.plan(world.clock);
        process.ask();
        process.arrive(world);
        process.answer(false);
        process.insert();
        for sent in &mut process.sent {
            (0..SHARDS).for_each(|shard| world.land(sent, shard));
        }
        process.confirm();
    }
    prop_assert!(process.lane.is_settled(), "it does not come to an end: {:?}", process.lane.word());
    for mut sent in std::mem::take(&mut world.orphans) {
        (0..SHARDS).for_each(|shard| world.land(&mut sent, shard));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn each_message_is_there_once_whenever_it_is_killed(actions in proptest::collection::vec(any::<u8>(), 0..400)) {
        let world = run(&actions)?;
        let wanted: BTreeMap<i64, usize> = (0..LOG).filter(|o| is_message(*o) && has_row(*o)).map(|o| (o, 1)).collect();
        prop_assert_eq!(&world.rows, &wanted);
    }
}
