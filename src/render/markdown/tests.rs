//! Plans as comments on pull requests.

use super::plan as markdown;
use crate::plan::saved::SavedPlan;
use crate::plan::{Allowance, Plan, Policy};
use crate::render::testing::{hostile, obstructed, whole};
use std::collections::BTreeSet;

fn saved(plan: Plan) -> SavedPlan {
    let allow = vec![Allowance::parse("shortens-retention").unwrap()];
    let policy = Policy { allow, ..Policy::default() };
    SavedPlan {
        manifests: "m".into(),
        policy,
        remade: BTreeSet::new(),
        plan,
        graph: "flowchart LR\n  a --> b\n".into(),
    }
}

#[test]
fn a_whole_plan_as_markdown() {
    insta::assert_snapshot!(markdown(&saved(whole()), true, super::BUDGET));
}

#[test]
fn an_obstructed_plan_as_markdown() {
    insta::assert_snapshot!(markdown(&saved(obstructed()), true, super::BUDGET));
}

#[test]
fn whatever_fits_or_not_totals_and_dangers_stay_and_the_rest_is_said() {
    let saved = saved(whole());
    let all = markdown(&saved, true, usize::MAX);
    let head = all.find("<details").unwrap();
    assert!(!all.contains("Left out"));
    assert_eq!(markdown(&saved, true, all.len()), all);
    let mut before = all.len();
    for budget in (head + 900..all.len()).rev().step_by(97) {
        let cut = markdown(&saved, true, budget);
        assert!(cut.len() <= budget, "{} of {budget}", cut.len());
        assert!(cut.starts_with(&all[..head]) && cut.contains("Left out"), "{budget}:\n{cut}");
        assert_eq!(cut.matches("<details").count(), cut.matches("</details>").count());
        assert!(cut.len() <= before);
        before = cut.len();
    }
    // Statements are the last to go.
    let cut = markdown(&saved, true, all.len() - 1);
    assert_eq!(cut.matches("```diff").count(), all.matches("```diff").count());
    assert!(cut.contains("Left out: the list of what is unchanged"), "{cut}");
    let least = markdown(&saved, true, 0);
    assert!(least.starts_with(&all[..head]) && !least.contains("<details"), "{least}");
}

#[test]
fn data_cannot_break_out_of_its_place() {
    let text = markdown(&saved(hostile()), true, super::BUDGET);
    let parser = pulldown_cmark::Parser::new_ext(&text, pulldown_cmark::Options::ENABLE_TABLES);
    for event in parser {
        if let pulldown_cmark::Event::Start(tag) = &event {
            use pulldown_cmark::Tag::{Image, Link};
            assert!(!matches!(tag, Link { .. } | Image { .. }), "{tag:?}");
        }
        let (pulldown_cmark::Event::Html(html) | pulldown_cmark::Event::InlineHtml(html)) = event else { continue };
        let known = [
            "<details>",
            "<details open>",
            "<summary>",
            "</summary>",
            "<b>",
            "</b>",
            "</details>",
            "<!-- sluice:plan ",
        ];
        let mut rest = html.to_string();
        if rest.trim_start().starts_with("<!-- sluice:plan ") {
            assert_eq!(rest.matches("-->").count(), 1, "{rest}");
            continue;
        }
        known.iter().for_each(|k| rest = rest.replace(k, ""));
        assert!(!rest.contains('<'), "{html}");
    }
}

#[test]
fn it_is_what_it_should_be_to_a_reader_of_markdown() {
    use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag};
    let text = markdown(&saved(whole()), true, super::BUDGET);
    let events: Vec<Event> = Parser::new_ext(&text, Options::ENABLE_TABLES).collect();
    let count =
        |wanted: &dyn Fn(&Tag) -> bool| events.iter().filter(|e| matches!(e, Event::Start(tag) if wanted(tag))).count();
    assert_eq!(count(&|t| matches!(t, Tag::Heading { level: HeadingLevel::H3, .. })), 1);
    let tables = count(&|t| matches!(t, Tag::Table(_)));
    let blocks = count(&|t| matches!(t, Tag::CodeBlock(CodeBlockKind::Fenced(_))));
    assert_eq!(tables, text.matches("|---|").count() - wide(&text));
    assert_eq!(blocks, text.lines().filter(|l| l.starts_with("```") && l.len() > 3).count());
    // Tables have the cells of their heads: nothing in them is taken for a border.
    for line in text.lines().filter(|l| l.starts_with("| ")) {
        let borders = line.replace("\\|", "").matches('|').count();
        assert!((5..=6).contains(&borders), "{line}");
    }
}

/// Matches of `|---|` beyond the first in each line of a table's head.
fn wide(text: &str) -> usize {
    text.lines().map(|l| l.matches("|---|").count().saturating_sub(1)).sum()
}
