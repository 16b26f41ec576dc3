//! Findings as text, in the form compilers made familiar.

use crate::manifest::{FileId, Files, Finding, Place, Severity, SourceText};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longest line shown as it is; of a longer one the part around the place is cut out.
const LONGEST_LINE: usize = 400;
/// Places further apart than this are shown in parts, so that what is cut out of a file stays small.
const WINDOW: usize = 64 << 10;

/// Renders findings one after another, an empty line between them. `width` is that of the terminal, in columns.
/// The same findings give the same bytes; control characters come out as visible ones.
pub fn render(findings: &[Finding], files: &Files, colour: bool, width: usize) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(40));
    let mut out = String::new();
    for finding in findings {
        if !out.is_empty() {
            out.push('\n');
        }
        let text = one(finding, files, &renderer);
        // No line ends in blanks: editors would strip them from recorded output.
        text.lines().for_each(|line| {
            let _ = writeln!(out, "{}", line.trim_end());
        });
    }
    out
}

fn one(finding: &Finding, files: &Files, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(clean(&finding.message)).id(finding.code).elements(snippets(finding, files));
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(clean(help)));
    }
    renderer.render(&[group])
}

/// One place with its words.
struct Mark<'a> {
    place: Place,
    words: &'a str,
    kind: AnnotationKind,
}

fn snippets<'a>(finding: &'a Finding, files: &'a Files) -> Vec<Element<'a>> {
    let Some(place) = finding.place else { return Vec::new() };
    let primary = Mark { place, words: &finding.label, kind: AnnotationKind::Primary };
    let also = finding.also.iter().map(|(place, words)| Mark { place: *place, words, kind: AnnotationKind::Context });
    let mut by_file: BTreeMap<(bool, FileId, usize), Vec<Mark<'a>>> = BTreeMap::new();
    for mark in std::iter::once(primary).chain(also) {
        let far = mark.place.start.abs_diff(place.start) / WINDOW;
        by_file.entry((mark.place.file != place.file, mark.place.file, far)).or_default().push(mark);
    }
    let shown = |((_, file, _), marks): ((bool, FileId, usize), Vec<Mark<'a>>)| match files.get(file) {
        Some(source) => snippet(source, &marks),
        None => vec![Origin::path("(unknown file)").into()],
    };
    by_file.into_iter().flat_map(shown).collect()
}

fn snippet<'a>(source: &'a SourceText, marks: &[Mark<'a>]) -> Vec<Element<'a>> {
    let text = &*source.text;
    let inside = |at: usize| floor(text, at);
    let first = marks.iter().map(|m| inside(m.place.start)).min().unwrap_or_default();
    let last = marks.iter().map(|m| inside(m.place.end)).max().unwrap_or_default();
    let from = text[..first].rfind('\n').map_or(0, |n| n + 1);
    let to = text[last..].find('\n').map_or(text.len(), |n| last + n);
    let line = text[..from].matches('\n').count() + 1;
    let piece = &text[from..to];
    if let [mark] = marks
        && piece.len() > LONGEST_LINE
    {
        return long(source, mark, from, line);
    }
    let annotations = marks.iter().map(|m| {
        let (start, end) = (inside(m.place.start) - from, inside(m.place.end.max(m.place.start)) - from);
        mark(m, start, end)
    });
    let piece = piece.replace('\r', " ");
    vec![Snippet::source(piece).line_start(line).path(clean(&source.path)).annotations(annotations).into()]
}

fn mark<'a>(mark: &Mark<'a>, start: usize, end: usize) -> Annotation<'a> {
    let annotation = mark.kind.span(start..end);
    if mark.words.is_empty() { annotation } else { annotation.label(clean(mark.words)) }
}

/// A place in a very long line: a part of the line is shown, and its true position beside it.
fn long<'a>(source: &'a SourceText, one: &Mark<'a>, from: usize, line: usize) -> Vec<Element<'a>> {
    const BEFORE: usize = 60;
    const SHOWN: usize = 120;
    let text = &*source.text;
    let start = floor(text, one.place.start);
    let left = floor(text, start.saturating_sub(BEFORE).max(from));
    let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |n| start + n);
    let right = floor(text, (left + SHOWN + BEFORE).min(line_end));
    let end = floor(text, one.place.end).clamp(start, right.max(start));
    let column = text[from..start].chars().count() + 1;
    let origin = Origin::path(clean(&source.path)).line(line).char_column(column);
    let piece = text[left..right.max(end)].replace('\r', " ");
    let snippet = Snippet::source(piece).line_start(line).annotation(mark(one, start - left, end - left));
    vec![origin.into(), snippet.into()]
}

/// The start of the character at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Text of unknown origin on one line, control characters visible.
fn clean(text: &str) -> String {
    normalize_untrusted_str(&text.replace('\n', "\u{240a}"))
}
