//! Which members of the clusters were read, and which were not.
//!
//! Every server says itself which member of a cluster it is, so one that answers is never mistaken for another. One that
//! does not answer is known by the name in its URL alone.

use crate::model::{Census, ClusterMember, HostRemark, LiveHost, Unread, UnreadHost};
use std::collections::{BTreeMap, BTreeSet};

/// A host that did not answer.
#[derive(Debug, Clone)]
pub(crate) struct Silent {
    pub name: String,
    pub words: String,
}

/// A member that no host which answered is.
struct Missing<'a> {
    member: &'a ClusterMember,
    clusters: BTreeSet<String>,
}

/// Compares the hosts with the members of `clusters`.
pub(crate) fn census(answering: &[LiveHost], silent: &[Silent], clusters: &BTreeSet<&str>) -> Census {
    let missing = missing(answering);
    let named = |s: &Silent, m: &Missing<'_>| {
        let name = host_name(&s.name);
        m.member.name.eq_ignore_ascii_case(name) || m.member.address == name
    };
    let mut unread: Vec<UnreadHost> = silent
        .iter()
        .map(|s| UnreadHost {
            name: s.name.clone(),
            why: Unread::Silent(s.words.clone()),
            clusters: missing.iter().filter(|m| named(s, m)).flat_map(|m| m.clusters.clone()).collect(),
        })
        .collect();
    for one in &missing {
        let called_so: Vec<&Silent> = silent.iter().filter(|s| named(s, one)).collect();
        let such = missing.iter().filter(|m| called_so.iter().any(|s| named(s, m))).count();
        if !called_so.is_empty() && such <= called_so.len() {
            continue;
        }
        let unplaced = silent.iter().filter(|s| !missing.iter().any(|m| named(s, m)));
        let perhaps = if called_so.is_empty() { unplaced.collect() } else { called_so };
        unread.push(UnreadHost {
            name: format!("{}:{}", one.member.name, one.member.port),
            why: Unread::NotListed { perhaps: perhaps.into_iter().map(|s| s.name.clone()).collect() },
            clusters: one.clusters.clone(),
        });
    }
    let stranger = |a: &&LiveHost| !clusters.is_empty() && !a.clusters.keys().any(|c| clusters.contains(c.as_str()));
    let strangers = answering.iter().filter(stranger);
    let remarks = strangers.map(|a| HostRemark::OnNoCluster { host: a.name.clone() }).collect();
    Census { unread, remarks }
}

/// Members that no host which answered is, each once, whatever clusters it is on.
fn missing(answering: &[LiveHost]) -> Vec<Missing<'_>> {
    let taken: BTreeSet<(&str, (u32, u32))> =
        answering.iter().flat_map(|a| a.clusters.iter().map(|(c, place)| (c.as_str(), *place))).collect();
    let mut found: BTreeMap<(&str, u16), Missing<'_>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for member in answering.iter().flat_map(|a| &a.members) {
        let place = (member.cluster.as_str(), member.place);
        // Servers may call a member by different names: the first one counts.
        if taken.contains(&place) || !seen.insert(place) {
            continue;
        }
        let missing = found
            .entry((member.name.as_str(), member.port))
            .or_insert_with(|| Missing { member, clusters: BTreeSet::new() });
        missing.clusters.insert(member.cluster.clone());
    }
    found.into_values().collect()
}

/// The name in `host:port`.
fn host_name(shown: &str) -> &str {
    let name = shown.rsplit_once(':').map_or(shown, |(name, _)| name);
    name.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [&str; 2] = ["all", "half"];

    fn member(cluster: &str, n: u32, name: &str) -> ClusterMember {
        let (name, address) = (name.to_owned(), format!("10.0.0.{n}"));
        ClusterMember { cluster: cluster.into(), place: (n, 1), name, address, port: 9000 }
    }

    /// Hosts `numbers` of the cluster `all` with four members, of which the first two are `half` too.
    fn answering(numbers: &[u32]) -> Vec<LiveHost> {
        let mut members: Vec<ClusterMember> = (1..=4).map(|n| member("all", n, &format!("ch{n}"))).collect();
        members.extend((1..=2).map(|n| member("half", n, &format!("ch{n}"))));
        let places = |n: u32| BOTH.iter().filter(move |c| **c == "all" || n <= 2).map(move |c| ((*c).into(), (n, 1)));
        let host = |n: &u32| LiveHost {
            name: format!("ch{n}:8123"),
            clusters: places(*n).collect(),
            members: members.clone(),
            ..LiveHost::default()
        };
        numbers.iter().map(host).collect()
    }

    fn silent(name: &str) -> Silent {
        Silent { name: name.into(), words: "refused".into() }
    }

    /// `name on clusters, perhaps others` of each host that was not read.
    fn unread(answering: &[LiveHost], silent: &[Silent]) -> Vec<String> {
        let shown = |u: UnreadHost| {
            let clusters = u.clusters.into_iter().collect::<Vec<_>>().join(" ");
            match u.why {
                Unread::Silent(_) => format!("{} on {clusters}", u.name),
                Unread::NotListed { perhaps } => format!("{} unlisted on {clusters} {perhaps:?}", u.name),
            }
        };
        census(answering, silent, &BOTH.into()).unread.into_iter().map(shown).collect()
    }

    #[test]
    fn nothing_is_said_of_hosts_that_are_all_there() {
        assert_eq!(census(&answering(&[1, 2, 3, 4]), &[], &BOTH.into()), Census::default());
    }

    #[test]
    fn a_silent_host_is_on_the_clusters_of_the_member_with_its_name_or_address() {
        assert_eq!(unread(&answering(&[1, 2, 3]), &[silent("CH4:8123")]), ["CH4:8123 on all"]);
        assert_eq!(unread(&answering(&[1, 3, 4]), &[silent("10.0.0.2:8123")]), ["10.0.0.2:8123 on all half"]);
    }

    #[test]
    fn a_member_that_is_not_among_the_hosts_is_named() {
        assert_eq!(unread(&answering(&[1, 3, 4]), &[]), ["ch2:9000 unlisted on all half []"]);
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_guessed() {
        let found = unread(&answering(&[1, 2, 3]), &[silent("proxy:80")]);
        assert_eq!(found, ["proxy:80 on ", r#"ch4:9000 unlisted on all ["proxy:80"]"#]);
    }

    #[test]
    fn members_of_one_address_are_as_many_as_silent_hosts_or_named_beside_them() {
        let mut hosts = answering(&[1, 2]);
        for member in hosts.iter_mut().flat_map(|h| &mut h.members) {
            member.name = "127.0.0.1".into();
            member.port = 9000 + member.place.0 as u16;
        }
        let (a, b) = (silent("127.0.0.1:8125"), silent("127.0.0.1:8126"));
        assert_eq!(unread(&hosts, &[a.clone(), b]), ["127.0.0.1:8125 on all", "127.0.0.1:8126 on all"]);
        let perhaps = r#"on all ["127.0.0.1:8125"]"#;
        let expected = [
            "127.0.0.1:8125 on all".to_owned(),
            format!("127.0.0.1:9003 unlisted {perhaps}"),
            format!("127.0.0.1:9004 unlisted {perhaps}"),
        ];
        assert_eq!(unread(&hosts, &[a]), expected);
    }

    #[test]
    fn a_host_more_is_told_and_a_silent_one_that_nobody_misses_is_on_no_cluster() {
        let mut hosts = answering(&[1, 2, 3, 4]);
        hosts.push(LiveHost { name: "ch5:8123".into(), ..LiveHost::default() });
        let found = census(&hosts, &[silent("ch6:8123")], &BOTH.into());
        assert_eq!(found.remarks, [HostRemark::OnNoCluster { host: "ch5:8123".into() }]);
        assert!(found.unread.len() == 1 && found.unread[0].clusters.is_empty());
    }
}
