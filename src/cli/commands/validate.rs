//! `validate`: everything that can be known of the manifests without a server.

use crate::cli::args::{FindingsFormat, Validate};
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{findings, output, project};
use crate::render::words::count;

pub(super) fn run(arguments: &Validate, settings: &Settings) -> Result<Exit, Failure> {
    let read = project::read(settings)?;
    let files = &read.loaded.files;
    match arguments.format {
        FindingsFormat::Json => output::result(&findings::json(&read.findings, files))?,
        FindingsFormat::Text => {
            let mut text = findings::text(&read.findings, files, settings.out);
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&summary(&read));
            output::result(&text)?;
        }
    }
    Ok(if findings::has_errors(&read.findings) { Exit::Failed } else { Exit::Done })
}

fn summary(read: &project::Read) -> String {
    let loaded = &read.loaded;
    let found = findings::tally(&read.findings);
    let mut resources = vec![count(loaded.topics.len(), "topic"), count(loaded.pipelines.len(), "pipeline")];
    for (number, word) in [(loaded.sinks.len(), "sink"), (loaded.consumers.len(), "consumer")] {
        if number > 0 {
            resources.push(count(number, word));
        }
    }
    let resources = resources.join(", ");
    format!("{} with {resources}: {found}\n", count(loaded.files.len(), "file"))
}
