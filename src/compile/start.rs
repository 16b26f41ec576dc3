//! `source.startFrom`: where a group without offsets begins.

use crate::manifest::{Document, Finding, KafkaPipelineSpec};
use crate::model::StartFrom;

/// What is written, or a finding.
pub(super) fn from(document: &Document<KafkaPipelineSpec>, findings: &mut Vec<Finding>) -> Option<StartFrom> {
    let text = document.spec.source.start_from.as_ref()?;
    let start = parse(text);
    if start.is_none() {
        let place = document.spans.at("spec.source.startFrom");
        let message = format!("`{text}` is no place to start from");
        let help = "earliest, latest, keep, a time like 2026-11-25T00:00:00Z, or milliseconds since 1970";
        findings.push(Finding::error("pipeline/start-from", message, place).help(help));
    }
    start
}

fn parse(text: &str) -> Option<StartFrom> {
    match text {
        "earliest" => Some(StartFrom::Earliest),
        "latest" => Some(StartFrom::Latest),
        "keep" => Some(StartFrom::Keep),
        time => {
            let milliseconds = || Some(time.parse::<jiff::Timestamp>().ok()?.as_millisecond());
            time.parse::<i64>().ok().or_else(milliseconds).filter(|t| *t >= 0).map(StartFrom::At)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_times_are_read() {
        assert_eq!(parse("keep"), Some(StartFrom::Keep));
        assert_eq!(parse("1700000000000"), Some(StartFrom::At(1_700_000_000_000)));
        assert_eq!(parse("2026-11-25T00:00:00Z"), Some(StartFrom::At(1_795_564_800_000)));
        assert_eq!(parse("2026-11-25"), None);
        assert_eq!(parse("newest"), None);
    }
}
