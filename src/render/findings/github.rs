//! Findings as annotations of a GitHub Actions run: commands to the runner, a line each.

use super::{Spot, level, told};
use crate::manifest::{Files, Finding};

/// GitHub shows ten of each level a step and drops the others without a word.
const SHOWN: usize = 10;

/// The findings as workflow commands, the worst first. `folder` is the project's, seen from the root of the repository.
pub fn github(findings: &[Finding], files: &Files, folder: &str) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|f| f.severity);
    let mut out = String::new();
    let mut rest = sorted.as_slice();
    while let Some(first) = rest.first() {
        let severity = first.severity;
        let (these, others) = rest.split_at(rest.iter().take_while(|f| f.severity == severity).count());
        rest = others;
        if these.len() <= SHOWN {
            these.iter().for_each(|f| out.push_str(&line(f, files, folder, "")));
            continue;
        }
        // The tenth is the last that is shown: it says that there are more. The others are kept in the log.
        for (i, finding) in these.iter().enumerate() {
            let more = if i + 1 == SHOWN { total(these.len(), level(severity)) } else { String::new() };
            out.push_str(&line(finding, files, folder, &more));
        }
    }
    out
}

fn total(n: usize, word: &str) -> String {
    format!("\nThere are {n} {word}s in all; GitHub shows {SHOWN} of them here, the log of the step has every one.")
}

fn line(finding: &Finding, files: &Files, folder: &str, more: &str) -> String {
    let mut properties = Vec::new();
    if let Some(spot) = finding.place.and_then(|p| Spot::of(p, files)).map(|s| s.below(folder)) {
        let (line, end) = (spot.start.0, spot.end.0);
        properties.push(format!("file={}", property(&spot.path)));
        properties.push(format!("line={line}"));
        // Columns are for pieces of one line; with them a piece of several is refused.
        if line == end {
            properties.push(format!("col={}", spot.start.1));
        }
        properties.push(format!("endLine={end}"));
        if line == end {
            properties.push(format!("endColumn={}", spot.end.1));
        }
    }
    let title = format!("{}: {}", finding.code, finding.message.lines().next().unwrap_or_default());
    properties.push(format!("title={}", property(&title)));
    format!("::{} {}::{}\n", level(finding.severity), properties.join(","), data(&format!("{}{more}", told(finding))))
}

/// As the runner undoes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
