//! Arguments of `graph`.

use super::resource;
use crate::model::ResourceId;
use clap::{Args, ValueEnum};

/// `graph`.
#[derive(Debug, Clone, Args)]
pub struct GraphArguments {
    /// How to draw it.
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    pub format: GraphFormat,
    /// Only this resource and what it touches, e.g. KafkaPipeline/orders. Repeatable.
    #[arg(long, value_name = "KIND/NAME", value_parser = resource)]
    pub only: Vec<ResourceId>,
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For Markdown on GitHub and GitLab.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// A picture.
    Svg,
}
