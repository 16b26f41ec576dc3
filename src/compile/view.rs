//! The materialized views: what each selects, from what, into what.

use super::columns::ColumnValue;
use super::conversion::convert;
use super::expression;
use super::hub::REASON;
use super::select::{self, Placing, SOURCE};
use super::target::Target;
use super::wire::{self, Readable};
use crate::manifest::{Document, Finding, KafkaPipelineSpec};
use crate::model::data_type::usual;
use crate::model::token::TokenError;
use crate::model::{Definition, Engine, Fragment, ObjectName};

/// What a view of a target reads.
pub(super) struct Reading<'a> {
    /// The table, or a SELECT in brackets.
    pub from: String,
    /// The same where it is a table.
    pub table: Option<&'a ObjectName>,
    /// The Kafka table by its own name: a SELECT may be written over it.
    pub written: &'a ObjectName,
    /// Its columns.
    pub columns: &'a Readable,
    /// Rows in error are told by [`REASON`].
    pub marked: bool,
    /// Columns of it that `*` must not give.
    pub hidden: Vec<&'a str>,
    /// Conversions must not throw.
    pub lenient: bool,
}

/// A view `name` that inserts the rows of `query` into `target`.
pub(super) fn view(name: &ObjectName, target: &ObjectName, query: String, comment: String) -> Definition {
    Definition {
        query: Some(Fragment::new(query)),
        target: Some(target.clone()),
        comment,
        ..Definition::new(name.clone(), Engine::plain(Engine::VIEW))
    }
}

/// The SELECT that fills a target.
pub(super) fn query(
    document: &Document<KafkaPipelineSpec>,
    target: &Target<'_>,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> String {
    match &target.spec.select {
        Some(text) => custom(document, target, text, reading, findings),
        None => generated(document, target, reading, findings),
    }
}

fn custom(
    document: &Document<KafkaPipelineSpec>,
    target: &Target<'_>,
    text: &str,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> String {
    let path = format!("{}.select", target.path);
    let only = reading.marked.then(|| format!("{REASON} = ''"));
    let placing = Placing {
        written: reading.written,
        reads: &reading.from,
        table: reading.table,
        only: only.as_deref(),
        hidden: &reading.hidden,
    };
    match select::place_source(text, &placing) {
        Ok((placed, true)) => placed,
        Ok((placed, false)) => {
            let message = format!("the SELECT does not read `source` ({})", reading.written);
            let help = "write `FROM source`: sluice puts the table the view hangs on there";
            let finding = Finding::error("pipeline/select-source", message, document.spans.at(&path));
            findings.push(finding.help(help));
            placed
        }
        Err(error) => {
            findings.push(not_sql(document, &path, &error));
            text.to_owned()
        }
    }
}

fn generated(
    document: &Document<KafkaPipelineSpec>,
    target: &Target<'_>,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> String {
    let mut items = Vec::new();
    for (i, column) in target.columns.iter().enumerate() {
        let path = format!("{}.columns[{i}]", target.path);
        let name = &column.column.name;
        match &column.value {
            ColumnValue::Table => {}
            ColumnValue::Expression(text) => {
                let path = format!("{path}.expression");
                let value = qualified(document, text, &path, reading.columns, findings);
                items.push((value, name.clone()));
            }
            ColumnValue::Read(_) => {
                for (name, data_type) in wire::flattened(name, column.column.data_type.as_str()) {
                    items.extend(read(document, &path, (name, &data_type), reading, findings));
                }
            }
        }
    }
    let mut filters = Vec::new();
    if reading.marked {
        filters.push(format!("{} = ''", expression::column(SOURCE, REASON)));
    }
    filters.extend(filter(document, target, reading.columns, findings));
    select::select(&items, &reading.from, &filters)
}

/// The item that takes a column from one of the same name.
fn read(
    document: &Document<KafkaPipelineSpec>,
    path: &str,
    (name, data_type): (String, &str),
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> Option<(String, String)> {
    let Some(wire) = reading.columns.type_of(&name) else {
        findings.push(no_value(document, path, &name, reading.columns));
        return None;
    };
    let made = convert(&expression::column(SOURCE, &name), wire, data_type, reading.lenient);
    if made.is_none() {
        findings.push(throws(document, path, wire, data_type));
    }
    made.map(|made| (made.value, name))
}

/// The finding for a column that has no value.
pub(super) fn no_value(document: &Document<KafkaPipelineSpec>, path: &str, name: &str, columns: &Readable) -> Finding {
    let message = format!("nothing gives `{name}` a value: what the view reads has no such column");
    let finding = Finding::error("pipeline/no-value", message, document.spans.at(&format!("{path}.name")));
    let finding = finding.did_you_mean(name, columns.all().iter().map(|(n, _)| n.as_str()));
    let help = "give the column an `expression`, or add it to the columns on the wire";
    if finding.help.is_some() { finding } else { finding.help(help) }
}

/// The finding for a conversion that would stop the pipeline at the first bad value although errors are kept.
fn throws(document: &Document<KafkaPipelineSpec>, path: &str, wire: &str, data_type: &str) -> Finding {
    let message = format!("no conversion from {wire} to {data_type} can tell a bad value without stopping");
    let place = document.spans.at(&format!("{path}.type"));
    let help = "let it have its own type on the wire (leave `from` out), where the parser tells bad values, or give \
                the column an `expression`";
    Finding::error("pipeline/conversion-throws", message, place).help(help)
}

/// The target's `where`, qualified.
pub(super) fn filter(
    document: &Document<KafkaPipelineSpec>,
    target: &Target<'_>,
    columns: &Readable,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let text = target.spec.filter.as_ref()?;
    Some(qualified(document, text, &format!("{}.where", target.path), columns, findings))
}

/// Conditions under which a row of this target cannot be converted, with what to say of it.
pub(super) fn failures(target: &Target<'_>, columns: &Readable) -> Vec<(String, String)> {
    if target.spec.select.is_some() {
        return Vec::new();
    }
    let read = target.columns.iter().filter(|c| matches!(c.value, ColumnValue::Read(_)));
    let read = read.flat_map(|c| wire::flattened(&c.column.name, c.column.data_type.as_str()));
    let failure = |(name, data_type): (String, String)| {
        let made = convert(&expression::column(SOURCE, &name), columns.type_of(&name)?, &data_type, true)?;
        Some((made.failed?, format!("{name}: not a {}", usual(&data_type))))
    };
    read.filter_map(failure).collect()
}

/// An expression over what is read. Names nobody knows and texts that are no SQL are findings.
pub(super) fn qualified(
    document: &Document<KafkaPipelineSpec>,
    text: &str,
    path: &str,
    columns: &Readable,
    findings: &mut Vec<Finding>,
) -> String {
    let known = |name: &str| columns.has(name);
    match expression::unknown(text, &known) {
        Ok(unknown) => findings.extend(unknown.into_iter().map(|reference| {
            let name = reference.path.join(".");
            let place = document.spans.within(path, reference.range.start, reference.range.end);
            let message = format!("`{name}` is no column of what the view reads");
            let known = columns.all().iter().map(|(n, _)| n.as_str());
            Finding::error("pipeline/unknown-column", message, place).did_you_mean(&name, known)
        })),
        Err(error) => findings.push(not_sql(document, path, &error)),
    }
    select::over_source(text, &known).unwrap_or_else(|_| text.to_owned())
}

/// The finding for a text that is no sequence of SQL tokens.
pub(super) fn not_sql(document: &Document<KafkaPipelineSpec>, path: &str, error: &TokenError) -> Finding {
    let place = document.spans.within(path, error.at(), error.at() + 1);
    Finding::error("pipeline/not-sql", format!("this is no SQL expression: {error}"), place)
}
