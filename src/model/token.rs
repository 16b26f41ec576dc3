//! ClickHouse SQL as tokens: enough to compare fragments, to find the names in them and to split a
//! canonical CREATE statement. It is no parser: the server is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a token is. Texts and quoted names are unquoted, so `` `a` `` and `a` are the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// A bare word: a name, a keyword or a function.
    Word(String),
    /// A name in backquotes or double quotes.
    Quoted(String),
    /// A number as written.
    Number(String),
    /// A string literal, its escapes resolved.
    Text(String),
    /// An operator or a punctuation mark.
    Mark(&'static str),
}

/// A token and where it stands in its fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Byte offset of its first character.
    pub start: usize,
    /// Byte offset after its last character.
    pub end: usize,
}

impl Token {
    /// The name this token can stand for.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            TokenKind::Word(w) | TokenKind::Quoted(w) => Some(w),
            TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Mark(_) => None,
        }
    }

    /// Whether it is this mark.
    pub fn is(&self, mark: &str) -> bool {
        matches!(self.kind, TokenKind::Mark(m) if m == mark)
    }

    /// Whether it is this keyword, in any case, unquoted.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, TokenKind::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn same(&self, other: &Token) -> bool {
        match (self.name(), other.name()) {
            (Some(a), Some(b)) => a == b,
            _ => self.kind == other.kind,
        }
    }
}

/// Why a text is no sequence of tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// A string, a quoted name or a comment that does not end.
    #[error("{what} is not closed")]
    Unclosed {
        /// What was opened.
        what: &'static str,
        /// Byte offset of its opening.
        at: usize,
    },
    /// A character no ClickHouse token starts with.
    #[error("unexpected character {character:?}")]
    Unexpected {
        /// The character.
        character: char,
        /// Its byte offset.
        at: usize,
    },
    /// A bracket without its partner.
    #[error("bracket `{bracket}` has no partner")]
    Bracket {
        /// The bracket.
        bracket: &'static str,
        /// Its byte offset.
        at: usize,
    },
}

impl TokenError {
    /// Byte offset of the fault.
    pub fn at(&self) -> usize {
        match self {
            TokenError::Unclosed { at, .. } | TokenError::Unexpected { at, .. } | TokenError::Bracket { at, .. } => *at,
        }
    }
}

/// Longest first: `<=>` must not be read as `<=`.
const MARKS: [&str; 37] = [
    "<=>", "->", "::", "||", "<=", ">=", "<>", "!=", "==", "@@", "(", ")", "[", "]", "{", "}", ",", ";", ".", "+", "-",
    "*", "/", "%", "=", "<", ">", "?", ":", "@", "!", "|", "&", "^", "~", "$", "#",
];

/// Splits a text into tokens; white space and comments are left out.
///
/// # Errors
/// An unclosed string, name or comment, an unknown character, unbalanced brackets.
pub fn tokenize(text: &str) -> Result<Vec<Token>, TokenError> {
    let mut tokens = Vec::new();
    let mut open: Vec<(&'static str, usize)> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() || c == '\u{feff}' {
            at += c.len_utf8();
        } else if rest.starts_with("--") || rest.starts_with("#!") || rest.starts_with("# ") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").ok_or(TokenError::Unclosed { what: "the comment", at })? + 2;
        } else {
            let (kind, length) = token(rest, tokens.last()).map_err(|e| shift(e, at))?;
            if let TokenKind::Mark(mark) = kind {
                balance(mark, at, &mut open)?;
            }
            tokens.push(Token { kind, start: at, end: at + length });
            at += length;
        }
    }
    match open.pop() {
        Some((bracket, at)) => Err(TokenError::Bracket { bracket, at }),
        None => Ok(tokens),
    }
}

fn shift(error: TokenError, by: usize) -> TokenError {
    match error {
        TokenError::Unclosed { what, at } => TokenError::Unclosed { what, at: at + by },
        TokenError::Unexpected { character, at } => TokenError::Unexpected { character, at: at + by },
        TokenError::Bracket { bracket, at } => TokenError::Bracket { bracket, at: at + by },
    }
}

fn balance(mark: &'static str, at: usize, open: &mut Vec<(&'static str, usize)>) -> Result<(), TokenError> {
    let partner = match mark {
        "(" | "[" | "{" => {
            open.push((mark, at));
            return Ok(());
        }
        ")" => "(",
        "]" => "[",
        "}" => "{",
        _ => return Ok(()),
    };
    match open.pop() {
        Some((bracket, _)) if bracket == partner => Ok(()),
        _ => Err(TokenError::Bracket { bracket: mark, at }),
    }
}

fn token(rest: &str, before: Option<&Token>) -> Result<(TokenKind, usize), TokenError> {
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '\'' => quoted(rest, '\'', "the string").map(|(t, n)| (TokenKind::Text(t), n)),
        '`' => quoted(rest, '`', "the quoted name").map(|(t, n)| (TokenKind::Quoted(t), n)),
        '"' => quoted(rest, '"', "the quoted name").map(|(t, n)| (TokenKind::Quoted(t), n)),
        '$' => match heredoc(rest) {
            Some(found) => Ok(found),
            None => Ok((TokenKind::Mark("$"), 1)),
        },
        // `t.1` is an element of a tuple, `.5` a number: what stands before the dot decides.
        '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) && !ends_an_operand(before) => Ok(number(rest)),
        c if c.is_ascii_digit() => Ok(number(rest)),
        c if c.is_alphabetic() || c == '_' => {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            Ok((TokenKind::Word(rest[..length].to_owned()), length))
        }
        character => MARKS
            .iter()
            .find(|m| rest.starts_with(**m))
            .map(|m| (TokenKind::Mark(m), m.len()))
            .ok_or(TokenError::Unexpected { character, at: 0 }),
    }
}

fn ends_an_operand(before: Option<&Token>) -> bool {
    before.is_some_and(|t| t.name().is_some() || t.is(")") || t.is("]"))
}

fn number(rest: &str) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let prefixed = rest.len() > 2 && bytes[0] == b'0' && matches!(bytes[1], b'x' | b'X' | b'b' | b'B');
    let mut length = 0;
    while let Some(&b) = bytes.get(length) {
        let exponent_sign = matches!(b, b'+' | b'-') && !prefixed && matches!(bytes[length - 1], b'e' | b'E');
        // The dot of `t.1.2` separates, the dot of `1.2` does not; a second dot always ends the number.
        let dot = b == b'.' && !rest[..length].contains('.');
        if !(b.is_ascii_alphanumeric() || b == b'_' || dot || (length > 0 && exponent_sign)) {
            break;
        }
        length += 1;
    }
    (TokenKind::Number(rest[..length].to_owned()), length)
}

fn heredoc(rest: &str) -> Option<(TokenKind, usize)> {
    let close = rest[1..].find('$')? + 2;
    let tag = &rest[..close];
    if !tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let body = rest[close..].find(tag)?;
    Some((TokenKind::Text(rest[close..close + body].to_owned()), close + body + tag.len()))
}

fn quoted(rest: &str, quote: char, what: &'static str) -> Result<(String, usize), TokenError> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
                out.push(quote);
                continue;
            }
            return Ok((out, at + c.len_utf8()));
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => out.push('\n'),
            Some((_, 't')) => out.push('\t'),
            Some((_, 'r')) => out.push('\r'),
            Some((_, '0')) => out.push('\0'),
            Some((_, 'b')) => out.push('\u{8}'),
            Some((_, 'f')) => out.push('\u{c}'),
            // ClickHouse keeps the backslash of these, they belong to LIKE and regular expressions.
            Some((_, kept @ ('%' | '_'))) => out.extend(['\\', kept]),
            Some((_, other)) => out.push(other),
            None => break,
        }
    }
    Err(TokenError::Unclosed { what, at: 0 })
}

/// A piece of ClickHouse SQL: an expression, a type, a codec, a whole SELECT.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fragment(String);

impl Fragment {
    /// Whether it names `database.table`.
    pub fn names(&self, table: &super::ObjectName) -> bool {
        let Ok(tokens) = tokenize(self.as_str()) else { return false };
        tokens.windows(3).any(|w| {
            w[0].name() == Some(&table.database)
                && matches!(w[1].kind, TokenKind::Mark("."))
                && w[2].name() == Some(&table.table)
        })
    }

    /// Takes a text as it is, trimmed.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same tokens, whatever their white space, comments and quotes around names.
    /// False says nothing: the server may still read both alike.
    pub fn same(&self, other: &Fragment) -> bool {
        self.0 == other.0 || same_tokens(&self.0, &other.0, |tokens| tokens)
    }

    /// Like [`Fragment::same`], for keys: `(a, b)` and `a, b` are one, and so are `a` and `(a)`.
    pub fn same_key(&self, other: &Fragment) -> bool {
        self.0 == other.0 || same_tokens(&self.0, &other.0, unwrapped)
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn same_tokens(a: &str, b: &str, view: fn(&[Token]) -> &[Token]) -> bool {
    let (Ok(a), Ok(b)) = (tokenize(a), tokenize(b)) else { return false };
    let (a, b) = (view(&a), view(&b));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
}

/// The tokens without brackets that enclose all of them.
pub fn unwrapped(tokens: &[Token]) -> &[Token] {
    let mut inner = tokens;
    while inner.len() > 2 && inner[0].is("(") && closing(inner, 0) == Some(inner.len() - 1) {
        inner = &inner[1..inner.len() - 1];
    }
    inner
}

/// Index of the bracket that closes the one at `open`.
pub fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.kind {
            TokenKind::Mark("(" | "[" | "{") => depth += 1,
            TokenKind::Mark(")" | "]" | "}") => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            TokenKind::Mark(_)
            | TokenKind::Word(_)
            | TokenKind::Quoted(_)
            | TokenKind::Number(_)
            | TokenKind::Text(_) => {}
        }
    }
    None
}

/// Splits tokens at commas outside of brackets; no tokens give no parts.
pub fn split_at_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < tokens.len() {
        if tokens[at].is("(") || tokens[at].is("[") || tokens[at].is("{") {
            at = closing(tokens, at).unwrap_or(tokens.len() - 1);
        } else if tokens[at].is(",") {
            parts.push(&tokens[from..at]);
            from = at + 1;
        }
        at += 1;
    }
    if from < tokens.len() {
        parts.push(&tokens[from..]);
    }
    parts
}

/// The source text of some tokens of `text`.
pub fn text_of<'a>(text: &'a str, tokens: &[Token]) -> &'a str {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => &text[first.start..last.end],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Fragment::new(a).same(&Fragment::new(b))
    }

    #[test]
    fn white_space_comments_and_quotes_of_names_do_not_matter() {
        assert!(same("a  +\n b -- c", "`a`+b"));
        assert!(same("/* x */ f(\"a\", 'x')", "f(a,'x')"));
        assert!(!same("a", "'a'"));
        assert!(!same("a", "A"));
        assert!(same(r"'it\'s'", "'it''s'"));
        assert!(!same("ab", "a b"));
    }

    #[test]
    fn keys_are_equal_with_and_without_their_brackets() {
        let key = |a: &str, b: &str| Fragment::new(a).same_key(&Fragment::new(b));
        assert!(key("(a, b)", "a, b"));
        assert!(key("((a))", "a"));
        assert!(!key("(a), (b)", "a, b"));
        assert!(!key("(a, b)", "b, a"));
    }

    #[test]
    fn numbers_and_tuple_elements_are_told_apart() {
        let marks = |t: &str| tokenize(t).map(|t| t.len());
        assert_eq!(marks("t.1"), Ok(3));
        assert_eq!(marks(".5 + 1.5e-3"), Ok(3));
        assert_eq!(marks("0xFF-1"), Ok(3));
        assert_eq!(marks("x->x::Int8"), Ok(5));
        assert_eq!(marks("$a$it's$a$"), Ok(1));
    }

    #[test]
    fn what_does_not_close_is_an_error_with_its_place() {
        assert_eq!(tokenize("a 'b").map_err(|e| e.at()), Err(2));
        assert_eq!(tokenize("f(a").map_err(|e| e.at()), Err(1));
        assert_eq!(tokenize("a)").map_err(|e| e.at()), Err(1));
        assert_eq!(tokenize("a /* b").map_err(|e| e.at()), Err(2));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_tokens_or_an_error(text in "\\PC*") {
            let _ = tokenize(&text);
        }

        #[test]
        fn literals_are_read_back(text in "[^%_]*") {
            let tokens = tokenize(&crate::model::quote::literal(&text)).map(|t| t.into_iter().map(|t| t.kind).collect::<Vec<_>>());
            proptest::prop_assert_eq!(tokens, Ok(vec![TokenKind::Text(text)]));
        }

        #[test]
        fn identifiers_are_read_back(name in ".+") {
            let tokens = tokenize(&crate::model::quote::backquoted(&name)).map(|t| t.into_iter().map(|t| t.kind).collect::<Vec<_>>());
            proptest::prop_assert_eq!(tokens, Ok(vec![TokenKind::Quoted(name)]));
        }
    }
}
