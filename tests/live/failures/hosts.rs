//! The hosts of a case behind relays: what they are sent, and the trap for one statement.

use super::failure::Failure;
use crate::fixture::relay::{Asked, Fate, Relay};
use crate::fixture::shared;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A statement of an apply that a host was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The host.
    pub host: usize,
    /// Its text.
    pub statement: String,
    /// Whether the host did it, or tried to.
    pub done: bool,
}

/// Which statement fails: the `nth`, from 0 on, that a host is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trap {
    /// The host.
    pub host: usize,
    /// Its number at the host.
    pub nth: usize,
    /// How it fails.
    pub failure: Failure,
}

#[derive(Debug, Default)]
struct Book {
    sent: Vec<Sent>,
    trap: Option<Trap>,
    sprung: Option<Sent>,
}

/// The relays.
pub struct Hosts {
    relays: Vec<Relay>,
    book: Arc<Mutex<Book>>,
    sprang: Arc<Notify>,
}

fn locked(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hosts {
    /// Begins with relays that pass everything on.
    pub fn begin() -> Self {
        let (book, sprang) = (Arc::new(Mutex::new(Book::default())), Arc::new(Notify::new()));
        let relay = |(host, url): (usize, &String)| {
            let (book, sprang) = (book.clone(), sprang.clone());
            Relay::start(url, move |asked| judge(host, asked, &mut locked(&book), &sprang))
        };
        let relays = shared().clickhouse_urls.iter().enumerate().map(relay).collect();
        Self { relays, book, sprang }
    }

    /// Where they are reached.
    pub fn urls(&self) -> Vec<String> {
        self.relays.iter().map(|relay| relay.url.clone()).collect()
    }

    /// The name of a host in what is told of it.
    pub fn name(&self, host: usize) -> &str {
        self.relays[host].url.trim_start_matches("http://")
    }

    /// Sets the trap and forgets what was sent.
    pub fn set(&self, trap: Trap) {
        *locked(&self.book) = Book { trap: Some(trap), ..Book::default() };
    }

    /// Waits until the trap has sprung.
    pub async fn sprung(&self) {
        self.sprang.notified().await;
    }

    /// Closes the connections of a host, as if it were started again.
    pub async fn restart(&self, host: usize) {
        self.relays[host].up().await;
    }

    /// What was sent since the last time, and the statement that failed.
    pub fn taken(&self) -> (Vec<Sent>, Option<Sent>) {
        let book = std::mem::take(&mut *locked(&self.book));
        (book.sent, book.sprung)
    }
}

fn judge(host: usize, asked: &Asked, book: &mut Book, sprang: &Notify) -> Fate {
    // Whoever reads says so.
    if asked.parameters.contains_key("readonly") {
        return Fate::Pass;
    }
    let nth = book.sent.iter().filter(|sent| sent.host == host).count();
    let mut sent = Sent { host, statement: asked.statement.clone(), done: true };
    let trap = book.trap.filter(|trap| book.sprung.is_none() && (trap.host, trap.nth) == (host, nth));
    let fate = trap.map_or(Fate::Pass, |trap| {
        sent.done = trap.failure.does_it();
        book.sprung = Some(sent.clone());
        sprang.notify_one();
        trap.failure.fate()
    });
    book.sent.push(sent);
    fate
}
