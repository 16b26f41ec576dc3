//! The real rows, as messages for the two topics.

use crate::client::kafka::Record;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// COVID-19 Open-Data, epidemiology: see examples/covid19/README.md.
const CSV: &[u8] = include_bytes!("../../../examples/covid19/covid19-epidemiology.csv");

/// Topics, with the prefix of the published columns and the one of the message's fields.
const TOPICS: [(&str, &str, &str); 2] =
    [("covid_new_cases_1min", "new_", "new_"), ("covid_cumulative_data_5min", "total_", "cumulative_")];

/// Messages, and how many there are of each location.
pub(in crate::cli) struct Rows {
    /// For both topics, row by row, with the location as key.
    pub records: Vec<Record>,
    /// Rows by location; each is one message in either topic.
    pub by_location: BTreeMap<String, u64>,
}

impl Rows {
    /// Rows in all.
    pub fn total(&self) -> u64 {
        self.by_location.values().sum()
    }
}

/// Reads the rows. Cells that were not reported are null.
///
/// # Errors
/// The file that was compiled in is no CSV.
pub(in crate::cli) fn rows() -> Result<Rows, csv::Error> {
    let mut reader = csv::Reader::from_reader(CSV);
    let mut rows = Rows { records: Vec::new(), by_location: BTreeMap::new() };
    for row in reader.deserialize() {
        let row: BTreeMap<String, String> = row?;
        let location = row.get("key").cloned().unwrap_or_default();
        for (topic, published, field) in TOPICS {
            let payload = message(&row, published, field).to_string().into_bytes();
            rows.records.push(Record { topic: topic.to_owned(), key: Some(location.clone().into_bytes()), payload });
        }
        *rows.by_location.entry(location).or_default() += 1;
    }
    Ok(rows)
}

fn message(row: &BTreeMap<String, String>, published: &str, field: &str) -> Value {
    let text = |column: &str| Value::from(row.get(column).map(String::as_str).unwrap_or_default());
    let mut message = Map::new();
    message.insert("date".into(), text("date"));
    message.insert("location_key".into(), text("key"));
    for figure in ["confirmed", "deceased", "recovered", "tested"] {
        let reported = row.get(&format!("{published}{figure}")).and_then(|cell| cell.parse::<i64>().ok());
        message.insert(format!("{field}{figure}"), reported.map_or(Value::Null, Value::from));
    }
    Value::Object(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_message_for_both_topics() {
        let rows = rows().unwrap();
        assert_eq!((rows.total(), rows.records.len(), rows.by_location.len()), (3039, 6078, 8));
        let first: Vec<String> =
            rows.records[..2].iter().map(|r| String::from_utf8(r.payload.clone()).unwrap()).collect();
        assert_eq!(
            first,
            [
                r#"{"date":"2020-01-01","location_key":"AD","new_confirmed":0,"new_deceased":0,"new_recovered":null,"new_tested":null}"#,
                r#"{"date":"2020-01-01","location_key":"AD","cumulative_confirmed":0,"cumulative_deceased":0,"cumulative_recovered":null,"cumulative_tested":null}"#,
            ]
        );
    }
}
