//! The harness over servers that lose and repeat: a proof that finds nothing may be blind.

use super::arrival;
use super::case::{Case, folder};
use super::change::{BEFORE, set_up, settled};
use super::killed::state;
use super::numbers::{Numbers, Sent};
use crate::fixture::project::by_hand;
use crate::fixture::{attempt, shared, unique};
use std::time::Duration;

/// What a judgement says when it fails.
async fn refusal(case: &Case, sent: &Sent) -> String {
    attempt(settled(case, sent)).await.err().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_comes_twice_or_is_changed_is_found() {
    shared();
    let patient = Case::read(&folder().join("01-comment")).named(&unique("proof"), 1);
    let case = patient.within(Duration::from_secs(3));
    let before = case.before();
    set_up(&case, &before).await;
    let mut numbers = Numbers::begin(&case);
    numbers.reach(BEFORE).await;
    numbers.after(BEFORE).await;
    let sent = numbers.stop().await;
    let table = case.filled("${case}.rows");
    assert_eq!(arrival::until(&patient, &table, "n", 1, sent.last).await.twice(), 0);
    assert_eq!(settled(&case, &sent).await, (0, 0));
    let made = state(&case).await;
    by_hand(1, &format!("ALTER TABLE {table} MODIFY COLUMN colour COMMENT 'x'")).await;
    assert_ne!(state(&case).await, made);

    by_hand(1, &format!("INSERT INTO {table} SELECT * FROM {table} WHERE n = 17")).await;
    assert_eq!(
        refusal(&case, &sent).await,
        format!("{}: 1 rows came twice, and the case says: nothing does", case.name)
    );
    let mut tolerant = case.clone();
    tolerant.spec.twice = "some".into();
    assert_eq!(settled(&tolerant, &sent).await, (0, 1));

    by_hand(1, &format!("DELETE FROM {table} WHERE n = 17")).await;
    let words = refusal(&case, &sent).await;
    assert!(words.contains("missing: Ok(\"[17]\")"), "{words}");
    tolerant.spec.lost = "some".into();
    assert_eq!(settled(&tolerant, &sent).await, (1, 0));

    by_hand(1, &format!("INSERT INTO {table} VALUES (17, '2026-12-24', 'blue')")).await;
    let words = refusal(&case, &sent).await;
    assert!(words.contains("WHERE n > 0 AND NOT (toDayOfMonth(day) = 1 + n % 28) answers Ok(\"1\")"), "{words}");

    by_hand(1, &format!("INSERT INTO {table} VALUES (1000000, '2026-12-24', 'blue')")).await;
    let words = refusal(&case, &sent).await;
    assert!(words.contains("numbers that nobody sent"), "{words}");
    before.clean().await;
}
