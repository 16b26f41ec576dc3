//! The questions.

use super::report::{Exit, Failure};
use super::settings::Settings;
use crate::plan::Plan;
use crate::render::words::count;
use dialoguer::console::Term;
use dialoguer::{Confirm, Input};
use std::io::ErrorKind;

/// Asks for a name to be typed: what is at stake is not to be answered by habit.
///
/// # Errors
/// There is nobody to ask, or they interrupted the question.
pub(super) fn named(what: &str, name: &str, settings: &Settings) -> Result<bool, Failure> {
    can_ask(settings)?;
    let term = Term::stderr();
    let question = format!("{what} {name}? Type its name");
    let answer: Result<String, _> = Input::new().with_prompt(question).allow_empty(true).interact_text_on(&term);
    let _ = term.show_cursor();
    answered(answer).map(|typed| typed.trim() == name)
}

/// Asks whether to run a plan; no is the answer of those who only press return.
///
/// # Errors
/// There is nobody to ask, or they interrupted the question.
pub(super) fn confirm(plan: &Plan, settings: &Settings) -> Result<bool, Failure> {
    can_ask(settings)?;
    let term = Term::stderr();
    let question = format!("Apply {}?", count(plan.steps.len(), "step"));
    let answer = Confirm::new().with_prompt(question).default(false).interact_on_opt(&term);
    // An interrupted question leaves the cursor hidden.
    let _ = term.show_cursor();
    answered(answer).map(|answer| answer.unwrap_or(false))
}

fn can_ask(settings: &Settings) -> Result<(), Failure> {
    if settings.can_ask {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "there is no terminal to ask on; nothing was changed")
        .hint("--yes applies without asking"))
}

fn answered<T>(answer: Result<T, dialoguer::Error>) -> Result<T, Failure> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(dialoguer::Error::IO(error)) if error.kind() == ErrorKind::Interrupted => {
            Err(Failure::new(Exit::Interrupted, "interrupted; nothing was changed"))
        }
        Err(error) => Err(Failure::new(Exit::Failed, error)),
    }
}
