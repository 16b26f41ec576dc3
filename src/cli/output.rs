//! Writing to stdout (results) and stderr (messages). A pipe that was closed is no error: its reader has enough.

use std::io::{self, Write as _};

/// Writes a result.
pub(super) fn result(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes a message. Where stderr is gone there is nobody to tell.
pub(super) fn message(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
