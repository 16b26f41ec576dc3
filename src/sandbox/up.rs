//! `up`: from options to engines that answer.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::install::{self, Installation};
use super::running::{Inner, Sandbox};
use super::shape::Kind;
use super::state::{self, State};
use super::{Lifetime, Options, Probe, Progress, SandboxError, disk, down, engine, ports, ready, shape};

/// Data of empty engines, with room for what tests write.
const NEEDED_MB: u64 = 500;
/// Starts with other ports, each after somebody else took one between our look and the engine's.
const ATTEMPTS: u32 = 3;

/// Starts a sandbox, or finds the one that runs in `options.dir`, and returns once it answers.
///
/// Installs the engines first if the cache has none (minutes, on a slow line). A detached sandbox with
/// dead engines is removed with its data and started afresh; one that runs is returned as it is, or
/// refused where it differs from what is asked. When the start fails, nothing is left running; the
/// logs of a detached one stay until the next `up` or [`down`](super::down).
///
/// Concurrent calls for the same folder wait for each other. Errors: see [`SandboxError`], each names
/// its cure.
pub fn up(options: &Options, probe: &dyn Probe, progress: &dyn Progress) -> Result<Sandbox, SandboxError> {
    if !cfg!(target_os = "linux") {
        return Err(SandboxError::Unsupported);
    }
    shape::check(options)?;
    let dir = disk::make_dir(&options.dir)?;
    refuse_foreign(&dir)?;
    let lock = disk::lock(&dir.join(state::LOCK), || progress.stage("Waiting for another process with this sandbox"))?;
    let found = State::read(&dir)?;
    if let Some(state) = &found {
        state.check_versions(&dir)?;
        refuse_owned(&dir, state)?;
    }
    let installation = install::ensure(&options.cache, &options.python, progress)?;
    if let Some(state) = found {
        if whole(&state) {
            return reuse(options, &dir, installation, state, probe);
        }
        progress.stage("Removing what is left of a sandbox whose engines ended");
        down::clear(&dir, &state, down::Keep::Folder)?;
    }
    disk::require_free(&dir, NEEDED_MB, "--dir")?;
    progress.stage(&format!("Starting {}", words(options.nodes, options.brokers)));
    let inner = launch(options, &dir, &installation, probe)?;
    drop(lock);
    Ok(Sandbox::new(dir, installation, options.ready_within, inner))
}

/// Fails for a folder in which there is something, but no sandbox.
fn refuse_foreign(dir: &Path) -> Result<(), SandboxError> {
    let names = disk::names(dir).map_err(SandboxError::io("list", dir))?;
    let ours = [state::FILE, state::LOCK];
    if names.is_empty() || names.iter().any(|name| ours.contains(&name.as_str())) {
        return Ok(());
    }
    Err(SandboxError::NotASandbox { path: dir.to_owned() })
}

/// Fails for a sandbox whose parent, another process or this one, still holds it.
fn refuse_owned(dir: &Path, state: &State) -> Result<(), SandboxError> {
    let owned = state.owner.is_some_and(|owner| state.condition(owner) == super::Condition::Running);
    if owned { Err(SandboxError::Busy { path: dir.to_owned() }) } else { Ok(()) }
}

/// Whether all engines of a detached sandbox run.
fn whole(state: &State) -> bool {
    state.lifetime() == Lifetime::Detached && state.running().len() == state.members.len()
}

fn reuse(
    options: &Options,
    dir: &Path,
    installation: Installation,
    state: State,
    probe: &dyn Probe,
) -> Result<Sandbox, SandboxError> {
    refuse_difference(options, dir, &state)?;
    let names: Vec<String> = state.engines().iter().map(shape::Engine::name).collect();
    // Its start may have been interrupted before anybody asked whether it answers.
    ready::wait(dir, &state, &names, probe, options.ready_within)?;
    let inner = Inner { state, children: BTreeMap::new(), reaper: None };
    Ok(Sandbox::new(dir.to_owned(), installation, options.ready_within, inner))
}

fn refuse_difference(options: &Options, dir: &Path, state: &State) -> Result<(), SandboxError> {
    let (mut nodes, mut brokers) = (Vec::new(), Vec::new());
    for engine in state.engines() {
        match engine.kind {
            Kind::ClickHouse { http, .. } => nodes.push(http),
            Kind::Kafka { client, .. } => brokers.push(client),
        }
    }
    let count = |ports: &[u16]| u16::try_from(ports.len()).unwrap_or(u16::MAX);
    let mut running = words(count(&nodes), count(&brokers));
    let mut asked = words(options.nodes, options.brokers);
    let first = |port: Option<&u16>| port.copied().unwrap_or_default();
    for (wanted, is, what) in
        [(options.ports.http, first(nodes.first()), "HTTP"), (options.ports.kafka, first(brokers.first()), "Kafka")]
    {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
            running.push_str(&format!(" on {what} port {is}"));
            asked.push_str(&format!(" on {what} port {wanted}"));
        }
    }
    let exposed = |password: Option<&SecretString>| password.map(|password| password.expose_secret().to_owned());
    if exposed(state.password().as_ref()) != exposed(options.password.as_ref()) {
        running.push_str(" and its own password");
        asked.push_str(" and another password");
    }
    if options.lifetime != state.lifetime() {
        asked.push_str(" that end with this process");
    }
    if running == asked {
        return Ok(());
    }
    Err(SandboxError::OtherShape { path: dir.to_owned(), running, asked })
}

fn words(nodes: u16, brokers: u16) -> String {
    let plural = |count: u16| if count == 1 { "" } else { "s" };
    format!("{nodes} ClickHouse node{} and {brokers} Kafka broker{}", plural(nodes), plural(brokers))
}

/// Starts all engines at once and waits for them; again with other ports if one was snatched away.
fn launch(
    options: &Options,
    dir: &Path,
    installation: &Installation,
    probe: &dyn Probe,
) -> Result<Inner, SandboxError> {
    let mut attempt = 1;
    loop {
        let engines = shape::lay_out(options)?;
        let state = State::new(engines, options.lifetime, options.password.as_ref());
        let mut inner = Inner { state, children: BTreeMap::new(), reaper: None };
        let Err(error) = begin(options, dir, installation, probe, &mut inner) else { return Ok(inner) };
        engine::stop(dir, &inner.state.running(), down::GRACE)?;
        let snatched =
            died(&error) && inner.state.engines().iter().any(|engine| engine.ports().into_iter().any(ports::taken));
        if !snatched || attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        down::clear(dir, &inner.state, down::Keep::Folder)?;
    }
}

fn died(error: &SandboxError) -> bool {
    matches!(error, SandboxError::Died { .. })
}

fn begin(
    options: &Options,
    dir: &Path,
    installation: &Installation,
    probe: &dyn Probe,
    inner: &mut Inner,
) -> Result<(), SandboxError> {
    // First of all: from here on, whoever finds the folder knows whose it is and what to stop.
    inner.state.write(dir)?;
    engine::prepare(dir, &inner.state)?;
    match options.lifetime {
        Lifetime::Detached => {}
        Lifetime::WithParent => inner.reaper = Some(engine::start_reaper(dir, installation, &inner.state)?),
    }
    let cluster_id = inner.state.cluster_id.clone();
    // Brokers take longest, so they go first.
    let mut order: Vec<usize> = (0..inner.state.members.len()).collect();
    order.reverse();
    for index in order {
        let Some(member) = inner.state.members.get_mut(index) else { continue };
        let child = engine::start(dir, installation, &cluster_id, options.lifetime, member)?;
        inner.children.insert(member.engine.name(), child);
        inner.state.write(dir)?;
    }
    let names: Vec<String> = inner.state.engines().iter().map(shape::Engine::name).collect();
    ready::wait(dir, &inner.state, &names, probe, options.ready_within)
}
