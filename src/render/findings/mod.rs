//! All findings of a run for programs, one file per format. What people read is `render::finding`.

mod github;
mod json;
mod sarif;

pub use github::github;
pub use json::{json, schema};
pub use sarif::sarif;

use crate::manifest::{Files, Finding, Place, Severity};

/// Where a finding stands; lines and columns count from 1, columns in characters.
struct Spot {
    path: String,
    start: (usize, usize),
    end: (usize, usize),
}

impl Spot {
    fn of(place: Place, files: &Files) -> Option<Self> {
        let path = files.get(place.file)?.path.clone();
        let start = files.line_column(place.file, place.start)?;
        let end = files.line_column(place.file, place.end)?;
        Some(Self { path, start, end })
    }

    /// The path from where others count: `folder` is where the project is, seen from there.
    fn below(mut self, folder: &str) -> Self {
        let folder = folder.trim_end_matches('/');
        if !folder.is_empty() && !self.path.starts_with('/') {
            self.path = format!("{folder}/{}", self.path);
        }
        self
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What is wrong and what to do, for formats that have one field for both.
fn told(finding: &Finding) -> String {
    let mut words = finding.message.clone();
    if !finding.label.is_empty() {
        words.push_str(&format!(" ({})", finding.label));
    }
    if let Some(help) = &finding.help {
        words.push_str(&format!("\n{help}"));
    }
    words
}

#[cfg(test)]
mod tests;
