//! What a caller decides about a sandbox, and the two things it brings along.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// What to start, where, and how long it shall live.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of this sandbox: empty, absent, or one of ours already.
    pub dir: PathBuf,
    /// Folder of the installed engines, shared by all sandboxes; deleting it is a full reset.
    pub cache: PathBuf,
    /// Name or path of the Python that makes the installation, as `python3`.
    pub python: String,
    /// ClickHouse nodes, one shard each (1 to 16).
    pub nodes: u16,
    /// Kafka brokers: 1 or 3.
    pub brokers: u16,
    /// Ports to use; free ones where none is given.
    pub ports: Ports,
    /// Password for ClickHouse; none if absent. With one, the user is
    /// [`Endpoints::user`](super::Endpoints::user) instead of `default`.
    pub password: Option<SecretString>,
    /// Further properties of every broker, over the sandbox's own: listeners with a login, say.
    pub broker_properties: Vec<(String, String)>,
    /// Who outlives whom.
    pub lifetime: Lifetime,
    /// How long the engines may take until they answer.
    pub ready_within: Duration,
}

impl Options {
    /// One node and one broker on free ports, detached, ready within 120 s, made by `python3`.
    pub fn new(dir: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            cache: cache.into(),
            python: "python3".to_owned(),
            nodes: 1,
            brokers: 1,
            ports: Ports::default(),
            password: None,
            broker_properties: Vec::new(),
            lifetime: Lifetime::Detached,
            ready_within: Duration::from_secs(120),
        }
    }
}

/// First ports of the engines; the second engine of a kind takes the next one, and so on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ports {
    /// Port of the first Kafka broker.
    pub kafka: Option<u16>,
    /// HTTP port of the first ClickHouse node.
    pub http: Option<u16>,
}

/// How long the engines of a sandbox live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// Until somebody calls [`down`](super::down): they survive the process that started them.
    Detached,
    /// Until the process that started them ends, however it ends; their data goes with them.
    WithParent,
}

/// Told what is going on while an installation or a start takes its time.
pub trait Progress: Sync {
    /// A new stage began, in words for a person.
    fn stage(&self, text: &str);
    /// Bytes on disk so far, and about how many there will be (the total is an estimate).
    fn bytes(&self, done: u64, total: Option<u64>);
}

/// Asks an engine, in its own protocol, whether it serves. One attempt, with a timeout of its own of
/// a few seconds at most; the sandbox repeats it.
pub trait Probe {
    /// Whether the ClickHouse node answers at `url` (as `http://127.0.0.1:8123`); else why not.
    fn clickhouse(&self, url: &str) -> Result<(), String>;
    /// Whether the metadata of the cluster at `bootstrap` names `brokers` brokers; else why not.
    fn kafka(&self, bootstrap: &str, brokers: usize) -> Result<(), String>;
}
