//! TLS to ClickHouse: the project's own authority is trusted, nobody else's, and nothing goes out unencrypted.

use sluice::client::clickhouse::{ClickHouseError, ClickHouseReader, ClickHouseSettings};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server for `localhost` that signs for itself and answers every request with the row `1`.
async fn encrypted() -> (String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust us ends the handshake: the next one is waited for.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = [0; 4096];
                if stream.read(&mut head).await.is_ok_and(|n| n > 0) {
                    let answer = "HTTP/1.1 200 OK\r\nX-ClickHouse-Summary: {}\r\nConnection: close\r\n\
                                  Content-Length: 2\r\n\r\n1\n";
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    (url, made.cert.pem().into_bytes())
}

async fn one(url: &str, ca_certificate: Option<Vec<u8>>) -> Result<String, ClickHouseError> {
    let settings = ClickHouseSettings { ca_certificate, ..ClickHouseSettings::default() };
    ClickHouseReader::connect(url, &settings)?.text("SELECT 1").await
}

#[tokio::test]
async fn the_authority_of_the_project_is_trusted() {
    let (url, pem) = encrypted().await;
    assert_eq!(one(&url, Some(pem)).await.unwrap().trim(), "1");
}

#[tokio::test]
async fn nobody_else_is() {
    let (url, _) = encrypted().await;
    let (_, other) = encrypted().await;
    for authority in [None, Some(other)] {
        let error = one(&url, authority).await.unwrap_err();
        assert!(matches!(&error, ClickHouseError::Unreachable { .. }), "{error:?}");
        let shown = format!("{error:?}").to_lowercase();
        assert!(shown.contains("certificate"), "{shown}");
    }
}
