//! Rust source as words and marks, comments and literals left out: enough to see what a file imports.

/// A word or a mark, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Takes a source text apart. Paths keep their `::` as one mark; every other mark is one character.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { chars: source.chars().collect(), at: 0, line: 1, tokens: Vec::new() };
    while reader.at < reader.chars.len() {
        reader.step();
    }
    reader.tokens
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Reader {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.line += self.chars[self.at..end].iter().filter(|c| **c == '\n').count();
        self.at = end;
    }

    fn push(&mut self, length: usize) {
        let text: String = self.chars[self.at..self.at + length].iter().collect();
        self.tokens.push(Token { text, line: self.line });
        self.skip(length);
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.skip_while(|c| c != '\n'),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.text(),
            ('\'', _) => self.quote(),
            (':', ':') => self.push(2),
            (c, _) if c.is_whitespace() => self.skip(1),
            (c, _) if c.is_alphanumeric() || c == '_' => self.word(),
            _ => self.push(1),
        }
    }

    fn skip_while(&mut self, holds: impl Fn(char) -> bool) {
        while self.at < self.chars.len() && holds(self.peek(0)) {
            self.skip(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.skip(1);
                    continue;
                }
            }
            self.skip(2);
            if depth == 0 {
                return;
            }
        }
    }

    /// A string without a prefix, from its quote on.
    fn text(&mut self) {
        self.skip(1);
        while self.at < self.chars.len() && self.peek(0) != '"' {
            self.skip(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        self.skip(1);
    }

    /// A character, or the name of a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.skip(3);
            self.skip_while(|c| c != '\'');
            self.skip(1);
        } else if self.peek(2) == '\'' {
            self.skip(3);
        } else {
            self.skip(1);
        }
    }

    fn word(&mut self) {
        let length = self.chars[self.at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        let word: String = self.chars[self.at..self.at + length].iter().collect();
        let hashes = self.chars[self.at + length..].iter().take_while(|c| **c == '#').count();
        let quoted = self.peek(length + hashes) == '"';
        match word.as_str() {
            "b" | "c" if hashes == 0 && quoted => {
                self.skip(length);
                self.text();
            }
            "r" | "br" | "cr" if quoted => {
                self.skip(length + hashes + 1);
                let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                while self.at < self.chars.len()
                    && !self.chars[self.at..].iter().copied().take(end.len()).eq(end.chars())
                {
                    self.skip(1);
                }
                self.skip(end.len());
            }
            _ => self.push(length),
        }
    }
}

#[test]
fn comments_and_literals_are_left_out() {
    let source = "use a::b; // crate::x\n/* /* crate::y */ */ let s = \"crate::z \\\" \"; r#\"crate::\"w\"#; 'c' '\\n' &'a T\nend";
    let words: Vec<String> = tokens(source).into_iter().map(|t| t.text).collect();
    assert_eq!(words.join(" "), "use a :: b ; let s = ; ; & a T end");
    assert_eq!(tokens(source).last().unwrap().line, 3);
}
