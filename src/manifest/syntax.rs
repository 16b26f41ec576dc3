//! The YAML parser's complaints in words that say what to do.

use super::finding::{FileId, Finding, Place};

/// The finding for a complaint of the parser at byte `at`.
pub fn syntax_error(info: &str, text: &str, at: usize, file: FileId) -> Finding {
    let (at, end) = visible(text, at);
    let place = Place { file, start: at, end };
    if info.contains("unknown anchor") {
        let name = text.get(at..).and_then(|t| t.split(|c: char| c.is_whitespace() || ",]}".contains(c)).next());
        let name = name.unwrap_or_default();
        let place = Place { end: at + name.len().max(1), ..place };
        let finding = Finding::error("yaml/alias", format!("the alias `{name}` names no anchor"), place);
        return finding.label("not anchored with `&` before this");
    }
    if info.contains("recursion limit") {
        return Finding::error("yaml/too-deep", "nested too deep", place).label("the file is not read beyond this");
    }
    let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let line = text[line_start..].lines().next().unwrap_or_default();
    let (label, help) = words(info, line, text[at..].chars().next());
    let finding = Finding::error("yaml/syntax", "this is not valid YAML", place).label(label);
    match help {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// The place a reader looks at: complaints at the end of the file or of a line point at what stands before.
fn visible(text: &str, at: usize) -> (usize, usize) {
    let at = at.min(text.len());
    let blank = text[at..].chars().next().is_none_or(|c| c == '\n' || c == '\r');
    let shown = if blank { text[..at].trim_end().char_indices().next_back().map_or(at, |(i, _)| i) } else { at };
    (shown, shown + text[shown..].chars().next().map_or(0, char::len_utf8))
}

/// What the parser means, and what to do.
fn words(info: &str, line: &str, found: Option<char>) -> (String, Option<&'static str>) {
    const VARIABLE: &str = "`${…}` cannot stand in a `{…}` or `[…]` without quotes: write one `key: value` a line";
    const QUOTES: &str =
        "a text with `: ` or ` #` in it, or that starts with one of `[]{}&*!|>'\"%@` or a backquote, needs quotes";
    let variable = (line.contains("${") && line.contains(['{', '['])).then_some(VARIABLE);
    let has = |part: &str| info.contains(part);
    let (label, help): (&str, Option<&'static str>) = if has("tab") {
        ("a tab in the indentation", Some("indent with spaces"))
    } else if matches!(found, Some('@' | '`')) {
        ("no text can start with this character", Some(QUOTES))
    } else if has("found unexpected end of stream") {
        ("the quotes are never closed", None)
    } else if has("unexpected document indicator") {
        ("the quotes are still open where the next document starts", None)
    } else if has("mapping values are not allowed") || has("illegal placement of ':'") {
        ("a `:` cannot stand here", Some(QUOTES))
    } else if has("expected ',' or '}'") {
        ("expected `,` or `}` before this", variable)
    } else if has("expected ',' or ']'") {
        ("expected `,` or `]` before this", variable)
    } else if has("misplaced bracket") {
        ("nothing was opened that this could close", None)
    } else if has("did not find expected key") || has("simple key expect") || has("simple key expected") {
        ("expected `name: value` here", Some("check the indentation and the quotes of this line and the one before"))
    } else if has("expected '-' indicator") || has("block sequence entries are not allowed") {
        ("a list item cannot stand here", Some("items of one list start in one column, each with `- `"))
    } else if has("unknown escape character") || has("escape code") || has("hexadecimal") {
        ("not an escape that YAML knows", Some("in single quotes a backslash is a plain character"))
    } else if has("trailing content after double-quoted") {
        ("text behind the closing quote", None)
    } else if has("unprintable") {
        ("a control character", Some("remove it, or write it as an escape in double quotes"))
    } else if has("handle wasn't declared") {
        ("this tag is not declared", Some("leave the tag out"))
    } else if has("indentation") || has("wrongly indented") {
        ("the indentation fits no line above", Some("fields of one map start in one column"))
    } else if has("expected node content") {
        ("expected a value here", variable)
    } else if has("<document start>") || has("document end marker") {
        ("expected the end of the document or `---`", Some("check the indentation of this line"))
    } else if has("comment intercepting") {
        ("a comment cuts this text in two", Some("put the text in quotes"))
    } else {
        return (info.to_owned(), variable);
    };
    (label.to_owned(), help)
}
