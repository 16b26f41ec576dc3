//! The lock around an apply, and what is written down while it is held.

use super::interrupt::Interrupts;
use super::journal::Journal;
use super::past::failure;
use super::report::{Exit, Failure};
use super::settings::Settings;
use super::{output, past, progress};
use crate::client::Servers;
use crate::compile::Compiled;
use crate::drift::LastApplied;
use crate::memory::{Lock, Memory};
use crate::model::Desired;
use crate::plan::Plan;
use crate::state::{Holder, Lease};
use std::collections::BTreeSet;
use std::time::Duration;

/// The user as job runners name them, and as systems do.
const USERS: [&str; 5] = ["SLUICE_USER", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"];

/// The lock of a project, as far as it has one and it was taken.
pub(super) struct Hold {
    memory: Option<Memory>,
    lock: Option<Lock>,
    holder: Holder,
    patience: Duration,
    settings: Settings,
}

impl Hold {
    /// Takes the lock where there is a topic to take it in; one that is not there yet is made once it is known that something
    /// is to be applied.
    ///
    /// # Errors
    /// Somebody else has it, or the topic cannot be read.
    pub async fn begin(
        compiled: &Compiled,
        servers: &Servers,
        patience: Duration,
        settings: &Settings,
        interrupts: &mut Interrupts,
    ) -> Result<Self, Failure> {
        let memory = compiled.state.as_ref().map(|topic| Memory::of(servers, topic)).transpose().map_err(failure)?;
        let mut hold = Self { memory, lock: None, holder: holder(settings), patience, settings: settings.clone() };
        let there = match &hold.memory {
            Some(memory) => interrupts.or(memory.is_there()).await?.map_err(failure)?,
            None => false,
        };
        if there {
            hold.take(interrupts).await?;
        }
        Ok(hold)
    }

    /// Takes the lock where it was not; whether it was not.
    ///
    /// # Errors
    /// Somebody else has it, or the topic cannot be made or read.
    pub async fn take(&mut self, interrupts: &mut Interrupts) -> Result<bool, Failure> {
        let Some(memory) = self.memory.as_ref().filter(|_| self.lock.is_none()) else { return Ok(false) };
        let waits = |lease: &Lease| {
            let Holder { user, host, since, .. } = &lease.holder;
            output::message(&format!("waiting for the lock: {user} on {host} has it since {since}\n"));
        };
        let work = memory.lock(self.holder.clone(), self.patience, waits);
        let lock =
            interrupts.or(progress::watched("taking the lock", self.settings.err, work)).await?.map_err(failure)?;
        if let Some(Lease { holder: Holder { user, host, process, .. }, .. }) = &lock.taken_over {
            output::message(&format!(
                "note: took over the lock of {user} on {host} (process {process}), who gives no sign of life\n"
            ));
        }
        let told = past::of_environment(&lock.known, memory.topic(), &self.settings);
        self.lock = Some(lock);
        told.map(|()| true)
    }

    /// What was applied last; none where nobody keeps it.
    pub fn applied(&self) -> Option<&LastApplied> {
        self.lock.as_ref().map(|lock| &lock.known.applied)
    }

    /// Says to everybody who is refused which plan is about to run.
    pub async fn name_plan(&mut self, id: &str) {
        if let Some(lock) = &mut self.lock {
            lock.name_plan(id).await;
        }
    }

    /// Begins to write down an apply; none where nothing is remembered.
    ///
    /// # Errors
    /// The lock is gone, or the brokers are.
    pub async fn journal<'a>(
        &'a mut self,
        plan: &'a Plan,
        id: &str,
        desired: &'a Desired,
    ) -> Result<Option<Journal<'a>>, Failure> {
        self.name_plan(id).await;
        let Some(lock) = &self.lock else { return Ok(None) };
        Journal::begin(lock, plan, desired).await.map(Some).map_err(failure)
    }

    /// Writes down that everything is as it is declared, where that was not known.
    ///
    /// # Errors
    /// As [`Hold::take`] and [`Hold::journal`].
    pub async fn remember(
        &mut self,
        plan: &Plan,
        desired: &Desired,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        if self.memory.is_none() || plan.resources.is_empty() {
            return Ok(());
        }
        self.take(interrupts).await?;
        let Some(lock) = &self.lock else { return Ok(()) };
        let records = Journal::settled(lock, plan, desired, &BTreeSet::new(), &BTreeSet::new(), lock.known.next() - 1);
        match records.is_empty() {
            true => Ok(()),
            false => lock.write(records).await.map_err(failure),
        }
    }

    /// Gives the lock up, however the command ended.
    ///
    /// # Errors
    /// What the command failed with; else the lock was gone before.
    pub async fn release(self, ended: Result<Exit, Failure>) -> Result<Exit, Failure> {
        let released = match self.lock {
            Some(lock) => lock.release().await.map_err(failure),
            None => Ok(()),
        };
        let exit = ended?;
        released.map(|()| exit)
    }
}

/// Who this run is.
pub(super) fn holder(settings: &Settings) -> Holder {
    let env = &settings.process_env;
    let user = USERS.iter().find_map(|name| env.get(*name).filter(|user| !user.is_empty()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Holder {
        session: uuid::Uuid::new_v4().to_string(),
        user: user.cloned().unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
        host,
        process: std::process::id(),
        command: typed(&settings.typed),
        environment: settings.environment.clone(),
        since: now(),
        plan: None,
    }
}

/// The command without the values of variables: a secret may be one.
fn typed(words: &[String]) -> String {
    let mut shown = vec!["sluice".to_owned()];
    let mut value = false;
    for word in words {
        let name = |pair: &str| pair.split_once('=').map_or_else(|| "…".into(), |(name, _)| format!("{name}=…"));
        shown.push(match word.strip_prefix("--var=") {
            _ if value => name(word),
            Some(pair) => format!("--var={}", name(pair)),
            None => word.clone(),
        });
        value = word == "--var";
    }
    shown.join(" ")
}

/// The time as people read it: to the second, at Greenwich.
#[expect(clippy::disallowed_methods, reason = "the journal says when")]
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The time of what is measured: to the millisecond.
#[expect(clippy::disallowed_methods, reason = "the journal says when")]
pub(super) fn moment() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_are_not_written_down() {
        let words = ["apply", "--var", "A=secret", "--var=B=secret", "--yes", "--var"].map(str::to_owned);
        assert_eq!(typed(&words), "sluice apply --var A=… --var=B=… --yes --var");
    }
}
