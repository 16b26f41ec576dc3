//! `docs/status.md`: what `status` and `verify` print, as live tests recorded it, and every reason with its advice.

use super::{cell, compare};
use sluice::health::{Verdict, examples};
use sluice::model::ResourceId;
use sluice::render::health::{next, why};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Where each recorded output stands in the page.
const OUTPUTS: [&str; 6] = ["verify.txt", "details.txt", "stuck.txt", "late.txt", "stuck.md", "broken.txt"];

#[test]
fn status_and_verify_are_shown_as_they_ran() {
    let mut page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/docs/status.md")).unwrap();
    for file in OUTPUTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/status").join(file);
        let output = fs::read_to_string(path).unwrap_or_else(|e| panic!("{file}: {e}"));
        let place = format!("{{{{{file}}}}}");
        assert!(page.contains(&place), "the page has no place for {file}");
        page = page.replace(&place, output.trim_end());
    }
    page = page.replace("{{reasons}}", reasons().trim_end());
    assert!(!page.contains("{{"), "a place that nothing fills");
    compare("docs/status.md", &page);
}

fn reasons() -> String {
    let mut out = String::from("| Verdict | Reason | For instance | What to do |\n|---|---|---|---|\n");
    let orders = ResourceId::parse("ManualConsumer/orders").expect("a name");
    for verdict in Verdict::ALL {
        for reason in examples("(the server's words)").iter().filter(|r| r.verdict() == verdict) {
            let next = next(reason, &orders).unwrap_or_else(|| "nothing".into());
            let _ = writeln!(out, "| {verdict} | `{}` | {} | {} |", reason.code(), cell(&why(reason)), cell(&next));
        }
    }
    out
}
