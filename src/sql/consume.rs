//! The statements of a consumer: rows with their place in the topic, the same without effect, and bad messages.

use crate::model::consumption::{ConsumedColumn, Consumption, DEAD_LETTERS};
use crate::model::{ObjectName, quote};
use std::collections::BTreeMap;

/// Column of the wire that carries the offset of a message. No message has a reason to hold one of this name; one that
/// does is refused for a name that stands twice.
pub const OFFSET: &str = "__sluice_offset";

/// What is the same for all rows of an insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Name of the batch.
    pub batch: &'a str,
    /// Partition the messages come from.
    pub partition: i32,
    /// When the batch was made, in seconds since 1970: a repetition must not put rows into another partition.
    pub seconds: i64,
}

/// `INSERT INTO table … FROM input(…) FORMAT …`: the rows follow in the format of the messages, each with its offset.
pub fn insert(consumption: &Consumption, origin: Origin<'_>) -> String {
    format!(
        "{} FROM {} AS src{} FORMAT {}",
        head(consumption, origin),
        input(consumption),
        filter(consumption),
        format(consumption)
    )
}

/// The same insert into nothing: it fails where the other would, and leaves no trace.
pub fn judge(consumption: &Consumption) -> String {
    let columns: Vec<String> =
        consumption.columns.iter().map(|c| format!("{} {}", quote::identifier(&c.name), c.data_type)).collect();
    let structure = quote::literal(&columns.join(", "));
    let values: Vec<String> = consumption.columns.iter().map(value).collect();
    format!(
        "INSERT INTO FUNCTION null({structure}) SELECT {} FROM {} AS src{} FORMAT {}",
        values.join(", "),
        input(consumption),
        filter(consumption),
        format(consumption)
    )
}

/// The insert of messages in a format whose rows cannot stand one after the other: each message is a literal of its own,
/// with its offset.
pub fn insert_each<'m>(
    consumption: &Consumption,
    origin: Origin<'_>,
    messages: impl Iterator<Item = (i64, &'m [u8])>,
) -> String {
    format!("{} FROM ({}) AS src{}", head(consumption, origin), each(consumption, messages), filter(consumption))
}

/// [`insert_each`] into nothing.
pub fn judge_each<'m>(consumption: &Consumption, messages: impl Iterator<Item = (i64, &'m [u8])>) -> String {
    let columns: Vec<String> =
        consumption.columns.iter().map(|c| format!("{} {}", quote::identifier(&c.name), c.data_type)).collect();
    let values: Vec<String> = consumption.columns.iter().map(value).collect();
    format!(
        "INSERT INTO FUNCTION null({}) SELECT {} FROM ({}) AS src{}",
        quote::literal(&columns.join(", ")),
        values.join(", "),
        each(consumption, messages),
        filter(consumption)
    )
}

/// The insert of dead letters; rows follow as `RowBinary`, in the order of [`DEAD_LETTERS`].
pub fn dead_letters(table: &ObjectName) -> String {
    let columns: Vec<String> = DEAD_LETTERS.iter().map(|(name, _)| quote::identifier(name)).collect();
    format!("INSERT INTO {} ({}) FORMAT RowBinary", quote::object(table), columns.join(", "))
}

/// The highest offset that a table has of each of these partitions of a topic: `partition`, `offset`. Rows below an
/// offset are passed over where one is given. Of another topic's rows, and of rows that somebody else put there, the
/// names of the batches begin otherwise.
pub fn highest(table: &ObjectName, batches: &str, from: &BTreeMap<i32, Option<i64>>) -> String {
    let places: Vec<String> = from
        .iter()
        .map(|(partition, from)| match from {
            Some(from) => format!("(kafka_partition = {partition} AND kafka_offset >= {from})"),
            None => format!("kafka_partition = {partition}"),
        })
        .collect();
    format!(
        "SELECT kafka_partition AS partition, max(kafka_offset) AS offset FROM {} WHERE startsWith(batch_id, {}) \
         AND ({}) GROUP BY kafka_partition",
        quote::object(table),
        quote::literal(batches),
        if places.is_empty() { "0".to_owned() } else { places.join(" OR ") }
    )
}

/// Which of these settings a server knows: `name`.
pub fn known_settings(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|n| quote::literal(n)).collect();
    format!("SELECT name FROM system.settings WHERE name IN ({})", names.join(", "))
}

/// How a table is made, to see how a Distributed one spreads its rows: `engine`, `engine_full`.
pub fn engine(table: &ObjectName) -> String {
    format!(
        "SELECT engine, engine_full FROM system.tables WHERE database = {} AND name = {}",
        quote::literal(&table.database),
        quote::literal(&table.table)
    )
}

fn head(consumption: &Consumption, origin: Origin<'_>) -> String {
    let mut names: Vec<String> = consumption.columns.iter().map(|c| quote::identifier(&c.name)).collect();
    let mut values: Vec<String> = consumption.columns.iter().map(value).collect();
    let metadata = [
        ("batch_id", quote::literal(origin.batch)),
        ("kafka_partition", origin.partition.to_string()),
        ("kafka_offset", format!("src.{OFFSET}")),
        ("processing_time", format!("toDateTime({})", origin.seconds)),
        ("consumer_group_id", quote::literal(&consumption.group)),
    ];
    for (name, value) in metadata {
        names.push(name.to_owned());
        values.push(value);
    }
    format!("INSERT INTO {} ({}) SELECT {}", quote::object(&consumption.table), names.join(", "), values.join(", "))
}

fn value(column: &ConsumedColumn) -> String {
    column.expression.clone().unwrap_or_else(|| format!("src.{}", quote::identifier(&column.name)))
}

fn input(consumption: &Consumption) -> String {
    let offset = format!("{OFFSET} Int64");
    let structure: Vec<String> = std::iter::once(offset).chain(wire(consumption)).collect();
    format!("input({})", quote::literal(&structure.join(", ")))
}

fn wire(consumption: &Consumption) -> impl Iterator<Item = String> + '_ {
    consumption.wire.iter().map(|c| format!("{} {}", quote::identifier(&c.name), c.data_type))
}

fn each<'m>(consumption: &Consumption, messages: impl Iterator<Item = (i64, &'m [u8])>) -> String {
    let structure = quote::literal(&wire(consumption).collect::<Vec<_>>().join(", "));
    let format = format(consumption);
    let one = |(offset, message): (i64, &[u8])| {
        format!(
            "SELECT toInt64({offset}) AS {OFFSET}, * FROM format({format}, {structure}, {})",
            quote::literal_of_bytes(message)
        )
    };
    messages.map(one).collect::<Vec<_>>().join(" UNION ALL ")
}

/// The name of the format as a word: a name that is none stays one, and is refused.
fn format(consumption: &Consumption) -> String {
    quote::identifier(&consumption.format)
}

fn filter(consumption: &Consumption) -> String {
    consumption.filter.as_ref().map_or_else(String::new, |filter| format!(" WHERE {filter}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceId;
    use crate::model::consumption::{OnBadMessage, WireColumn};
    use std::time::Duration;

    fn consumption() -> Consumption {
        let column = |name: &str, wire: &str, data_type: &str, expression: Option<&str>| ConsumedColumn {
            name: name.into(),
            wire_type: Some(wire.into()),
            data_type: data_type.into(),
            expression: expression.map(str::to_owned),
            failed: None,
        };
        Consumption {
            id: ResourceId::parse("ManualConsumer/m").unwrap(),
            topics: vec!["t".into()],
            group: "it's".into(),
            format: "JSONEachRow".into(),
            format_settings: BTreeMap::new(),
            wire: vec![
                WireColumn { name: "date".into(), data_type: "String".into() },
                WireColumn { name: "a`b".into(), data_type: "Enum8('x' = 1)".into() },
            ],
            table: ObjectName::new("raw", "m"),
            local: ObjectName::new("raw", "m_local"),
            columns: vec![
                column("date", "String", "Date", Some("toDate(src.date)")),
                column("a`b", "Enum8('x' = 1)", "Enum8('x' = 1)", None),
            ],
            filter: Some("(src.date != '')".into()),
            batch_size: 100,
            timeout: Duration::from_secs(120),
            on_bad_message: OnBadMessage::DeadLetter,
            dead_letters: None,
        }
    }

    #[test]
    fn names_and_values_stand_in_quotes() {
        let origin = Origin { batch: "t/0/1-2@'", partition: 3, seconds: 7 };
        assert_eq!(
            insert(&consumption(), origin),
            r"INSERT INTO raw.m (date, `a\`b`, batch_id, kafka_partition, kafka_offset, processing_time, consumer_group_id) SELECT toDate(src.date), src.`a\`b`, 't/0/1-2@\'', 3, src.__sluice_offset, toDateTime(7), 'it\'s' FROM input('__sluice_offset Int64, date String, `a\\`b` Enum8(\'x\' = 1)') AS src WHERE (src.date != '') FORMAT JSONEachRow"
        );
        assert_eq!(
            judge(&consumption()),
            r"INSERT INTO FUNCTION null('date Date, `a\\`b` Enum8(\'x\' = 1)') SELECT toDate(src.date), src.`a\`b` FROM input('__sluice_offset Int64, date String, `a\\`b` Enum8(\'x\' = 1)') AS src WHERE (src.date != '') FORMAT JSONEachRow"
        );
    }

    #[test]
    fn only_what_the_group_does_not_know_of_is_looked_at() {
        let from = BTreeMap::from([(0, Some(7)), (2, None)]);
        assert_eq!(
            highest(&ObjectName::new("raw", "m"), "t/", &from),
            "SELECT kafka_partition AS partition, max(kafka_offset) AS offset FROM raw.m WHERE startsWith(batch_id, 't/') \
             AND ((kafka_partition = 0 AND kafka_offset >= 7) OR kafka_partition = 2) GROUP BY kafka_partition"
        );
    }

    #[test]
    fn messages_of_their_own_are_literals() {
        let messages = [(5, b"it's \xff\n".as_slice())];
        let statement = judge_each(&consumption(), messages.into_iter());
        assert!(statement.contains(r"SELECT toInt64(5) AS __sluice_offset, * FROM format(JSONEachRow, 'date String, `a\\`b` Enum8(\'x\' = 1)', 'it\'s \xff\n')"), "{statement}");
    }
}
