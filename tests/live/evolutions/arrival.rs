//! Whoever looks whether the numbers are in the tables, how often, and for how long none came.

use super::case::Case;
use crate::fixture::project::try_ask_node;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// From one look at the tables to the next. Tens of cases look at the same time, and on a cluster each look asks all nodes:
/// looking more often would be most of what the servers do.
pub const LOOK: Duration = Duration::from_secs(1);

/// What of the numbers is in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Rows with a number.
    pub rows: u64,
    /// Different numbers.
    pub numbers: u64,
}

impl Arrived {
    /// Rows that are there again.
    pub fn twice(&self) -> u64 {
        self.rows - self.numbers
    }
}

async fn arrived(case: &Case, table: &str, number: &str, numbers: &RangeInclusive<u64>) -> Result<Arrived, String> {
    let (from, to) = (numbers.start(), numbers.end());
    let query = format!("SELECT count(), uniqExact({number}) FROM {table} WHERE {number} BETWEEN {from} AND {to}");
    let answer = try_ask_node(case.nodes()[0], &query).await?;
    let mut counts = answer.split('\t').map(|count| count.parse().expect("a count"));
    let mut next = || counts.next().expect("two counts");
    Ok(Arrived { rows: next(), numbers: next() })
}

/// Waits until a table holds so many different numbers, beginning with `from`; fails when none has come for long.
pub async fn until(case: &Case, table: &str, number: &str, from: u64, expected: u64) -> Arrived {
    within(case, table, number, from..=u64::MAX, expected).await
}

/// Waits until a table holds every one of these numbers.
pub async fn all(case: &Case, table: &str, number: &str, numbers: RangeInclusive<u64>) {
    let expected = 1 + numbers.end() - numbers.start();
    within(case, table, number, numbers, expected).await;
}

async fn within(case: &Case, table: &str, number: &str, numbers: RangeInclusive<u64>, expected: u64) -> Arrived {
    let from = *numbers.start();
    let (mut last, mut grown) = (0, Instant::now());
    loop {
        let found = arrived(case, table, number, &numbers).await;
        match &found {
            Ok(found) if found.numbers >= expected => return *found,
            Ok(found) if found.numbers > last => (last, grown) = (found.numbers, Instant::now()),
            Ok(_) | Err(_) if grown.elapsed() < case.patience => tokio::time::sleep(LOOK).await,
            Ok(_) | Err(_) => {
                let to = from + expected;
                let missing = format!(
                    "SELECT arraySlice(arrayFilter(n -> NOT has((SELECT groupArray({number}) FROM {table}), n), \
                     range({from}, {to})), 1, 20)"
                );
                let missing = try_ask_node(case.nodes()[0], &missing).await;
                panic!("{}: {table} holds {found:?} of {expected} numbers; missing: {missing:?}", case.name);
            }
        }
    }
}

/// Looks for new numbers all the time.
pub struct Watcher {
    seen: Arc<Mutex<Vec<(Instant, u64)>>>,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Begins to look at the first of the tables, before and after the change.
    pub fn begin(case: &Case) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let spec = &case.spec;
        let before = (case.all(&spec.tables, &[])[0].clone(), "n".to_owned());
        let after = (case.all(&spec.tables, &spec.tables_after)[0].clone(), spec.number.clone());
        let queries: Vec<String> = if before == after { vec![after] } else { vec![after, before] }
            .iter()
            .map(|(table, number)| format!("SELECT max({number}) FROM {table}"))
            .collect();
        let (node, list) = (case.nodes()[0], seen.clone());
        let task = tokio::spawn(async move {
            loop {
                for query in &queries {
                    // A table that is gone for the moment has nothing new.
                    let Ok(answer) = try_ask_node(node, query).await else { continue };
                    let largest = answer.parse().expect("a number");
                    list.lock().expect("no panic while it is held").push((Instant::now(), largest));
                    break;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self { seen, task }
    }

    /// The longest time without a new number, of those that ended after `from`.
    pub fn end(self, from: Instant) -> Duration {
        self.task.abort();
        let seen = self.seen.lock().expect("no panic while it is held");
        let (mut largest, mut grown, mut longest) = (0, None, Duration::ZERO);
        for (at, number) in seen.iter().filter(|(_, number)| *number > 0) {
            if *number > largest {
                if let Some(last) = grown.filter(|_| *at > from) {
                    longest = longest.max(*at - last);
                }
                (largest, grown) = (*number, Some(*at));
            }
        }
        longest
    }
}
