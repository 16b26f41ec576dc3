//! Hosts by name, as few names as tell them.

use super::words::count;
use crate::plan::{Action, Header, Host, Reach, Step};
use std::collections::BTreeSet;

/// Names of the hosts of a plan, without their ports where those say nothing.
pub(super) struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    pub fn new(header: &Header) -> Self {
        Self { names: short(&header.hosts) }
    }

    /// The name of one host.
    pub fn one(&self, index: usize) -> String {
        self.names.get(index).cloned().unwrap_or_else(|| format!("host {}", index + 1))
    }

    /// `4 hosts` for all of them, else the names of those that are meant or, where that is shorter, of those that
    /// are not.
    pub fn some(&self, hosts: impl IntoIterator<Item = usize>) -> String {
        let meant: BTreeSet<usize> = hosts.into_iter().collect();
        let others: Vec<usize> = (0..self.names.len()).filter(|h| !meant.contains(h)).collect();
        let list = |hosts: &[usize]| hosts.iter().map(|h| self.one(*h)).collect::<Vec<_>>().join(", ");
        let meant: Vec<usize> = meant.into_iter().collect();
        match (others.len(), meant.len()) {
            (0, 1) => self.one(0),
            (0, all) => count(all, "host"),
            (few, some) if few + 1 < some => format!("all but {}", list(&others)),
            _ => list(&meant),
        }
    }

    /// The same, but nothing where all hosts are meant.
    pub fn unless_all(&self, hosts: &[usize]) -> Option<String> {
        let meant: BTreeSet<usize> = hosts.iter().copied().collect();
        (meant.len() < self.names.len()).then(|| self.some(meant))
    }

    /// Where a step runs.
    pub fn of_step(&self, step: &Step) -> String {
        let hosts = || self.some(step.hosts.iter().copied());
        match (&step.action, &step.reach) {
            (Action::Kafka(_), _) => "kafka".into(),
            (Action::Table(_), Reach::EachHost | Reach::EachAlike { .. }) => hosts(),
            (Action::Table(_), Reach::Passed { through }) => {
                let through: Vec<String> = through.iter().map(|host| self.one(*host)).collect();
                format!("{} by {}", hosts(), through.join(", "))
            }
            (Action::Table(_), Reach::OnCluster(on)) => on.cluster.clone(),
        }
    }
}

fn short(hosts: &[Host]) -> Vec<String> {
    let full = || hosts.iter().map(|h| h.name.clone()).collect::<Vec<_>>();
    let split: Option<Vec<(&str, &str)>> = hosts.iter().map(|h| h.name.rsplit_once(':')).collect();
    let Some(split) = split else { return full() };
    let names: BTreeSet<&str> = split.iter().map(|(name, _)| *name).collect();
    let ports: BTreeSet<&str> = split.iter().map(|(_, port)| *port).collect();
    // Alone, a host keeps its port: it is what people look for on a machine of their own.
    if hosts.len() > 1 && names.len() == hosts.len() && ports.len() == 1 {
        split.iter().map(|(name, _)| (*name).to_owned()).collect()
    } else {
        full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(names: &[&str]) -> Hosts {
        let hosts: Vec<Host> = names.iter().map(|n| Host { name: (*n).to_owned(), version: String::new() }).collect();
        Hosts { names: short(&hosts) }
    }

    #[test]
    fn as_few_names_as_tell_the_hosts() {
        let four = hosts(&["ch1:8123", "ch2:8123", "ch3:8123", "ch4:8123"]);
        assert_eq!(four.some(0..4), "4 hosts");
        assert_eq!(four.some([2]), "ch3");
        assert_eq!(four.some([1, 0]), "ch1, ch2");
        assert_eq!(four.some([0, 1, 3]), "all but ch3");
        assert_eq!(four.unless_all(&[0, 1, 2, 3]), None);
        let local = hosts(&["127.0.0.1:8123", "127.0.0.1:8124"]);
        assert_eq!(local.some([1]), "127.0.0.1:8124");
        assert_eq!(hosts(&["ch1:8123"]).some([0]), "ch1:8123");
        assert_eq!(local.one(7), "host 8");
    }
}
