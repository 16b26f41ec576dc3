//! Reads a CREATE statement in the server's canonical form (`create_table_query` of `system.tables`) into a
//! [`Definition`].
//!
//! The server wrote the text, so this is a splitter of clauses, not a parser of SQL: expressions, types and
//! queries stay texts. What it does not know is an error; it never drops a clause in silence, except DEFINER of
//! views, which tells who made them. Clauses that no manifest can ask for (SQL SECURITY other than DEFINER of views,
//! STATISTICS and SETTINGS of columns) are kept as they are written. Understood are the forms of ClickHouse 24.8 to
//! 26.9.

mod clause;
mod cursor;
mod items;
#[cfg(test)]
mod tests;

use super::definition::{Definition, Engine};
use super::name::ObjectName;
use super::token::{TokenKind, tokenize, unwrapped};
use clause::Clauses;
use cursor::Cursor;

/// Why a text is no CREATE statement of a table or view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreateError {
    /// The server gave no text at all.
    #[error("the CREATE statement is empty: the server hides it; grant the user SHOW COLUMNS on the whole table")]
    Empty,
    /// Something unexpected in it.
    #[error("cannot read the CREATE statement: {what}, near `{near}`")]
    Unreadable {
        /// What does not fit.
        what: String,
        /// The text from that place on, shortened.
        near: String,
    },
}

/// What kind of object a statement creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Object {
    Table,
    MaterializedView,
    View,
}

/// The engine `system.tables` gives for a plain view.
const PLAIN_VIEW: &str = "View";

/// Reads a canonical CREATE TABLE, MATERIALIZED VIEW or VIEW, temporary ones included.
///
/// The engine of a materialized view is [`Engine::VIEW`], of a plain one `View`. Temporary objects have an
/// empty database. Expressions keep the server's spelling, brackets around keys included. A setting that is
/// neither text nor number (`true`, `disk(…)`) is kept as written, as a number.
///
/// # Errors
/// [`CreateError::Empty`] for an empty text, which servers give to users who lack a grant. Otherwise
/// [`CreateError::Unreadable`]: other kinds of object, unknown clauses, materialized views that keep their rows
/// in an inner table, a clause given twice.
pub fn parse_create(text: &str) -> Result<Definition, CreateError> {
    if text.trim().is_empty() {
        return Err(CreateError::Empty);
    }
    let tokens = tokenize(text)
        .map_err(|e| CreateError::Unreadable { what: e.to_string(), near: cursor::shortened(text, e.at()) })?;
    let mut at = Cursor::new(text, &tokens);
    let object = head(&mut at)?;
    let mut definition = Definition::new(name(&mut at)?, Engine::plain(""));
    prelude(&mut at, &mut definition, object)?;
    if at.is_mark("(") {
        items::read(&mut at.group()?, &mut definition)?;
    }
    let clauses = clause::read(&mut at, &mut definition)?;
    finish(&at, definition, object, clauses)
}

fn head(at: &mut Cursor<'_>) -> Result<Object, CreateError> {
    at.expect_words(&["CREATE"])?;
    at.take_words(&["OR", "REPLACE"]);
    at.take_words(&["TEMPORARY"]);
    let object = if at.take_words(&["TABLE"]) {
        Object::Table
    } else if at.take_words(&["MATERIALIZED", "VIEW"]) {
        Object::MaterializedView
    } else if at.take_words(&["VIEW"]) {
        Object::View
    } else {
        return Err(at.error("this is neither a table nor a view"));
    };
    at.take_words(&["IF", "NOT", "EXISTS"]);
    Ok(object)
}

fn name(at: &mut Cursor<'_>) -> Result<ObjectName, CreateError> {
    let first = at.name()?;
    if at.take_mark(".") {
        return Ok(ObjectName::new(first, at.name()?));
    }
    Ok(ObjectName::new("", first))
}

/// What stands between the name and the columns.
fn prelude(at: &mut Cursor<'_>, definition: &mut Definition, object: Object) -> Result<(), CreateError> {
    loop {
        if at.take_words(&["UUID"]) {
            at.text()?;
        } else if at.take_words(&["ON", "CLUSTER"]) {
            at.skip();
        } else if object == Object::MaterializedView && at.take_words(&["REFRESH"]) {
            let written = at.rest();
            // Its own SETTINGS and intervals hold no brackets, no TO and no AS.
            while !at.is_end()
                && !["TO", "AS", "ENGINE", "DEFINER", "COMMENT"].iter().any(|w| at.is_words(&[w]))
                && !at.is_mark("(")
            {
                at.skip();
            }
            let length = written.len() - at.rest().len();
            definition.refresh = Some(at.fragment(&written[..length]));
        } else if object == Object::MaterializedView && at.is_words(&["TO", "INNER"]) {
            return Err(at.error(INNER_TABLE));
        } else if object == Object::MaterializedView && definition.target.is_none() && at.take_words(&["TO"]) {
            definition.target = Some(name(at)?);
        } else {
            return Ok(());
        }
    }
}

/// Such rows would be dropped together with the view, so it must not pass for one that holds none.
const INNER_TABLE: &str = "the view keeps its rows in a hidden table of its own; only views with TO are managed";

fn finish(
    at: &Cursor<'_>,
    mut definition: Definition,
    object: Object,
    clauses: Clauses<'_>,
) -> Result<Definition, CreateError> {
    let query = clauses.query.map(|tokens| at.fragment(unwrapped(tokens)));
    match object {
        Object::Table => {
            definition.engine = clauses.engine.ok_or_else(|| at.error("the table has no ENGINE"))?;
            if query.is_some() {
                return Err(at.error("a table with AS"));
            }
            return Ok(definition);
        }
        Object::MaterializedView if definition.target.is_none() => return Err(at.error(INNER_TABLE)),
        Object::MaterializedView => definition.engine = Engine::plain(Engine::VIEW),
        Object::View => definition.engine = Engine::plain(PLAIN_VIEW),
    }
    if clauses.engine.is_some() {
        return Err(at.error("a view with ENGINE and TO"));
    }
    definition.query = Some(query.ok_or_else(|| at.error("the view has no AS SELECT"))?);
    Ok(definition)
}

/// Whether a token is a string literal.
fn is_text(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Text(_))
}
