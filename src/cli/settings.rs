//! Arguments, environment, working directory and terminal -> one resolved value. Nothing else reads them.

use super::args::{Colour, Global};
use super::report::{Exit, Failure};
use crate::render::Style;
use dialoguer::console::Term;
use etcetera::BaseStrategy as _;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

/// Columns where there is no terminal: logs and pull requests show about so many.
const WIDTH: usize = 100;
/// Wider than this, prose is hard to read.
const WIDEST: usize = 140;

/// Everything a command knows about where it runs.
#[derive(Clone)]
pub struct Settings {
    /// Working directory.
    pub directory: PathBuf,
    /// The project file or its folder, if one was named.
    pub project: Option<PathBuf>,
    /// Chosen environment.
    pub environment: Option<String>,
    /// Variables of `--var`.
    pub vars: BTreeMap<String, String>,
    /// The process environment; what is no UTF-8 is left out. May hold secrets.
    pub process_env: BTreeMap<String, String>,
    /// How stdout looks.
    pub out: Look,
    /// How stderr looks.
    pub err: Look,
    /// Whether somebody can be asked.
    pub can_ask: bool,
    /// The command line as typed, without the program.
    pub typed: Vec<String>,
    verbose: u8,
}

/// How a stream looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Use escape sequences for colour.
    pub colour: bool,
    /// Columns.
    pub width: usize,
    /// It is a terminal.
    pub terminal: bool,
}

impl Look {
    /// A stream of which nothing is known.
    pub fn plain() -> Self {
        Self { colour: false, width: WIDTH, terminal: false }
    }

    /// The same for the renderers.
    pub fn style(self, sql: bool) -> Style {
        Style { colour: self.colour, width: self.width, sql }
    }
}

impl Settings {
    /// Reads everything once.
    ///
    /// # Errors
    /// There is no working directory.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads the environment and the directory")]
    pub fn resolve(global: &Global) -> Result<Self, Failure> {
        let directory = std::env::current_dir().map_err(|error| {
            Failure::new(Exit::Failed, error).hint("the working directory is gone: change into another one")
        })?;
        // An iterator over texts would panic at the first that is none.
        let pair = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let process_env: BTreeMap<String, String> = std::env::vars_os().filter_map(pair).collect();
        let typed = std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
        let look = |term: &Term, terminal: bool| look(global.color, terminal, term.size_checked(), &process_env);
        Ok(Self {
            out: look(&Term::stdout(), std::io::stdout().is_terminal()),
            err: look(&Term::stderr(), std::io::stderr().is_terminal()),
            can_ask: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            project: global.project.as_ref().map(|p| directory.join(p)),
            environment: global.env.clone().or_else(|| named(&process_env, "SLUICE_ENV")),
            vars: global.vars.iter().cloned().collect(),
            verbose: global.verbose,
            directory,
            process_env,
            typed,
        })
    }

    /// Folder of what is installed once: SLUICE_CACHE, else `sluice` in the user's cache folder.
    ///
    /// # Errors
    /// The user has no home.
    pub fn cache(&self) -> Result<PathBuf, Failure> {
        if let Some(cache) = named(&self.process_env, "SLUICE_CACHE") {
            return Ok(self.directory.join(cache));
        }
        let user = etcetera::choose_base_strategy()
            .map_err(|error| Failure::new(Exit::Failed, error).hint("name a folder with SLUICE_CACHE"))?;
        Ok(user.cache_dir().join("sluice"))
    }

    /// The value of an environment variable as a secret.
    ///
    /// # Errors
    /// It is not set.
    pub fn secret(&self, name: &str) -> Result<SecretString, Failure> {
        let value = self.process_env.get(name).cloned();
        value.map(SecretString::from).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("the environment variable {name} is not set"))
                .hint(format!("set {name} to the password, or leave --password-env out for none"))
        })
    }

    /// A path as typed, from the working directory on.
    pub fn at(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    /// Sends what the program logs to stderr: warnings, and more with `-v`. Only its own: libraries may log
    /// what they send.
    pub(super) fn log(&self) {
        let level = match self.verbose {
            0 => "sluice=warn",
            1 => "sluice=info",
            2 => "sluice=debug",
            _ => "sluice=trace",
        };
        let filter = tracing_subscriber::EnvFilter::new(level);
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        // Set already where several commands run in one process.
        let _ = log.with_ansi(self.err.colour).with_target(false).without_time().try_init();
    }
}

/// A variable that is set and not empty.
fn named(env: &BTreeMap<String, String>, name: &str) -> Option<String> {
    env.get(name).filter(|v| !v.is_empty()).cloned()
}

fn look(wish: Colour, terminal: bool, size: Option<(u16, u16)>, env: &BTreeMap<String, String>) -> Look {
    let dumb = env.get("TERM").is_some_and(|t| t == "dumb");
    let colour = match wish {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => terminal && !dumb && named(env, "NO_COLOR").is_none(),
    };
    let columns = size.filter(|_| terminal).map(|(_, columns)| usize::from(columns));
    let width = columns.or_else(|| named(env, "COLUMNS")?.parse().ok()).unwrap_or(WIDTH);
    Look { colour, width: width.min(WIDEST), terminal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn colour_is_for_terminals_unless_somebody_says_otherwise() {
        let colour = |wish, terminal, pairs: &[(&str, &str)]| look(wish, terminal, None, &env(pairs)).colour;
        assert!(colour(Colour::Auto, true, &[]));
        assert!(!colour(Colour::Auto, false, &[]));
        assert!(!colour(Colour::Auto, true, &[("NO_COLOR", "1")]));
        assert!(colour(Colour::Auto, true, &[("NO_COLOR", "")]));
        assert!(!colour(Colour::Auto, true, &[("TERM", "dumb")]));
        assert!(colour(Colour::Always, false, &[("NO_COLOR", "1")]));
        assert!(!colour(Colour::Never, true, &[]));
    }

    #[test]
    fn the_width_is_that_of_the_terminal_or_a_fixed_one() {
        let width = |terminal, pairs: &[(&str, &str)]| look(Colour::Auto, terminal, Some((50, 90)), &env(pairs)).width;
        assert_eq!(width(true, &[("COLUMNS", "70")]), 90);
        assert_eq!(width(false, &[("COLUMNS", "70")]), 70);
        assert_eq!(width(false, &[("COLUMNS", "x")]), WIDTH);
        assert_eq!(look(Colour::Auto, true, Some((50, 400)), &env(&[])).width, WIDEST);
    }
}
