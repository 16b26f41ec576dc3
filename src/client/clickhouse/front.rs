//! A scripted HTTP server for tests: answers canned bytes and remembers what it was asked.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What to do with one request.
#[derive(Debug, Clone)]
pub enum Act {
    /// Send these bytes.
    Answer(Vec<u8>),
    /// Send these bytes, then close the connection.
    Break(Vec<u8>),
    /// Say nothing, keep the connection.
    Stall,
}

/// An answer of ClickHouse: status line and headers, then `body` with its length.
pub fn clickhouse(head: &str, body: impl AsRef<[u8]>) -> Act {
    answer(&format!("{head}\r\nX-ClickHouse-Summary: {{}}"), body)
}

/// An answer of any HTTP server.
pub fn answer(head: &str, body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    Act::Answer([head.as_bytes(), body].concat())
}

/// The server; ends when dropped.
pub struct Front {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Front {
    /// Plays `script`, one act a request, whatever the connection; then closes every connection.
    pub async fn play(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script = Arc::new(Mutex::new(script.into_iter()));
        let task = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (seen, script) = (seen.clone(), script.clone());
                    tokio::spawn(async move { serve(stream, &seen, &script).await });
                }
            }
        });
        Self { url, seen, task }
    }

    /// The requests so far, head and body.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, script: &Mutex<std::vec::IntoIter<Act>>) {
    while let Some(request) = read(&mut stream).await {
        seen.lock().unwrap().push(request);
        let act = script.lock().unwrap().next();
        match act {
            Some(Act::Answer(bytes)) => stream.write_all(&bytes).await.unwrap(),
            Some(Act::Break(bytes)) => return stream.write_all(&bytes).await.unwrap(),
            // The client hangs up.
            Some(Act::Stall) => drop(stream.read(&mut [0]).await),
            None => return,
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => bytes.extend(&buffer[..n]),
        }
    }
}
