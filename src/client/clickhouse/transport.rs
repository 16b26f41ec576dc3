//! One HTTP request to one server and the verdict on its answer.

use super::error::{Cause, ClickHouseError};
use super::exception::Exception;
use super::host::Host;
use super::retry::{Again, Failure};
use super::settings::ClickHouseSettings;
use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Response, StatusCode, redirect};
use secrecy::ExposeSecret;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Below the 3 s after which the oldest servers close idle connections: a write sent on one that is just being
/// closed would be in doubt for nothing.
const IDLE_CONNECTION: Duration = Duration::from_secs(2);

/// `max_query_size` of the default profile is 262,144 bytes; a profile may hold less, hence the margin.
const LARGE_STATEMENT: usize = 128 * 1024;

/// Setting and value for large statements: 256 MB, and as many names as fit.
const LARGE_LIMITS: [(&str, &str); 3] =
    [("max_query_size", "268435456"), ("max_ast_elements", "10000000"), ("max_expanded_ast_elements", "10000000")];

/// What a failed request leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing.
    Read,
    /// Perhaps a change.
    Write,
}

/// A statement on its way.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub body: Bytes,
    /// Bytes of `body` that are the statement; data may follow.
    pub statement: usize,
    pub parameters: Vec<(&'a str, &'a str)>,
    pub access: Access,
    /// Longest wait for the whole answer.
    pub limit: Duration,
}

/// Connections to one server.
#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    host: Host,
    user: String,
    connect_timeout: Duration,
    requests: AtomicU64,
}

impl Transport {
    /// Prepares connections; sends nothing.
    ///
    /// # Errors
    /// A URL, user, password or certificate that cannot be used.
    pub(super) fn new(url: &str, settings: &ClickHouseSettings) -> Result<Self, ClickHouseError> {
        let host = Host::parse(url)?;
        let bad = |reason: String| ClickHouseError::BadSettings { host: host.clone(), reason };
        let builder = Client::builder()
            .user_agent(concat!("sluice/", env!("CARGO_PKG_VERSION")))
            .default_headers(credentials(settings).map_err(bad)?)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE_CONNECTION)
            // Credentials go to the server named in the settings and nowhere else.
            .redirect(redirect::Policy::none())
            .no_proxy();
        // Where another part of the process installed a provider, that one serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = trusting(builder, &host, settings)
            .and_then(|b| b.build().map_err(|e| Cause::of(&e).to_string()))
            .map_err(bad)?;
        Ok(Self {
            client,
            user: settings.user.clone(),
            connect_timeout: settings.connect_timeout,
            requests: AtomicU64::new(0),
            host,
        })
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Requests sent so far, repeated ones included.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends one request, once, and reads the whole answer.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Vec<u8>, Failure<ClickHouseError>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut parameters = request.parameters.clone();
        if request.statement > LARGE_STATEMENT {
            parameters.extend(LARGE_LIMITS);
        }
        // The server buffers the answer, so that the status line can still tell of a late exception.
        parameters.extend([
            ("wait_end_of_query", "1"),
            ("http_write_exception_in_output_format", "0"),
            ("enable_http_compression", "1"),
        ]);
        let sent = self
            .client
            .post(self.host.base().clone())
            .query(&parameters)
            // Without a body it is left out, and a server refuses what has no length.
            .header(CONTENT_LENGTH, request.body.len())
            .body(request.body.clone())
            .timeout(request.limit)
            .send()
            .await;
        let response = sent.map_err(|e| self.broken(&e, request))?;
        let (status, signs) = (response.status(), Signs::read(&response));
        let body = response.bytes().await.map_err(|e| self.broken(&e, request))?;
        self.judge(status, &signs, &body, request.access)?;
        Ok(body.into())
    }

    fn judge(
        &self,
        status: StatusCode,
        signs: &Signs,
        body: &[u8],
        access: Access,
    ) -> Result<(), Failure<ClickHouseError>> {
        let text = String::from_utf8_lossy(body);
        let in_body = |code| Exception::in_body(&text, signs.tag.as_deref(), code);
        let exception = match signs.code {
            // An exception in mid-answer stands after the data that came before it.
            Some(code) if status.is_success() => {
                Some(in_body(signs.code).unwrap_or_else(|| Exception::read(&text, Some(code))))
            }
            Some(code) => Some(Exception::read(&text, Some(code))),
            None if status.is_success() => in_body(None),
            None => text.starts_with("Code: ").then(|| Exception::read(&text, None)),
        };
        if let Some(exception) = exception {
            return Err(self.refused(exception, access));
        }
        let host = self.host.clone();
        if status == StatusCode::UNAUTHORIZED {
            let error = ClickHouseError::Unauthorized { host, user: self.user.clone() };
            return Err(Failure { error, again: Again::Never });
        }
        if status.is_success() && signs.clickhouse {
            return Ok(());
        }
        // A redirect or a client error was answered in place of the server. Anything else may have passed through.
        let in_doubt = access == Access::Write && !(status.is_redirection() || status.is_client_error());
        let again = if status.is_server_error() { Again::Passes } else { Again::Never };
        Err(Failure { error: ClickHouseError::NotClickHouse { host, status: status.as_u16(), in_doubt }, again })
    }

    fn refused(&self, exception: Exception, access: Access) -> Failure<ClickHouseError> {
        let host = self.host.clone();
        if exception.is_unauthorized() {
            let error = ClickHouseError::Unauthorized { host, user: self.user.clone() };
            return Failure { error, again: Again::Never };
        }
        let again = if exception.passes() { Again::Passes } else { Again::Never };
        let in_doubt = access == Access::Write && exception.leaves_doubt();
        let Exception { code, name, message } = exception;
        Failure { error: ClickHouseError::Refused { host, code, name, message, in_doubt }, again }
    }

    /// The verdict on a connection that failed. Only one that was never made is surely without effect.
    fn broken(&self, error: &reqwest::Error, request: &Request<'_>) -> Failure<ClickHouseError> {
        let host = self.host.clone();
        let in_doubt = request.access == Access::Write && !error.is_connect();
        if error.is_timeout() {
            // Not tried again: the wait was the limit, and TCP itself knocked more than once in it.
            let after = if error.is_connect() { self.connect_timeout.min(request.limit) } else { request.limit };
            return Failure { error: ClickHouseError::Timeout { host, after, in_doubt }, again: Again::Never };
        }
        let again = if error.is_connect() { Again::NotSent } else { Again::Passes };
        Failure { error: ClickHouseError::Unreachable { host, source: Cause::of(error), in_doubt }, again }
    }
}

/// What an answer's headers tell.
struct Signs {
    clickhouse: bool,
    code: Option<i32>,
    tag: Option<String>,
}

impl Signs {
    fn read(response: &Response) -> Self {
        let headers = response.headers();
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
        Self {
            clickhouse: headers.keys().any(|name| name.as_str().starts_with("x-clickhouse-")),
            code: text("x-clickhouse-exception-code").and_then(|code| code.parse().ok()),
            tag: text("x-clickhouse-exception-tag").map(str::to_owned),
        }
    }
}

/// User and password as headers: a URL would be written to the logs of every proxy on the way.
fn credentials(settings: &ClickHouseSettings) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert("X-ClickHouse-User", header("user name", &settings.user)?);
    if let Some(password) = &settings.password {
        let mut value = header("password", password.expose_secret())?;
        value.set_sensitive(true);
        headers.insert("X-ClickHouse-Key", value);
    }
    Ok(headers)
}

fn header(what: &str, text: &str) -> Result<HeaderValue, String> {
    // HTTP drops white space around a header's value, which would read as a wrong password.
    if text.trim_matches([' ', '\t']) != text {
        return Err(format!("the {what} begins or ends with white space, which HTTP cannot carry"));
    }
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        format!("the {what} holds a control character, which HTTP cannot carry; is there a line end in it?")
    })
}

fn trusting(builder: ClientBuilder, host: &Host, settings: &ClickHouseSettings) -> Result<ClientBuilder, String> {
    if !host.is_encrypted() {
        // Keeps a machine without any certificates usable, and spares reading them.
        return Ok(builder.tls_certs_only([]));
    }
    let Some(pem) = &settings.ca_certificate else { return Ok(builder) };
    let certificates =
        Certificate::from_pem_bundle(pem).map_err(|_| "the CA certificate is not valid PEM".to_owned())?;
    if certificates.is_empty() {
        return Err("the CA certificate holds no certificate in PEM form".to_owned());
    }
    Ok(builder.tls_certs_only(certificates))
}
