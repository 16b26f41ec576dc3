//! One ClickHouse server's address.

use super::error::ClickHouseError;
use reqwest::Url;
use std::fmt;
use std::sync::Arc;

/// One server. Shown as `host:port`; holds neither user nor password.
#[derive(Clone, PartialEq, Eq)]
pub struct Host {
    // Every error carries a host: shared, so that results stay small.
    base: Arc<Url>,
    shown: Arc<str>,
}

impl Host {
    /// Reads `http[s]://host[:port][/path]`. A port left out is the scheme's own (80 or 443).
    ///
    /// # Errors
    /// [`ClickHouseError::BadUrl`] for anything else: another scheme, user info, parameters. The error
    /// never repeats the text, which may hold a password.
    pub fn parse(url: &str) -> Result<Self, ClickHouseError> {
        let bad = |reason: String| ClickHouseError::BadUrl { reason };
        let mut base = Url::parse(url.trim()).map_err(|e| bad(e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad(format!("the scheme is `{}`, not http or https", base.scheme())));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(bad("it names a user or a password, which belong into the connection's settings".into()));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(bad("it has parameters (`?` or `#`), which belong into the connection's settings".into()));
        }
        // `http://front/clickhouse` stands for everything below that path.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let (Some(name), Some(port)) = (base.host_str(), base.port_or_known_default()) else {
            return Err(bad("it names no host".into()));
        };
        let shown = format!("{name}:{port}");
        Ok(Self { base: base.into(), shown: shown.into() })
    }

    /// The URL of another host with the same scheme, port and path; `None` when the name fits into no URL.
    pub fn with_name(&self, name: &str) -> Option<String> {
        let mut base = Url::clone(&self.base);
        base.set_host(Some(name)).ok()?;
        Some(base.into())
    }

    /// The URL requests go to.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Whether the connection is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Host").field(&self.base.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_shown_without_scheme_and_path() {
        for (url, shown) in [
            ("http://localhost:8123", "localhost:8123"),
            (" http://localhost:8123/ ", "localhost:8123"),
            ("https://ch.example", "ch.example:443"),
            ("http://[::1]:8123/behind/a/proxy", "[::1]:8123"),
        ] {
            assert_eq!(Host::parse(url).map(|h| h.to_string()).ok().as_deref(), Some(shown), "{url}");
        }
    }

    #[test]
    fn a_url_with_secrets_is_refused_and_not_repeated() {
        for url in [
            "http://joe:s3cret@localhost:8123",
            "http://joe@localhost:8123",
            "http://localhost:8123/?password=s3cret",
            "http://localhost:8123/#s3cret",
            "http://joe:s3cret@local host",
            "tcp://joe:s3cret@localhost:9000",
            "joe:s3cret@localhost",
            "",
        ] {
            let error = Host::parse(url).expect_err(url);
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{url}: {error}");
        }
    }
}
