//! What stands in the brackets of a CREATE statement: columns, indexes, projections, constraints.

use super::super::definition::{Column, Constraint, DefaultKind, Definition, Index, Projection};
use super::super::token::{TokenKind, closing, split_at_commas};
use super::CreateError;
use super::clause::{ends_operand, expression, starts_comment, starts_ttl};
use super::cursor::Cursor;

/// Reads the whole list.
pub(super) fn read(list: &mut Cursor<'_>, definition: &mut Definition) -> Result<(), CreateError> {
    for item in split_at_commas(list.remaining()) {
        let mut at = list.over(item);
        // Column names are quoted by the server; a bare keyword is one.
        if at.take_words(&["INDEX"]) {
            definition.indexes.push(index(&mut at)?);
        } else if at.take_words(&["PROJECTION"]) {
            definition.projections.push(projection(&mut at)?);
        } else if at.take_words(&["CONSTRAINT"]) {
            definition.constraints.push(constraint(&mut at)?);
        } else if at.take_words(&["PRIMARY", "KEY"]) {
            definition.primary_key = Some(expression(&mut at, |_| false)?);
        } else {
            definition.columns.push(column(&mut at, &mut definition.beyond)?);
        }
        if !at.is_end() {
            return Err(at.error("an unknown part"));
        }
    }
    Ok(())
}

fn index(at: &mut Cursor<'_>) -> Result<Index, CreateError> {
    let name = at.name()?;
    // A column may be named `type`: the keyword is the one between an operand and a type.
    let typed = |at: &Cursor<'_>| {
        let followed = at.peek(1).is_some_and(|t| matches!(t, TokenKind::Word(_)));
        at.is_words(&["TYPE"]) && at.before().is_some_and(ends_operand) && followed
    };
    let covered = expression(at, typed)?;
    at.expect_words(&["TYPE"])?;
    let index_type = expression(at, |at| at.is_words(&["GRANULARITY"]))?;
    let granularity = match at.take_words(&["GRANULARITY"]) {
        true => Some(number(at)?),
        false => None,
    };
    Ok(Index { name, expression: covered, index_type, granularity })
}

fn number(at: &mut Cursor<'_>) -> Result<u64, CreateError> {
    let number = match at.peek(0) {
        Some(TokenKind::Number(number)) => number.parse().ok(),
        Some(TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Text(_) | TokenKind::Mark(_)) | None => None,
    };
    let number = number.ok_or_else(|| at.error("a whole number is missing"))?;
    at.skip();
    Ok(number)
}

fn projection(at: &mut Cursor<'_>) -> Result<Projection, CreateError> {
    let name = at.name()?;
    let rest = at.remaining();
    // `p (SELECT …)`; other forms (`p INDEX a TYPE basic`, `p (SELECT …) WITH SETTINGS (…)`) stay whole.
    let bracketed = rest.first().is_some_and(|t| t.is("(")) && closing(rest, 0) == Some(rest.len() - 1);
    let query = if bracketed { &rest[1..rest.len() - 1] } else { rest };
    if query.is_empty() {
        return Err(at.error("the projection is empty"));
    }
    Ok(Projection { name, query: at.fragment(query) })
}

fn constraint(at: &mut Cursor<'_>) -> Result<Constraint, CreateError> {
    let name = at.name()?;
    let assume = at.take_words(&["ASSUME"]);
    if !assume {
        at.expect_words(&["CHECK"])?;
    }
    Ok(Constraint { name, assume, expression: expression(at, |_| false)? })
}

fn column(at: &mut Cursor<'_>, beyond: &mut Vec<String>) -> Result<Column, CreateError> {
    let name = at.name()?;
    let mut column = Column::new(name, data_type(at)?);
    let mut seen: Vec<&'static str> = Vec::new();
    while !at.is_end() {
        let place = at.clone();
        let clause = if let Some(kind) = DefaultKind::ALL.into_iter().find(|kind| at.take_words(&[kind.as_str()])) {
            // EPHEMERAL may stand alone, and its type's default is meant.
            let alone = kind == DefaultKind::Ephemeral && (at.is_end() || starts_part(at));
            let value = if alone { None } else { Some(expression(at, starts_part)?) };
            column.default = Some((kind, value));
            "a default"
        } else if at.take_words(&["COMMENT"]) {
            column.comment = at.text()?;
            "COMMENT"
        } else if at.take_words(&["CODEC"]) {
            let inside = at.group()?;
            column.codec = Some(at.fragment(inside.rest()));
            "CODEC"
        } else if at.take_words(&["TTL"]) {
            column.ttl = Some(expression(at, starts_part)?);
            "TTL"
        } else if at.take_words(&["STATISTICS"]) {
            let kinds = at.group()?;
            beyond.push(format!("column {} STATISTICS({})", column.name, at.fragment(kinds.rest())));
            "STATISTICS"
        } else if at.take_words(&["SETTINGS"]) {
            let settings = at.group()?;
            beyond.push(format!("column {} SETTINGS ({})", column.name, at.fragment(settings.rest())));
            "SETTINGS"
        } else {
            return Err(at.error("an unknown part of a column"));
        };
        if seen.contains(&clause) {
            return Err(place.error("a column's part stands there twice"));
        }
        seen.push(clause);
    }
    Ok(column)
}

/// A type is one word, with its arguments in brackets where it has some.
fn data_type(at: &mut Cursor<'_>) -> Result<String, CreateError> {
    let tokens = at.rest();
    let place = at.clone();
    at.name()?;
    if starts_default(&place) {
        return Err(place.error("the column has no type"));
    }
    let mut length = 1;
    if at.is_mark("(") {
        length += at.group()?.rest().len() + 2;
    }
    Ok(at.fragment(&tokens[..length]).to_string())
}

fn starts_default(at: &Cursor<'_>) -> bool {
    DefaultKind::ALL.into_iter().any(|kind| at.is_words(&[kind.as_str()]))
}

/// Whether a part of a column begins here; see [`super::clause`] for bare names like keywords.
fn starts_part(at: &Cursor<'_>) -> bool {
    // No function has one of these names.
    let called = at.peek(1) == Some(&TokenKind::Mark("("));
    starts_comment(at)
        || starts_ttl(at)
        || called && ["CODEC", "STATISTICS", "SETTINGS"].iter().any(|word| at.is_words(&[word]))
        || starts_default(at) && at.before().is_some_and(ends_operand)
}
