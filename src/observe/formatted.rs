//! What a server says of a definition to those who may not even make temporary objects: how it spells it, and what
//! it calls the types in it. No more than that: `lcase` stays `lcase`.

use super::canonical::is_refused;
use crate::client::clickhouse::{ClickHouseError, ClickHouseReader};
use crate::model::create::parse_create;
use crate::model::{Definition, Fragment, ObjectName};
use crate::sql::{create, read};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Definitions in one request: their text stays well below the server's longest query.
const BATCH: usize = 20;

#[derive(Debug, Deserialize)]
struct SpelledRow {
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct NamesRow {
    names: Vec<String>,
}

/// The definitions as the server spells them; those it cannot read are left out.
pub(super) async fn forms(
    reader: &ClickHouseReader,
    mut definitions: Vec<Definition>,
) -> Result<Vec<(ObjectName, Definition)>, ClickHouseError> {
    // Types first: their spellings of several words read like clauses.
    let types: BTreeSet<String> =
        definitions.iter().flat_map(|d| &d.columns).map(|c| c.data_type.to_string()).collect();
    let names = names(reader, &types.into_iter().collect::<Vec<_>>()).await?;
    for column in definitions.iter_mut().flat_map(|d| &mut d.columns) {
        if let Some(name) = names.get(column.data_type.as_str()) {
            column.data_type = Fragment::new(name);
        }
    }
    let mut forms = Vec::new();
    for batch in definitions.chunks(BATCH) {
        let statement = |definition: &Definition| match &definition.query {
            Some(query) => query.to_string(),
            None => create(definition, None, None).shown(),
        };
        let statements: Vec<String> = batch.iter().map(statement).collect();
        let rows: Vec<SpelledRow> = reader.rows(&read::spelling(&statements)).await?;
        forms.extend(batch.iter().zip(rows).filter_map(|(d, row)| Some((d.name.clone(), form(d, &row.text?)?))));
    }
    Ok(forms)
}

fn form(definition: &Definition, text: &str) -> Option<Definition> {
    if definition.is_view() {
        return Some(Definition { query: Some(Fragment::new(text)), ..definition.clone() });
    }
    parse_create(text).ok()
}

/// What the server calls each type. All are asked about at once, and each by itself only where one of them fails:
/// some have no value to ask with.
async fn names(reader: &ClickHouseReader, types: &[String]) -> Result<BTreeMap<String, String>, ClickHouseError> {
    let mut found = BTreeMap::new();
    if types.is_empty() {
        return Ok(found);
    }
    let all: Vec<&str> = types.iter().map(String::as_str).collect();
    match reader.rows::<NamesRow>(&read::type_names(&all)).await {
        Ok(rows) => found.extend(types.iter().cloned().zip(rows.into_iter().flat_map(|r| r.names))),
        Err(error) => {
            is_refused(Err(error))?;
            for one in types {
                let name =
                    reader.text(&format!("SELECT arrayElement(names, 1) FROM ({})", read::type_names(&[one]))).await;
                match name {
                    Ok(name) => drop(found.insert(one.clone(), name.trim_end().to_owned())),
                    Err(error) => drop(is_refused(Err(error))?),
                }
            }
        }
    }
    Ok(found)
}
