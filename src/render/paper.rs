//! What text is written on: columns, folding, colour, and the one gate that data passes on its way out.

use super::fold::fold;
use anstyle::{AnsiColor, Effects};

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing special.
    Plain,
    /// Headings and names.
    Strong,
    /// What is made.
    Made,
    /// What is changed.
    Changed,
    /// What is dropped.
    Gone,
    /// Dangers and obstacles.
    Danger,
    /// What may be skipped.
    Faint,
}

impl Tone {
    fn style(self) -> anstyle::Style {
        match self {
            Tone::Plain => anstyle::Style::new(),
            Tone::Strong => anstyle::Style::new().effects(Effects::BOLD),
            Tone::Made => AnsiColor::Green.on_default(),
            Tone::Changed => AnsiColor::Yellow.on_default(),
            Tone::Gone => AnsiColor::Red.on_default(),
            Tone::Danger => AnsiColor::Red.on_default().effects(Effects::BOLD),
            Tone::Faint => anstyle::Style::new().effects(Effects::DIMMED),
        }
    }
}

/// Text under construction.
#[derive(Debug)]
pub(super) struct Paper {
    out: String,
    colour: bool,
    width: usize,
    /// Columns written on the line so far.
    column: usize,
    /// Blanks owed before the next text: no line ends in blanks.
    blanks: usize,
}

impl Paper {
    /// An empty sheet; prose is folded at `width` columns.
    pub fn new(colour: bool, width: usize) -> Self {
        Self { out: String::new(), colour, width, column: 0, blanks: 0 }
    }

    /// Adds data or words to the line. Whatever they hold, they stay on it.
    pub fn put(&mut self, tone: Tone, text: &str) -> &mut Self {
        let text = escape(text);
        if text.is_empty() {
            return self;
        }
        self.out.extend(std::iter::repeat_n(' ', self.blanks));
        self.blanks = 0;
        self.column += text.chars().count();
        if self.colour && tone != Tone::Plain {
            let style = tone.style();
            self.out.push_str(&format!("{style}{text}{style:#}"));
        } else {
            self.out.push_str(&text);
        }
        self
    }

    /// Adds blanks.
    pub fn gap(&mut self, columns: usize) -> &mut Self {
        self.blanks += columns;
        self.column += columns;
        self
    }

    /// Goes on at a column, or two blanks further where that has been passed.
    pub fn to(&mut self, column: usize) -> &mut Self {
        let gap = if self.column < column || self.column == 0 { column - self.column } else { 2 };
        self.gap(gap)
    }

    /// Ends the line.
    pub fn end(&mut self) {
        self.out.push('\n');
        self.column = 0;
        self.blanks = 0;
    }

    /// Adds words, folded at the width and hanging under their first letter, and ends the line.
    pub fn prose(&mut self, tone: Tone, text: &str) {
        let from = self.column;
        let lines = fold(&escape(text), self.width.saturating_sub(from));
        for (i, line) in lines.iter().enumerate() {
            if i > 0 {
                self.to(from);
            }
            self.put(tone, line);
            self.end();
        }
    }

    /// Whether a line of so many columns is no longer than the sheet is wide.
    pub fn fits(&self, columns: usize) -> bool {
        columns <= self.width
    }

    /// The text.
    pub fn finish(self) -> String {
        self.out
    }
}

/// Text with every character escaped that could move the cursor, start a line, or make what follows read
/// otherwise than it is written. The escapes are those of a ClickHouse literal: in one, they mean the same.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hostile(c) => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    out.push_str(&format!("\\x{byte:02X}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// Controls, line and paragraph separators, and the invisible characters that reorder a line.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_on_its_line() {
        assert_eq!(escape("a\n\r\t\0\u{1b}[2J\u{9b}\u{202e}ü"), r"a\n\r\t\x00\x1B[2J\xC2\x9B\xE2\x80\xAEü");
        let mut paper = Paper::new(false, 80);
        paper.put(Tone::Strong, "a\nPlan: ").gap(2).put(Tone::Plain, "").end();
        assert_eq!(paper.finish(), "a\\nPlan: \n");
    }

    #[test]
    fn prose_hangs_and_no_line_ends_in_blanks() {
        let mut paper = Paper::new(false, 34);
        paper.gap(2).put(Tone::Plain, "!").gap(1).prose(Tone::Plain, "one two three four five six seven");
        paper.put(Tone::Plain, "long name").to(4).put(Tone::Plain, "x").to(20).end();
        assert_eq!(paper.finish(), "  ! one two three four five six\n    seven\nlong name  x\n");
    }

    #[test]
    fn colour_is_the_same_text_with_colour() {
        let text = |colour| {
            let mut paper = Paper::new(colour, 80);
            paper.put(Tone::Danger, "!").to(4).put(Tone::Plain, "x").end();
            paper.finish()
        };
        assert_ne!(text(true), text(false));
        assert_eq!(anstream::adapter::strip_str(&text(true)).to_string(), text(false));
    }
}
