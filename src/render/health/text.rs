//! A report for a person.

use super::words::{ago, bytes, next, number, partition, why};
use crate::health::{ChainFacts, Comparison, Facts, HostChain, Reason, Report, ResourceHealth, Side, Verdict};
use crate::render::paper::{Paper, Tone, escape};
use crate::render::text::Style;
use crate::render::words::{count, grouped};
use comfy_table::{CellAlignment, Table, presets};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of the table.
pub(super) const HEADER: [&str; 8] = ["RESOURCE", "VERDICT", "MESSAGES", "LAG", "ROWS", "ERRORS", "SIZE", "NEWEST"];

/// The report as a table with what is wrong under each line; with `detail`, everything it rests on.
pub fn text(report: &Report, comparisons: &[Comparison], detail: bool, style: Style) -> String {
    let rows: Vec<Vec<String>> = report.resources.iter().map(|r| cells(r).to_vec()).collect();
    let mut lines = aligned(&HEADER, &rows, 2).into_iter();
    let mut paper = Paper::new(style.colour, style.width);
    paper.put(Tone::Faint, &lines.next().unwrap_or_default()).end();
    let mut told = BTreeSet::new();
    for (resource, line) in report.resources.iter().zip(lines) {
        verdict_line(&mut paper, resource, &line);
        for reason in shown(resource, detail) {
            // A server that is away is the same trouble for everybody.
            if let Some(short) = again(reason).filter(|_| !told.insert(why(reason))) {
                paper.gap(4).prose(Tone::Plain, &short);
                continue;
            }
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
fn shown(resource: &ResourceHealth, detail: bool) -> impl Iterator<Item = &Reason> {
    let quiet = matches!(resource.verdict, Verdict::Healthy | Verdict::Idle) && !detail;
    resource.reasons.iter().filter(move |_| !quiet)
}

/// What is said of a server that is away once it was told in full.
fn again(reason: &Reason) -> Option<String> {
    if let Reason::HostSilent { host, .. } = reason {
        return Some(format!("{host} does not answer, as above"));
    }
    matches!(reason, Reason::BrokersSilent { .. }).then(|| "the brokers do not answer, as above".into())
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
pub(super) fn cells(resource: &ResourceHealth) -> [String; 8] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let (id, verdict) = (escape(&resource.id.to_string()), resource.verdict.to_string());
    match &resource.facts {
        Facts::Topic(topic) => [
            id,
            verdict,
            or_dash(topic.messages.map(grouped)),
            "-".into(),
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
            sum(chain, chain.tables.iter().any(|t| !t.errors), grouped(chain.rows())),
            sum(chain, chain.tables.iter().any(|t| t.errors), grouped(chain.errors())),
            sum(chain, !chain.tables.is_empty(), bytes(chain.tables.iter().map(|t| t.bytes).sum())),
            or_dash(chain.newest_row_ago().or(chain.written.and(chain.newest_message_ago)).map(ago)),
        ],
    }
}

/// A sum over the tables of all hosts: none without such tables or hosts that answer, and with a plus where some do not.
fn sum(chain: &ChainFacts, counts: bool, sum: String) -> String {
    match (counts && chain.told() > 0, chain.is_partial()) {
        (false, _) => "-".into(),
        (true, false) => sum,
        (true, true) => format!("{sum}+"),
    }
}

/// `4 hosts`, `3 of 4 hosts`.
pub(super) fn hosts(chain: &ChainFacts) -> String {
    let all = count(chain.hosts.len(), "host");
    if chain.is_partial() { format!("{} of {all}", chain.told()) } else { all }
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
    let hosts = hosts(chain);
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
    let (header, rows) = by_host(chain);
    put_table(paper, &header, &rows, 1);
    for host in &chain.hosts {
        let newest = host.consumers.iter().flat_map(|c| &c.exceptions).min_by_key(|e| e.ago);
        if let Some(e) = newest {
            let words = format!("{}, last exception {} ago: {}", host.host, ago(e.ago), e.gist());
            paper.gap(4).prose(Tone::Plain, &words);
        }
    }
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
    if chain.is_partial() {
        text.push_str(&format!(" on {}", hosts(chain)));
    }
    let why: Vec<&str> = chain.passages.iter().map(|p| p.as_str()).collect();
    if !why.is_empty() {
        text.push_str(&format!(" (rows are {})", why.join(", ")));
    }
    Some(text)
}

/// A line a host; only columns that say something of the chain.
fn by_host(chain: &ChainFacts) -> (Vec<&'static str>, Vec<Vec<String>>) {
    type Cell = fn(&HostChain) -> String;
    let any = |of: fn(&HostChain) -> bool| chain.hosts.iter().any(of);
    let mut columns: Vec<(&str, Cell)> =
        vec![("objects", |h| format!("{}/{}", h.present, h.present + h.missing.len()))];
    if !chain.tables.is_empty() {
        columns.push(("rows", |h| grouped(h.rows.iter().map(|(_, rows, _)| rows).sum())));
        columns.push(("size", |h| bytes(h.rows.iter().map(|(_, _, bytes)| bytes).sum())));
    }
    if chain.reads_by_engine {
        columns.extend::<[(&str, Cell); 4]>([
            ("reads", reads),
            ("polled", |h| or_dash(h.consumers.iter().filter_map(|c| c.polled_ago).min())),
            ("committed", |h| or_dash(h.consumers.iter().filter_map(|c| c.committed_ago).min())),
            ("exceptions", |h| h.consumers.iter().map(|c| c.exceptions.len()).sum::<usize>().to_string()),
        ]);
    }
    if any(|h| !h.queues.is_empty()) {
        columns.push(("queued", |h| h.queues.iter().map(|(_, q)| q.files + q.broken).sum::<u64>().to_string()));
    }
    if any(|h| !h.mutations.is_empty()) {
        columns.push(("mutations", |h| h.mutations.iter().map(|(_, m)| m.unfinished).sum::<u64>().to_string()));
    }
    if any(|h| !h.replicas.is_empty()) {
        columns.push(("replicas", replicas));
    }
    let line = |h: &HostChain| {
        let cells: Vec<String> = match h.silent {
            // Why is said above.
            Some(_) => columns.iter().enumerate().map(|(i, _)| if i == 0 { "away" } else { "-" }.to_owned()).collect(),
            None => columns.iter().map(|(_, cell)| cell(h)).collect(),
        };
        [vec![h.host.clone()], cells].concat()
    };
    let rows = chain.hosts.iter().map(line).collect();
    (std::iter::once("host").chain(columns.iter().map(|(name, _)| *name)).collect(), rows)
}

fn or_dash(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "-".into(), ago)
}

/// Partitions, by the consumers that have them; a host whose consumers have none waits for one to fail.
fn reads(host: &HostChain) -> String {
    let mut topics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (topic, partition) in host.consumers.iter().flat_map(|c| &c.assigned) {
        topics.entry(topic).or_default().push(partition.to_string());
    }
    let several = topics.len() > 1;
    let of = |(topic, partitions): (&str, Vec<String>)| match several {
        true => format!("{topic}[{}]", partitions.join(" ")),
        false => partitions.join(" "),
    };
    match (host.consumers.len(), topics.is_empty()) {
        // They are made with the first message that may come.
        (0, _) => "no consumer".into(),
        (_, true) => "-".into(),
        (_, false) => topics.into_iter().map(of).collect::<Vec<_>>().join(" "),
    }
}

/// How the replicas of a host are.
fn replicas(host: &HostChain) -> String {
    let closed = host.replicas.iter().filter(|(_, r)| r.readonly).count();
    let (queue, delay) =
        host.replicas.iter().fold((0, 0), |(queue, delay), (_, r)| (queue + r.queue, r.delay.max(delay)));
    match (closed, queue, host.replicas.len()) {
        (_, _, 0) => "-".into(),
        (0, 0, _) => "in step".into(),
        (0, queue, _) => format!("{} to do, {} behind", grouped(queue), ago(delay)),
        (closed, _, _) => format!("{closed} read-only"),
    }
}
