//! The one question.

use super::report::{Exit, Failure};
use super::settings::Settings;
use crate::plan::Plan;
use crate::render::words::count;
use dialoguer::Confirm;
use dialoguer::console::Term;
use std::io::ErrorKind;

/// Asks whether to run a plan; no is the answer of those who only press return.
///
/// # Errors
/// There is nobody to ask, or they interrupted the question.
pub(super) fn confirm(plan: &Plan, settings: &Settings) -> Result<bool, Failure> {
    if !settings.can_ask {
        return Err(Failure::new(Exit::Usage, "there is no terminal to ask on; nothing was changed")
            .hint("--yes applies without asking"));
    }
    let term = Term::stderr();
    let question = format!("Apply {}?", count(plan.steps.len(), "step"));
    let answer = Confirm::new().with_prompt(question).default(false).interact_on_opt(&term);
    // An interrupted question leaves the cursor hidden.
    let _ = term.show_cursor();
    match answer {
        Ok(answer) => Ok(answer.unwrap_or(false)),
        Err(dialoguer::Error::IO(error)) if error.kind() == ErrorKind::Interrupted => {
            Err(Failure::new(Exit::Interrupted, "interrupted; nothing was changed"))
        }
        Err(error) => Err(Failure::new(Exit::Failed, error)),
    }
}
