//! What is being done when a host fails.

use crate::evolutions::case::{Case, folder};
use crate::evolutions::change::set_up;
use crate::fixture::project::Project;
use crate::fixture::shared;
use sluice::model::{Deletion, ResourceId};
use sluice::plan::Policy;

/// A change of a chain on the four hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// A chain comes out of nothing, with kept errors; its messages are there before it.
    Create,
    /// Tables are altered, the Kafka table and a view are made again.
    Evolve,
    /// A table is built anew beside everything else that can change.
    Rebuild,
    /// A table is built anew, and its rows go to other hosts.
    Reshard,
    /// A table is added and filled with the rows of another one.
    Fill,
    /// A chain goes.
    Drop,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Create, Self::Evolve, Self::Rebuild, Self::Reshard, Self::Fill, Self::Drop];

    /// A case of it under a name of its own.
    pub fn case(self, name: &str) -> Case {
        let of = match self {
            Self::Create | Self::Rebuild | Self::Drop => "94-everything",
            Self::Evolve => "91-three-changes",
            Self::Reshard => "64-resharded",
            Self::Fill => "75-target-filled-from-another",
        };
        let mut case = Case::read(&folder().join(of)).named(name, 0);
        case.spec.cluster = true;
        if self == Self::Create
            && let Some(message) = &case.spec.send_after
        {
            case.spec.send.clone_from(message);
        }
        case
    }

    /// Whether messages flow meanwhile, and every number has to be there at the end.
    pub fn flows(self) -> bool {
        match self {
            Self::Create | Self::Evolve | Self::Rebuild | Self::Reshard | Self::Fill => true,
            Self::Drop => false,
        }
    }

    /// Whether there is a table for the numbers before it begins.
    pub fn has_tables(self) -> bool {
        self.flows() && self != Self::Create
    }

    /// Makes what is there before; returns it.
    pub async fn begin(self, case: &Case) -> Project {
        let before = match self {
            Self::Create => {
                let text = case.text("after.yaml");
                let topic = text.split("\n---\n").next().unwrap_or_default();
                case.written(topic, &shared().kafka_brokers)
            }
            Self::Evolve | Self::Rebuild | Self::Reshard | Self::Fill => case.before(),
            Self::Drop => case.after(),
        };
        set_up(case, &before).await;
        before
    }

    /// What is to be there after it.
    pub fn goal(self, case: &Case) -> Project {
        match self {
            Self::Create | Self::Evolve | Self::Rebuild | Self::Reshard | Self::Fill => case.after(),
            Self::Drop => {
                let absent = "\nlifecycle: {state: absent, deletion: allow}\nspec:";
                case.written(&case.text("after.yaml").replace("\nspec:", absent), &shared().kafka_brokers)
            }
        }
    }

    /// What is allowed.
    pub fn policy(self, case: &Case, goal: &Project) -> Policy {
        let desired = goal.compiled().desired;
        let topics = desired.topics.iter().map(|t| (&t.id, t.lifecycle));
        let pipelines = desired.pipelines.iter().map(|p| (&p.id, p.lifecycle));
        let goes = topics.chain(pipelines).filter(|(_, lifecycle)| lifecycle.deletion == Deletion::Allow);
        let deletion_allowed = goes.map(|(id, _): (&ResourceId, _)| id.clone()).collect();
        #[expect(clippy::disallowed_methods, reason = "what the program plans carries the day in its names")]
        let today = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date();
        Policy { deletion_allowed, today, ..case.policy() }
    }
}
