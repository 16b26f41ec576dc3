//! DescribeLogDirs: how large partitions are on the disks of a broker.

use super::super::deadline::Deadline;
use super::connection::Address;
use super::error::WireError;
use super::leave::{newest, open};
use super::security::Security;
use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;
use kafka_protocol::messages::{DescribeLogDirsRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use std::collections::BTreeMap;

/// The last version whose answer has lengths of fixed size, which every broker since Kafka 1.1 knows.
const VERSION: i16 = 1;

/// Size by topic and partition number.
type Sizes = Vec<((String, u32), u64)>;

/// Asks one broker about partitions `0..count` of each topic; those that it has none of are left out.
pub(super) async fn sizes(
    address: &Address,
    security: &Security,
    topics: &BTreeMap<String, u32>,
    deadline: Deadline,
) -> Result<Sizes, WireError> {
    let (mut connection, versions) = open(address, security, deadline, deadline).await?;
    if newest::<DescribeLogDirsRequest>(&versions) < VERSION {
        return Err(WireError::Unsupported("the brokers do not tell the sizes of partitions".to_owned()));
    }
    let topic = |(name, count): (&String, &u32)| {
        DescribableLogDirTopic::default()
            .with_topic(TopicName(StrBytes::from_string(name.clone())))
            .with_partitions((0..*count).filter_map(|p| i32::try_from(p).ok()).collect())
    };
    let request = DescribeLogDirsRequest::default().with_topics(Some(topics.iter().map(topic).collect()));
    let answer = connection.ask_raw(&request, VERSION).await?;
    read(&answer).ok_or_else(|| connection.garbage(&"the answer is shorter than it says"))?
}

/// The answer as it came: a time to wait, then folders with topics with partitions. `None` when it ends too early.
fn read(answer: &[u8]) -> Option<Result<Sizes, WireError>> {
    let mut rest = answer;
    let rest = &mut rest;
    let mut sizes = Sizes::new();
    let _throttle = i32::from_be_bytes(take(rest)?);
    for _ in 0..i32::from_be_bytes(take(rest)?) {
        let code = i16::from_be_bytes(take(rest)?);
        let _folder = text(rest)?;
        for _ in 0..i32::from_be_bytes(take(rest)?) {
            let topic = text(rest)?;
            for _ in 0..i32::from_be_bytes(take(rest)?) {
                let partition = i32::from_be_bytes(take(rest)?);
                let size = i64::from_be_bytes(take(rest)?);
                let _behind = i64::from_be_bytes(take(rest)?);
                let [moving] = take::<1>(rest)?;
                // A replica on its way to another disk is there twice.
                if let (Ok(partition), Ok(size), 0) = (u32::try_from(partition), u64::try_from(size), moving) {
                    sizes.push(((topic.clone(), partition), size));
                }
            }
        }
        if code != 0 {
            return Some(Err(WireError::Refused { request: "DescribeLogDirs", code }));
        }
    }
    Some(Ok(sizes))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(i16::from_be_bytes(take(rest)?)).ok()?;
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(String::from_utf8_lossy(taken).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: i16, moving: u8) -> Vec<u8> {
        let text = |t: &str| [&(t.len() as i16).to_be_bytes()[..], t.as_bytes()].concat();
        let number = |n: i32| n.to_be_bytes().to_vec();
        let head = [number(0), number(1), code.to_be_bytes().to_vec(), text("/data"), number(1), text("orders")];
        let partition = |n: i32, size: i64, moving: u8| {
            [&n.to_be_bytes()[..], &size.to_be_bytes(), &0_i64.to_be_bytes(), &[moving]].concat()
        };
        [head.concat(), number(2), partition(0, 70, 0), partition(1, 9, moving)].concat()
    }

    #[test]
    fn sizes_are_those_of_replicas_that_stay() {
        let of = |n: u32| ("orders".to_owned(), n);
        assert_eq!(read(&answer(0, 0)).unwrap().unwrap(), [(of(0), 70), (of(1), 9)]);
        assert_eq!(read(&answer(0, 1)).unwrap().unwrap(), [(of(0), 70)]);
        assert!(matches!(read(&answer(29, 0)).unwrap(), Err(WireError::Refused { code: 29, .. })));
    }

    #[test]
    fn an_answer_that_ends_too_early_is_none_and_reserves_nothing() {
        let whole = answer(0, 0);
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_none(), "{end}");
        }
        // Two thousand million folders.
        assert!(read(&[[0; 4], i32::MAX.to_be_bytes()].concat()).is_none());
    }
}
