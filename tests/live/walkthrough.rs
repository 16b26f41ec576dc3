//! Pages as a reader follows them: every command of their `console` blocks, in order, in one shell and on a sandbox of its
//! own; what they print is what the page shows, but for what no two runs share.

use crate::fixture::{cache, masked};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Before what a command prints, and after it with its exit code.
const MARK: &str = "@@walkthrough";

/// A command as it is typed, and what the page shows of it.
struct Shown {
    command: String,
    output: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The page between its commands: prose and fences as they are, one [`Shown`] after each but the last.
fn parse(page: &str) -> (Vec<String>, Vec<Shown>) {
    let (mut prose, mut shown) = (vec![String::new()], Vec::<Shown>::new());
    let (mut console, mut typed) = (false, false);
    for line in page.lines() {
        let fence = line.starts_with("```");
        console = if fence { !console && line == "```console" } else { console };
        if console && !fence && (line.starts_with("$ ") || typed) {
            if !typed {
                prose.extend((prose.len() == shown.len()).then(String::new));
                shown.push(Shown { command: String::new(), output: String::new() });
            }
            shown.last_mut().expect("a command").command += &format!("{line}\n");
            // A quoted text or a line that goes on.
            typed = line.ends_with('\\') || shown.last().is_some_and(|s| s.command.matches('"').count() % 2 == 1);
        } else if console && !fence {
            shown.last_mut().expect("a command before its output").output += &format!("{line}\n");
        } else {
            if prose.len() == shown.len() {
                prose.push(String::new());
            }
            *prose.last_mut().expect("there is a first") += &format!("{line}\n");
        }
    }
    (prose, shown)
}

/// What is the same in every run.
fn lasting(text: &str) -> String {
    masked(
        text,
        &[
            (r"p50 .*max \S+ ms", "TIMES"),
            (r"127\.0\.0\.1:\d+", "HOST"),
            (r"\([0-9a-z]{15,}\)", "(CLUSTER)"),
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?", "WHEN"),
            (r"\b[\d.,]+ ?(ms|s|min|h|B|kB|MB|KiB|MiB|MB/s)\b", "N"),
            (r"[\d.,]+/s\b", "N/s"),
            (r"\b(pid|process|batches +)\s*\d+", "$1 N"),
            (r"\(id \S+\)", "(ID)"),
            (r"\bid=[0-9a-f]{64}", "id=ID"),
            // Which partition a message is in.
            (r"(?m)\b\d:\d+( \d:\d+)*$", "OFFSETS"),
            (r"[ \t]+", " "),
            // The rule below a heading is as wide as the widest cell.
            (r"[-─━]{3,}", "---"),
        ],
    )
}

/// The folder in which the reader is, with a copy of a folder of the repository: what is in it may be edited there.
#[expect(clippy::disallowed_methods, reason = "a test copies the files that it lets be edited")]
fn workplace(copied: &str, name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let copy = dir.path().join(name);
    std::fs::create_dir(&copy).expect("a folder");
    for entry in std::fs::read_dir(root().join(copied)).expect("the folder") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), copy.join(entry.file_name())).expect("a copy");
    }
    dir
}

/// All commands in one shell. Programs come from this build; whatever happens, the sandbox ends with the shell.
fn script(shown: &[Shown]) -> String {
    let mut script = "set -u\ntrap 'sluice sandbox down >/dev/null 2>&1' EXIT\ncargo() { (cd \"$ROOT\" && command cargo \"$@\"); }\n".to_owned();
    for one in shown {
        let command = one.command.trim_start_matches("$ ");
        script += &format!("echo '{MARK}'\n{{\n{command}}} 2>&1\necho \"{MARK} $?\"\n");
    }
    script
}

#[test]
fn every_command_of_the_homework_s_walkthrough_prints_what_the_page_shows() {
    follow("examples/covid19/README.md", &workplace("manifests", "manifests"));
}

#[test]
fn a_change_is_planned_reviewed_applied_drifts_and_is_put_right_as_the_page_on_ci_shows() {
    follow("docs/ci.md", &workplace("examples/ci/shell", "ci"));
}

#[expect(clippy::disallowed_methods, reason = "expectations are files, written anew where somebody asks for it")]
fn follow(page: &str, dir: &tempfile::TempDir) {
    let text = std::fs::read_to_string(root().join(page)).expect("the page");
    let (prose, shown) = parse(&text);
    assert!(shown.len() >= 12, "only {} commands", shown.len());
    let program = PathBuf::from(env!("CARGO_BIN_EXE_sluice"));
    let programs = program.parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let run = Command::new("bash")
        .args(["-c", &script(&shown)])
        .current_dir(dir.path())
        .env("PATH", path)
        .env("ROOT", root())
        .env("SLUICE_CACHE", cache())
        .env("NO_COLOR", "1")
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.org")])
        .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.org")])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("bash");
    let printed = String::from_utf8_lossy(&run.stdout).into_owned();
    let begin = format!("{MARK}\n");
    let mut parts = printed.split(&begin).skip(1);
    let (mut made, mut wrong) = (prose[0].clone(), Vec::new());
    for (i, one) in shown.iter().enumerate() {
        let part = parts.next().unwrap_or_else(|| panic!("nothing was printed by {}", one.command));
        let (output, code) = part.rsplit_once(&format!("{MARK} ")).expect("an end");
        if lasting(output) != lasting(&one.output) {
            let diff = similar::TextDiff::from_lines(lasting(&one.output), lasting(output)).unified_diff().to_string();
            wrong.push(format!("{}(exit code {})\n{diff}", one.command, code.trim()));
        }
        made += &format!("{}{output}{}", one.command, prose.get(i + 1).map_or("", String::as_str));
    }
    if std::env::var_os("SLUICE_BLESS").is_some() {
        std::fs::write(root().join(page), &made).expect("the page is written");
    }
    assert!(wrong.is_empty(), "{page} shows something else; SLUICE_BLESS=1 writes it anew\n\n{}", wrong.join("\n"));
}
