//! Which columns are copied and how.

use crate::model::token::tokenize;
use crate::model::{Column, DefaultKind, Definition, DesiredObject, Fragment};
use crate::sql::{CopiedValue, CopyMethod, copy::takes_null};

/// The columns of a copy.
pub(super) struct Copied {
    pub values: Vec<(String, CopiedValue)>,
    /// Whether the old table has values that the new one has no column for.
    pub loses: bool,
}

/// Every column of the new table that old rows have a value for. `form` is its definition in the server's words.
pub(super) fn copied(desired: &DesiredObject, form: &Definition, live: &Definition) -> Copied {
    let source = |new: &Column| {
        let by_name = |name: &String| live.columns.iter().find(|c| c.name == *name && is_readable(c));
        by_name(&new.name).or_else(|| by_name(desired.renamed_columns.get(&new.name)?))
    };
    let mut values = Vec::new();
    let mut used: Vec<&str> = Vec::new();
    for new in form.columns.iter().filter(|c| is_stored(c)) {
        let Some(old) = source(new) else { continue };
        used.push(&old.name);
        values.push((new.name.clone(), value(new, old)));
    }
    let loses = live.columns.iter().any(|c| is_stored(c) && !used.contains(&c.name.as_str()));
    Copied { values, loses }
}

fn value(new: &Column, old: &Column) -> CopiedValue {
    let from = old.name.clone();
    if new.data_type.same(&old.data_type) {
        return CopiedValue::Same(from);
    }
    let default = new.default.as_ref().filter(|(kind, _)| *kind == DefaultKind::Default);
    let otherwise = default.and_then(|(_, expression)| expression.clone());
    let loses_null = takes_null(&old.data_type) && !takes_null(&new.data_type);
    CopiedValue::Cast {
        from,
        was: old.data_type.clone(),
        data_type: new.data_type.clone(),
        otherwise: otherwise.filter(|_| loses_null),
    }
}

fn is_readable(column: &Column) -> bool {
    !matches!(column.default, Some((DefaultKind::Ephemeral, _)))
}

fn is_stored(column: &Column) -> bool {
    !matches!(column.default, Some((DefaultKind::Ephemeral | DefaultKind::Alias, _)))
}

/// The lightest way that the two definitions allow.
pub(super) fn method(desired: &Definition, live: &Definition, values: &[(String, CopiedValue)]) -> CopyMethod {
    if !same(&desired.partition_by, &live.partition_by) || !partition_stays(desired, values) {
        return CopyMethod::Whole;
    }
    let columns = desired.columns.len() == live.columns.len()
        && desired
            .columns
            .iter()
            .zip(&live.columns)
            .all(|(a, b)| a.name == b.name && a.data_type.same(&b.data_type) && kind(a) == kind(b));
    let keys = same(&desired.order_by, &live.order_by)
        && same(&desired.primary_key, &live.primary_key)
        && same(&desired.sample_by, &live.sample_by);
    // Parts whose granules are of a fixed size do not go together with others; the server refuses them.
    let adaptive = |d: &Definition| d.settings.get("index_granularity_bytes").map(ToString::to_string);
    let policy = |d: &Definition| d.settings.get("storage_policy").map(ToString::to_string);
    let shares = columns && keys && adaptive(desired) == adaptive(live) && policy(desired) == policy(live);
    // Old parts would have neither what is new of these.
    let parts = desired.indexes == live.indexes && desired.projections == live.projections;
    if shares && parts { CopyMethod::AttachPartitions } else { CopyMethod::ByPartition }
}

fn kind(column: &Column) -> Option<DefaultKind> {
    column.default.as_ref().map(|(kind, _)| *kind)
}

fn same(a: &Option<Fragment>, b: &Option<Fragment>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_key(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Whether a row's partition has the same id in both tables: the columns of the key are as they were.
fn partition_stays(desired: &Definition, values: &[(String, CopiedValue)]) -> bool {
    let Some(key) = &desired.partition_by else { return true };
    let Ok(tokens) = tokenize(key.as_str()) else { return false };
    let moved = |name: &str| {
        values.iter().any(|(new, value)| new == name && *value != CopiedValue::Same(new.clone()))
            || desired.columns.iter().any(|c| c.name == name) && values.iter().all(|(new, _)| new != name)
    };
    !tokens.iter().any(|t| t.name().is_some_and(moved))
}
