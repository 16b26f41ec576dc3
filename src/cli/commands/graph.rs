//! `graph`: what the manifests describe, drawn.

use crate::cli::args::{GraphArguments, GraphFormat};
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{output, project, selection};
use crate::render::graph::{Graph, dot, mermaid, svg};

pub(super) fn run(arguments: &GraphArguments, settings: &Settings) -> Result<Exit, Failure> {
    let desired = project::checked(settings)?.compiled.desired;
    let only = selection::named(&arguments.only, &desired)?;
    let graph = Graph::of(&selection::part(&desired, &only));
    output::result(&match arguments.format {
        GraphFormat::Mermaid => mermaid(&graph),
        GraphFormat::Dot => dot(&graph),
        GraphFormat::Svg => svg(&graph),
    })?;
    Ok(Exit::Done)
}
