//! Where hosts differ: a line an object, a column for the hosts on which all of them stand alike.

use super::hosts::Hosts;
use super::paper::{Paper, Tone};
use super::words::{CHANGED, DROPPED, MADE};
use crate::model::ObjectName;
use crate::plan::{Change, Header};
use std::collections::BTreeMap;

/// An object that is as declared there.
const SAME: &str = ".";

/// Writes it where the objects of a resource differ on other hosts each; else the lines of the changes say all.
pub(super) fn write(paper: &mut Paper, changes: &[Change], header: &Header, hosts: &Hosts, indent: usize) {
    let mut marks = marks(changes, header.hosts.len());
    marks.retain(|(_, on)| on.contains(&SAME));
    let first = marks.first().map(|(_, on)| on.iter().map(|m| *m == SAME).collect::<Vec<_>>());
    let alike = |on: &Vec<&str>| Some(on.iter().map(|m| *m == SAME).collect()) == first;
    if marks.iter().all(|(_, on)| alike(on)) {
        return;
    }
    let mut columns: Vec<(Vec<&str>, Vec<usize>)> = Vec::new();
    for host in 0..header.hosts.len() {
        let column: Vec<&str> = marks.iter().map(|(_, on)| on[host]).collect();
        match columns.iter_mut().find(|(c, _)| *c == column) {
            Some((_, on)) => on.push(host),
            None => columns.push((column, vec![host])),
        }
    }
    let names: Vec<String> = columns.iter().map(|(_, on)| hosts.some(on.iter().copied())).collect();
    let heading = "where hosts differ";
    let longest = marks.iter().map(|(o, _)| o.to_string().chars().count() + 2).max().unwrap_or(0);
    let mut at = vec![indent + longest.max(heading.len()) + 2];
    for name in &names {
        at.push(at.last().copied().unwrap_or(0) + name.chars().count() + 2);
    }
    paper.gap(indent).put(Tone::Faint, heading);
    for (name, at) in names.iter().zip(&at) {
        paper.to(*at).put(Tone::Faint, name);
    }
    paper.end();
    for (row, (object, _)) in marks.iter().enumerate() {
        paper.gap(indent + 2).put(Tone::Plain, &object.to_string());
        for ((column, _), at) in columns.iter().zip(&at) {
            paper.to(*at).put(tone(column[row]), column[row]);
        }
        paper.end();
    }
}

/// What happens to each object on each host.
fn marks(changes: &[Change], hosts: usize) -> Vec<(&ObjectName, Vec<&'static str>)> {
    let mut order: Vec<&ObjectName> = Vec::new();
    let mut marks: BTreeMap<&ObjectName, Vec<&'static str>> = BTreeMap::new();
    for change in changes {
        let (object, on, mark) = match change {
            Change::Topic { .. } => continue,
            Change::Make { object, hosts, .. } => (object, hosts, MADE),
            Change::Unmake { object, hosts, .. } => (object, hosts, DROPPED),
            Change::Adopt { object, hosts, .. } | Change::Attribute { object, hosts, .. } => (object, hosts, CHANGED),
        };
        if !order.contains(&object) {
            order.push(object);
        }
        let row = marks.entry(object).or_insert_with(|| vec![SAME; hosts]);
        for host in on {
            if let Some(place) = row.get_mut(*host) {
                *place = mark;
            }
        }
    }
    order.into_iter().filter_map(|o| Some((o, marks.remove(o)?))).collect()
}

fn tone(mark: &str) -> Tone {
    match mark {
        MADE => Tone::Made,
        DROPPED => Tone::Gone,
        CHANGED => Tone::Changed,
        _ => Tone::Faint,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{header, object};
    use super::*;
    use crate::diff::{Attribute, AttributeChange};
    use crate::model::Topology;

    fn make(name: &str, hosts: &[usize]) -> Change {
        Change::Make { object: object(name), engine: "Null".into(), hosts: hosts.to_vec() }
    }

    fn change(name: &str, hosts: &[usize]) -> Change {
        let change = AttributeChange { attribute: Attribute::Ttl, old: None, new: Some("d".into()) };
        Change::Attribute { object: object(name), change, hosts: hosts.to_vec() }
    }

    fn shown(changes: &[Change]) -> String {
        let header = header(Topology::PerHost { cluster: "c".into() });
        let mut paper = Paper::new(false, 100);
        write(&mut paper, changes, &header, &Hosts::new(&header), 4);
        paper.finish()
    }

    #[test]
    fn objects_that_differ_on_other_hosts_each_are_seen_at_once() {
        let changes = [make("raw.rows_local", &[3]), change("raw.rows", &[1]), change("raw.rows_local", &[1])];
        let expected = "    where hosts differ  ch1, ch3  ch2  ch4\n      \
                        raw.rows_local    .         ~    +\n      \
                        raw.rows          .         ~    .\n";
        assert_eq!(shown(&changes), expected);
    }

    #[test]
    fn it_is_left_out_where_it_would_say_nothing_new() {
        assert_eq!(shown(&[make("raw.a", &[0, 1, 2, 3]), change("raw.b", &[0, 1, 2, 3])]), "");
        assert_eq!(shown(&[make("raw.a", &[3]), make("raw.b", &[3])]), "");
        assert_eq!(shown(&[change("raw.a", &[2])]), "");
        assert_eq!(shown(&[]), "");
    }
}
