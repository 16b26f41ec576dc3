//! `validate`: everything that can be known of the manifests without a server.

use crate::cli::args::{Validate, ValidateFormat};
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::cli::{findings, output, project};
use crate::render::findings::{github, json, sarif};
use crate::render::words::count;
use std::path::PathBuf;

pub(super) fn run(arguments: &Validate, settings: &Settings) -> Result<Exit, Failure> {
    let read = project::read(settings)?;
    let files = &read.loaded.files;
    match arguments.format {
        ValidateFormat::Json => output::result(&json(&read.findings, files))?,
        ValidateFormat::Github => output::result(&github(&read.findings, files, &from_root(settings)))?,
        ValidateFormat::Sarif => output::result(&sarif(&read.findings, files, &from_root(settings)))?,
        ValidateFormat::Text => {
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

/// The project's folder as seen from the root of the repository: where GitHub says that it is, or else the working
/// directory. A project that is not below it is named by its whole path.
fn from_root(settings: &Settings) -> String {
    let folder = settings.directory.join(project::folder(settings));
    let folder = folder.canonicalize().unwrap_or(folder);
    let workspace = settings.process_env.get("GITHUB_WORKSPACE").filter(|w| !w.is_empty()).map(PathBuf::from);
    let roots = workspace.into_iter().chain([settings.directory.clone()]);
    let roots: Vec<PathBuf> = roots.map(|root| root.canonicalize().unwrap_or(root)).collect();
    let below = roots.iter().find_map(|root| folder.strip_prefix(root).ok());
    below.unwrap_or(&folder).iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/").replace("//", "/")
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
