//! Findings as text, in the form compilers made familiar.

use crate::manifest::{FileId, Files, Finding, Place, Severity, SourceText};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Element, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longest piece of a file that is shown. The renderer cuts lines to the width of the terminal, but reads them whole.
const LONGEST_PIECE: usize = 128 << 10;
/// Places further apart than this are shown in parts, so that what is cut out of a file stays small.
const WINDOW: usize = 64 << 10;

/// Renders findings one after another, an empty line between them. `width` is that of the terminal, in columns.
/// The same findings give the same bytes; control characters come out as visible ones. A line that holds a secret
/// is never shown, whichever finding is about it.
pub fn render(findings: &[Finding], files: &Files, colour: bool, width: usize) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width.max(40));
    let secret: Vec<Place> = findings.iter().filter(|f| f.secret).filter_map(|f| f.place).collect();
    let mut out = String::new();
    for finding in findings {
        if !out.is_empty() {
            out.push('\n');
        }
        let text = one(finding, files, &secret, &renderer);
        // No line ends in blanks: editors would strip them from recorded output.
        text.lines().for_each(|line| {
            let _ = writeln!(out, "{}", line.trim_end());
        });
    }
    out
}

fn one(finding: &Finding, files: &Files, secret: &[Place], renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(clean(&finding.message)).id(finding.code);
    let mut group = title.elements(snippets(finding, files, secret));
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

fn snippets<'a>(finding: &'a Finding, files: &'a Files, secret: &[Place]) -> Vec<Element<'a>> {
    let Some(place) = finding.place else { return Vec::new() };
    let primary = Mark { place, words: &finding.label, kind: AnnotationKind::Primary };
    let also = finding.also.iter().map(|(place, words)| Mark { place: *place, words, kind: AnnotationKind::Context });
    let mut by_file: BTreeMap<(bool, FileId, usize), Vec<Mark<'a>>> = BTreeMap::new();
    for mark in std::iter::once(primary).chain(also) {
        let far = mark.place.start.abs_diff(place.start) / WINDOW;
        by_file.entry((mark.place.file != place.file, mark.place.file, far)).or_default().push(mark);
    }
    let shown = |((_, file, _), marks): ((bool, FileId, usize), Vec<Mark<'a>>)| match files.get(file) {
        Some(source) => {
            let here: Vec<Place> = secret.iter().copied().filter(|p| p.file == file).collect();
            snippet(source, &marks, &here)
        }
        None => vec![Origin::path("(unknown file)").into()],
    };
    by_file.into_iter().flat_map(shown).collect()
}

/// The lines with some places; only where these are, if the lines are too long to show or hold a secret.
fn snippet<'a>(source: &'a SourceText, marks: &[Mark<'a>], secret: &[Place]) -> Vec<Element<'a>> {
    let text = &*source.text;
    let inside = |at: usize| floor(text, at);
    let first = marks.iter().map(|m| inside(m.place.start)).min().unwrap_or_default();
    let last = marks.iter().map(|m| inside(m.place.end)).max().unwrap_or_default();
    let from = text[..first].rfind('\n').map_or(0, |n| n + 1);
    let to = text[last..].find('\n').map_or(text.len(), |n| last + n);
    let line = text[..from].matches('\n').count() + 1;
    let piece = &text[from..to];
    let hides = secret.iter().any(|p| inside(p.start) <= to && inside(p.end) >= from);
    if hides || piece.len() > LONGEST_PIECE {
        let lines = marks.iter().map(|m| {
            let from = text[..inside(m.place.start)].rfind('\n').map_or(0, |n| n + 1);
            (m, from, text[..from].matches('\n').count() + 1)
        });
        return lines.flat_map(|(m, from, line)| long(source, m, from, line)).collect();
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

/// A place in a line that is not shown: only where it is, and its words.
fn long<'a>(source: &'a SourceText, one: &Mark<'a>, from: usize, line: usize) -> Vec<Element<'a>> {
    let start = floor(&source.text, one.place.start);
    let column = source.text[from..start].chars().count() + 1;
    let origin = Origin::path(clean(&source.path)).line(line).char_column(column);
    let words = (!one.words.is_empty()).then(|| Level::NOTE.message(clean(one.words)).into());
    std::iter::once(origin.into()).chain(words).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Files {
        let mut files = Files::default();
        files.add("a.yaml", text);
        files
    }

    fn at(start: usize, end: usize) -> Place {
        Place { file: FileId(0), start, end }
    }

    #[test]
    fn a_finding_has_the_form_of_the_contract() {
        let text = "spec:\n  orderBy: date, location_kye\n";
        let finding = Finding::error("pipeline/unknown-column", "the sorting key names a column", at(23, 35))
            .label("no column `location_kye`")
            .help("did you mean `location_key`?");
        let expected = "\
error[pipeline/unknown-column]: the sorting key names a column
 --> a.yaml:2:18
  |
2 |   orderBy: date, location_kye
  |                  ^^^^^^^^^^^^ no column `location_kye`
  |
  = help: did you mean `location_key`?
";
        assert_eq!(render(&[finding], &files(text), false, 100), expected);
    }

    #[test]
    fn a_finding_without_a_place_is_shown_without_one() {
        let finding = Finding::warning("project/x", "a\nb\u{1b}[31m", None).help("do\u{7}");
        let seen = render(&[finding], &Files::default(), false, 80);
        assert_eq!(seen, "warning[project/x]: a␊b␛[31m\n |\n = help: do␇\n");
    }

    #[test]
    fn any_place_can_be_rendered() {
        let text = "é😀a\u{202e}\tb\r\nc\u{1b}[0m\n\n";
        for (start, end) in (0..text.len() + 3).flat_map(|s| (0..text.len() + 3).map(move |e| (s, e))) {
            let finding = Finding::error("x/y", "m", at(start, end)).label("l").also(at(end, start), "other");
            let seen = render(&[finding], &files(text), false, 80);
            assert!(!seen.chars().any(|c| c.is_control() && c != '\n'), "{seen:?}");
        }
        let lost = Finding::error("x/y", "m", Place { file: FileId(7), start: 1, end: 2 });
        assert!(render(&[lost], &files(text), false, 80).contains("(unknown file)"));
    }

    #[test]
    fn colour_is_only_there_when_asked_for() {
        let finding = Finding::error("x/y", "m", at(0, 1));
        assert!(!render(std::slice::from_ref(&finding), &files("abc"), false, 80).contains('\u{1b}'));
        assert!(render(&[finding], &files("abc"), true, 80).contains('\u{1b}'));
    }

    #[test]
    fn a_line_with_a_secret_is_not_shown_by_any_finding() {
        let text = "a: 1\nkey: hunter2, b: 2\nc: 3\n";
        let secret = Finding::error("x/secret", "m", at(10, 17)).secret().help("h");
        let beside = Finding::error("x/y", "m", at(19, 20)).label("l").also(at(0, 1), "first");
        let after = Finding::error("x/z", "m", at(24, 25));
        let seen = render(&[secret, beside, after], &files(text), false, 80);
        assert!(!seen.contains("hunter2"), "{seen}");
        assert!(seen.contains("a.yaml:2:6") && seen.contains("a.yaml:2:15") && seen.contains("3 | c: 3"), "{seen}");
    }

    #[test]
    fn a_monstrous_line_is_not_shown() {
        let text = format!("a: {}", "x".repeat(1 << 20));
        let finding = Finding::error("x/y", "m", at(500_000, 500_001)).label("here");
        let seen = render(&[finding], &files(&text), false, 80);
        assert_eq!(seen, "error[x/y]: m\n--> a.yaml:1:500001\n = note: here\n");
        let far = Finding::error("x/y", "m", at(0, 1)).label("one").also(at(text.len() - 1, text.len()), "two");
        assert!(render(&[far], &files(&text), false, 80).contains(":1048579"));
    }
}
