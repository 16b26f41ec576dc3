//! The Null table between a Kafka table and several views, and the errors that are kept.
//!
//! Views on a Kafka table start one by one, and the first one would consume without the others. So where
//! there are several, one view (the entry, made last) writes into a Null table that all of them read. The
//! entry also decides, once for all targets, whether a message is an error and why.

use super::expression;
use super::select::{self, SOURCE};
use super::wire::Readable;
use crate::model::quote::{self, literal};
use crate::model::{Column, DefaultKind, Definition, Engine, Fragment, ObjectName};

/// Column of the hub that says why a message is an error; empty when it is none.
pub(super) const REASON: &str = "_reason";

/// The Null table.
pub(super) fn table(name: &ObjectName, readable: &Readable, marked: bool, comment: String) -> Definition {
    let mut columns: Vec<Column> = readable.all().iter().map(|(n, t)| Column::new(n, t)).collect();
    if marked {
        columns.push(Column::new(REASON, "String"));
    }
    Definition { columns, comment, ..Definition::new(name.clone(), Engine::plain("Null")) }
}

/// The SELECT of the entry view. `failures` are conditions with what to say, most telling first; `None`
/// where errors are not kept. Only rows that meet all of `only` come through.
pub(super) fn entry(
    kafka: &ObjectName,
    readable: &Readable,
    failures: Option<&[(String, String)]>,
    only: &[String],
) -> String {
    let mut items: Vec<(String, String)> =
        readable.all().iter().map(|(n, _)| (expression::column(SOURCE, n), n.clone())).collect();
    if let Some(failures) = failures {
        let error = expression::column(SOURCE, "_error");
        let mut branches = vec![format!("{error} != ''"), error];
        for (condition, words) in failures {
            branches.extend([condition.clone(), literal(words)]);
        }
        branches.push("''".into());
        // Two branches of one condition are an `if` to the server.
        let function = if branches.len() == 3 { "if" } else { "multiIf" };
        items.push((format!("{function}({})", branches.join(", ")), REASON.into()));
    }
    select::select(&items, &quote::object(kafka), only)
}

/// The columns of an error table.
pub(super) fn error_columns() -> Vec<Column> {
    let mut time = Column::new("time", "DateTime");
    time.default = Some((DefaultKind::Default, Some(Fragment::new("now()"))));
    let rest = [
        ("source", "LowCardinality(String)"),
        ("topic", "LowCardinality(String)"),
        ("partition", "UInt64"),
        ("offset", "UInt64"),
        ("key", "String"),
        ("raw", "String"),
        ("error", "String"),
    ];
    std::iter::once(time).chain(rest.map(|(name, data_type)| Column::new(name, data_type))).collect()
}

/// The SELECT of the view that keeps errors. The raw message is what Kafka had when it could not be parsed,
/// else the parsed row as JSON.
pub(super) fn errors(pipeline: &str, hub: &ObjectName, wire: &[Column], with_time: bool) -> String {
    let column = |name| expression::column(SOURCE, name);
    let raw = column("_raw_message");
    let values: Vec<String> = wire.iter().map(|c| column(&c.name)).collect();
    let types: Vec<String> = wire.iter().map(|c| format!("{} {}", quote::backquoted(&c.name), c.data_type)).collect();
    let row = format!("CAST(tuple({}), {})", values.join(", "), literal(&format!("Tuple({})", types.join(", "))));
    let mut items = Vec::new();
    if with_time {
        items.push(("now()".to_owned(), "time".to_owned()));
    }
    items.extend(
        [
            (literal(pipeline), "source"),
            (column("_topic"), "topic"),
            (column("_partition"), "partition"),
            (column("_offset"), "offset"),
            (column("_key"), "key"),
            (format!("if({raw} != '', {raw}, toJSONString({row}))"), "raw"),
            (column(REASON), "error"),
        ]
        .map(|(value, name)| (value, name.to_owned())),
    );
    select::select(&items, &quote::object(hub), &[format!("{} != ''", column(REASON))])
}
