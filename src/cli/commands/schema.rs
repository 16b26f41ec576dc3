//! `schema`: JSON Schemas.

use crate::cli::args::{SchemaArguments, SchemaOf};
use crate::cli::output;
use crate::cli::report::{Exit, Failure};
use crate::manifest::manifest_schema;
use crate::render::{drift, findings, health, history, json};

pub(super) fn run(arguments: &SchemaArguments) -> Result<Exit, Failure> {
    let schema = match arguments.what {
        SchemaOf::Manifest => manifest_schema(),
        SchemaOf::Status => health::schema(),
        SchemaOf::Validate => findings::schema(),
        SchemaOf::Plan => json::schema(),
        SchemaOf::Drift => drift::schema(),
        SchemaOf::History => history::schema(),
    };
    output::result(&format!("{schema:#}\n"))?;
    Ok(Exit::Done)
}
