//! Drift as an issue or a comment.

use super::{Told, UNRECORDED, Way, gone, lines, summary};
use crate::drift::{Difference, Drift, ResourceDrift};
use crate::render::hosts::Hosts;
use crate::render::markdown::{inline, table, word};
use crate::render::reason;

/// A heading with the totals, and a table for what drifted and for what is pending. The first line is a comment by which
/// a job finds what it wrote before.
pub fn markdown(drift: &Drift) -> String {
    let header = &drift.header;
    let environment = header.environment.as_deref();
    let hosts = Hosts::new(header);
    let mut out = format!(
        "<!-- sluice:drift project={} env={} -->\n### sluice drift: {} ({})\n",
        word(&header.project),
        environment.map_or_else(|| "-".into(), word),
        summary(drift),
        inline(&header.project)
    );
    if !drift.recorded {
        out.push_str(&format!("\n{UNRECORDED}\n"));
    }
    let title = if drift.recorded { "Drifted" } else { "Different" };
    let columns = if drift.recorded { ["last applied", "on the servers"] } else { ["declared", "on the servers"] };
    section(&mut out, title, columns, drift, &hosts, |r| (&r.drift, Way::Drifted));
    section(&mut out, "Pending", ["on the servers", "declared"], drift, &hosts, |r| (&r.pending, Way::Pending));
    let mut told = Vec::new();
    for resource in &drift.resources {
        let why = resource.stuck.iter().chain(&resource.unread);
        told.extend(why.map(|why| format!("{}: {}", resource.id, reason::blocked(why, &resource.id, &hosts))));
        told.extend((!resource.declared).then(|| gone(&resource.id)));
        told.extend(resource.cut.then(|| format!("{}: its last apply was cut", resource.id)));
    }
    if !told.is_empty() {
        out.push('\n');
    }
    told.iter().for_each(|line| out.push_str(&format!("- {}\n", inline(line))));
    out
}

fn section<'d>(
    out: &mut String,
    title: &str,
    [from, to]: [&str; 2],
    drift: &'d Drift,
    hosts: &Hosts,
    of: impl Fn(&'d ResourceDrift) -> (&'d Difference, Way),
) {
    let mut rows = Vec::new();
    for resource in &drift.resources {
        let (difference, way) = of(resource);
        for line in lines(difference, hosts, way) {
            let (from, to) = match line.told {
                Told::Words(words) => (String::new(), words.to_owned()),
                Told::From(from, to) | Told::Query(from, to) => (from, to),
            };
            let on = line.on.unwrap_or_else(|| "all".into());
            rows.push(vec![resource.id.to_string(), line.what, from, to, on]);
        }
    }
    if !rows.is_empty() {
        out.push_str(&format!("\n**{title}**\n"));
        out.push_str(&table(&["resource", "what", from, to, "hosts"], rows.into_iter()));
    }
}
