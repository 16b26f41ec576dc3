//! A schema registry as far as consumers know it: a schema for an id.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Answers `/schemas/ids/N` until the runtime ends.
pub struct Registry {
    /// Where it listens.
    pub url: String,
    schemas: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let schemas: Arc<Mutex<Vec<String>>> = Arc::default();
        let known = schemas.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let known = known.clone();
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        request.push(byte);
                    }
                    let request = String::from_utf8_lossy(&request);
                    let id = request.split(' ').nth(1).and_then(|path| path.strip_prefix("/schemas/ids/"));
                    let id = id.and_then(|id| id.split('?').next()?.parse::<usize>().ok());
                    let schema = id.and_then(|id| known.lock().expect("no panic inside").get(id).cloned());
                    let (status, body) = match schema {
                        Some(schema) => ("200 OK", serde_json::json!({ "schema": schema }).to_string()),
                        None => ("404 Not Found", r#"{"error_code": 40403}"#.to_owned()),
                    };
                    let head = "Content-Type: application/json\r\nConnection: close";
                    let answer = format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                    // Who does not listen any more misses nothing.
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self { url, schemas }
    }

    /// The id of a schema, which it has from now on.
    pub fn id_of(&self, schema: &str) -> u32 {
        let mut schemas = self.schemas.lock().expect("no panic inside");
        schemas.push(schema.to_owned());
        u32::try_from(schemas.len() - 1).expect("a few schemas")
    }
}
