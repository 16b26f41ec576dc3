//! How a command ends: exit codes, and the one place that prints errors.

use super::output;
use super::settings::Look;
use crate::render::escape;
use std::error::Error;
use std::process::ExitCode;

/// How a process ends; the number is its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Failed, or could not tell.
    Failed = 1,
    /// Changes are pending.
    Changes = 2,
    /// A guard, a missing consent, or servers that moved.
    Blocked = 3,
    /// The arguments make no sense.
    Usage = 64,
    /// Somebody stopped it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command failed, what to do about it, and how the process ends.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

impl Failure {
    /// An error that ends a command. A text will do.
    pub fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(Exit::Failed, error)
    }
}

/// Prints the error, its causes and its hints on stderr; the exit code to end with.
pub fn print(failure: &Failure, look: Look) -> Exit {
    output::message(&text(failure, look.colour));
    failure.exit
}

fn text(failure: &Failure, colour: bool) -> String {
    let paint = |style: anstyle::Style, word: &str| {
        if colour { format!("{style}{word}{style:#}") } else { word.to_owned() }
    };
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let mut said = failure.error.to_string();
    let mut out = format!("{} {}\n", paint(red, "error:"), lines(&said, 2));
    let mut source = failure.error.source();
    while let Some(cause) = source {
        let words = cause.to_string();
        // A transparent error says the same as its cause.
        if words != said {
            out.push_str(&format!("  caused by: {}\n", lines(&words, 4)));
        }
        said = words;
        source = cause.source();
    }
    for hint in &failure.hints {
        out.push_str(&format!("{} {}\n", paint(anstyle::Style::new().bold(), "hint:"), lines(hint, 2)));
    }
    out
}

/// Text of unknown origin: its own lines are kept, indented, and no other control character gets out.
fn lines(text: &str, indent: usize) -> String {
    let lines: Vec<String> = text.trim_end().lines().map(escape).collect();
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the brokers could not be read")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error(transparent)]
    struct Inner(#[from] std::io::Error);

    #[test]
    fn an_error_is_told_once_with_its_causes_and_hints() {
        let cause = std::io::Error::other("no route\nPlan again: no changes.\u{1b}[1A");
        let failure = Failure::new(Exit::Failed, Outer(Inner(cause))).hint("start them");
        let expected = "error: the brokers could not be read\n  caused by: no route\n    Plan again: no changes.\\x1B[1A\n\
                        hint: start them\n";
        assert_eq!(text(&failure, false), expected);
        assert_eq!(anstream::adapter::strip_str(&text(&failure, true)).to_string(), expected);
    }
}
