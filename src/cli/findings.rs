//! Findings on their way out to people.

use super::settings::Look;
use crate::manifest::{Files, Finding, Severity};
use crate::render::finding;
use crate::render::words::count;

pub(super) fn text(findings: &[Finding], files: &Files, look: Look) -> String {
    finding::render(findings, files, look.colour, look.width)
}

/// `2 errors, 1 warning`.
pub(super) fn tally(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let kinds = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")];
    let told: Vec<String> = kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, one)| count(n, one)).collect();
    if told.is_empty() { "no findings".into() } else { told.join(", ") }
}

pub(super) fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|f| f.severity == Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_by_their_severity() {
        let found = [Finding::error("a/b", "no", None), Finding::warning("c/d", "x", None)];
        assert_eq!(tally(&found), "1 error, 1 warning");
        assert_eq!(tally(&[]), "no findings");
    }
}
