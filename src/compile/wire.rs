//! The columns on the wire: declared, or derived from the targets that read the source.

use super::columns::ColumnValue;
use super::target::Target;
use crate::manifest::{Document, Finding, KafkaPipelineSpec};
use crate::model::data_type::usual;
use crate::model::token::{closing, split_at_commas, text_of, tokenize};
use crate::model::{Column, Fragment};

/// Virtual columns of a Kafka table, with their types.
pub(super) const VIRTUAL: [(&str, &str); 8] = [
    ("_topic", "LowCardinality(String)"),
    ("_key", "String"),
    ("_offset", "UInt64"),
    ("_partition", "UInt64"),
    ("_timestamp", "Nullable(DateTime)"),
    ("_timestamp_ms", "Nullable(DateTime64(3))"),
    ("_headers.name", "Array(String)"),
    ("_headers.value", "Array(String)"),
];

/// Virtual columns that only `kafka_handle_error_mode = 'stream'` has.
pub(super) const VIRTUAL_OF_STREAM: [(&str, &str); 2] = [("_raw_message", "String"), ("_error", "String")];

/// What can be read: columns by name with their types.
#[derive(Debug, Clone, Default)]
pub(super) struct Readable(Vec<(String, String)>);

impl Readable {
    /// Wire columns and the virtual ones they do not hide.
    pub fn of_source(wire: &[Column], stream: bool) -> Self {
        let mut all: Vec<(String, String)> =
            wire.iter().map(|c| (c.name.clone(), c.data_type.as_str().to_owned())).collect();
        let extra = VIRTUAL_OF_STREAM.iter().filter(|_| stream);
        for (name, data_type) in VIRTUAL.iter().chain(extra) {
            if !all.iter().any(|(n, _)| n == name) {
                all.push(((*name).to_owned(), (*data_type).to_owned()));
            }
        }
        Self(all)
    }

    /// Columns of messages that no Kafka table reads.
    pub fn of_columns(wire: &[Column]) -> Self {
        Self(wire.iter().map(|c| (c.name.clone(), c.data_type.as_str().to_owned())).collect())
    }

    /// Columns of another target.
    pub fn of_target(target: &Target<'_>) -> Self {
        Self(target.columns.iter().flat_map(|c| flattened(&c.column.name, c.column.data_type.as_str())).collect())
    }

    pub fn type_of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, t)| t.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.type_of(name).is_some()
    }

    pub fn all(&self) -> &[(String, String)] {
        &self.0
    }
}

/// The columns a server makes of one: of a Nested column an array for each element, which is also what a SELECT reads
/// and what an INSERT fills.
pub(super) fn flattened(name: &str, data_type: &str) -> Vec<(String, String)> {
    let elements = || {
        let tokens = tokenize(data_type).ok()?;
        let whole = tokens.first()?.is_word("Nested") && closing(&tokens, 1)? == tokens.len() - 1;
        let parts = split_at_commas(tokens.get(2..tokens.len() - 1).filter(|_| whole)?);
        let element = |part: &[_]| {
            let [first, rest @ ..] = part else { return None };
            let first: &crate::model::token::Token = first;
            Some((format!("{name}.{}", first.name()?), format!("Array({})", text_of(data_type, rest))))
        };
        parts.into_iter().map(element).collect::<Option<Vec<_>>>()
    };
    elements().unwrap_or_else(|| vec![(name.to_owned(), data_type.to_owned())])
}

/// The columns of the Kafka table.
pub(super) fn columns(
    document: &Document<KafkaPipelineSpec>,
    targets: &[Target<'_>],
    findings: &mut Vec<Finding>,
) -> Vec<Column> {
    let declared = &document.spec.source.columns;
    if !declared.is_empty() {
        let made = declared.iter().flat_map(|c| {
            let comment = c.comment.clone().unwrap_or_default();
            let column = move |(name, data_type)| Column { comment: comment.clone(), ..Column::new(name, data_type) };
            flattened(&c.name, &c.data_type).into_iter().map(column)
        });
        return made.collect();
    }
    let derived = derive(document, targets, findings);
    // A target without columns is a finding of its own.
    let described = |t: &Target<'_>| t.spec.select.is_some() || !t.columns.is_empty();
    if derived.is_empty() && targets.iter().any(|t| t.reads.is_none() && described(t)) {
        let place = document.spans.key("spec.source");
        let message = "the columns on the wire cannot be derived from the targets";
        findings.push(Finding::error("pipeline/no-wire-columns", message, place).help("declare `spec.source.columns`"));
    }
    let made = derived.iter().flat_map(|c| flattened(&c.name, c.data_type.as_str()));
    made.map(|(name, data_type)| Column::new(name, data_type)).collect()
}

fn derive(document: &Document<KafkaPipelineSpec>, targets: &[Target<'_>], findings: &mut Vec<Finding>) -> Vec<Column> {
    let mut wire: Vec<Column> = Vec::new();
    let direct = targets.iter().filter(|t| t.reads.is_none() && t.spec.select.is_none());
    for target in direct {
        for (i, column) in target.columns.iter().enumerate() {
            let ColumnValue::Read(from) = &column.value else { continue };
            let data_type = from.as_deref().map_or(column.column.data_type.clone(), Fragment::new);
            match wire.iter().find(|w| w.name == column.column.name) {
                None => wire.push(Column::new(&column.column.name, data_type.as_str())),
                Some(other) if usual(other.data_type.as_str()) == usual(data_type.as_str()) => {}
                Some(other) => {
                    let place = document.spans.at(&format!("{}.columns[{i}]", target.path));
                    let message = format!(
                        "`{}` comes as {data_type} here and as {} in another target",
                        other.name, other.data_type
                    );
                    let help = "one message has one type: declare it in `spec.source.columns`, or give `from`";
                    findings.push(Finding::error("pipeline/wire-conflict", message, place).help(help));
                }
            }
        }
    }
    wire
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_column_is_an_array_for_each_element() {
        let shown = |data_type| {
            let made = flattened("n", data_type);
            made.into_iter().map(|(name, data_type)| format!("{name} {data_type}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(shown("Nested(a int, `b c` Map(String, int))"), "n.a Array(int), n.b c Array(Map(String, int))");
        assert_eq!(shown("Nested( x Nested(y int) )"), "n.x Array(Nested(y int))");
        assert_eq!(shown("Array(Nested(a int))"), "n Array(Nested(a int))");
        assert_eq!(shown("Nested"), "n Nested");
    }
}
