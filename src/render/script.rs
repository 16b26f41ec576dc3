//! A plan as a script: the same steps in the same order, ready to read.

use super::action::action;
use super::hosts::Hosts;
use super::paper::escape;
use super::totals;
use crate::plan::{Plan, Step};

/// The steps with their statements; what Kafka does is told in comments. Secrets stand as their references. A
/// comment never ends before its line does, whatever names and values hold.
pub fn sql(plan: &Plan) -> String {
    let hosts = Hosts::new(&plan.header);
    let header = &plan.header;
    let environment = header.environment.as_ref().map(|e| format!(" (env {e})")).unwrap_or_default();
    let mut out = comment(&format!("sluice plan of {}{environment}: {}", header.project, totals::summary(plan)));
    for resource in plan.resources.iter().filter(|r| !r.blocked.is_empty()) {
        out.push_str(&comment(&format!("blocked, and not in this script: {}", resource.id)));
    }
    for (i, step) in plan.steps.iter().enumerate() {
        out.push('\n');
        out.push_str(&head(i + 1, step, &hosts.of_step(step)));
        if let Some(statement) = step.statement() {
            out.push_str(&ended(&statement.shown()));
        }
    }
    out
}

fn head(number: usize, step: &Step, place: &str) -> String {
    let (verb, what) = action(&step.action);
    let hazards: String = step.hazards.iter().map(|h| format!("  ! {h}")).collect();
    comment(&format!("{number}. {place}: {verb} {what}{hazards}"))
}

fn comment(text: &str) -> String {
    format!("-- {}\n", escape(text))
}

/// The statement with its semicolon, on a line of its own where a comment may end the last one.
fn ended(statement: &str) -> String {
    // Line ends and tabs of the statement stay: between tokens they are layout, in literals they are written
    // as escapes already.
    let kept = |c: char| matches!(c, '\n' | '\t');
    let mut text = String::with_capacity(statement.len() + 2);
    for piece in statement.trim_end().split_inclusive(kept) {
        let body = piece.trim_end_matches(kept);
        text.push_str(&escape(body));
        text.push_str(&piece[body.len()..]);
    }
    let last = text.lines().last().unwrap_or_default();
    let commented = last.contains("--") || last.contains('#');
    format!("{text}{};\n", if commented { "\n" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_where_it_should() {
        assert_eq!(ended("SELECT 1\n"), "SELECT 1;\n");
        assert_eq!(ended("SELECT 1 -- one"), "SELECT 1 -- one\n;\n");
        assert_eq!(ended("SELECT\n\t'\u{1b}[2J'\r"), "SELECT\n\t'\\x1B[2J';\n");
        assert_eq!(comment("a\nDROP TABLE t"), "-- a\\nDROP TABLE t\n");
    }
}
