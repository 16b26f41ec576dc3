//! Arguments of `drift`.

use super::{Selection, duration, resource};
use crate::model::ResourceId;
use crate::plan::Allowance;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// `drift`.
#[derive(Debug, Clone, Args)]
pub struct DriftArguments {
    /// Only this resource, e.g. Topic/orders. Repeatable.
    #[arg(long, value_name = "KIND/NAME", value_parser = resource)]
    pub only: Vec<ResourceId>,
    /// How to print it.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: DriftFormat,
    /// Go on without this ClickHouse host while it cannot be reached, as `host:port` or by its name. Repeatable.
    #[arg(long, value_name = "HOST")]
    pub allow_unreachable: Vec<String>,
    /// Put back what was changed: plans it, shows the plan, asks once, runs it. What is pending stays pending.
    #[arg(long, conflicts_with = "format")]
    pub fix: bool,
    /// With --fix: do not ask.
    #[arg(long, short, requires = "fix")]
    pub yes: bool,
    /// With --fix: allow a hazard, everywhere or for one resource. Repeatable.
    #[arg(long, value_name = "HAZARD[:KIND/NAME]", value_parser = Allowance::parse, requires = "fix")]
    pub allow: Vec<Allowance>,
    /// How long to wait for an apply that holds the lock, e.g. 90s or 10m.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub lock_timeout: Duration,
}

impl DriftArguments {
    /// Which resources, and which hosts may be away.
    pub fn selection(&self) -> Selection {
        Selection {
            only: self.only.clone(),
            allow: self.allow.clone(),
            allow_unreachable: self.allow_unreachable.clone(),
            ..Selection::default()
        }
    }
}

/// How drift is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DriftFormat {
    /// For people.
    Text,
    /// For programs; `sluice schema drift` is its schema.
    Json,
    /// For issues and comments.
    Markdown,
    /// For a scraper: a text file of the node exporter.
    Prometheus,
}
