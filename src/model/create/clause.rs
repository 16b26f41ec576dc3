//! The clauses after the columns.

use super::super::definition::{Definition, Engine, EngineArg};
use super::super::setting::SettingValue;
use super::super::token::{Fragment, Token, TokenKind, split_at_commas};
use super::cursor::Cursor;
use super::{CreateError, is_text};

/// Clauses whose meaning depends on the kind of object.
#[derive(Debug, Default)]
pub(super) struct Clauses<'a> {
    pub engine: Option<Engine>,
    pub query: Option<&'a [Token]>,
}

/// Reads every clause up to the end of the statement.
pub(super) fn read<'a>(at: &mut Cursor<'a>, definition: &mut Definition) -> Result<Clauses<'a>, CreateError> {
    let mut clauses = Clauses::default();
    let mut commented = false;
    while !at.is_end() {
        let place = at.clone();
        let twice = if at.take_words(&["ENGINE"]) {
            at.take_mark("=");
            clauses.engine.replace(engine(at)?).is_some()
        } else if at.take_words(&["PARTITION", "BY"]) {
            definition.partition_by.replace(expression(at, starts_clause)?).is_some()
        } else if at.take_words(&["PRIMARY", "KEY"]) {
            definition.primary_key.replace(expression(at, starts_clause)?).is_some()
        } else if at.take_words(&["ORDER", "BY"]) {
            definition.order_by.replace(expression(at, starts_clause)?).is_some()
        } else if at.take_words(&["SAMPLE", "BY"]) {
            definition.sample_by.replace(expression(at, starts_clause)?).is_some()
        } else if at.take_words(&["TTL"]) {
            definition.ttl.replace(table_ttl(at)?).is_some()
        } else if at.take_words(&["SETTINGS"]) {
            let twice = !definition.settings.is_empty();
            settings(at, definition)?;
            twice
        } else if at.take_words(&["COMMENT"]) {
            definition.comment = at.text()?;
            std::mem::replace(&mut commented, true)
        } else if at.take_words(&["DEFINER"]) {
            at.take_mark("=");
            at.skip();
            false
        } else if at.take_words(&["SQL", "SECURITY"]) {
            let whose = at.name()?;
            if !whose.eq_ignore_ascii_case("DEFINER") {
                definition.beyond.push(format!("SQL SECURITY {whose}"));
            }
            false
        } else if at.take_words(&["AS"]) {
            let (query, comment) = query(at, commented);
            definition.comment = comment.unwrap_or_else(|| definition.comment.clone());
            clauses.query.replace(query).is_some()
        } else {
            return Err(at.error("an unknown clause"));
        };
        if twice {
            return Err(place.error("a clause stands there twice"));
        }
    }
    Ok(clauses)
}

/// Whether a clause of the statement begins here. The server prints columns named like keywords bare inside
/// of expressions (`ORDER BY comment`), so what follows decides, and for TTL also what stands before.
fn starts_clause(at: &Cursor<'_>) -> bool {
    let next = at.peek(1);
    at.is_words(&["ENGINE"]) && next == Some(&TokenKind::Mark("="))
        || ["PARTITION", "ORDER", "SAMPLE"].iter().any(|word| at.is_words(&[word, "BY"]))
        || at.is_words(&["PRIMARY", "KEY"])
        || starts_ttl(at)
        || at.is_words(&["SETTINGS"]) && next.is_some_and(is_name) && at.peek(2) == Some(&TokenKind::Mark("="))
        || starts_comment(at)
        || at.is_words(&["DEFINER"]) && next == Some(&TokenKind::Mark("="))
        || at.is_words(&["SQL", "SECURITY"])
        || at.is_words(&["AS", "SELECT"])
        || at.is_words(&["AS", "WITH"])
}

/// Whether `COMMENT 'text'` stands here.
pub(super) fn starts_comment(at: &Cursor<'_>) -> bool {
    at.is_words(&["COMMENT"]) && at.peek(1).is_some_and(is_text)
}

/// Whether a TTL clause begins here: two operands side by side are no expression.
pub(super) fn starts_ttl(at: &Cursor<'_>) -> bool {
    at.is_words(&["TTL"]) && at.before().is_some_and(ends_operand) && at.peek(1).is_some()
}

/// Takes an expression up to where `stops` says so.
pub(super) fn expression(at: &mut Cursor<'_>, stops: impl Fn(&Cursor<'_>) -> bool) -> Result<Fragment, CreateError> {
    let tokens = at.until(stops)?;
    check(at, tokens, &[])?;
    Ok(at.fragment(tokens))
}

/// Takes the TTL of a table: expressions with what is done when they are over.
fn table_ttl(at: &mut Cursor<'_>) -> Result<Fragment, CreateError> {
    let tokens = at.until(starts_clause)?;
    check(at, tokens, &["DELETE", "WHERE", "GROUP", "BY", "SET", "TO", "DISK", "VOLUME", "RECOMPRESS"])?;
    Ok(at.fragment(tokens))
}

/// Fails where two operands stand side by side without one of `words` between them: a clause of a later
/// server must not pass for a part of the expression before it.
fn check(at: &Cursor<'_>, tokens: &[Token], words: &[&str]) -> Result<(), CreateError> {
    let separates = |token: &TokenKind| matches!(token, TokenKind::Word(word) if is_one_of(word, words));
    let mut inside = at.over(tokens);
    inside.skip();
    while !inside.is_end() {
        let before = inside.before().is_some_and(|t| ends_operand(t) && !separates(t));
        if before && inside.peek(0).is_some_and(|t| begins_operand(t) && !separates(t)) {
            return Err(inside.error("an unknown clause"));
        }
        inside.skip();
    }
    Ok(())
}

/// The words between operands that the server prints. A column with such a name is taken for the operator
/// where it stands bare, which at worst is an error.
const OPERATORS: [&str; 10] = ["AND", "OR", "NOT", "IN", "GLOBAL", "LIKE", "ILIKE", "IS", "BETWEEN", "AS"];

/// The words after an operand that belong to it.
const DIRECTIONS: [&str; 2] = ["ASC", "DESC"];

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// Whether an operand of an expression can end with this token.
pub(super) fn ends_operand(token: &TokenKind) -> bool {
    match token {
        TokenKind::Word(word) => !is_one_of(word, &OPERATORS),
        TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Text(_) => true,
        TokenKind::Mark(mark) => matches!(*mark, ")" | "]" | "}"),
    }
}

/// Brackets are left out: after an operand they call, index or parametrise it.
fn begins_operand(token: &TokenKind) -> bool {
    match token {
        TokenKind::Word(word) => !is_one_of(word, &OPERATORS) && !is_one_of(word, &DIRECTIONS),
        TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Text(_) => true,
        TokenKind::Mark(_) => false,
    }
}

fn is_name(token: &TokenKind) -> bool {
    matches!(token, TokenKind::Word(_) | TokenKind::Quoted(_))
}

fn engine(at: &mut Cursor<'_>) -> Result<Engine, CreateError> {
    let mut engine = Engine::plain(at.name()?);
    if !at.is_mark("(") {
        return Ok(engine);
    }
    let inside = at.group()?;
    for arg in split_at_commas(inside.rest()) {
        engine.args.push(match arg {
            [] => return Err(inside.error("an engine's argument is missing")),
            [Token { kind: TokenKind::Text(text), .. }] => EngineArg::Text(text.clone()),
            expression => EngineArg::Expression(at.fragment(expression)),
        });
    }
    Ok(engine)
}

fn settings(at: &mut Cursor<'_>, definition: &mut Definition) -> Result<(), CreateError> {
    loop {
        let name = at.until(|at| at.is_mark("="))?;
        let name = match name {
            [only] => only.name().map(str::to_owned),
            [_, ..] | [] => Some(at.fragment(name).to_string()),
        };
        let name = name.ok_or_else(|| at.error("a setting's name is missing"))?;
        if !at.take_mark("=") {
            return Err(at.error("a setting without a value"));
        }
        let value = at.until(|at| at.is_mark(",") || starts_clause(at))?;
        check(at, value, &[])?;
        let value = match value {
            [Token { kind: TokenKind::Text(text), .. }] => SettingValue::Text(text.clone()),
            written => SettingValue::Number(at.fragment(written).to_string()),
        };
        if definition.settings.insert(name, value).is_some() {
            return Err(at.error("a setting stands there twice"));
        }
        if !at.take_mark(",") {
            return Ok(());
        }
    }
}

/// The rest of the statement, apart from a COMMENT at its end: servers before 26 print it there, later ones
/// before AS.
fn query<'a>(at: &mut Cursor<'a>, commented: bool) -> (&'a [Token], Option<String>) {
    let rest = at.remaining();
    match rest {
        [query @ .., word, Token { kind: TokenKind::Text(text), .. }] if !commented && word.is_word("COMMENT") => {
            (query, Some(text.clone()))
        }
        whole => (whole, None),
    }
}
