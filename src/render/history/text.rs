//! The history for a person.

use super::{History, State, Told, between};
use crate::render::outcome::seconds;
use crate::render::paper::{Paper, Tone};
use crate::render::text::Style;
use crate::render::words::count;
use crate::state::{End, HostState, Lease, StepRecord, StepState};

/// A line an apply; with steps, each of them and why it failed.
pub fn text(history: &History, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    if let Some(Lease { holder, age_seconds, .. }) = &history.lock {
        let plan = holder.plan.as_deref().map_or_else(String::new, |plan| format!(", plan {plan}"));
        let words = format!(
            "{} on {} (process {}) since {}: `{}`{plan}; {age_seconds} s by its last sign of life",
            holder.user, holder.host, holder.process, holder.since, holder.command
        );
        paper.put(Tone::Strong, "Locked by").gap(1).prose(Tone::Plain, &words);
    }
    let lines: Vec<[String; 5]> = history.applies.iter().map(|told| line(told, history.lock.as_ref())).collect();
    let widths: [usize; 5] = std::array::from_fn(|i| lines.iter().map(|l| l[i].chars().count()).max().unwrap_or(0));
    for (told, line) in history.applies.iter().zip(&lines) {
        let state = State::of(&told.record, history.lock.as_ref());
        let mut at = 0;
        for (i, (word, width)) in line.iter().zip(widths).enumerate() {
            let tone = if i == 1 { tone(state) } else { Tone::Plain };
            paper.to(at).put(tone, word);
            at += width + 2;
        }
        paper.end();
        if let Some(steps) = &told.steps {
            detail(&mut paper, told, steps);
        }
    }
    match (history.applies.len(), history.remembered) {
        (0, _) => {
            paper.prose(Tone::Plain, "Nothing was applied yet.");
        }
        (shown, all) if shown < all && history.applies.iter().all(|t| t.steps.is_none()) => {
            paper.prose(Tone::Faint, &format!("{} more are remembered: --last N", all - shown));
        }
        (_, _) => {}
    }
    paper.finish()
}

fn line(told: &Told, lock: Option<&Lease>) -> [String; 5] {
    let Told { record, .. } = told;
    let state = State::of(record, lock);
    let took = between(&record.began, record.ended.as_deref());
    let took = took.map_or_else(String::new, |took| format!(" in {}", seconds(took)));
    let steps = match state {
        State::Ended(_) => format!("{} of {}", record.done, count(record.steps, "step")),
        State::Running | State::Cut => count(record.steps, "step"),
    };
    let plan = record.holder.plan.as_deref().map_or_else(String::new, |plan| format!("plan {plan}"));
    [
        record.number.to_string(),
        format!("{}{took}", state.as_str()),
        to_the_second(&record.began),
        format!("{} on {}", record.holder.user, record.holder.host),
        format!("{steps}  {plan}"),
    ]
}

/// A time without what is smaller than a second.
fn to_the_second(time: &str) -> String {
    time.parse::<jiff::Timestamp>()
        .map_or_else(|_| time.to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn detail(paper: &mut Paper, told: &Told, steps: &[StepRecord]) {
    let record = &told.record;
    paper.gap(2).put(Tone::Faint, &record.holder.command).end();
    let names: Vec<String> = record.resources.iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        paper.gap(2).prose(Tone::Plain, &names.join(", "));
    }
    for step in steps {
        let (word, tone) = match step.state {
            StepState::Done => ("done", Tone::Plain),
            StepState::Failed => ("failed", Tone::Danger),
            StepState::Begun => ("begun", Tone::Changed),
        };
        let took = between(&step.began, step.ended.as_deref());
        let took = took.map_or_else(String::new, |took| format!("  {}", seconds(took)));
        let number = format!("{}/{}", step.step, record.steps);
        paper.gap(2).put(Tone::Plain, &number).to(12).put(tone, word).to(20).put(Tone::Plain, &step.what);
        paper.put(Tone::Faint, &took).end();
        if let Some(why) = &step.failure {
            paper.gap(20).prose(Tone::Danger, why);
        }
        if step.state == StepState::Failed {
            for (host, state) in &step.hosts {
                let word = match state {
                    HostState::Done => "done",
                    HostState::Failed => "failed",
                    HostState::InDoubt => "may be done",
                    HostState::Begun => "begun",
                };
                paper.gap(20).put(Tone::Plain, &format!("{host}: {word}")).end();
            }
        }
    }
    let missing = record.steps.saturating_sub(steps.len());
    match (steps.is_empty(), missing) {
        (_, 0) => {}
        (true, _) if record.done > 0 => {
            paper.gap(2).prose(Tone::Faint, "its steps are no longer remembered");
        }
        (_, n) => {
            paper.gap(2).put(Tone::Plain, &format!("{} not begun", count(n, "step"))).end();
        }
    }
    if record.end.is_none() {
        paper.gap(2).prose(Tone::Faint, "how it ended was not written: it runs, was killed, or lost the lock");
    }
}

fn tone(state: State) -> Tone {
    match state {
        State::Ended(End::Done) => Tone::Made,
        State::Ended(End::Failed) | State::Cut => Tone::Danger,
        State::Ended(End::Interrupted) | State::Running => Tone::Changed,
    }
}
