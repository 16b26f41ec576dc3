use super::*;

fn lane(begin: Begin, durable: Option<Word>) -> Lane {
    Lane::new(("t".to_owned(), 0), Framing::JsonObjects, Limits { messages: 100, bytes: 1 << 20 }, begin, durable)
}

fn fresh() -> Lane {
    lane(Begin::default(), None)
}

fn take(lane: &mut Lane, offsets: impl IntoIterator<Item = i64>) {
    for offset in offsets {
        let payload = Some(b"{}".as_slice());
        let message = Incoming { topic: "t", partition: 0, offset, key: None, payload, timestamp_ms: None };
        lane.take(&message, Instant::now());
    }
}

fn commit(lane: &mut Lane) -> Option<Word> {
    let word = lane.next_commit();
    lane.committed(true);
    word
}

fn offsets(batch: &Batch) -> Vec<i64> {
    batch.entries.iter().map(|e| e.offset).collect()
}

#[test]
fn nothing_is_inserted_before_the_group_knows_and_the_offset_moves_after_it() {
    let mut lane = fresh();
    take(&mut lane, 0..10);
    assert!(lane.start().is_none());
    lane.plan(7);
    assert!(lane.start().is_none(), "the group does not know");
    assert_eq!(lane.next_commit(), Some((0, "sluice1 0+9@7".into())));
    assert!(lane.start().is_none(), "the brokers have not answered");
    lane.committed(false);
    assert!(lane.start().is_none(), "the brokers did not take it");
    assert_eq!(commit(&mut lane), Some((0, "sluice1 0+9@7".into())));
    let first = lane.start().unwrap();
    assert_eq!(offsets(&first), (0..10).collect::<Vec<_>>());
    take(&mut lane, 10..15);
    lane.plan(8);
    assert_eq!(commit(&mut lane), Some((0, "sluice1 0+9@7 10+4@8".into())));
    let second = lane.start().unwrap();
    // The later one is ready first: the offset stays.
    lane.done(&second.intent);
    assert_eq!(commit(&mut lane), Some((0, "sluice1 0+9@7".into())));
    lane.done(&first.intent);
    assert!(!lane.is_settled());
    assert_eq!(commit(&mut lane), Some((15, String::new())));
    assert_eq!(commit(&mut lane), None);
    assert!(lane.is_settled());
}

#[test]
fn ranges_in_flight_are_made_again_as_they_were() {
    let replays = vec![Intent { first: 0, last: 9, seconds: 7 }, Intent { first: 20, last: 24, seconds: 8 }];
    let begin = Begin { from: 0, replays, floor: 25, lost: 0 };
    let mut lane = lane(begin, Some((0, "sluice1 0+9@7 20+4@8".into())));
    assert_eq!(lane.next_commit(), None, "the group knows");
    take(&mut lane, 0..5);
    lane.plan(9);
    assert!(lane.start().is_none(), "a range is whole or not at all");
    take(&mut lane, 5..30);
    let (first, second) = (lane.start().unwrap(), lane.start().unwrap());
    assert_eq!((offsets(&first), first.name()), ((0..10).collect(), "t/0/0-9@7".to_owned()));
    assert_eq!((offsets(&second), second.name()), ((20..25).collect(), "t/0/20-24@8".to_owned()));
    lane.plan(9);
    assert_eq!(commit(&mut lane), Some((0, "sluice1 0+9@7 20+4@8 25+4@9".into())));
    lane.done(&first.intent);
    assert_eq!(lane.word().0, (20, "sluice1 20+4@8 25+4@9".into()));
}

#[test]
fn a_range_whose_last_message_is_gone_ends_where_the_topic_does() {
    let begin = Begin { from: 0, replays: vec![Intent { first: 0, last: 9, seconds: 7 }], floor: 10, lost: 0 };
    let mut one = lane(begin.clone(), None);
    take(&mut one, [0, 1, 12]);
    assert_eq!(one.start().map(|b| offsets(&b)), Some(vec![0, 1]));
    let mut other = lane(begin.clone(), None);
    take(&mut other, [0, 1]);
    other.meet_end();
    assert_eq!(other.start().map(|b| offsets(&b)), Some(vec![0, 1]));
    let mut nothing = lane(begin, None);
    nothing.meet_end();
    assert!(nothing.start().is_none());
    assert_eq!(nothing.word().0, (10, String::new()));
}

#[test]
fn what_the_table_has_is_passed_over() {
    let mut lane = lane(Begin { from: 5, floor: 8, ..Begin::default() }, Some((5, String::new())));
    take(&mut lane, 5..10);
    take(&mut lane, 8..10);
    lane.plan(1);
    assert_eq!(commit(&mut lane), Some((8, "sluice1 8+1@1".into())));
    assert_eq!(lane.start().map(|b| offsets(&b)), Some(vec![8, 9]));
}

#[test]
fn what_was_not_begun_is_left_to_the_next() {
    let mut lane = fresh();
    take(&mut lane, 0..5);
    lane.plan(1);
    commit(&mut lane);
    let running = lane.start().unwrap();
    take(&mut lane, 5..10);
    lane.plan(2);
    take(&mut lane, 10..12);
    lane.let_go();
    assert_eq!(lane.word().0, (0, "sluice1 0+4@1".into()));
    lane.done(&running.intent);
    assert_eq!(lane.word().0, (5, String::new()));
}

#[test]
fn no_more_is_planned_than_fits() {
    let mut lane = fresh();
    for n in 0..5 {
        take(&mut lane, [n]);
        lane.plan(n);
    }
    assert_eq!(lane.word().0, (0, "sluice1 0+0@0 1+0@1 2+0@2".into()));
    assert!(lane.building().is_none());
}

#[test]
fn a_batch_grows_no_larger_while_others_are_in_flight() {
    let mut lane = fresh();
    take(&mut lane, 0..450);
    assert!(lane.is_complete());
    for n in 0..5 {
        lane.plan(n);
    }
    assert_eq!(lane.word().0, (0, "sluice1 0+99@0 100+99@1 200+99@2".into()));
    assert!(lane.building().is_none() && lane.is_complete());
    let held = lane.held();
    commit(&mut lane);
    let first = lane.start().unwrap();
    assert!(lane.held() < held);
    lane.done(&first.intent);
    lane.plan(5);
    assert_eq!(lane.word().0.1, "sluice1 100+99@1 200+99@2 300+99@5");
    assert!(!lane.is_complete());
    lane.let_go();
    commit(&mut lane);
    assert_eq!(lane.word().0, (100, "sluice1 100+99@1 200+99@2".into()), "what was not told is left to the next");
}
