//! Folding prose at blanks.

/// Below this a folded text is harder to read than a long line.
const NARROWEST: usize = 30;

/// The lines of a text, each at most `width` columns where its words allow it. At least one line.
pub(super) fn fold(text: &str, width: usize) -> Vec<String> {
    let width = width.max(NARROWEST);
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let Some(line) = lines.last_mut() else { break };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_whole() {
        let text = "the quick brown fox jumps over the lazy dog and then some";
        let lines = fold(text, 30);
        assert_eq!(lines, ["the quick brown fox jumps over", "the lazy dog and then some"]);
        assert_eq!(fold("", 30), [""]);
        assert_eq!(fold(&"x".repeat(50), 30).len(), 1);
    }
}
