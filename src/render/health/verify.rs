//! What `verify` found: a line a chain, and the summary of the whole project.

use super::json::{FORMAT, value};
use super::text::{hosts, messages_and_rows};
use super::words::{next, number, why};
use crate::health::{Arrival, ChainFacts, Facts, Report, ResourceHealth, Verdict};
use crate::model::ResourceId;
use crate::render::outcome::seconds;
use crate::render::paper::{Paper, Tone};
use crate::render::text::Style;
use crate::render::words::{count, grouped};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What came of waiting.
#[derive(Debug, Clone)]
pub struct Verified<'a> {
    /// The last look.
    pub report: &'a Report,
    /// What of each chain's messages has arrived.
    pub arrivals: &'a BTreeMap<ResourceId, Arrival>,
    /// When each chain had arrived, from the beginning on.
    pub times: &'a BTreeMap<ResourceId, Duration>,
    /// How long it took in all.
    pub took: Duration,
}

impl Verified<'_> {
    /// Whether everything has arrived, and every topic is there.
    pub fn is_complete(&self) -> bool {
        let topics = self.report.resources.iter().filter(|r| matches!(r.facts, Facts::Topic(_)));
        self.arrivals.values().all(|a| *a == Arrival::Arrived) && topics.into_iter().all(|r| r.verdict.is_well())
    }
}

/// For a person.
pub fn text(verified: &Verified<'_>, style: Style) -> String {
    let mut paper = Paper::new(style.colour, style.width);
    let names = verified.report.resources.iter().map(|r| r.id.to_string().chars().count());
    let width = names.max().unwrap_or(0) + 2;
    for resource in &verified.report.resources {
        line(&mut paper, resource, verified, width);
    }
    paper.end();
    for (what, value) in summary(verified) {
        paper.put(Tone::Plain, what).to(11).put(Tone::Strong, &value).end();
    }
    let (done, took) = (verified.is_complete(), seconds(verified.took));
    paper.end();
    match done {
        true => paper.put(Tone::Made, &format!("Everything sent has arrived, after {took}.")).end(),
        false => paper.put(Tone::Danger, &format!("Not everything sent has arrived within {took}.")).end(),
    }
    paper.finish()
}

fn line(paper: &mut Paper, resource: &ResourceHealth, verified: &Verified<'_>, width: usize) {
    let arrival = verified.arrivals.get(&resource.id);
    let (tone, word) = match arrival {
        Some(Arrival::Arrived) => (Tone::Made, "arrived"),
        // Whoever could tell is away.
        Some(Arrival::Waiting { messages: None, .. }) if resource.verdict == Verdict::Unknown => {
            (Tone::Danger, "unknown")
        }
        Some(Arrival::Waiting { .. }) => (Tone::Danger, "not arrived"),
        Some(Arrival::Nowhere) => (Tone::Danger, "nowhere"),
        None if resource.verdict.is_well() => (Tone::Made, "present"),
        None => (Tone::Danger, "not present"),
    };
    paper.put(Tone::Strong, &resource.id.to_string()).to(width).put(tone, word).to(width + 13);
    match &resource.facts {
        Facts::Topic(topic) => {
            let messages = topic.messages.map_or_else(|| "-".into(), |n| number(n, "message"));
            let partitions = count(topic.partitions.len(), "partition");
            paper.put(Tone::Plain, &format!("{messages} in {partitions}"));
        }
        Facts::Chain(chain) => {
            paper.put(Tone::Plain, &messages_and_rows(chain).unwrap_or_else(|| "messages could not be counted".into()));
        }
    }
    if let Some(took) = verified.times.get(&resource.id) {
        paper.gap(2).put(Tone::Faint, &seconds(*took));
    }
    paper.end();
    match arrival {
        Some(Arrival::Waiting { messages, files }) => waiting(paper, resource, *messages, *files),
        Some(Arrival::Nowhere) => {
            paper.gap(4).prose(
                Tone::Plain,
                "all messages were read, each should be a row, and no table has any: was a table emptied, or the group's \
                 place moved by hand?",
            );
        }
        None if !resource.verdict.is_well() => reasons(paper, resource),
        Some(Arrival::Arrived) | None => {}
    }
}

fn waiting(paper: &mut Paper, resource: &ResourceHealth, messages: Option<u64>, files: u64) {
    let mut left = Vec::new();
    if let Some(n) = messages.filter(|n| *n > 0) {
        left.push(format!("{} not read", number(n, "message")));
    }
    if files > 0 {
        left.push(format!("{} in queues", number(files, "file")));
    }
    if !left.is_empty() {
        paper.gap(4).prose(Tone::Plain, &format!("{}; {}", left.join(", "), resource.verdict));
    }
    reasons(paper, resource);
}

fn reasons(paper: &mut Paper, resource: &ResourceHealth) {
    for reason in &resource.reasons {
        paper.gap(4).prose(Tone::Plain, &why(reason));
        if let Some(next) = next(reason, &resource.id) {
            paper.gap(4).put(Tone::Strong, "next:").gap(1).prose(Tone::Plain, &next);
        }
    }
}

/// Topics, objects and rows of all resources that were asked for.
fn summary(verified: &Verified<'_>) -> [(&'static str, String); 4] {
    let (mut topics, mut present, mut there, mut all, mut rows, mut errors, mut messages) = (0, 0, 0, 0, 0, 0, 0);
    let mut widest: Option<&ChainFacts> = None;
    for resource in &verified.report.resources {
        match &resource.facts {
            Facts::Topic(topic) => {
                topics += 1;
                present += usize::from(topic.messages.is_some());
                messages += topic.messages.unwrap_or(0);
            }
            Facts::Chain(chain) => {
                there += chain.objects.0;
                all += chain.objects.1;
                rows += chain.rows();
                errors += chain.errors();
                widest = widest.into_iter().chain([chain]).max_by_key(|c| c.hosts.len());
            }
        }
    }
    let errors = if errors > 0 { format!(", {}", number(errors, "error")) } else { String::new() };
    [
        ("Topics", format!("{present} of {topics}")),
        ("Messages", grouped(messages)),
        ("Objects", format!("{there} of {all} on {}", widest.map_or_else(|| count(0, "host"), hosts))),
        ("Rows", format!("{}{errors}", grouped(rows))),
    ]
}

/// For programs: the status at the end, with what has arrived.
pub fn json(verified: &Verified<'_>) -> String {
    let arrival = |(id, arrival): (&ResourceId, &Arrival)| {
        let took = verified.times.get(id).map(Duration::as_secs_f64);
        let (word, messages, files) = match arrival {
            Arrival::Arrived => ("arrived", Some(0), 0),
            Arrival::Waiting { messages, files } => ("waiting", *messages, *files),
            Arrival::Nowhere => ("nowhere", Some(0), 0),
        };
        json!({"resource": id.to_string(), "arrival": word, "unread": messages, "queuedFiles": files, "seconds": took})
    };
    let arrivals: Vec<Value> = verified.arrivals.iter().map(arrival).collect();
    let output = json!({
        "format": FORMAT,
        "complete": verified.is_complete(),
        "seconds": verified.took.as_secs_f64(),
        "arrivals": arrivals,
        "status": value(verified.report, &[]),
    });
    format!("{output:#}\n")
}
