//! The one thing that must be there already: a Python that can make virtual environments.

use std::io;
use std::process::{Command, Stdio};

use super::SandboxError;
use super::disk;
use super::install::MIN_PYTHON;

/// Written for every Python there ever was, so that an old one can still say how old it is.
const CHECK: &str = "import sys
sys.stdout.write('%d %d ' % sys.version_info[:2])
try:
    import ensurepip, venv
except ImportError:
    sys.stdout.write('no venv')
";
const SHOWN_LINES: usize = 5;

/// Fails unless `python` is new enough and can make virtual environments with pip in them.
pub(super) fn check(python: &str) -> Result<(), SandboxError> {
    let output = match Command::new(python).args(["-c", CHECK]).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(SandboxError::NoPython { python: python.to_owned() });
        }
        Err(error) => return Err(SandboxError::io("run", python)(error)),
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let mut words = said.splitn(3, ' ');
    let version = (words.next().and_then(|word| word.parse().ok()), words.next().and_then(|word| word.parse().ok()));
    let (Some(major), Some(minor)) = version else {
        let printed = format!("{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let output = disk::tail(&printed, SHOWN_LINES);
        return Err(SandboxError::BrokenPython { python: python.to_owned(), output });
    };
    if (major, minor) < MIN_PYTHON {
        return Err(SandboxError::OldPython { python: python.to_owned(), found: format!("{major}.{minor}") });
    }
    if words.next().is_some_and(|rest| !rest.is_empty()) {
        let package = format!("python{major}.{minor}-venv");
        return Err(SandboxError::NoVenv { python: python.to_owned(), package });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::fake_python;
    use super::*;

    fn message(script: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let python = fake_python(dir.path(), script);
        check(&python).unwrap_err().to_string().replace(&python, "PYTHON")
    }

    #[test]
    fn each_unfit_python_is_told_with_its_cure() {
        assert_eq!(
            message("printf '3 9 '"),
            "PYTHON is Python 3.9, and 3.10 or newer is needed: name another one with --python"
        );
        assert_eq!(
            message("printf '2 7 no venv'"),
            "PYTHON is Python 2.7, and 3.10 or newer is needed: name another one with --python"
        );
        assert_eq!(
            message("printf '3 12 no venv'"),
            "PYTHON has no venv module: install it (on Debian and Ubuntu: apt install python3.12-venv), then try again"
        );
        assert!(message("echo 'no libpython' >&2; exit 127").contains("does not run:\nno libpython\n"));
        let absent = check("no-such-python").unwrap_err();
        assert!(absent.to_string().starts_with("no-such-python was not found: install Python 3.10 or newer"));
    }

    #[test]
    fn a_fit_python_passes() {
        check("python3").unwrap();
    }
}
