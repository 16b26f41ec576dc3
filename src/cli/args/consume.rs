//! Arguments of `consume`.

use super::{duration, resource};
use crate::consume::From;
use crate::model::ResourceId;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// `consume`.
#[derive(Debug, Clone, Args)]
pub struct ConsumeArguments {
    /// Which one, e.g. ManualConsumer/orders.
    #[arg(value_name = "KIND/NAME", value_parser = resource)]
    pub resource: ResourceId,
    /// Stop at the ends that the topics have now; this is what it does when nothing is said.
    #[arg(long, conflicts_with = "follow")]
    pub once: bool,
    /// Go on until it is stopped.
    #[arg(long)]
    pub follow: bool,
    /// Messages that are inserted without waiting for more. Left out: the manifest's `batchSize`.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch_size: Option<u32>,
    /// Longest time a message waits for others, e.g. 500ms, 30s or 2m. Left out: the manifest's `timeout`.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Where to begin where nothing was ever consumed: earliest, latest, or a time such as 2026-11-01T00:00:00Z.
    ///
    /// A partition of which the group or the table knows anything goes on where it was.
    #[arg(long, value_name = "WHERE", default_value = "earliest", value_parser = from)]
    pub from: From,
    /// Name of this instance among those of the group, unique in it: after a crash a run of the same name goes on at once,
    /// where the group would wait 10 s for the one that died.
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// How to print the figures at the end.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: ConsumeFormat,
}

/// How the figures of a consumer are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConsumeFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

fn from(text: &str) -> Result<From, String> {
    match text {
        "earliest" => Ok(From::Earliest),
        "latest" => Ok(From::Latest),
        text => {
            let time: Result<jiff::Timestamp, _> = text.parse();
            time.map(|t| From::At(t.as_millisecond()))
                .map_err(|_| "it is neither earliest, latest nor a time such as 2026-11-01T00:00:00Z".to_owned())
        }
    }
}
