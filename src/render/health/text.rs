//! A report for a person.

use super::words::{ago, bytes, next, number, partition, why};
use crate::health::{ChainFacts, Comparison, Facts, HostChain, Report, ResourceHealth, Side, Verdict};
use crate::render::paper::{Paper, Tone, escape};
use crate::render::text::Style;
use crate::render::words::{count, grouped};
use comfy_table::{CellAlignment, Table, presets};
use std::collections::BTreeMap;

const HEADER: [&str; 7] = ["RESOURCE", "VERDICT", "MESSAGES", "LAG", "ROWS", "SIZE", "NEWEST"];

/// The report as a table with what is wrong under each line; with `detail`, everything it rests on.
pub fn text(report: &Report, comparisons: &[Comparison], detail: bool, style: Style) -> String {
    let rows: Vec<Vec<String>> = report.resources.iter().map(|r| cells(r).to_vec()).collect();
    let mut lines = aligned(&HEADER, &rows, 2).into_iter();
    let mut paper = Paper::new(style.colour, style.width);
    paper.put(Tone::Faint, &lines.next().unwrap_or_default()).end();
    for (resource, line) in report.resources.iter().zip(lines) {
        verdict_line(&mut paper, resource, &line);
        for reason in shown(resource, detail) {
            paper.gap(4).prose(Tone::Plain, &why(reason));
            if let Some(next) = next(reason, &resource.id) {
                paper.gap(4).put(Tone::Strong, "next:").gap(1).prose(Tone::Plain, &next);
            }
        }
        if detail {
            details(&mut paper, resource);
        }
    }
    for comparison in comparisons {
        paper.end();
        paper.put(Tone::Strong, &format!("topic {}", comparison.topic)).end();
        put_table(&mut paper, &COMPARED, &compared(comparison), 1);
    }
    for words in &report.left_out {
        paper.put(Tone::Faint, "not read:").gap(1).prose(Tone::Plain, words);
    }
    paper.end();
    paper.put(tone(report.verdict()), &summary(report)).end();
    paper.finish()
}

pub(super) const COMPARED: [&str; 6] = ["read by", "rows", "errors", "lag", "rows/s now", "highest offsets"];

/// A line a reader of a topic.
pub(super) fn compared(comparison: &Comparison) -> Vec<Vec<String>> {
    let side = |s: &Side| {
        let highest: Vec<String> = s.highest.iter().map(|(p, offset)| format!("{p}:{offset}")).collect();
        let lag = s.lag.map_or_else(|| "-".into(), grouped);
        vec![s.id.to_string(), grouped(s.rows), grouped(s.errors), lag, grouped(s.per_second), highest.join(" ")]
    };
    comparison.sides.iter().map(side).collect()
}

/// `3 healthy, 1 stuck`.
pub(super) fn summary(report: &Report) -> String {
    let mut of: BTreeMap<Verdict, usize> = BTreeMap::new();
    for resource in &report.resources {
        *of.entry(resource.verdict).or_default() += 1;
    }
    let each: Vec<String> = of.iter().rev().map(|(verdict, n)| format!("{n} {verdict}")).collect();
    let all = count(report.resources.len(), "resource");
    if each.is_empty() { format!("{all}.") } else { format!("{all}: {}.", each.join(", ")) }
}

/// What is said of a resource that is well takes a line only where somebody asked for it.
fn shown(resource: &ResourceHealth, detail: bool) -> impl Iterator<Item = &crate::health::Reason> {
    let quiet = matches!(resource.verdict, Verdict::Healthy | Verdict::Idle) && !detail;
    resource.reasons.iter().filter(move |_| !quiet)
}

/// A line of the table with the verdict in its colour.
fn verdict_line(paper: &mut Paper, resource: &ResourceHealth, line: &str) {
    let word = resource.verdict.as_str();
    // The verdict stands right after the name, which is the first thing of the line.
    let name = escape(&resource.id.to_string());
    let at = line.get(name.len()..).and_then(|rest| rest.find(word)).map(|at| at + name.len());
    match at.map(|at| (line.split_at(at), at)) {
        Some(((before, after), _)) => {
            let gap = before.len() - before.trim_end().len();
            paper.put(Tone::Strong, before.trim_end()).gap(gap);
            paper.put(tone(resource.verdict), word).put(Tone::Plain, &after[word.len()..]).end();
        }
        None => {
            paper.put(Tone::Plain, line).end();
        }
    }
}

fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Healthy => Tone::Made,
        Verdict::Idle => Tone::Faint,
        Verdict::Lagging | Verdict::Unknown => Tone::Changed,
        Verdict::Stuck | Verdict::Broken => Tone::Danger,
    }
}

/// The cells of a resource's line.
pub(super) fn cells(resource: &ResourceHealth) -> [String; 7] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let (id, verdict) = (escape(&resource.id.to_string()), resource.verdict.to_string());
    match &resource.facts {
        Facts::Topic(topic) => [
            id,
            verdict,
            or_dash(topic.messages.map(grouped)),
            "-".into(),
            "-".into(),
            or_dash(topic.bytes.map(bytes)),
            or_dash(topic.newest_ago.map(ago)),
        ],
        Facts::Chain(chain) => [
            id,
            verdict,
            or_dash(chain.passed.or(chain.written).map(grouped)),
            or_dash(chain.lag.map(grouped)),
            grouped(chain.rows()),
            bytes(chain.tables.iter().map(|t| t.bytes).sum()),
            or_dash(chain.newest_row_ago().or(chain.written.and(chain.newest_message_ago)).map(ago)),
        ],
    }
}

/// Lines of a table without borders; columns after the first `left` are numbers.
fn aligned(header: &[&str], rows: &[Vec<String>], left: usize) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    for row in rows {
        table.add_row(row.iter().map(|cell| escape(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn put_table(paper: &mut Paper, header: &[&str], rows: &[Vec<String>], left: usize) {
    for (i, line) in aligned(header, rows, left).iter().enumerate() {
        paper.gap(4).put(if i == 0 { Tone::Faint } else { Tone::Plain }, line).end();
    }
}

fn details(paper: &mut Paper, resource: &ResourceHealth) {
    match &resource.facts {
        Facts::Topic(topic) => {
            let rows: Vec<Vec<String>> = topic
                .partitions
                .iter()
                .enumerate()
                .map(|(i, (first, next))| {
                    vec![i.to_string(), grouped(*first), grouped(*next), grouped(next.saturating_sub(*first))]
                })
                .collect();
            put_table(paper, &["partition", "first", "next", "messages"], &rows, 0);
        }
        Facts::Chain(chain) => chain_details(paper, chain),
    }
}

fn chain_details(paper: &mut Paper, chain: &ChainFacts) {
    let (present, all) = chain.objects;
    let hosts = count(chain.hosts.len(), "host");
    paper.gap(4).put(Tone::Plain, &format!("{present} of {} on {hosts}", count(all, "object"))).end();
    if !chain.partitions.is_empty() {
        let members = count(chain.members, "member");
        paper.gap(4).put(Tone::Plain, &format!("group {}, {members}", chain.group)).end();
        let rows: Vec<Vec<String>> = chain
            .partitions
            .iter()
            .map(|p| {
                let [place, first, next, committed, lag, reader] = partition(p);
                vec![place, reader, first, next, committed, lag]
            })
            .collect();
        put_table(paper, &["partition", "read by", "first", "next", "committed", "lag"], &rows, 2);
    }
    let rows: Vec<Vec<String>> = chain.hosts.iter().map(host).collect();
    let header =
        ["host", "objects", "consumers", "reads", "polled", "committed", "exceptions", "queued files", "mutations"];
    put_table(paper, &header, &rows, 1);
    let tables: Vec<Vec<String>> = chain
        .tables
        .iter()
        .map(|t| {
            let newest = t.newest_ago.map_or_else(|| "-".into(), ago);
            vec![t.table.to_string(), grouped(t.rows), bytes(t.bytes), newest]
        })
        .collect();
    if !tables.is_empty() {
        put_table(paper, &["table", "rows", "size", "newest"], &tables, 1);
    }
    if let Some(words) = messages_and_rows(chain) {
        paper.gap(4).prose(Tone::Plain, &words);
    }
}

/// `4,711 messages read, 4,700 rows, 11 errors (rows are filtered by where)`.
pub(super) fn messages_and_rows(chain: &ChainFacts) -> Option<String> {
    if let Some(written) = chain.written {
        return Some(format!("{} in the topic", number(written, "message")));
    }
    let passed = chain.passed?;
    let mut text = format!("{} read, {}", number(passed, "message"), number(chain.rows(), "row"));
    if chain.tables.iter().any(|t| t.errors) {
        text.push_str(&format!(", {}", number(chain.errors(), "error")));
    }
    let why: Vec<&str> = chain.passages.iter().map(|p| p.as_str()).collect();
    if !why.is_empty() {
        text.push_str(&format!(" (rows are {})", why.join(", ")));
    }
    Some(text)
}

fn host(host: &HostChain) -> Vec<String> {
    if host.silent.is_some() {
        return vec![host.host.clone(), "does not answer".into()];
    }
    let or_dash = |seconds: Option<u64>| seconds.map_or_else(|| "-".into(), ago);
    let consumers = &host.consumers;
    let reads: Vec<String> = consumers.iter().flat_map(|c| &c.assigned).map(|(_, p)| p.to_string()).collect();
    let files: u64 = host.queues.iter().map(|(_, q)| q.files + q.broken).sum();
    let mutations: u64 = host.mutations.iter().map(|(_, m)| m.unfinished).sum();
    vec![
        host.host.clone(),
        format!("{}/{}", host.present, host.present + host.missing.len()),
        consumers.len().to_string(),
        if reads.is_empty() { "-".into() } else { reads.join(" ") },
        or_dash(consumers.iter().filter_map(|c| c.polled_ago).min()),
        or_dash(consumers.iter().filter_map(|c| c.committed_ago).min()),
        consumers.iter().map(|c| c.exceptions.len()).sum::<usize>().to_string(),
        files.to_string(),
        mutations.to_string(),
    ]
}
