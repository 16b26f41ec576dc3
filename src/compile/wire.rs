//! The columns on the wire: declared, or derived from the targets that read the source.

use super::columns::ColumnValue;
use super::target::Target;
use crate::manifest::{Document, Finding, KafkaPipelineSpec};
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

    /// Columns of another target.
    pub fn of_target(target: &Target<'_>) -> Self {
        Self(target.columns.iter().map(|c| (c.column.name.clone(), c.column.data_type.as_str().to_owned())).collect())
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

/// The columns of the Kafka table.
pub(super) fn columns(
    document: &Document<KafkaPipelineSpec>,
    targets: &[Target<'_>],
    findings: &mut Vec<Finding>,
) -> Vec<Column> {
    let declared = &document.spec.source.columns;
    if !declared.is_empty() {
        let made = declared
            .iter()
            .map(|c| Column { comment: c.comment.clone().unwrap_or_default(), ..Column::new(&c.name, &c.data_type) });
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
    derived
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
                Some(other) if other.data_type.same(&data_type) => {}
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
