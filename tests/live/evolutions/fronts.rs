//! Fronts that pass statements on to the nodes of the shared sandbox, as a cluster does.

use crate::fixture::on_cluster::{Front, Member, Scenario};
use crate::fixture::shared;

/// The cluster that is a node itself.
pub const ALONE: &str = "alone";

/// One before all nodes, and one before each alone.
pub struct Fronts {
    all: Front,
    alone: Vec<Front>,
}

impl Fronts {
    pub async fn start() -> Self {
        let (cluster, urls) = (&shared().cluster, &shared().clickhouse_urls);
        let members = Member::of(cluster, urls).await;
        let mut alone = Vec::new();
        for url in urls {
            let member = Member::of(ALONE, std::slice::from_ref(url)).await;
            alone.push(Front::start(ALONE, member, Scenario::default()));
        }
        Self { all: Front::start(cluster, members, Scenario::default()), alone }
    }

    /// How many statements they have passed on.
    pub fn passed_on(&self) -> usize {
        self.alone.iter().chain([&self.all]).map(|front| front.statements().len()).sum()
    }

    /// By which addresses each node is reached by who is on all of them, or on one alone.
    pub fn urls(&self, nodes: &[usize]) -> Vec<String> {
        match nodes {
            [_] => self.alone.iter().flat_map(Front::urls).collect(),
            _ if nodes.len() == self.alone.len() => self.all.urls(),
            _ => panic!("there is no front before {nodes:?}"),
        }
    }
}
