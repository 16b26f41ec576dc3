//! Records to what is known.

use super::apply::{ApplyRecord, StepRecord};
use super::lease::Lease;
use super::record::{AppliedRecord, Key, Record, StateError, read, tombstone, unknown};
use crate::drift::LastApplied;
use std::collections::BTreeMap;

/// Applies that are remembered.
pub const KEPT_APPLIES: u64 = 200;
/// Applies whose steps are remembered.
pub const KEPT_STEPS: u64 = 20;

/// The last record of every key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records(BTreeMap<String, (i64, Vec<u8>)>);

impl Records {
    /// Takes a record in; later ones replace earlier ones of their key.
    pub fn put(&mut self, offset: i64, key: &[u8], value: Option<Vec<u8>>) {
        let key = String::from_utf8_lossy(key).into_owned();
        match value {
            Some(value) => self.0.insert(key, (offset, value)),
            None => self.0.remove(&key),
        };
    }
}

/// What a project remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remembered {
    /// The last lease, with where it stands.
    pub lease: Option<(i64, Lease)>,
    /// What was applied last, by resource.
    pub applied: LastApplied,
    /// The applies, by number.
    pub applies: BTreeMap<u64, ApplyRecord>,
    /// Steps as they were written: most commands need none of them.
    steps: BTreeMap<(u64, usize), (i64, Vec<u8>)>,
}

impl Remembered {
    /// Reads everything but steps.
    ///
    /// # Errors
    /// A record is damaged, or another version wrote it.
    pub fn of(records: &Records) -> Result<Self, StateError> {
        let mut known = Self::default();
        for (text, (offset, value)) in &records.0 {
            let offset = *offset;
            match Key::parse(text) {
                Some(Key::Lease) => known.lease = Some((offset, read(text, offset, value)?)),
                Some(Key::Resource(id)) => {
                    let AppliedRecord { applied, .. } = read(text, offset, value)?;
                    known.applied.insert(id, applied);
                }
                Some(Key::Apply(number)) => {
                    known.applies.insert(number, read(text, offset, value)?);
                }
                Some(Key::Step(number, step)) => {
                    known.steps.insert((number, step), (offset, value.clone()));
                }
                None => return Err(unknown(text, offset, value)),
            }
        }
        Ok(known)
    }

    /// The lease, where somebody holds it.
    pub fn held(&self) -> Option<&Lease> {
        self.lease.as_ref().map(|(_, lease)| lease).filter(|lease| !lease.released)
    }

    /// The environment of the last apply; none where nothing was applied.
    pub fn environment(&self) -> Option<Option<&str>> {
        self.applies.values().next_back().map(|last| last.holder.environment.as_deref())
    }

    /// The number of the next apply.
    pub fn next(&self) -> u64 {
        self.applies.keys().next_back().map_or(1, |last| last + 1)
    }

    /// The steps of an apply that were begun, in the order of the plan.
    ///
    /// # Errors
    /// A record is damaged, or another version wrote it.
    pub fn steps(&self, apply: u64) -> Result<Vec<StepRecord>, StateError> {
        let steps = self.steps.range((apply, 0)..=(apply, usize::MAX));
        steps.map(|((a, s), (offset, value))| read(&Key::Step(*a, *s).to_string(), *offset, value)).collect()
    }

    /// Whether the steps of an apply are still remembered.
    pub fn has_steps(&self, apply: u64) -> bool {
        self.steps.range((apply, 0)..=(apply, usize::MAX)).next().is_some()
    }

    /// What is forgotten when an apply of this number ends.
    pub fn outdated(&self, number: u64) -> Vec<Record> {
        let steps = self.steps.keys().filter(|(apply, _)| apply + KEPT_STEPS <= number);
        let applies = self.applies.keys().filter(|apply| *apply + KEPT_APPLIES <= number);
        let steps = steps.map(|(apply, step)| tombstone(&Key::Step(*apply, *step)));
        steps.chain(applies.map(|apply| tombstone(&Key::Apply(*apply)))).collect()
    }
}
