//! Why nothing can be remembered, or the lock is not to be had.

use crate::client::kafka::{KafkaError, TopicError};
use crate::state::{Holder, Lease, StateError};

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// A request failed.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
    /// What stands in the topic cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The topic cannot be looked at.
    #[error("the state topic `{topic}` cannot be read")]
    Refused {
        /// Its name.
        topic: String,
        /// The brokers' reason.
        source: TopicError,
    },
    /// The topic cannot be made.
    #[error("the state topic `{topic}` cannot be created")]
    NotCreated {
        /// Its name.
        topic: String,
        /// The brokers' reason.
        source: TopicError,
    },
    /// The topic has several partitions.
    #[error("the state topic `{topic}` has {partitions} partitions and must have one")]
    Partitions {
        /// Its name.
        topic: String,
        /// How many.
        partitions: usize,
    },
    /// The topic forgets by age.
    #[error("the state topic `{topic}` has `cleanup.policy={policy}` and must have `compact` alone: it would forget")]
    NotCompacted {
        /// Its name.
        topic: String,
        /// What it has.
        policy: String,
    },
    /// Another environment remembers in the topic.
    #[error(
        "the state topic `{topic}` is that of {}, and this is {}", environment(.last), environment(.now)
    )]
    OtherEnvironment {
        /// Its name.
        topic: String,
        /// That of the last apply.
        last: Option<String>,
        /// That of this run.
        now: Option<String>,
    },
    /// Somebody holds the lock and gives signs of life.
    #[error("the lock is held by {}", told(.0))]
    Held(Box<Lease>),
    /// Several claim the lock and none of them gets it.
    #[error("several runs claim the lock in `{0}` at the same time")]
    Crowded(String),
    /// Somebody took the lock over.
    #[error("the lock was taken over by {}; this run stops before its next step", who(.0))]
    Lost(Box<Holder>),
    /// The lock went and nobody has it: somebody broke it.
    #[error("the lock was broken by `sluice unlock`; this run stops before its next step")]
    Broken,
}

fn environment(name: &Option<String>) -> String {
    name.as_ref().map_or_else(|| "no environment".to_owned(), |name| format!("environment `{name}`"))
}

/// Who holds it, with what, and for how long.
fn told(lease: &Lease) -> String {
    format!("{}, since {} ({} s ago)", who(&lease.holder), lease.holder.since, lease.age_seconds)
}

fn who(holder: &Holder) -> String {
    let Holder { user, host, process, command, plan, .. } = holder;
    let plan = plan.as_ref().map_or_else(|| "making a plan".to_owned(), |plan| format!("plan {plan}"));
    format!("{user} on {host} (process {process}): `{command}`, {plan}")
}
