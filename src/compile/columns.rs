//! Columns of targets: their types after conversions, and where each value comes from.

use super::project::Project;
use crate::manifest::ColumnSpec;
use crate::model::{Column, DefaultKind, Fragment};

/// A column of a target, resolved.
#[derive(Debug, Clone)]
pub(super) struct TargetColumn {
    /// As created in the table.
    pub column: Column,
    /// Where the view takes its value from.
    pub value: ColumnValue,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ColumnValue {
    /// The column of the same name of what the view reads; its type there, when written.
    Read(Option<String>),
    /// An expression.
    Expression(String),
    /// The table itself: the view leaves it out.
    Table,
}

pub(super) fn resolve(spec: &ColumnSpec, project: &Project<'_>) -> TargetColumn {
    let computed = default_of(spec);
    let value = match (&spec.expression, &spec.from, &computed) {
        (Some(expression), _, _) => ColumnValue::Expression(expression.clone()),
        (None, Some(from), _) => ColumnValue::Read(Some(from.clone())),
        (None, None, Some(_)) => ColumnValue::Table,
        (None, None, None) => ColumnValue::Read(None),
    };
    let mut column = Column {
        name: spec.name.clone(),
        data_type: Fragment::new(&spec.data_type),
        default: computed,
        codec: spec.codec.as_deref().map(Fragment::new),
        ttl: spec.ttl.as_deref().map(Fragment::new),
        comment: spec.comment.clone().unwrap_or_default(),
    };
    let converted = project.conversions.get(&spec.name).filter(|_| spec.data_type.trim() == "String");
    let value = match (converted, value) {
        (Some(data_type), ColumnValue::Read(None)) => {
            column.data_type = Fragment::new(data_type);
            ColumnValue::Read(Some("String".into()))
        }
        (_, value) => value,
    };
    TargetColumn { column, value }
}

fn default_of(spec: &ColumnSpec) -> Option<(DefaultKind, Option<Fragment>)> {
    let given = |kind, text: &Option<String>| text.as_ref().map(|t| (kind, Some(Fragment::new(t))));
    given(DefaultKind::Default, &spec.default)
        .or_else(|| given(DefaultKind::Materialized, &spec.materialized))
        .or_else(|| given(DefaultKind::Alias, &spec.alias))
        .or_else(|| {
            let expression = spec.ephemeral.as_ref()?;
            let fragment = (!expression.trim().is_empty()).then(|| Fragment::new(expression));
            Some((DefaultKind::Ephemeral, fragment))
        })
}

/// The same column in the Distributed table: it computes and shows alike, but stores nothing.
pub(super) fn as_distributed(column: &Column) -> Column {
    Column { codec: None, ttl: None, ..column.clone() }
}
