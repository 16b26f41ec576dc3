//! A place in the tokens of a statement.

use super::super::token::{Fragment, Token, TokenKind, closing, text_of};
use super::CreateError;

/// Characters of the text shown in an error.
const SHOWN: usize = 60;

/// Walks over tokens. A bracket with all it holds counts as one step.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, at: 0 }
    }

    /// A cursor over some of the tokens.
    pub(super) fn over(&self, tokens: &'a [Token]) -> Self {
        Self::new(self.text, tokens)
    }

    pub(super) fn is_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The token `ahead` of this place, brackets not skipped.
    pub(super) fn peek(&self, ahead: usize) -> Option<&'a TokenKind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    /// The token before this place.
    pub(super) fn before(&self) -> Option<&'a TokenKind> {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map(|token| &token.kind)
    }

    pub(super) fn rest(&self) -> &'a [Token] {
        self.tokens.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.rest().first().is_some_and(|token| token.is(mark))
    }

    pub(super) fn take_mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        self.at += usize::from(is);
        is
    }

    /// Whether these keywords stand here, bare.
    pub(super) fn is_words(&self, words: &[&str]) -> bool {
        let rest = self.rest();
        rest.len() >= words.len() && words.iter().zip(rest).all(|(word, token)| token.is_word(word))
    }

    pub(super) fn take_words(&mut self, words: &[&str]) -> bool {
        let are = self.is_words(words);
        self.at += if are { words.len() } else { 0 };
        are
    }

    pub(super) fn expect_words(&mut self, words: &[&str]) -> Result<(), CreateError> {
        if self.take_words(words) { Ok(()) } else { Err(self.error(&format!("{} is missing", words.join(" ")))) }
    }

    /// Takes a name.
    pub(super) fn name(&mut self) -> Result<String, CreateError> {
        let name = self.rest().first().and_then(Token::name).ok_or_else(|| self.error("a name is missing"))?;
        self.at += 1;
        Ok(name.to_owned())
    }

    /// Takes a string literal.
    pub(super) fn text(&mut self) -> Result<String, CreateError> {
        let Some(TokenKind::Text(text)) = self.peek(0) else { return Err(self.error("a string is missing")) };
        self.at += 1;
        Ok(text.clone())
    }

    /// Takes a bracket; a cursor over what it holds.
    pub(super) fn group(&mut self) -> Result<Self, CreateError> {
        let close = closing(self.tokens, self.at).filter(|_| self.is_mark("("));
        let close = close.ok_or_else(|| self.error("`(` is missing"))?;
        let inside = self.over(&self.tokens[self.at + 1..close]);
        self.at = close + 1;
        Ok(inside)
    }

    /// Takes one step.
    pub(super) fn skip(&mut self) {
        let opens = self.is_mark("(") || self.is_mark("[") || self.is_mark("{");
        self.at = if opens { closing(self.tokens, self.at).unwrap_or(self.at) } else { self.at } + 1;
    }

    /// Takes tokens up to the end or to where `stops` says so; never none.
    pub(super) fn until(&mut self, stops: impl Fn(&Self) -> bool) -> Result<&'a [Token], CreateError> {
        if self.is_end() {
            return Err(self.error("something is missing at the end"));
        }
        let from = self.at;
        self.skip();
        while !self.is_end() && !stops(self) {
            self.skip();
        }
        Ok(&self.tokens[from..self.at.min(self.tokens.len())])
    }

    /// Everything that is left.
    pub(super) fn remaining(&mut self) -> &'a [Token] {
        let rest = self.rest();
        self.at = self.tokens.len();
        rest
    }

    /// The source text of tokens.
    pub(super) fn fragment(&self, tokens: &[Token]) -> Fragment {
        Fragment::new(text_of(self.text, tokens))
    }

    pub(super) fn error(&self, what: &str) -> CreateError {
        let start = match (self.rest().first(), self.tokens.last()) {
            (Some(token), _) => token.start,
            // At the end the last token says more than nothing.
            (None, Some(last)) => last.start,
            (None, None) => 0,
        };
        CreateError::Unreadable { what: what.to_owned(), near: shortened(self.text, start) }
    }
}

/// The text from a byte offset on, as much as an error shows.
pub(super) fn shortened(text: &str, at: usize) -> String {
    text.get(at..).unwrap_or(text).chars().take(SHOWN).collect()
}
