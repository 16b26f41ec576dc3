//! Arguments of `drift`.

use super::{Selection, resource};
use crate::model::ResourceId;
use clap::{Args, ValueEnum};

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
}

impl DriftArguments {
    /// Which resources, and which hosts may be away.
    pub fn selection(&self) -> Selection {
        Selection { only: self.only.clone(), allow_unreachable: self.allow_unreachable.clone(), ..Selection::default() }
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
