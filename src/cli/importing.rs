//! The steps of an import: read everything, write it in memory, see what a plan would still do, then write files.

use super::interrupt::Interrupts;
use super::project::Checked;
use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{live, progress, selection};
use crate::client::Servers;
use crate::compile::compile;
use crate::import::{self, File, Imported, Oddity, Usual, Wanted};
use crate::manifest::Severity;
use crate::model::Live;
use crate::observe::{self, ObserveError};
use crate::plan::Policy;
use crate::render::{self, escape};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What was found, and what of it a manifest does not say.
pub(super) struct Found {
    pub imported: Imported,
    pub odd: Vec<Oddity>,
    /// Whether the manifests compile.
    pub sound: bool,
}

/// Reads, writes in memory, and plans with what was written.
///
/// # Errors
/// What could not be read, or an interruption.
pub(super) async fn find(
    checked: &Checked,
    servers: &Servers,
    wanted: &Wanted,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Found, Failure> {
    let topology = &checked.compiled.desired.topology;
    let reading = async {
        let clickhouse = observe::everything::read(servers, topology, &import::SYSTEM).await?;
        let names = servers.kafka().cluster().await?.topics.into_keys().collect();
        let topics = import::topics(&clickhouse, &names, wanted);
        let kafka = observe::kafka::topics(servers.kafka(), &topics, &BTreeSet::new()).await?;
        Ok(Live { kafka, clickhouse })
    };
    let watched = progress::watched("reading everything that is live", settings.err, reading);
    let live = interrupts.or(watched).await?.map_err(|e: ObserveError| Failure::new(Exit::Failed, e))?;
    let base = checked.loaded();
    let defaults = base.project.as_ref().map(|p| p.spec.defaults.clone()).unwrap_or_default();
    let usual = Usual {
        project: checked.compiled.desired.project.clone(),
        kafka_database: defaults.kafka_database.unwrap_or_else(|| "kafka".into()),
        engine: defaults.engine.unwrap_or_else(|| "MergeTree".into()),
    };
    let mut imported = import::import(&live, base, topology, &usual, wanted);
    let mut odd = imported.odd.clone();
    let (compiled, findings) = compile(&import::with(base, &imported.text()));
    let sound = compiled.is_some();
    match compiled {
        Some(compiled) => {
            let policy = Policy { today: selection::today(), ..Policy::default() };
            let prepared = live::prepare(&compiled, servers, &policy, settings, interrupts).await?;
            let remains = render::remains(&prepared.plan, &imported.resources);
            odd.extend(remains.into_iter().map(|[object, what, why]| Oddity { object, what, why }));
        }
        None => {
            let errors = findings.iter().filter(|f| f.severity == Severity::Error);
            odd.extend(errors.map(|f| Oddity::new("the manifests together", f.code, &f.message)));
        }
    }
    odd.sort();
    odd.dedup();
    imported.remark(&odd);
    Ok(Found { imported, odd, sound })
}

/// Where the files go.
///
/// # Errors
/// None is named and the project reads no folder.
pub(super) fn folder(named: Option<&Path>, checked: &Checked, settings: &Settings) -> Result<PathBuf, Failure> {
    if let Some(named) = named {
        return Ok(settings.at(named));
    }
    let project = checked.loaded().project.as_ref();
    let is_folder = |m: &&String| !m.contains(['*', '?']) && !m.ends_with(".yaml") && !m.ends_with(".yml");
    let first = project.and_then(|p| Some(p.directory.join(p.spec.manifests.iter().find(is_folder)?)));
    first.ok_or_else(|| {
        Failure::new(Exit::Usage, "the project reads its manifests from no folder: name one with -o DIR")
    })
}

/// Writes the files, or none of them.
///
/// # Errors
/// One is there already and may not be overwritten, or cannot be written.
pub(super) fn write(folder: &Path, files: &[File], force: bool) -> Result<(), Failure> {
    let path = |file: &File| folder.join(&file.name);
    let taken: Vec<&str> =
        files.iter().filter(|f| !force && path(f).symlink_metadata().is_ok()).map(|f| f.name.as_str()).collect();
    if !taken.is_empty() {
        let said = format!("{} has {} already; nothing was written", folder.display(), taken.join(", "));
        return Err(Failure::new(Exit::Failed, said).hint("name another folder with -o DIR, or overwrite with --force"));
    }
    let failed = |path: &Path, e: std::io::Error| Failure::new(Exit::Failed, format!("{}: {e}", path.display()));
    fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    for file in files {
        // Whoever made the file meanwhile keeps it.
        let mut options = fs::OpenOptions::new();
        options.write(true).create(force).truncate(force).create_new(!force);
        let written = options.open(path(file)).and_then(|mut f| f.write_all(file.text().as_bytes()));
        written.map_err(|e| failed(&path(file), e))?;
    }
    Ok(())
}

/// What is not expressed, a line each; empty where everything is.
pub(super) fn listed(odd: &[Oddity]) -> String {
    if odd.is_empty() {
        return String::new();
    }
    let lines: String =
        odd.iter().map(|o| format!("  {}\n", escape(&format!("{}  {}: {}", o.object, o.what, o.why)))).collect();
    format!("Not expressed:\n{lines}")
}

/// What a reader has to know after an import.
pub(super) fn summary(imported: &Imported, odd: &[Oddity]) -> String {
    let resources = imported.resources.len();
    let secrets: String = imported.secrets.iter().map(|name| format!("  {name}\n")).collect();
    let secrets = match secrets.is_empty() {
        true => secrets,
        false => format!("The servers hide secrets; set these variables to them before an apply:\n{secrets}"),
    };
    let end = match odd.is_empty() {
        true => "A plan changes nothing but comments: it takes the objects over.\n",
        false => "",
    };
    format!("{resources} resources. {end}{secrets}{}", listed(odd))
}
