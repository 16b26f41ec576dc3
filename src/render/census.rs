//! Hosts that were not read, and what else is to be said of hosts before any resource.

use super::paper::{Paper, Tone};
use super::words::DANGER;
use crate::model::{HostRemark, Unread};
use crate::plan::{Header, Plan};

/// Writes a line a host below the servers of the plan.
pub(super) fn write(paper: &mut Paper, header: &Header) {
    for unread in &header.census.unread {
        let why = absence(&unread.name, &unread.why);
        if header.left_out.contains(&unread.name) {
            paper.gap(2).put(Tone::Danger, "left out:").gap(1);
            paper.prose(Tone::Plain, &format!("{why}; what it lacks is left for the next apply"));
        } else {
            paper.gap(2).put(Tone::Danger, DANGER).gap(1).prose(Tone::Plain, &why);
        }
    }
    for remark in &header.census.remarks {
        paper.gap(2).put(Tone::Faint, "note:").gap(1).prose(Tone::Plain, &words(remark));
    }
}

/// Why a host was not read: a sentence about it.
pub(super) fn absence(host: &str, why: &Unread) -> String {
    match why {
        Unread::Silent(words) => format!("{host} does not answer ({})", words.trim_end_matches('.')),
        Unread::NotListed { perhaps } if perhaps.is_empty() => {
            format!("{host} is in the cluster and is none of `clickhouse.hosts`")
        }
        Unread::NotListed { perhaps } => format!(
            "{host} is in the cluster and is none of the hosts that answer; whether it is {} cannot be told",
            perhaps.join(" or ")
        ),
    }
}

/// What an apply has left for the next one, after it has done everything else; nothing where it has left nothing.
pub fn left_for_later(plan: &Plan) -> Option<String> {
    let hosts: Vec<&str> = plan.header.left_out.iter().map(String::as_str).collect();
    let (host, them) = match hosts.as_slice() {
        [] => return None,
        [one] => ((*one).to_owned(), "it"),
        many => (many.join(", "), "them"),
    };
    Some(format!("{host} was left out: apply again without --allow-unreachable when {them} can be reached"))
}

fn words(remark: &HostRemark) -> String {
    match remark {
        HostRemark::OnNoCluster { host } => {
            format!("{host} answers and finds itself on no cluster of the project: nothing is made there")
        }
        HostRemark::NotAway { host } => {
            format!("--allow-unreachable {host} changes nothing: no host that could not be read is called so")
        }
    }
}
