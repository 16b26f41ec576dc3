//! A sandbox that runs, in the hands of who started or found it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::install::Installation;
use super::state::State;
use super::wait::Wait;
use super::{Endpoints, Lifetime, Probe, SandboxError, engine, ready, shape};

/// A broker writes its logs out and leaves its cluster; then it is killed.
const STOP_GRACE: Duration = Duration::from_secs(15);
const REAPED_WITHIN: Duration = Duration::from_secs(30);

/// Engines that run, with the means to stop and start single ones. Numbers of nodes and brokers count
/// from 0.
///
/// A sandbox that lives [`WithParent`](Lifetime::WithParent) ends, and its files go, when this value
/// is dropped or the process ends; dropping a detached one changes nothing.
pub struct Sandbox {
    dir: PathBuf,
    endpoints: Endpoints,
    lifetime: Lifetime,
    installation: Installation,
    ready_within: Duration,
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    pub(super) state: State,
    /// Processes started from here, by engine: to be waited for, and (with the lifetime of the
    /// parent) alive only while these are held.
    pub(super) children: BTreeMap<String, Child>,
    pub(super) reaper: Option<Child>,
}

impl Sandbox {
    pub(super) fn new(dir: PathBuf, installation: Installation, ready_within: Duration, inner: Inner) -> Self {
        let endpoints = inner.state.endpoints();
        let lifetime = inner.state.lifetime();
        Self { dir, endpoints, lifetime, installation, ready_within, inner: Mutex::new(inner) }
    }

    /// Where the engines listen. Stopped and started again, they listen on the same ports.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The sandbox's folder, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Stops a ClickHouse node as an operator would. Its data stay; fine if it is stopped already.
    pub fn stop_node(&self, node: u16) -> Result<(), SandboxError> {
        self.stop(&shape::node_name(node.saturating_add(1)), STOP_GRACE)
    }

    /// Kills a ClickHouse node: it gets no chance to finish anything.
    pub fn kill_node(&self, node: u16) -> Result<(), SandboxError> {
        self.stop(&shape::node_name(node.saturating_add(1)), Duration::ZERO)
    }

    /// Starts a stopped node again, on its ports and data, and waits until it answers.
    pub fn start_node(&self, node: u16, probe: &dyn Probe) -> Result<(), SandboxError> {
        self.start(&shape::node_name(node.saturating_add(1)), probe)
    }

    /// Stops a broker as an operator would. Its data stay; fine if it is stopped already.
    pub fn stop_broker(&self, broker: u16) -> Result<(), SandboxError> {
        self.stop(&shape::broker_name(broker.saturating_add(1)), STOP_GRACE)
    }

    /// Kills a broker: it gets no chance to finish anything.
    pub fn kill_broker(&self, broker: u16) -> Result<(), SandboxError> {
        self.stop(&shape::broker_name(broker.saturating_add(1)), Duration::ZERO)
    }

    /// Starts a stopped broker again, on its ports and data, and waits until it answers.
    pub fn start_broker(&self, broker: u16, probe: &dyn Probe) -> Result<(), SandboxError> {
        self.start(&shape::broker_name(broker.saturating_add(1)), probe)
    }

    fn stop(&self, name: &str, grace: Duration) -> Result<(), SandboxError> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let member = inner.state.members.iter_mut().find(|member| member.engine.name() == name);
        let member = member.ok_or_else(|| SandboxError::NoEngine { engine: name.to_owned() })?;
        if let Some(process) = member.process {
            engine::stop(&self.dir, &[(name.to_owned(), process)], grace)?;
            member.process = None;
        }
        if let Some(mut child) = inner.children.remove(name) {
            child.wait().map_err(SandboxError::io("wait for", name))?;
        }
        inner.state.write(&self.dir)
    }

    fn start(&self, name: &str, probe: &dyn Probe) -> Result<(), SandboxError> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let member = inner.state.members.iter_mut().find(|member| member.engine.name() == name);
        let member = member.ok_or_else(|| SandboxError::NoEngine { engine: name.to_owned() })?;
        if member.process.is_some_and(|process| process.runs()) {
            return Err(SandboxError::StillRuns { engine: name.to_owned() });
        }
        let child = engine::start(&self.dir, &self.installation, &inner.state.cluster_id, self.lifetime, member)?;
        inner.children.insert(name.to_owned(), child);
        inner.state.write(&self.dir)?;
        ready::wait(&self.dir, &inner.state, &[name.to_owned()], probe, self.ready_within)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves at worst a process that the state does not name: still usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("dir", &self.dir).field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        match self.state.lifetime() {
            Lifetime::Detached => {}
            Lifetime::WithParent => self.end(),
        }
    }
}

impl Inner {
    /// Lets go of the pipes that keep everything alive, and waits until the files are gone as well.
    fn end(&mut self) {
        for child in self.children.values_mut() {
            drop(child.stdin.take());
        }
        let reaper = self.reaper.take();
        for mut child in std::mem::take(&mut self.children).into_values() {
            // An attached engine exits as soon as it sees the end of its stdin; nothing to report to.
            let _ = child.wait();
        }
        if let Some(mut reaper) = reaper {
            drop(reaper.stdin.take());
            let ended = Wait::new(REAPED_WITHIN).until(|| !matches!(reaper.try_wait(), Ok(None)));
            if !ended {
                let _ = reaper.kill();
                let _ = reaper.wait();
            }
        }
    }
}
