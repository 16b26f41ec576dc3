//! A broker of a few lines, which answers what no healthy one would.

use super::super::settings::KafkaSettings;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the front does when a request has come.
#[derive(Clone)]
pub(super) enum Step {
    /// Answers with this body, and the right length and correlation id.
    Body(Vec<u8>),
    /// Sends these bytes as they are.
    Raw(Vec<u8>),
    /// Hangs up.
    Close,
    /// Says nothing, and does not hang up.
    Silence,
}

/// Plays the steps to every connection; returns settings that lead to it.
pub(super) async fn front(steps: Vec<Step>) -> KafkaSettings {
    front_of(|_| steps).await
}

/// As [`front`], for steps that name the front's own port.
pub(super) async fn front_of(steps: impl FnOnce(u16) -> Vec<Step>) -> KafkaSettings {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let steps = steps(port);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(play(stream, steps.clone()));
        }
    });
    KafkaSettings { timeout: Duration::from_secs(2), ..KafkaSettings::new(format!("127.0.0.1:{port}")) }
}

async fn play(mut stream: TcpStream, steps: Vec<Step>) {
    for step in steps {
        let Ok(length) = stream.read_u32().await else { return };
        let mut request = vec![0; length as usize];
        if stream.read_exact(&mut request).await.is_err() {
            return;
        }
        let bytes = match step {
            // Key and version come before the correlation id.
            Step::Body(body) => framed(&[&request[4..8], &body].concat()),
            Step::Raw(bytes) => bytes,
            Step::Close => return,
            Step::Silence => std::future::pending().await,
        };
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
    // The client may still be reading.
    let _ = stream.read_u8().await;
}

/// The bytes with their length before them.
pub(super) fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// Bodies of answers, piece by piece.
#[derive(Default, Clone)]
pub(super) struct Body(Vec<u8>);

impl Body {
    pub(super) fn i16(mut self, number: i16) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn i32(mut self, number: i32) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        let mut with = self.i16(i16::try_from(text.len()).unwrap());
        with.0.extend(text.bytes());
        with
    }

    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        let mut with = self.i32(i32::try_from(bytes.len()).unwrap());
        with.0.extend(bytes);
        with
    }

    pub(super) fn step(self) -> Step {
        Step::Body(self.0)
    }
}

/// A broker that knows the requests of a removal, up to these versions.
pub(super) fn versions(find_coordinator: i16, leave_group: i16) -> Step {
    Body::default().i16(0).i32(2).i16(10).i16(0).i16(find_coordinator).i16(13).i16(0).i16(leave_group).step()
}

/// The coordinator is this front.
pub(super) fn coordinator(port: u16) -> Step {
    Body::default().i32(0).i16(0).i16(-1).i32(1).text("127.0.0.1").i32(i32::from(port)).step()
}

/// The answer to a removal: its error, and the members with theirs.
pub(super) fn left(error: i16, members: &[(&str, i16)]) -> Step {
    let body = Body::default().i32(0).i16(error).i32(i32::try_from(members.len()).unwrap());
    members.iter().fold(body, |body, (id, error)| body.text(id).i16(-1).i16(*error)).step()
}
