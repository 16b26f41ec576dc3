//! Why a resource is as it is. Words are made of these in `render`.

use super::cause::Cause;
use super::reading::Member;
use super::verdict::Verdict;
use crate::model::ObjectName;

/// One reason for a verdict, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Everything sent has arrived.
    Arrived,
    /// Offsets that no message has (marks of transactions, compaction) are all that is left of the lag.
    Gaps {
        /// How many.
        offsets: u64,
    },
    /// No message was ever sent.
    NeverSent,
    /// Every message is read and gone.
    Emptied,
    /// Messages wait and are being read.
    Behind {
        /// How many.
        messages: u64,
        /// Since the last commit, in seconds.
        committed_ago: Option<u64>,
    },
    /// A write failed once and is being tried again.
    Retried {
        /// Hosts.
        hosts: Vec<String>,
        /// What is behind it.
        cause: Cause,
        /// The server's words.
        words: String,
    },
    /// Partitions belong to a consumer of ours that is gone, until its session times out.
    HeldByTheDead {
        /// Topics and partitions.
        partitions: Vec<(String, u32)>,
    },
    /// A Distributed table has not sent all rows yet.
    QueueWaits {
        /// The table.
        table: ObjectName,
        /// Hosts.
        hosts: Vec<String>,
        /// Files on all of them.
        files: u64,
    },
    /// A replica is behind the others.
    ReplicaBehind {
        /// The table.
        table: ObjectName,
        /// The host.
        host: String,
        /// Seconds.
        delay: u64,
    },
    /// A host does not answer.
    HostSilent {
        /// The host.
        host: String,
        /// Why.
        words: String,
    },
    /// The brokers do not answer.
    BrokersSilent {
        /// Why.
        words: String,
    },
    /// A topic could not be read.
    TopicUnknown {
        /// The topic.
        topic: String,
        /// The broker's words.
        words: String,
    },
    /// A group could not be read.
    GroupUnknown {
        /// The group.
        group: String,
        /// The broker's words.
        words: String,
    },
    /// Messages wait, consumers ask, and nothing is committed.
    Standing {
        /// How many.
        messages: u64,
        /// Since the last commit, in seconds; none where there was none.
        committed_ago: Option<u64>,
    },
    /// Messages wait and no consumer asks for them.
    NobodyReads {
        /// How many.
        messages: u64,
        /// The group.
        group: String,
    },
    /// A `ManualConsumer` that nobody has run yet.
    NeverRun {
        /// Messages that wait.
        messages: u64,
    },
    /// Messages wait for a `ManualConsumer` that nobody runs now.
    NotRunning {
        /// How many.
        messages: u64,
        /// Whether the newest of them is young.
        young: bool,
    },
    /// Messages wait for a `ManualConsumer` that runs and writes.
    Consuming {
        /// How many.
        messages: u64,
        /// Since its youngest row was written, in seconds.
        row_ago: Option<u64>,
    },
    /// Messages wait for a `ManualConsumer` that runs and writes nothing.
    Halted {
        /// How many.
        messages: u64,
        /// Since its youngest row was written, in seconds; none where there is none.
        row_ago: Option<u64>,
    },
    /// What is read cannot be written, again and again.
    Failing {
        /// Hosts.
        hosts: Vec<String>,
        /// What is behind it.
        cause: Cause,
        /// How often of late, ten a consumer at most.
        times: usize,
        /// Since the last time, in seconds.
        ago: u64,
        /// The server's words.
        words: String,
        /// Where the first message stands that was not stored, if there is one place only.
        at: Option<(String, u32, u64)>,
    },
    /// A Distributed table cannot send.
    QueueStuck {
        /// The table.
        table: ObjectName,
        /// Hosts.
        hosts: Vec<String>,
        /// Files on all of them.
        files: u64,
        /// Files put aside.
        broken: u64,
        /// The server's words.
        words: String,
    },
    /// A mutation fails.
    MutationFails {
        /// The table.
        table: ObjectName,
        /// The host.
        host: String,
        /// The server's words.
        words: String,
    },
    /// The topic does not exist.
    TopicAbsent {
        /// The topic.
        topic: String,
    },
    /// Objects are missing on hosts.
    Missing {
        /// Each with the hosts it is missing on.
        objects: Vec<(ObjectName, Vec<String>)>,
        /// Whether that is all there should be.
        all: bool,
    },
    /// A table takes no inserts.
    ReadOnly {
        /// The table.
        table: ObjectName,
        /// Hosts.
        hosts: Vec<String>,
        /// Its replica lost its keeper, in the server's words; else its setting says so.
        replica: Option<String>,
    },
    /// Another consumer reads with the pipeline's group.
    Stolen {
        /// The group.
        group: String,
        /// Who.
        members: Vec<Member>,
    },
    /// Messages were deleted from the topic before they were read.
    Lost {
        /// How many.
        messages: u64,
    },
}

impl Reason {
    /// Every code.
    pub const CODES: [&str; 27] = [
        "arrived",
        "gaps",
        "never-sent",
        "emptied",
        "behind",
        "retried",
        "held-by-the-dead",
        "queue-waits",
        "replica-behind",
        "host-silent",
        "brokers-silent",
        "topic-unknown",
        "group-unknown",
        "standing",
        "nobody-reads",
        "never-run",
        "not-running",
        "consuming",
        "halted",
        "failing",
        "queue-stuck",
        "mutation-fails",
        "topic-absent",
        "missing",
        "read-only",
        "stolen",
        "lost",
    ];

    /// What it makes of its resource.
    pub fn verdict(&self) -> Verdict {
        match self {
            Reason::Arrived | Reason::Gaps { .. } => Verdict::Healthy,
            Reason::NeverSent | Reason::Emptied | Reason::NeverRun { .. } => Verdict::Idle,
            Reason::Behind { .. }
            | Reason::Consuming { .. }
            | Reason::NotRunning { young: true, .. }
            | Reason::Retried { .. }
            | Reason::HeldByTheDead { .. }
            | Reason::QueueWaits { .. }
            | Reason::ReplicaBehind { .. } => Verdict::Lagging,
            Reason::HostSilent { .. }
            | Reason::BrokersSilent { .. }
            | Reason::TopicUnknown { .. }
            | Reason::GroupUnknown { .. } => Verdict::Unknown,
            Reason::Failing { cause, .. } if cause.needs_repair() => Verdict::Broken,
            Reason::Standing { .. }
            | Reason::Halted { .. }
            | Reason::NotRunning { young: false, .. }
            | Reason::NobodyReads { .. }
            | Reason::Failing { .. }
            | Reason::QueueStuck { .. }
            | Reason::MutationFails { .. } => Verdict::Stuck,
            Reason::TopicAbsent { .. }
            | Reason::Missing { .. }
            | Reason::ReadOnly { .. }
            | Reason::Stolen { .. }
            | Reason::Lost { .. } => Verdict::Broken,
        }
    }

    /// A stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::Arrived => "arrived",
            Reason::Gaps { .. } => "gaps",
            Reason::NeverSent => "never-sent",
            Reason::Emptied => "emptied",
            Reason::Behind { .. } => "behind",
            Reason::Retried { .. } => "retried",
            Reason::HeldByTheDead { .. } => "held-by-the-dead",
            Reason::QueueWaits { .. } => "queue-waits",
            Reason::ReplicaBehind { .. } => "replica-behind",
            Reason::HostSilent { .. } => "host-silent",
            Reason::BrokersSilent { .. } => "brokers-silent",
            Reason::TopicUnknown { .. } => "topic-unknown",
            Reason::GroupUnknown { .. } => "group-unknown",
            Reason::Standing { .. } => "standing",
            Reason::NobodyReads { .. } => "nobody-reads",
            Reason::NeverRun { .. } => "never-run",
            Reason::NotRunning { .. } => "not-running",
            Reason::Consuming { .. } => "consuming",
            Reason::Halted { .. } => "halted",
            Reason::Failing { .. } => "failing",
            Reason::QueueStuck { .. } => "queue-stuck",
            Reason::MutationFails { .. } => "mutation-fails",
            Reason::TopicAbsent { .. } => "topic-absent",
            Reason::Missing { .. } => "missing",
            Reason::ReadOnly { .. } => "read-only",
            Reason::Stolen { .. } => "stolen",
            Reason::Lost { .. } => "lost",
        }
    }
}
