//! `init`: a small project to begin with.

use crate::cli::args::InitArguments;
use crate::cli::output;
use crate::cli::report::{Exit, Failure};
use crate::cli::settings::Settings;
use crate::manifest::manifest_schema;
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// Names and texts; the word `PROJECT` stands for the project's name.
const FILES: [(&str, &str); 4] = [
    ("sluice.yaml", include_str!("../starter/sluice.yaml")),
    ("manifests/topics.yaml", include_str!("../starter/manifests/topics.yaml")),
    ("manifests/events.yaml", include_str!("../starter/manifests/events.yaml")),
    (".gitignore", include_str!("../starter/gitignore")),
];
const SCHEMA: &str = "schemas/manifest.schema.json";

pub(super) fn run(arguments: &InitArguments, settings: &Settings) -> Result<Exit, Failure> {
    let dir = arguments.dir.as_ref().map_or_else(|| settings.directory.clone(), |d| settings.directory.join(d));
    let name = project_name(&dir);
    let mut files: Vec<(&str, String)> =
        FILES.iter().map(|(path, text)| (*path, text.replace("PROJECT", &name))).collect();
    files.push((SCHEMA, format!("{:#}\n", manifest_schema())));
    let taken: Vec<&str> =
        files.iter().map(|(path, _)| *path).filter(|p| dir.join(p).symlink_metadata().is_ok()).collect();
    if !taken.is_empty() {
        let said = format!("{} has {} already; nothing was written", dir.display(), taken.join(", "));
        return Err(Failure::new(Exit::Failed, said).hint("name an empty folder: sluice init DIR"));
    }
    for (path, text) in &files {
        write(&dir.join(path), text)
            .map_err(|e| Failure::new(Exit::Failed, format!("{}: {e}", dir.join(path).display())))?;
    }
    let paths: String = files.iter().map(|(path, _)| format!("  {path}\n")).collect();
    let enter = match &arguments.dir {
        Some(dir) => format!("  cd {}\n", dir.display()),
        None => String::new(),
    };
    output::result(&format!("Written to {}:\n{paths}\nNext:\n{enter}{NEXT}", dir.display()))?;
    Ok(Exit::Done)
}

const NEXT: &str = concat!(
    "  sluice validate                            # checks the manifests, without servers\n",
    "  export $(sluice sandbox up --format env)   # real Kafka and ClickHouse on this machine, or set\n",
    "                                             # KAFKA_BROKERS and CLICKHOUSE_URL to yours\n",
    "  sluice plan                                # what would be made\n",
    "  sluice apply                               # makes it\n",
);

/// The folder's name in letters that a project's name may have.
fn project_name(dir: &Path) -> String {
    let folder = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let letters: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let letters: String = letters.trim_matches('-').chars().take(40).collect();
    let letters = letters.trim_end_matches('-');
    if letters.starts_with(|c: char| c.is_ascii_lowercase()) { letters.to_owned() } else { "starter".to_owned() }
}

/// Whoever made the file meanwhile keeps it.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}
