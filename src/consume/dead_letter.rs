//! Bad messages as rows of their table, in `RowBinary`: the bytes of a message need not be text.

use super::batch::{BadMessage, Batch};

/// The rows, in the order of `model::consumption::DEAD_LETTERS`. Nothing in them depends on when they are written, so a
/// repetition writes the same.
pub(super) fn rows(batch: &Batch, bad: &[BadMessage], group: &str) -> Vec<u8> {
    let mut rows = Vec::new();
    let (topic, partition) = &batch.partition;
    for message in bad {
        let seconds = u32::try_from(batch.intent.seconds.max(0)).unwrap_or(u32::MAX);
        rows.extend_from_slice(&seconds.to_le_bytes());
        text(topic.as_bytes(), &mut rows);
        rows.extend_from_slice(&partition.to_le_bytes());
        rows.extend_from_slice(&message.offset.to_le_bytes());
        text(&message.key, &mut rows);
        text(&message.raw, &mut rows);
        text(message.reason.as_bytes(), &mut rows);
        text(group.as_bytes(), &mut rows);
    }
    rows
}

/// Length as LEB128, then the bytes.
fn text(bytes: &[u8], rows: &mut Vec<u8>) {
    let mut length = bytes.len();
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or_default();
        length >>= 7;
        if length == 0 {
            rows.push(low);
            break;
        }
        rows.push(low | 0x80);
    }
    rows.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_groups_of_seven_bits() {
        let mut rows = Vec::new();
        text(&[b'x'; 300], &mut rows);
        assert_eq!((&rows[..2], rows.len()), ([0xac, 0x02].as_slice(), 302));
        rows.clear();
        text(b"", &mut rows);
        assert_eq!(rows, [0]);
    }
}
