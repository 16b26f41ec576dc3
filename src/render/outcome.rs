//! What an apply did: a line a step while it runs, and the report at its end.

use super::paper::{Paper, Tone};
use super::text::{Style, step};
use super::words::{DANGER, count};
use crate::plan::Plan;
use std::time::Duration;

/// An apply that has ended.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What was to be done.
    pub plan: &'a Plan,
    /// Indexes of steps that are done.
    pub done: &'a [usize],
    /// Steps that failed.
    pub failed: &'a [Failure],
    /// Indexes of steps that were not begun.
    pub not_started: &'a [usize],
    /// Somebody stopped it.
    pub interrupted: bool,
    /// How long it took.
    pub took: Duration,
    /// The command that goes on.
    pub again: &'a str,
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its index.
    pub step: usize,
    /// The host it failed on; `None` at the brokers.
    pub host: Option<String>,
    /// The statement, secrets as references.
    pub statement: Option<String>,
    /// The server's words.
    pub words: String,
    /// Whether it may have been done all the same.
    pub in_doubt: bool,
}

/// One step that ended: ` 3/19  drop view raw.x  on 4 hosts   0.1 s`.
pub fn progress(plan: &Plan, index: usize, took: Duration, failed: bool, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    let all = plan.steps.len().to_string();
    let number = (index + 1).to_string();
    paper.gap(all.len() + 1 - number.len().min(all.len())).put(Tone::Plain, &format!("{number}/{all}")).gap(2);
    paper.put(if failed { Tone::Gone } else { Tone::Plain }, &step(plan, index));
    paper.gap(3).put(Tone::Faint, &seconds(took));
    if failed {
        paper.gap(3).put(Tone::Danger, "failed");
    }
    paper.end();
    paper.finish()
}

/// The report: one line when all went well, else what was done, what failed where and why, what was not begun,
/// and how to go on.
pub fn report(report: &Report<'_>, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    let steps = report.plan.steps.len();
    let applied = format!("Applied {} of {} in {}.", report.done.len(), count(steps, "step"), seconds(report.took));
    let whole = report.failed.is_empty() && report.done.len() == steps;
    paper.put(if whole { Tone::Made } else { Tone::Strong }, &applied);
    if report.interrupted {
        paper.gap(1).put(Tone::Danger, "Interrupted.");
    }
    paper.end();
    if whole {
        return paper.finish();
    }
    for failure in report.failed {
        failed(&mut paper, report.plan, failure);
    }
    list(&mut paper, report.plan, "Done:", report.done);
    list(&mut paper, report.plan, "Not begun:", report.not_started);
    paper.end();
    let doubt = report.failed.iter().any(|f| f.in_doubt);
    paper.prose(Tone::Plain, if doubt { DOUBT } else { CLEAR });
    paper.put(Tone::Strong, "To go on:").gap(1).put(Tone::Plain, report.again).end();
    paper.finish()
}

const DOUBT: &str = "A step may have been done although its answer is missing. The next plan reads the servers again \
                     and shows what is really there.";
const CLEAR: &str = "What is done stays done; the next plan starts from it.";

fn failed(paper: &mut Paper, plan: &Plan, failure: &Failure) {
    paper.end();
    let number = format!("step {} failed", failure.step + 1);
    paper.put(Tone::Danger, DANGER).gap(1).put(Tone::Danger, &number);
    let on = failure.host.as_ref().map(|h| format!(" on {h}")).unwrap_or_default();
    paper.put(Tone::Plain, &format!("{on}: {}", step(plan, failure.step))).end();
    for line in failure.statement.iter().flat_map(|s| s.lines()) {
        paper.gap(6).put(Tone::Faint, line).end();
    }
    for line in failure.words.lines() {
        paper.gap(4).put(Tone::Plain, line).end();
    }
    if failure.in_doubt {
        paper.gap(4).put(Tone::Danger, "in doubt: it may have been done").end();
    }
}

fn list(paper: &mut Paper, plan: &Plan, title: &str, steps: &[usize]) {
    if steps.is_empty() {
        return;
    }
    paper.end();
    paper.put(Tone::Strong, title).end();
    let digits = plan.steps.len().to_string().len();
    for index in steps {
        let number = (index + 1).to_string();
        paper.gap(2 + digits.saturating_sub(number.len())).put(Tone::Plain, &number).gap(2);
        paper.put(Tone::Plain, &step(plan, *index)).end();
    }
}

/// `0.1 s`, `48.3 s`, `2 min 5 s`.
pub fn seconds(time: Duration) -> String {
    let tenths = (time.as_millis() + 50) / 100;
    match tenths {
        0..1200 => format!("{}.{} s", tenths / 10, tenths % 10),
        _ => format!("{} min {} s", tenths / 600, tenths % 600 / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (millis, shown) in [(0, "0.0 s"), (149, "0.1 s"), (48_260, "48.3 s"), (125_000, "2 min 5 s")] {
            assert_eq!(seconds(Duration::from_millis(millis)), shown);
        }
    }
}
