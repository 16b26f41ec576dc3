//! From a path in a document (`spec.targets[0].orderBy`) to the place where it was written.

use super::finding::{FileId, Place};
use super::node::{Entry, Node, NodeKind, Style};
use std::borrow::Cow;
use std::sync::Arc;

/// The places of one document. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Spans {
    file: FileId,
    text: Arc<str>,
    root: Arc<Node>,
    /// Paths that are asked for, with those where the same was written; the first that fits counts.
    aliases: Arc<Vec<(String, String)>>,
}

/// What a path leads to: the value, and its field where it is one.
struct Found<'a> {
    value: &'a Node,
    field: Option<&'a Entry>,
}

impl Spans {
    /// The places of a document in a file.
    pub fn new(file: FileId, text: Arc<str>, root: Arc<Node>) -> Self {
        Self { file, text, root, aliases: Arc::default() }
    }

    /// The same places under other paths: what begins with the first of a pair was written where the second leads.
    pub fn under(self, aliases: Vec<(String, String)>) -> Self {
        Self { aliases: Arc::new(aliases), ..self }
    }

    /// Where a path leads in the document as it was written.
    fn written<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let fits = |(from, to): &(String, String)| {
            let rest = path.strip_prefix(from.as_str())?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| format!("{to}{rest}"))
        };
        self.aliases.iter().find_map(fits).map_or(Cow::Borrowed(path), Cow::Owned)
    }

    /// The value at a path such as `spec.targets[0].orderBy`. Names may hold dots. What is not there is shown by
    /// the nearest parent that is, and at last by the document's `kind`. Never more than one line.
    pub fn at(&self, path: &str) -> Place {
        match self.nearest(path) {
            Some(Found { value, field }) => value.shown(&self.text, field.map(|f| (f.start, f.end)), self.file),
            None => self.kind(),
        }
    }

    /// The name of the field at a path; of a list item its first line. Falls back as [`Spans::at`] does.
    pub fn key(&self, path: &str) -> Place {
        match self.nearest(path) {
            Some(Found { field: Some(field), .. }) => field.place(self.file),
            Some(Found { value, field: None }) => value.shown(&self.text, None, self.file),
            None => self.kind(),
        }
    }

    /// Whether the path was written in the document.
    pub fn has(&self, path: &str) -> bool {
        walk(&self.root, &self.written(path)).is_some()
    }

    /// Bytes `start..end` of a scalar's value, as a place in the file. Where the value does not stand in the file
    /// letter by letter (variables, escapes) it is the whole scalar.
    pub fn within(&self, path: &str, start: usize, end: usize) -> Place {
        let range = walk(&self.root, &self.written(path)).and_then(|f| value_range(&self.text, f.value, start, end));
        match range {
            Some((start, end)) => Place { file: self.file, start, end },
            None => self.at(path),
        }
    }

    fn kind(&self) -> Place {
        let at_kind = self.root.get("kind").map(|n| n.shown(&self.text, None, self.file));
        at_kind.unwrap_or_else(|| self.root.shown(&self.text, None, self.file))
    }

    fn nearest(&self, path: &str) -> Option<Found<'_>> {
        let written = self.written(path);
        let mut path: &str = &written;
        loop {
            if path.is_empty() {
                return None;
            }
            if let Some(found) = walk(&self.root, path) {
                return Some(found);
            }
            path = &path[..path.rfind(['.', '[']).unwrap_or(0)];
        }
    }
}

/// Follows a path. A name with dots in it is tried as a whole, longest first.
fn walk<'a>(root: &'a Node, path: &str) -> Option<Found<'a>> {
    if path.is_empty() {
        return None;
    }
    step(root, path)
}

fn step<'a>(node: &'a Node, path: &str) -> Option<Found<'a>> {
    let go_on = |value: &'a Node, field: Option<&'a Entry>, rest: &str| match rest.strip_prefix('.') {
        Some(rest) => step(value, rest),
        None if rest.is_empty() => Some(Found { value, field }),
        None => step(value, rest),
    };
    match &node.kind {
        NodeKind::Scalar(_) => None,
        NodeKind::Sequence(items) => {
            let (number, rest) = path.strip_prefix('[')?.split_once(']')?;
            go_on(items.get(number.parse::<usize>().ok()?)?, None, rest)
        }
        NodeKind::Mapping(entries) => {
            let fits = |e: &&Entry| {
                path.strip_prefix(e.name.as_str()).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']))
            };
            let mut candidates: Vec<&Entry> = entries.iter().filter(fits).collect();
            candidates.sort_by_key(|e| std::cmp::Reverse(e.name.len()));
            candidates.into_iter().find_map(|e| go_on(&e.value, Some(e), &path[e.name.len()..]))
        }
    }
}

/// Bytes `start..end` of a scalar's value as bytes of the file, if the value stands there letter by letter.
pub fn value_range(file: &str, node: &Node, start: usize, end: usize) -> Option<(usize, usize)> {
    let scalar = node.scalar()?;
    let value = scalar.text.as_str();
    if start > end || !value.is_char_boundary(start) || !value.is_char_boundary(end) {
        return None;
    }
    let written = file.get(node.start..node.end)?;
    let first = match scalar.style {
        Style::Plain => written.len().checked_sub(value.len()).filter(|at| written.get(*at..) == Some(value)),
        Style::Quoted => {
            let inside = written.get(..written.len().checked_sub(1)?)?;
            let at = inside.len().checked_sub(value.len()).filter(|at| inside.get(*at..) == Some(value));
            at.filter(|at| inside[..*at].ends_with(['\'', '"']))
        }
        Style::Literal | Style::Folded => None,
    };
    if let Some(first) = first {
        return Some((node.start + first + start, node.start + first + end));
    }
    let from = match scalar.style {
        Style::Plain => node.start,
        Style::Quoted => node.start + written.find(['\'', '"'])? + 1,
        Style::Literal | Style::Folded => first_line(file, node.start, value)?,
    };
    aligned(&file[from..node.end], value, scalar.style, start, end).map(|(start, end)| (from + start, from + end))
}

/// Where the lines of a block scalar begin. Its node begins at the first character of the first line that is not
/// blank; blank lines before it are part of the value.
fn first_line(file: &str, start: usize, value: &str) -> Option<usize> {
    let line_start = |at: usize| file[..at].rfind('\n').map(|n| n + 1);
    let mut from = line_start(start)?;
    if !file[from..start].bytes().all(|b| b == b' ') {
        // A tag or an anchor stands before the block.
        return None;
    }
    for _ in value.bytes().take_while(|b| *b == b'\n') {
        from = line_start(from.checked_sub(1)?)?;
    }
    Some(from)
}

/// Walks over the lines of a scalar and its value side by side: indentation is skipped, a line break may stand
/// for itself or, where lines are joined, for a blank.
fn aligned(written: &str, value: &str, style: Style, start: usize, end: usize) -> Option<(usize, usize)> {
    let indent = match style {
        Style::Literal | Style::Folded => {
            let line = written.lines().find(|l| !l.trim().is_empty())?;
            line.len() - line.trim_start_matches(' ').len()
        }
        Style::Plain | Style::Quoted => usize::MAX,
    };
    let joined = style != Style::Literal;
    let skip = |at: usize| {
        let blanks = written[at..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        at + blanks.min(indent)
    };
    let mut at = skip(0);
    if indent == usize::MAX {
        at = 0;
    }
    let (mut first, mut last) = (None, None);
    for (number, wanted) in value.char_indices() {
        loop {
            let found = written[at..].chars().next();
            let line_break = match found {
                Some('\r') if written[at + 1..].starts_with('\n') => Some(2),
                Some('\n') => Some(1),
                Some(_) => None,
                // The line break at the end of a block is not part of what was written down here.
                None if wanted == '\n' => Some(0),
                None => return None,
            };
            // Blanks at the end of a joined line are dropped with it.
            let trailing = joined
                && indent == usize::MAX
                && matches!(found, Some(' ' | '\t'))
                && written[at..].trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
            if trailing {
                at += 1;
                continue;
            }
            if let Some(length) = line_break {
                let stands = wanted == '\n' || (joined && wanted == ' ');
                if stands {
                    note(number, at, (start, end), &mut first, &mut last);
                }
                at = skip(at + length);
                if stands {
                    break;
                }
                if !joined {
                    return None;
                }
                continue;
            }
            if found != Some(wanted) {
                return None;
            }
            note(number, at, (start, end), &mut first, &mut last);
            at += wanted.len_utf8();
            break;
        }
        if number + wanted.len_utf8() == end && number >= start {
            last = Some(at);
        }
        if number >= end {
            break;
        }
    }
    let first = first.or((start == value.len()).then_some(at))?;
    Some((first, last.unwrap_or(first).max(first)))
}

fn note(number: usize, at: usize, (start, end): (usize, usize), first: &mut Option<usize>, last: &mut Option<usize>) {
    if number == start {
        *first = Some(at);
    }
    if number == end && last.is_none() {
        *last = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml::parse;

    fn spans(text: &str) -> Spans {
        let mut parsed = parse(text, FileId(0));
        assert!(parsed.findings.is_empty(), "{:?}", parsed.findings);
        Spans::new(FileId(0), text.into(), Arc::new(parsed.documents.remove(0)))
    }

    fn piece(text: &str, place: Place) -> &str {
        &text[place.start..place.end]
    }

    #[test]
    fn paths_lead_to_values_and_names() {
        let text = "kind: Topic\nspec:\n  config: {retention.ms: 5}\n  list:\n    - name: a\n      sql: |\n        x\n    - [1, 2]\n  empty:\n";
        let spans = spans(text);
        for (path, value, key) in [
            ("kind", "Topic", "kind"),
            ("spec.config.retention.ms", "5", "retention.ms"),
            ("spec.config", "{retention.ms: 5}", "config"),
            ("spec.list", "list", "list"),
            ("spec.list[0]", "name: a", "name: a"),
            ("spec.list[0].name", "a", "name"),
            ("spec.list[0].sql", "x", "sql"),
            ("spec.list[1][1]", "2", "2"),
            ("spec.list[7].name", "list", "list"),
            ("spec.config.gone", "{retention.ms: 5}", "config"),
            ("spec.empty", "empty", "empty"),
            ("gone.too", "Topic", "Topic"),
            ("", "Topic", "Topic"),
        ] {
            assert_eq!(piece(text, spans.at(path)), value, "{path}");
            assert_eq!(piece(text, spans.key(path)), key, "{path}");
        }
    }

    #[test]
    fn parts_of_a_value_are_found_in_every_style() {
        let cases = [
            "a: xx needle yy\n",
            "a: 'xx needle yy'\n",
            "a: !!str \"xx needle yy\"\n",
            "a: |\n  first é\n  xx needle yy\n",
            "a: |-\n\n    first\n      xx needle yy\n\n    z\n",
            "a: >\n  first\n  second\n\n  xx needle yy\n",
            "a: first\n  second needle yy\n",
            "a: 'first \n\n  second needle yy'\n",
            "a: |\r\n  first\r\n  xx needle yy\r\n",
            "é: \"😀 needle\"\n",
        ];
        for text in cases {
            let spans = spans(text);
            let name = if text.starts_with('é') { "é" } else { "a" };
            let value = spans.root.get(name).unwrap().text().unwrap().to_owned();
            let start = value.find("needle").unwrap();
            let place = spans.within(name, start, start + 6);
            assert_eq!(piece(text, place), "needle", "{text:?}");
            let end = text[place.start..].starts_with("needle") && place.start > 3;
            assert!(end, "{text:?} {place:?}");
        }
    }

    #[test]
    fn an_escaped_value_is_shown_as_a_whole() {
        for text in ["a: \"x\\ty needle\"\n", "a: 'it''s a needle'\n"] {
            let place = spans(text).within("a", 4, 8);
            assert_eq!(piece(text, place), text[3..].trim_end(), "{text:?}");
        }
    }

    #[test]
    fn an_end_of_value_is_a_place() {
        let text = "a: abc\n";
        assert_eq!(spans(text).within("a", 3, 3), Place { file: FileId(0), start: 6, end: 6 });
        assert_eq!(spans(text).within("a", 9, 12), spans(text).at("a"));
    }
}
