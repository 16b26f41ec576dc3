//! Character numbers, as the YAML parser counts, to byte offsets.

/// A text of one byte a character needs no table; otherwise every 128th character is remembered.
pub struct Positions<'a> {
    text: &'a str,
    marks: Option<Vec<usize>>,
}

const STEP: usize = 128;

impl<'a> Positions<'a> {
    /// Reads the text once.
    pub fn new(text: &'a str) -> Self {
        let marks = (!text.is_ascii()).then(|| text.char_indices().step_by(STEP).map(|(at, _)| at).collect());
        Self { text, marks }
    }

    /// The byte offset of the character with a number; the end of the text for those behind it.
    pub fn byte(&self, character: usize) -> usize {
        let Some(marks) = &self.marks else { return character.min(self.text.len()) };
        let Some(&mark) = marks.get(character / STEP) else { return self.text.len() };
        let rest = &self.text[mark..];
        rest.char_indices().nth(character % STEP).map_or(self.text.len(), |(at, _)| mark + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_found_at_its_byte() {
        for text in ["", "plain", &"é😀a\n".repeat(200)] {
            let positions = Positions::new(text);
            for (number, (at, _)) in text.char_indices().enumerate() {
                assert_eq!(positions.byte(number), at);
            }
            assert_eq!(positions.byte(text.chars().count()), text.len());
            assert_eq!(positions.byte(usize::MAX), text.len());
        }
    }
}
