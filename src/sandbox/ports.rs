//! Ports on the loopback address: given ones checked, free ones found.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::path::Path;

use super::{SandboxError, disk};

/// Where free ports are looked for. Below the range the system takes client ports from: on a port of
/// that range, a client that retries a stopped engine can end up connected to itself and keep the
/// engine from ever coming back.
const LOWEST: u16 = 15_000;
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
const DEFAULT_EPHEMERAL: u16 = 32_768;

/// Whether something listens on the port (or it may not be used).
pub(super) fn taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

/// Hands out ports, each once.
pub(super) struct Picker {
    range: Range<u16>,
    next: u16,
    used: BTreeSet<u16>,
}

impl Picker {
    /// Starts somewhere else each time, so that sandboxes started at once rarely meet.
    pub(super) fn new() -> Self {
        let text = disk::read(Path::new(EPHEMERAL)).unwrap_or_default();
        let ephemeral = text.split_whitespace().next().and_then(|word| word.parse().ok());
        let end = ephemeral.unwrap_or(DEFAULT_EPHEMERAL);
        // A system that gives clients nearly all ports leaves no choice but to share them.
        let range = if end >= LOWEST + 1000 { LOWEST..end } else { LOWEST..u16::MAX };
        let (random, _) = uuid::Uuid::new_v4().as_u64_pair();
        let offset = random % u64::from(range.end - range.start);
        let next = range.start + u16::try_from(offset).unwrap_or_default();
        Self { range, next, used: BTreeSet::new() }
    }

    /// Checks `count` given ports from `first` on and keeps them from being handed out.
    pub(super) fn given(&mut self, first: u16, count: u16, flag: &'static str) -> Result<Vec<u16>, SandboxError> {
        let end = first.checked_add(count).ok_or(SandboxError::PortRange { first, count, flag })?;
        for port in first..end {
            if !self.used.insert(port) || taken(port) {
                return Err(SandboxError::PortTaken { port, flag });
            }
        }
        Ok((first..end).collect())
    }

    /// A free port.
    pub(super) fn free(&mut self) -> Result<u16, SandboxError> {
        for _ in self.range.clone() {
            let port = self.next;
            self.next = if port + 1 < self.range.end { port + 1 } else { self.range.start };
            if !self.used.contains(&port) && !taken(port) {
                self.used.insert(port);
                return Ok(port);
            }
        }
        Err(SandboxError::NoPort)
    }

    /// So many free ports.
    pub(super) fn several(&mut self, count: u16) -> Result<Vec<u16>, SandboxError> {
        (0..count).map(|_| self.free()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ_and_skip_what_is_taken() {
        let mut picker = Picker::new();
        let first = picker.free().unwrap();
        let listener = (first + 1..first + 50).find_map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok());
        let held = listener.as_ref().unwrap().local_addr().unwrap().port();
        let ports = picker.several(60).unwrap();
        assert!(!ports.contains(&held));
        let distinct: BTreeSet<u16> = ports.iter().copied().chain([first]).collect();
        assert_eq!(distinct.len(), 61);
    }

    #[test]
    fn the_last_port_is_followed_by_the_first() {
        let mut picker = Picker::new();
        picker.next = picker.range.end - 1;
        let ports = picker.several(3).unwrap();
        assert!(ports.iter().all(|port| picker.range.contains(port)), "{ports:?}");
    }

    #[test]
    fn a_taken_given_port_is_named_with_its_flag() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = Picker::new().given(port, 1, "--http-port").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("port {port} on 127.0.0.1 is taken: free it, or choose another with --http-port")
        );
    }

    #[test]
    fn two_kinds_of_engines_cannot_be_given_the_same_port() {
        let mut picker = Picker::new();
        let port = picker.free().unwrap();
        let mut other = Picker::new();
        other.given(port, 1, "--kafka-port").unwrap();
        assert!(matches!(other.given(port, 1, "--http-port"), Err(SandboxError::PortTaken { .. })));
        assert!(matches!(other.given(65_535, 2, "--http-port"), Err(SandboxError::PortRange { .. })));
    }
}
