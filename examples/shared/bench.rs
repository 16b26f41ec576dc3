//! What the benchmarks share: a sandbox of nodes and one broker, and little to say while they run.

use sluice::apply;
use sluice::sandbox::{self, Clients, Lifetime, Options, Progress, Sandbox};
use std::path::{Path, PathBuf};
use std::time::Duration;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts nodes and one broker, which end with this process.
pub fn start(dir: &Path, nodes: u16) -> Result<Sandbox, Error> {
    let cache = std::env::var_os("SLUICE_CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home folder")).join(".cache/sluice");
    let options = Options {
        nodes,
        lifetime: Lifetime::WithParent,
        ready_within: Duration::from_secs(120),
        ..Options::new(dir, cache.unwrap_or_else(home))
    };
    Ok(sandbox::up(&options, &Clients::new(None)?, &Quiet)?)
}

/// Says what is being started, and which steps failed.
pub struct Quiet;

impl Progress for Quiet {
    fn stage(&self, text: &str) {
        println!("{text}");
    }

    fn bytes(&self, _: u64, _: Option<u64>) {}
}

impl apply::Events for Quiet {
    fn progress(&self, _: usize, _: usize, _: u64, _: u64) {}

    fn started(&self, _: usize) {}

    fn finished(&self, _: usize, _: Duration, result: Result<(), &apply::StepError>) {
        if let Err(error) = result {
            println!("  {error}");
        }
    }
}
