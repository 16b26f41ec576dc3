//! From the project file to something that can be planned.

use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{findings, output};
use crate::compile::{Compiled, compile};
use crate::manifest::Finding;
use crate::manifest::project_file::PROJECT_FILES;
use crate::manifest::{LoadOptions, Loaded, find_project, load};
use std::path::{Path, PathBuf};

/// What the manifests say, and what is wrong with them.
pub(super) struct Read {
    pub loaded: Loaded,
    pub compiled: Option<Compiled>,
    pub findings: Vec<Finding>,
}

/// Reads and checks everything.
///
/// # Errors
/// There is no project; what is wrong in it are findings.
pub(super) fn read(settings: &Settings) -> Result<Read, Failure> {
    let loaded = load(&LoadOptions {
        project_file: file(settings)?,
        environment: settings.environment.clone(),
        vars: settings.vars.clone(),
        process_env: settings.process_env.clone(),
    });
    let (compiled, findings) = compile(&loaded);
    Ok(Read { loaded, compiled, findings })
}

/// Reads everything for a command that needs all of it; findings go to stderr.
///
/// # Errors
/// There is no project, or an error in it.
pub(super) fn compiled(settings: &Settings) -> Result<Compiled, Failure> {
    let read = read(settings)?;
    output::message(&findings::text(&read.findings, &read.loaded.files, settings.err));
    let told = findings::tally(&read.findings);
    read.compiled
        .ok_or_else(|| Failure::new(Exit::Failed, format!("the manifests have {told}; nothing was read or changed")))
}

/// The folder that belongs to the project: that of its file, or the working directory where there is none.
pub(super) fn folder(settings: &Settings) -> PathBuf {
    match file(settings) {
        Ok(file) => file.parent().map_or_else(|| settings.directory.clone(), Path::to_owned),
        Err(_) => settings.directory.clone(),
    }
}

fn file(settings: &Settings) -> Result<PathBuf, Failure> {
    let Some(named) = &settings.project else {
        return find_project(&settings.directory).map_err(|error| Failure::new(Exit::Usage, error));
    };
    if !named.is_dir() {
        return Ok(named.clone());
    }
    let inside = PROJECT_FILES.map(|name| named.join(name)).into_iter().find(|path| path.is_file());
    inside.ok_or_else(|| Failure::new(Exit::Usage, format!("there is no sluice.yaml in {}", named.display())))
}
