//! One connection to one broker: frames of bounded size, one request at a time, every wait within a deadline.

use super::super::deadline::Deadline;
use super::error::WireError;
use super::security::Security;
use super::tls;
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use std::fmt;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// Answers asked for here take some hundred bytes; a larger frame is none of Kafka's, and its length is not believed.
const LARGEST: usize = 1 << 20;

/// Port of a broker named without one, as librdkafka has it.
const PORT: u16 = 9092;

/// Where a broker listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// One of the bootstrap servers: `host`, `host:port`, `[::1]:port`, with `PROTOCOL://` before it or not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && !port.contains(']') => (host, port.parse().ok()?),
            Some(_) | None => (text, PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then(|| Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// An array in an answer: where its length stands, and how many bytes an element has at least. The decoder reserves
/// memory for as many elements as the answer claims to have, so the claim is checked before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Array {
    pub(super) at: usize,
    pub(super) element: usize,
}

impl Array {
    fn is_plausible(self, body: &[u8]) -> bool {
        let Some(rest) = body.get(self.at..) else { return false };
        let Some((length, rest)) = rest.split_first_chunk() else { return false };
        match usize::try_from(i32::from_be_bytes(*length)) {
            Ok(length) => length.saturating_mul(self.element) <= rest.len(),
            // A negative length is no array, which the decoder knows.
            Err(_) => true,
        }
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    address: Address,
    deadline: Deadline,
    correlation: i32,
}

impl Connection {
    /// Connects; this wait and all later ones end with the deadline.
    pub(super) async fn open(address: &Address, security: &Security, deadline: Deadline) -> Result<Self, WireError> {
        let unreachable = |e: std::io::Error| WireError::Unreachable(format!("{address}: {e}"));
        let connect = TcpStream::connect((address.host.as_str(), address.port));
        let stream = within(deadline, address, connect).await?.map_err(unreachable)?;
        // One small request at a time: waiting for more to send would only delay it.
        stream.set_nodelay(true).map_err(unreachable)?;
        let stream: Box<dyn Stream> = match &security.tls {
            None => Box::new(stream),
            Some(tls) => {
                let config = tls::client_config(tls).map_err(WireError::Unsupported)?;
                let name = ServerName::try_from(address.host.clone());
                let name = name.map_err(|e| WireError::Unreachable(format!("{address}: {e}")))?;
                let handshake = TlsConnector::from(config).connect(name, stream);
                Box::new(within(deadline, address, handshake).await?.map_err(unreachable)?)
            }
        };
        Ok(Self { stream, address: address.clone(), deadline, correlation: 0 })
    }

    /// Gives later waits until `deadline`.
    pub(super) fn extend(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// The broker it leads to.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Asks and waits for the answer. `array` is that of the answer, if it has one.
    pub(super) async fn ask<R: Request>(
        &mut self,
        request: &R,
        version: i16,
        array: Option<Array>,
    ) -> Result<R::Response, WireError> {
        let body = self.ask_raw(request, version).await?;
        let mut rest = body.as_slice();
        if array.is_some_and(|array| !array.is_plausible(rest)) {
            return Err(self.garbage(&"the answer is shorter than it says"));
        }
        R::Response::decode(&mut rest, version).map_err(|e| self.garbage(&e))
    }

    /// Asks and gives the answer as it came, without its header: for answers with arrays in arrays, for which the
    /// decoder would reserve whatever they claim to hold.
    pub(super) async fn ask_raw<R: Request>(&mut self, request: &R, version: i16) -> Result<Vec<u8>, WireError> {
        self.correlation = self.correlation.wrapping_add(1);
        let frame = self.frame(request, version)?;
        let deadline = self.deadline;
        let address = self.address.clone();
        let body = within(deadline, &address, self.exchange(&frame)).await??;
        let mut rest = body.as_slice();
        let header =
            ResponseHeader::decode(&mut rest, R::Response::header_version(version)).map_err(|e| self.garbage(&e))?;
        if header.correlation_id != self.correlation {
            return Err(self.garbage(&"the answer belongs to another request"));
        }
        Ok(rest.to_vec())
    }

    async fn exchange(&mut self, frame: &[u8]) -> Result<Vec<u8>, WireError> {
        let unreachable = |e: std::io::Error| WireError::Unreachable(format!("{}: {e}", self.address));
        self.stream.write_all(frame).await.map_err(unreachable)?;
        self.stream.flush().await.map_err(unreachable)?;
        let length = self.stream.read_i32().await.map_err(unreachable)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST);
        let Some(length) = length else { return Err(self.garbage(&"the length of the answer is none")) };
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await.map_err(unreachable)?;
        Ok(body)
    }

    fn frame<R: Request>(&self, request: &R, version: i16) -> Result<Vec<u8>, WireError> {
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("sluice")));
        let mut body = Vec::new();
        let encoded =
            header.encode(&mut body, R::header_version(version)).and_then(|()| request.encode(&mut body, version));
        encoded.map_err(|e| WireError::Unsupported(format!("the request cannot be written: {e}")))?;
        let length =
            i32::try_from(body.len()).map_err(|_| WireError::Unsupported("the request is too long".to_owned()))?;
        let mut frame = length.to_be_bytes().to_vec();
        frame.append(&mut body);
        Ok(frame)
    }

    pub(super) fn garbage(&self, why: &dyn fmt::Display) -> WireError {
        WireError::Garbage(format!("{} gave no proper answer: {why}", self.address))
    }
}

/// Waits no longer than until the deadline.
async fn within<T>(deadline: Deadline, address: &Address, work: impl Future<Output = T>) -> Result<T, WireError> {
    let silence = |_| WireError::Unreachable(format!("{address}: no answer in time"));
    tokio::time::timeout(deadline.remaining(), work).await.map_err(silence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bootstrap_servers_are_read_as_librdkafka_reads_them() {
        let parsed = |text: &str| Address::parse(text).map(|a| a.to_string());
        for (text, host, port) in [
            ("kafka", "kafka", 9092),
            (" kafka:19092 ", "kafka", 19092),
            ("SASL_SSL://k.example:1", "k.example", 1),
            ("[::1]:9093", "::1", 9093),
            ("[::1]", "::1", 9092),
        ] {
            assert_eq!(Address::parse(text), Some(Address { host: host.to_owned(), port }), "{text}");
        }
        assert_eq!(["", ":9092", "kafka:port", "kafka:70000"].map(parsed), [const { None }; 4]);
    }

    #[test]
    fn an_array_longer_than_its_answer_is_not_believed() {
        let array = Array { at: 2, element: 6 };
        let body = |length: i32, rest: usize| [vec![0; 2], length.to_be_bytes().to_vec(), vec![0; rest]].concat();
        assert!(
            array.is_plausible(&body(2, 12)) && array.is_plausible(&body(0, 0)) && array.is_plausible(&body(-1, 0))
        );
        assert!(!array.is_plausible(&body(2, 11)) && !array.is_plausible(&body(i32::MAX, 100)));
        assert!(!array.is_plausible(&[]) && !array.is_plausible(&[0; 5]));
    }
}
