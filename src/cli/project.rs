//! From the project file to something that can be planned.

use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{findings, output};
use crate::compile::{Compiled, compile, located};
use crate::manifest::project_file::PROJECT_FILES;
use crate::manifest::{Finding, LoadOptions, Loaded, Place, find_project, load};
use crate::model::Complaint;
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

/// A project without errors, and where everything in it was written.
pub(super) struct Checked {
    pub compiled: Compiled,
    loaded: Loaded,
    findings: Vec<Finding>,
}

impl Checked {
    /// The manifests as they were read.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Tells on stderr what the servers say against the manifests, each with its place.
    pub fn tell(&self, complaints: &[Complaint], settings: &Settings) {
        let mut found = located(&self.loaded, complaints);
        // What could be seen without a server has been told.
        let told = |f: &Finding| {
            let offline = match f.code {
                "server/lacks" => "pipeline/select-lacks",
                code => code,
            };
            self.findings.iter().any(|t| t.code == offline && t.place == f.place)
        };
        found.retain(|f| !told(f));
        if found.is_empty() {
            return;
        }
        let secret: Vec<Place> = self.findings.iter().filter(|f| f.secret).filter_map(|f| f.place).collect();
        for finding in &mut found {
            finding.secret = finding
                .place
                .is_some_and(|p| secret.iter().any(|s| s.file == p.file && s.start <= p.end && p.start <= s.end));
        }
        output::message(&format!("{}\n", findings::text(&found, &self.loaded.files, settings.err)));
    }
}

/// Reads everything for a command that needs all of it; findings go to stderr.
///
/// # Errors
/// There is no project, or an error in it.
pub(super) fn checked(settings: &Settings) -> Result<Checked, Failure> {
    checked_but(settings, &[])
}

/// The same, without a word about findings of these codes.
///
/// # Errors
/// There is no project, or an error in it.
pub(super) fn checked_but(settings: &Settings, quiet: &[&str]) -> Result<Checked, Failure> {
    let Read { loaded, compiled, mut findings } = read(settings)?;
    findings.retain(|f| !quiet.contains(&f.code));
    output::message(&findings::text(&findings, &loaded.files, settings.err));
    let told = findings::tally(&findings);
    let compiled = compiled
        .ok_or_else(|| Failure::new(Exit::Failed, format!("the manifests have {told}; nothing was read or changed")))?;
    Ok(Checked { compiled, loaded, findings })
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
