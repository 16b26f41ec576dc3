//! Messages that are no rows, in each format and each mode, between neighbours that are.

use super::world::World;
use crate::fixture::shared;

/// Good messages (with the numbers they hold) and bad ones, in a format.
struct Case {
    spec: &'static str,
    good: &'static [(&'static [u8], &'static [u64])],
    bad: &'static [&'static [u8]],
}

const JSON: Case = Case {
    spec: "format: JSONEachRow",
    good: &[
        (b"{\"n\":0,\"day\":\"2026-01-01\"}", &[0]),
        (b" {\"n\":1,\n\"day\":\"2026-02-01\"}\n", &[1]),
        (b"{\"n\":2,\"day\":\"2026-01-01\"}{\"n\":3,\"day\":\"2026-03-01\"}", &[2, 3]),
        (b"[{\"n\":4,\"day\":\"2026-01-01\"}]", &[4]),
        (b"{\"n\":5,\"day\":\"2026-01-01\",\"kafka_offset\":999,\"x\":\"\xff\xfe\"}", &[5]),
        (b"", &[]),
        (b"  ", &[]),
    ],
    bad: &[
        b"{\"n\":6,\"day\":\"2026-01-01\"",
        b"{\"n\":\"x\",\"day\":\"2026-01-01\"}",
        b"{\"n\":7,\"day\":\"no day\"}",
        b"{\"n\":8,\"day\":\"2026-01-01}",
        b"nonsense \xff",
        b"{\"__sluice_offset\":1,\"n\":9,\"day\":\"2026-01-01\"}",
    ],
};

const CSV: Case = Case {
    spec: "format: CSV",
    good: &[
        (b"0,2026-01-01", &[0]),
        (b"1,\"2026-02-01\"\r\n", &[1]),
        (b"2,2026-01-01\n3,2026-03-01\n", &[2, 3]),
        (b"\n", &[]),
    ],
    bad: &[b"4", b"5,\"2026-01-01", b"6,2026-01-01,7", b"x,2026-01-01"],
};

const TSV: Case = Case {
    spec: "format: TabSeparated",
    good: &[(b"0\t2026-01-01", &[0]), (b"1\t2026-02-01\n", &[1]), (b"2\t2026-01-01\n3\t2026-03-01", &[2, 3])],
    bad: &[b"4", b"5\t2026-01-01\\", b"6\t2026-01-01\t7", b"x\t2026-01-01"],
};

/// A format whose messages cannot stand one after the other.
const WHOLE: Case = Case {
    spec: "format: JSONColumns",
    good: &[
        (b"{\"n\":[0],\"day\":[\"2026-01-01\"]}", &[0]),
        (b"{\"n\":[1,2],\"day\":[\"2026-02-01\",\"2026-02-02\"]}", &[1, 2]),
    ],
    bad: &[b"{\"n\":[3],", b"{\"n\":[\"x\"],\"day\":[\"2026-01-01\"]}"],
};

async fn kept(case: &Case) {
    let world = World::new(shared(), 1, &format!("{}\n  batchSize: 1000", case.spec)).await;
    // Every bad one between two good ones.
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for i in 0..case.good.len().max(case.bad.len()) {
        messages.extend(case.good.get(i).map(|(m, _)| m.to_vec()));
        messages.extend(case.bad.get(i).map(|m| m.to_vec()));
    }
    world.send(messages.clone()).await;
    let (status, said) = world.once(&[]).await;
    assert!(status.success(), "{}: {said}", case.spec);
    // Each row knows the offset of its message.
    let offset = |message: &[u8]| messages.iter().position(|m| m == message).expect("it was sent");
    let mut rows: Vec<String> = Vec::new();
    for (message, numbers) in case.good {
        rows.extend(numbers.iter().map(|n| format!("{n}\t{}", offset(message))));
    }
    rows.sort();
    let found = world.ask("SELECT n, kafka_offset FROM $.t ORDER BY n").await;
    assert_eq!(found, rows.join("\n"), "{}", case.spec);
    let mut letters: Vec<(usize, String)> = case.bad.iter().map(|m| (offset(m), hex(m))).collect();
    letters.sort();
    let letters: Vec<String> = letters.iter().map(|(offset, raw)| format!("{offset}\t{raw}\t{offset}\t1")).collect();
    let sql = "SELECT offset, hex(raw), key, reason != '' FROM $.t_dead_letters ORDER BY offset";
    assert_eq!(world.ask(sql).await, letters.join("\n"), "{}", case.spec);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_messages_are_kept_and_their_neighbours_are_rows() {
    let cases = [kept(&JSON), kept(&CSV), kept(&TSV), kept(&WHOLE)];
    let [json, csv, tsv, whole] = cases;
    tokio::join!(json, csv, tsv, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_message_is_passed_over_or_ends_the_run_as_it_is_said() {
    let messages = || [b"{\"n\":0,\"day\":\"2026-01-01\"}".to_vec(), b"{\"n\":\"x\"}".to_vec()];
    let skipping = World::new(shared(), 1, "onBadMessage: skip").await;
    skipping.send(messages()).await;
    let (status, said) = skipping.once(&[]).await;
    assert!(status.success() && said.contains("bad        1"), "{said}");
    skipping.assert_each_once(1).await;

    let stopping = World::new(shared(), 1, "onBadMessage: stop").await;
    stopping.send(messages()).await;
    let (status, said) = stopping.once(&[]).await;
    assert_eq!(status.code(), Some(1), "{said}");
    let place = format!("topic `{}`, partition 0, offset 1: the message is refused", stopping.name);
    assert!(said.contains(&place), "{said}");
    assert_eq!(stopping.ask("SELECT count() FROM $.t").await, "0");
    // What was in flight goes on as soon as it may.
    stopping.write(1, "onBadMessage: skip");
    let (status, said) = stopping.once(&[]).await;
    assert!(status.success() && said.contains("repeated   1"), "{said}");
    stopping.assert_each_once(1).await;
}
