//! What stands around the objects asked for: what uses them and what carries the project's mark beside them.

use super::ObserveError;
use crate::client::clickhouse::ClickHouseReader;
use crate::model::create::parse_create;
use crate::model::token::{TokenKind, tokenize};
use crate::model::{Definition, Dependant, EngineArg, ObjectName, Owner, Undeclared};
use crate::sql::read;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize)]
struct DependantRow {
    database: String,
    name: String,
    engine: String,
    statement: String,
    uses: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct MarkedRow {
    database: String,
    name: String,
    engine: String,
    comment: String,
}

/// Views, Distributed and Buffer tables and dictionaries beyond `names` (sorted) that use one of them. A `Merge` table
/// names its tables by a pattern only and is not among them.
pub(super) async fn dependants(
    reader: &ClickHouseReader,
    names: &[ObjectName],
) -> Result<BTreeMap<ObjectName, Dependant>, ObserveError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<DependantRow> = reader.rows(&read::dependants(names)).await?;
    let found = rows.into_iter().map(|row| {
        let dependant = dependant(&row, names);
        (ObjectName::new(row.database, row.name), dependant)
    });
    Ok(found.filter(|(_, d)| !d.reads.is_empty() || !d.writes.is_empty()).collect())
}

/// Objects beyond `names` with the mark of `project`.
pub(super) async fn undeclared(
    reader: &ClickHouseReader,
    project: &str,
    names: &[ObjectName],
) -> Result<BTreeMap<ObjectName, Undeclared>, ObserveError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<MarkedRow> = reader.rows(&read::marked(&Owner::beginning(project), names)).await?;
    let found = rows.into_iter().filter_map(|row| {
        let owner = Owner::read(&row.comment).1.filter(|o| o.project == project)?;
        Some((ObjectName::new(row.database, row.name), Undeclared { engine: row.engine, definition: None, owner }))
    });
    Ok(found.collect())
}

fn dependant(row: &DependantRow, names: &[ObjectName]) -> Dependant {
    let ours = |name: ObjectName| names.binary_search(&name).is_ok().then_some(name);
    let loads = row.uses.iter().filter_map(|(database, table)| ours(ObjectName::new(database, table)));
    let mut found = Dependant { engine: row.engine.clone(), reads: loads.collect(), ..Dependant::default() };
    // What cannot be taken apart may be a dictionary; what is not told at all cannot be seen by this user.
    let Ok(definition) = parse_create(&row.statement) else { return found };
    found.owner = Owner::read(&definition.comment).1;
    if let Some(query) = &definition.query {
        found.reads.extend(mentioned(query.as_str(), names));
    }
    found.writes.extend(definition.target.clone().and_then(ours));
    // Rows go through these tables both ways.
    if let Some(under) = under(&definition).and_then(ours) {
        found.reads.insert(under.clone());
        found.writes.insert(under);
    }
    found
}

/// The table under a Distributed or a Buffer table.
fn under(definition: &Definition) -> Option<ObjectName> {
    let args = match definition.engine.name.as_str() {
        "Distributed" => definition.engine.args.get(1..3)?,
        "Buffer" => definition.engine.args.get(..2)?,
        _ => return None,
    };
    let text = |arg: &EngineArg| match arg {
        EngineArg::Text(text) => Some(text.clone()),
        EngineArg::Named(..) | EngineArg::Expression(_) => None,
    };
    Some(ObjectName::new(text(&args[0])?, text(&args[1])?))
}

/// Objects that a query names with their database, as the server writes all of them.
fn mentioned(query: &str, names: &[ObjectName]) -> BTreeSet<ObjectName> {
    let Ok(tokens) = tokenize(query) else { return BTreeSet::new() };
    let pairs = tokens.windows(3).filter(|w| matches!(w[1].kind, TokenKind::Mark(".")));
    let pairs = pairs.filter_map(|w| Some(ObjectName::new(w[0].name()?, w[2].name()?)));
    pairs.filter(|n| names.binary_search(n).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statement: &str) -> (Vec<String>, Vec<String>) {
        let names = [ObjectName::new("d", "a"), ObjectName::new("d", "b")];
        let row = DependantRow {
            database: "x".into(),
            name: "y".into(),
            engine: String::new(),
            statement: statement.into(),
            uses: vec![],
        };
        let found = dependant(&row, &names);
        let table = |n: &ObjectName| n.table.clone();
        (found.reads.iter().map(table).collect(), found.writes.iter().map(table).collect())
    }

    #[test]
    fn what_an_object_uses_is_read_from_its_statement() {
        let none: Vec<String> = Vec::new();
        let a = || vec!["a".to_owned()];
        let b = || vec!["b".to_owned()];
        assert_eq!(
            of("CREATE VIEW x.y (`n` UInt8) AS SELECT n FROM d.a JOIN d.`b` USING n"),
            (vec!["a".to_owned(), "b".to_owned()], none.clone())
        );
        assert_eq!(of("CREATE MATERIALIZED VIEW x.y TO d.b (`n` UInt8) AS SELECT n FROM x.src"), (none.clone(), b()));
        assert_eq!(of("CREATE TABLE x.y (`n` UInt8) ENGINE = Distributed('c', 'd', 'a', rand())"), (a(), a()));
        assert_eq!(of("CREATE TABLE x.y (`n` UInt8) ENGINE = Buffer('d', 'b', 1, 1, 1, 1, 1, 1, 1)"), (b(), b()));
        assert_eq!(of("CREATE VIEW x.y (`n` UInt8) AS SELECT 'd.a' FROM d.aa"), (none.clone(), none.clone()));
        assert_eq!(of(""), (none.clone(), none));
    }
}
