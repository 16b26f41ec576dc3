//! A report for a pull request or a page.

use super::text::{COMPARED, HEADER, cells, compared, summary};
use super::words::{next, why};
use crate::health::{Comparison, Report, Verdict};
use crate::render::paper::escape;

/// The report as a table, with what is wrong below it.
pub fn markdown(report: &Report, comparisons: &[Comparison]) -> String {
    let mut out = format!("### sluice status: {} ({})\n\n", cell(&summary(report)), cell(&report.project));
    let header = HEADER.map(|word| format!("{}{}", &word[..1], word[1..].to_ascii_lowercase()));
    out.push_str(&format!("| {} |\n|---|---{}|\n", header.join(" | "), "|--:".repeat(HEADER.len() - 2)));
    for resource in &report.resources {
        let cells: Vec<String> = cells(resource).iter().map(|c| cell(c)).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    for resource in &report.resources {
        if matches!(resource.verdict, Verdict::Healthy | Verdict::Idle) {
            continue;
        }
        out.push_str(&format!("\n**{}** is {}\n", cell(&resource.id.to_string()), resource.verdict));
        for reason in &resource.reasons {
            out.push_str(&format!("- {}\n", cell(&escape(&why(reason)))));
            if let Some(next) = next(reason, &resource.id) {
                out.push_str(&format!("  - next: {}\n", cell(&escape(&next))));
            }
        }
    }
    for comparison in comparisons {
        out.push_str(&format!(
            "\nTopic {}\n\n| {} |\n|---|--:|--:|--:|--:|---|\n",
            cell(&comparison.topic),
            COMPARED.join(" | ")
        ));
        for row in compared(comparison) {
            let cells: Vec<String> = row.iter().map(|c| cell(&escape(c))).collect();
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    for words in &report.left_out {
        out.push_str(&format!("\nNot read: {}\n", cell(&escape(words))));
    }
    out
}

/// Servers' words are data: what Markdown would read as its own is escaped.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '&' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
