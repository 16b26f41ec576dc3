//! The clients of the servers: narrow readers and writers with timeouts, and no secret in anything they say.

pub mod kafka;
