//! Copies whose rows go to other hosts: all hosts are emptied before the first of them sends, and rows are counted over
//! all of them.
//!
//! Guarantees: a step that ends well has put every row of all old tables into the new ones, once. Safe to run again: it
//! begins anew.
//! Assumes: nothing writes into the old tables, and none of them was swapped.

use super::copy::{Counted, Failures, Part, each};
use super::trouble::Trouble;
use futures_util::future::try_join_all;

/// The statements of an apply that was killed run on many hosts: who sends ends first, then what was sent meanwhile.
const ROUNDS: usize = 2;

pub(super) async fn run(parts: &[Part<'_>]) -> Failures {
    let mut failed = each(parts, |p| p.merges("STOP")).await;
    if failed.is_empty() {
        failed = moved(parts).await;
    }
    failed.extend(each(parts, |p| p.merges("START")).await);
    failed
}

async fn moved(parts: &[Part<'_>]) -> Failures {
    for _ in 0..ROUNDS {
        let failed = each(parts, Part::alone).await;
        if !failed.is_empty() {
            return failed;
        }
    }
    let mut failed = each(parts, Part::emptied).await;
    if failed.is_empty() {
        failed = rooms(parts).await;
    }
    if failed.is_empty() {
        failed = each(parts, sent).await;
    }
    if failed.is_empty() {
        failed = compared(parts).await;
    }
    failed
}

async fn sent(part: &Part<'_>) -> Result<(), Trouble> {
    let total = part.partitions(&part.copy.from).await?.into_values().sum();
    (part.told)(0, total);
    part.filled(None, 0, total).await?;
    (part.told)(total, total);
    Ok(())
}

/// Every host must have room for an even share. How even the key is nobody knows before.
async fn rooms(parts: &[Part<'_>]) -> Failures {
    let asked = parts.iter().map(|part| async move { part.room().await.map_err(|trouble| trouble.on(&part.name())) });
    let rooms = match try_join_all(asked).await {
        Ok(rooms) => rooms,
        Err(failed) => return vec![failed],
    };
    let all: u64 = rooms.iter().flatten().map(|room| room.bytes).sum();
    let share = all / u64::try_from(parts.len()).unwrap_or(1).max(1);
    let narrow = parts.iter().zip(&rooms).filter_map(|(part, room)| {
        let free = room.as_ref()?.free;
        let words = format!(
            "its share of {} takes about {share} bytes and the disks have {free} free: make room and apply again",
            part.copy.from
        );
        (share > free).then(|| Trouble::from(words).on(&part.name()))
    });
    narrow.collect()
}

async fn compared(parts: &[Part<'_>]) -> Failures {
    let Some(first) = parts.first() else { return Vec::new() };
    let counts = async |sql: &dyn Fn(&Part<'_>) -> String| {
        let counts = parts.iter().map(|part| {
            let sql = sql(part);
            async move { part.count(&sql, &[]).await.map_err(|trouble| trouble.on(&part.name())) }
        });
        try_join_all(counts).await.map(|counts| total(&counts))
    };
    let new = match counts(&|part| part.copy.count_new(false)).await {
        Ok(new) => new,
        Err(failed) => return vec![failed],
    };
    match counts(&|part| part.copy.count_old(false)).await {
        Ok(old) if old == new => Vec::new(),
        Ok(old) => {
            let words = format!(
                "{} has {} rows on all hosts together (checksum {}) and its copies {} have {} (checksum {}): something \
                 writes into it, or its rows change; nothing was swapped. Stop what writes and apply again",
                first.copy.from, old.0, old.1, first.copy.to, new.0, new.1
            );
            vec![Trouble::from(words).on(&first.name())]
        }
        Err(failed) => vec![failed],
    }
}

/// Rows and checksum of all hosts together: sums that wrap around as those of the servers do.
fn total(counts: &[Counted]) -> (u64, u64) {
    let checksum = |c: &Counted| c.checksum.parse::<u64>().unwrap_or_default();
    let add = |(rows, sum): (u64, u64), c: &Counted| (rows.wrapping_add(c.rows), sum.wrapping_add(checksum(c)));
    counts.iter().fold((0, 0), add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_of_hosts_wrap_around() {
        let counted = |rows, checksum: u64| Counted { rows, checksum: checksum.to_string() };
        assert_eq!(total(&[]), (0, 0));
        assert_eq!(total(&[counted(2, u64::MAX), counted(3, 5)]), (5, 4));
    }
}
