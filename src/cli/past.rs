//! What the project remembers, for commands: reads it, says who is at work, and what to do where it cannot be read.

use super::interrupt::Interrupts;
use super::output;
use super::progress;
use super::report::{Exit, Failure};
use super::settings::Settings;
use crate::client::Servers;
use crate::compile::Compiled;
use crate::drift::LastApplied;
use crate::memory::{Book, Memory, MemoryError};
use crate::state::{Holder, Lease, Remembered};
use std::time::Duration;
use tokio::time::Instant;

/// Longer than a holder of the lock says nothing.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Where a project remembers, and what.
pub(super) struct Past {
    pub memory: Option<Memory>,
    pub book: Option<Book>,
}

/// Reads it. A project with `state: none` has none, and one that was never applied has nothing in it.
///
/// # Errors
/// It cannot be read.
pub(super) async fn read(
    compiled: &Compiled,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Past, Failure> {
    let Some(topic) = &compiled.state else { return Ok(Past { memory: None, book: None }) };
    let memory = Memory::of(servers, topic).map_err(failure)?;
    let work = progress::watched("reading the state topic", settings.err, memory.read());
    let book = interrupts.or(work).await?.map_err(failure)?;
    if let Some(book) = &book {
        of_environment(&book.known, memory.topic(), settings)?;
    }
    Ok(Past { memory: Some(memory), book })
}

impl Past {
    /// What was applied last; none where nobody keeps it.
    pub fn applied(&self) -> Option<&LastApplied> {
        self.book.as_ref().map(|book| &book.known.applied)
    }

    /// Waits until no apply runs.
    ///
    /// # Errors
    /// One runs for longer than `patience`.
    pub async fn undisturbed(&mut self, patience: Duration, interrupts: &mut Interrupts) -> Result<(), Failure> {
        let (Some(memory), Some(book)) = (&self.memory, &mut self.book) else { return Ok(()) };
        let begin = Instant::now();
        while let Some(lease) = book.holder().cloned() {
            if !interrupts.or(memory.beats(book, SIGN_OF_LIFE)).await?.map_err(failure)? {
                break;
            }
            if book.holder().is_some() && begin.elapsed() >= patience {
                return Err(failure(MemoryError::Held(Box::new(lease))));
            }
        }
        Ok(())
    }

    /// Says who is at work, for commands that do not mind.
    pub fn tell_holder(&self) {
        let held = self.book.as_ref().and_then(Book::holder);
        if let Some(Lease { holder: Holder { user, host, since, .. }, .. }) = held {
            let words = format!("note: {user} on {host} holds the lock since {since}: what is read may be half done\n");
            output::message(&words);
        }
    }

    /// Where the lease stands: whether an apply has begun or ended since.
    pub fn mark(&self) -> Option<(u64, Option<String>)> {
        self.book.as_ref().map(|book| {
            let lease = book.known.lease.as_ref();
            (book.known.next(), lease.map(|(_, lease)| lease.holder.session.clone()))
        })
    }
}

/// Two environments on the brokers of one cluster would take each other's applies for their own.
///
/// # Errors
/// What is remembered is of another environment.
pub(super) fn of_environment(known: &Remembered, topic: &str, settings: &Settings) -> Result<(), Failure> {
    let now = settings.environment.clone();
    match known.environment() {
        Some(last) if last != now.as_deref() => {
            let (topic, last) = (topic.to_owned(), last.map(str::to_owned));
            Err(failure(MemoryError::OtherEnvironment { topic, last, now }))
        }
        Some(_) | None => Ok(()),
    }
}

/// Name of the topic, for commands that are about it.
///
/// # Errors
/// The project has none.
pub(super) fn topic(compiled: &Compiled) -> Result<&str, Failure> {
    compiled.state.as_ref().map(|topic| topic.name.as_str()).ok_or_else(|| {
        Failure::new(Exit::Usage, "the project remembers nothing: it has `spec.state: none`")
            .hint("leave `spec.state` out, and applies are written down and locked")
    })
}

/// Why the command ends, and what to do.
pub(super) fn failure(error: MemoryError) -> Failure {
    let (exit, hint) = match &error {
        MemoryError::Crowded(_) => (Exit::Blocked, "nothing was changed; run it again"),
        MemoryError::Held(_) => {
            (Exit::Blocked, "--lock-timeout waits for it; `sluice unlock` breaks the lock of one that hangs")
        }
        MemoryError::State(_) => (
            Exit::Blocked,
            "nothing was overwritten; use a version of sluice that knows the format, or delete the topic: what is on the \
             servers is taken over again by the owner marks in its comments",
        ),
        MemoryError::OtherEnvironment { .. } => (
            Exit::Blocked,
            "give each environment a topic of its own: `spec.environments.NAME.state: {topic: …}`; nothing was changed",
        ),
        MemoryError::Partitions { .. } | MemoryError::NotCompacted { .. } => (
            Exit::Blocked,
            "name another topic with `spec.state.topic`, or mend this one; sluice makes it itself where it is not there",
        ),
        MemoryError::Lost(_) | MemoryError::Broken => {
            (Exit::Blocked, "`sluice history` shows what was done; plan again")
        }
        MemoryError::NotCreated { .. } | MemoryError::Refused { .. } => (
            Exit::Failed,
            "the login needs the rights to create, read and write it; or set `spec.state: none` and go without",
        ),
        MemoryError::Kafka(_) => (Exit::Failed, "nothing was changed"),
    };
    Failure::new(exit, error).hint(hint)
}
