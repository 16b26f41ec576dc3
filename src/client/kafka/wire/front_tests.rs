//! Removal of members, against a front that misbehaves.

use super::super::error::KafkaError;
use super::super::group::{GroupError, Removal};
use super::super::settings::KafkaSettings;
use super::front::{Body, Step, coordinator, framed, front, front_of, left, versions};
use super::remove_members;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

async fn removed(settings: &KafkaSettings, ids: &[&str]) -> Result<Removal, KafkaError> {
    remove_members(settings, "g", ids.iter().map(|id| (*id).to_owned()).collect()).await
}

/// A front that is its own coordinator and answers the removal with the last step.
async fn answering(last: Step) -> KafkaSettings {
    front_of(|port| vec![versions(2, 5), coordinator(port), last]).await
}

fn done(removed: &[&str], gone: &[&str]) -> Removal {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Removal::Done { removed: owned(removed), gone: owned(gone) }
}

#[tokio::test]
async fn members_are_told_from_those_that_had_gone() {
    let settings = answering(left(0, &[("a", 0), ("b", 25), ("stranger", 0)])).await;
    // `c` is not answered about: the broker leaves out members it does not know.
    assert_eq!(removed(&settings, &["a", "b", "c"]).await, Ok(done(&["a"], &["b", "c"])));
    for absent in [25, 69] {
        let settings = answering(left(absent, &[])).await;
        assert_eq!(removed(&settings, &["a"]).await, Ok(done(&[], &["a"])), "{absent}");
    }
}

#[tokio::test]
async fn refusals_name_the_group_and_the_reason() {
    let forbidden = answering(left(30, &[])).await;
    let error = removed(&forbidden, &["a"]).await.unwrap_err();
    assert!(matches!(&error, KafkaError::Group { source: GroupError::Forbidden(_), .. }), "{error:?}");
    let other = answering(left(0, &[("a", 82)])).await;
    let error = removed(&other, &["a"]).await.unwrap_err();
    let KafkaError::Group { group, source: GroupError::Other { code, .. }, .. } = error else { panic!("{error:?}") };
    assert_eq!((group.as_str(), code.as_str()), ("g", "FENCED_INSTANCE_ID"));
}

#[tokio::test]
async fn a_coordinator_that_loads_is_asked_until_the_time_is_over() {
    let began = Instant::now();
    let error = removed(&answering(left(14, &[])).await, &["a"]).await.unwrap_err();
    let KafkaError::Group { source: GroupError::Other { code, .. }, .. } = &error else { panic!("{error:?}") };
    assert_eq!(code, "COORDINATOR_LOAD_IN_PROGRESS");
    assert!((1..6).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn brokers_without_the_request_are_not_asked_for_it() {
    for (find_coordinator, leave_group) in [(2, 2), (0, 5)] {
        let settings = front(vec![versions(find_coordinator, leave_group)]).await;
        let answer = removed(&settings, &["a"]).await.unwrap();
        assert!(matches!(&answer, Removal::Unsupported(why) if why.contains("Kafka 2.4")), "{answer:?}");
    }
}

#[tokio::test]
async fn a_security_that_is_not_spoken_is_no_failure() {
    let mut settings = KafkaSettings::new("127.0.0.1:1");
    settings.properties.insert("security.protocol".to_owned(), "sasl_ssl".into());
    let answer = removed(&settings, &["a"]).await.unwrap();
    assert!(matches!(&answer, Removal::Unsupported(why) if why.contains("GSSAPI")), "{answer:?}");
}

#[tokio::test]
async fn silence_and_closed_connections_end_in_time() {
    let nobody = KafkaSettings { timeout: Duration::from_secs(2), ..KafkaSettings::new("127.0.0.1:1") };
    let cases = [
        (nobody, "refused"),
        (front(vec![]).await, ""),
        (front(vec![Step::Close]).await, ""),
        (front(vec![Step::Silence]).await, "no answer in time"),
        (front(vec![versions(2, 5), Step::Close]).await, ""),
        (front(vec![versions(2, 5), Step::Silence]).await, "no answer in time"),
        (answering(Step::Close).await, ""),
        (answering(Step::Silence).await, "no answer in time"),
    ];
    for (settings, cause) in cases {
        let began = Instant::now();
        let error = removed(&settings, &["a"]).await.unwrap_err();
        let KafkaError::Unreachable { last, .. } = &error else { panic!("{error:?}") };
        assert!(last.contains(cause), "{last}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn the_next_bootstrap_server_is_asked_when_one_is_silent_or_talks_nonsense() {
    for bad in [Step::Silence, Step::Raw(framed(b"HTTP/1.1 400 Bad Request"))] {
        let (bad, good) = (front(vec![bad]).await, answering(left(0, &[("a", 0)])).await);
        let both = format!("{},{}", bad.bootstrap_servers, good.bootstrap_servers);
        let settings = KafkaSettings { bootstrap_servers: both, ..good };
        assert_eq!(removed(&settings, &["a"]).await, Ok(done(&["a"], &[])));
    }
}

#[tokio::test]
async fn nonsense_is_an_error_and_its_length_is_not_believed() {
    let short = |bytes: &[u8]| Step::Raw(framed(bytes));
    let many = Body::default().i32(0).i16(0).i32(i32::MAX).text("a").step();
    let nowhere = Body::default().i32(0).i16(0).i16(-1).i32(1).text("").i32(9092).step();
    let far = Body::default().i32(0).i16(0).i16(-1).i32(1).text("h").i32(70_000).step();
    let cases = [
        (front(vec![Step::Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())]).await, "length"),
        (front(vec![Step::Raw(i32::MAX.to_be_bytes().to_vec())]).await, "length"),
        (front(vec![Step::Raw((-1i32).to_be_bytes().to_vec())]).await, "length"),
        (front(vec![short(&[])]).await, ""),
        (front(vec![short(&[0, 0])]).await, ""),
        (front(vec![short(&[0, 0, 0, 99, 0, 0, 0, 0, 0, 0])]).await, "another request"),
        (front(vec![Body::default().i16(0).i32(i32::MAX).step()]).await, "shorter than it says"),
        (front(vec![Body::default().i16(0).i32(-1).step()]).await, ""),
        (front(vec![versions(2, 5), nowhere]).await, "no address"),
        (front(vec![versions(2, 5), far]).await, "no address"),
        (answering(many).await, "shorter than it says"),
        (answering(Body::default().i32(0).step()).await, "shorter than it says"),
    ];
    for (settings, cause) in cases {
        let error = removed(&settings, &["a"]).await.unwrap_err();
        let KafkaError::Request { message, .. } = &error else { panic!("{error:?}") };
        assert!(message.contains("no proper answer") && message.contains(cause), "{message}");
    }
}

fn sasl(settings: KafkaSettings, mechanism: &str) -> KafkaSettings {
    let properties = [
        ("security.protocol", "SASL_PLAINTEXT"),
        ("sasl.mechanism", mechanism),
        ("sasl.username", "alice"),
        ("sasl.password", "swordfish"),
    ];
    let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
    KafkaSettings { properties, ..settings }
}

#[tokio::test]
async fn a_refused_login_is_told_without_the_password() {
    let handshake = || Body::default().i16(0).i32(1).text("PLAIN").step();
    let refusal = Body::default().i16(58).text("no entry for alice with swordfish").bytes(&[]).step();
    let other = Body::default().i16(33).i32(2).text("GSSAPI").text("SCRAM-SHA-256").step();
    for (steps, why) in [
        (vec![versions(2, 5), handshake(), refusal], "no entry for <hidden> with <hidden>"),
        (vec![versions(2, 5), other], "it takes GSSAPI, SCRAM-SHA-256"),
    ] {
        let error = removed(&sasl(front(steps).await, "PLAIN"), &["a"]).await.unwrap_err();
        let KafkaError::Login { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains(why), "{reason}");
        assert!(!format!("{error} {error:?}").contains("swordfish"));
    }
}

/// The example of RFC 7677 has another nonce than ours, as a replayed answer would.
#[tokio::test]
async fn a_false_server_gets_no_proof_of_the_password() {
    let handshake = || Body::default().i16(0).i32(1).text("SCRAM-SHA-256").step();
    let first = |text: &str| Body::default().i16(0).i16(-1).bytes(text.as_bytes()).step();
    for (message, why) in [
        ("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "SCRAM-SHA-256: "),
        ("r=x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4294967295", "iterations"),
        ("r=x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "iterations"),
        ("nonsense", "SCRAM-SHA-256: "),
        ("", "SCRAM-SHA-256: "),
    ] {
        let settings = sasl(front(vec![versions(2, 5), handshake(), first(message)]).await, "SCRAM-SHA-256");
        let error = removed(&settings, &["a"]).await.unwrap_err();
        assert!(matches!(&error, KafkaError::Login { reason, .. } if reason.contains(why)), "{message}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes as the body of an answer, at whichever stage, something is said about it.
    #[test]
    fn no_answer_makes_us_panic(stage in 0..3usize, body in proptest::collection::vec(any::<u8>(), 0..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let settings = front_of(|port| {
                let mut steps = vec![versions(3, 5), coordinator(port), left(0, &[("a", 0)])];
                steps.truncate(stage);
                steps.push(Step::Body(body));
                steps.push(Step::Close);
                steps
            })
            .await;
            let settings = KafkaSettings { timeout: Duration::from_millis(500), ..settings };
            let ids = BTreeSet::from(["a".to_owned()]);
            let _ = remove_members(&settings, "g", ids).await;
        });
    }
}
