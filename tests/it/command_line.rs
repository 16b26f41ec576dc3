//! The command line as a process: exit codes, what goes to which stream, and what is never said. No server is needed:
//! where one is named, nobody listens.

use assert_cmd::Command;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

/// A folder of its own and an environment with nothing in it.
struct Place(TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn project(project: &str) -> Self {
        let place = Self::empty();
        place.write("sluice.yaml", project);
        place.write("topics.yaml", TOPIC);
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    fn run(&self, line: &str) -> Ended {
        self.run_with(line, &[])
    }

    fn run_with(&self, line: &str, env: &[(&str, &str)]) -> Ended {
        let mut command = Command::cargo_bin("sluice").unwrap();
        command.env_clear().envs(env.iter().copied()).current_dir(self.0.path());
        Ended::from(command.args(line.split(' ')).output().unwrap())
    }
}

struct Ended {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

const TOPIC: &str = "
apiVersion: sluice/v1
kind: Topic
metadata: {name: orders}
spec: {partitions: 1, replicationFactor: 1}
";

/// A project whose servers nobody runs.
fn project(more: &str) -> String {
    // The port was free a moment ago; whoever took it meanwhile is no ClickHouse.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!(
        "apiVersion: sluice/v1\nkind: Project\nmetadata: {{name: shop}}\nspec:\n  manifests: [topics.yaml]\n  \
         kafka: {{bootstrapServers: \"127.0.0.1:{port}\"}}\n  \
         clickhouse: {{url: \"http://127.0.0.1:{port}\"{more}}}\n  state: none\n"
    )
}

#[test]
fn help_is_a_result_and_nonsense_a_message() {
    let place = Place::empty();
    for line in ["--help", "--version", "plan --help", "sandbox up --help"] {
        let ended = place.run(line);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{line}");
        assert!(!ended.out.is_empty());
    }
    for line in ["plan --detailed-exitcod", "plam", "plan --allow lose-it", "apply --jobs 0", "schema"] {
        let ended = place.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (64, ""), "{line}");
        assert!(!ended.err.is_empty());
    }
}

#[test]
fn the_own_manifests_are_valid() {
    let place = Place::empty();
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let ended = place.run(&format!("--project {} validate", manifests.display()));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    assert!(ended.out.ends_with("no findings\n"), "{}", ended.out);
    let ended = place.run(&format!("validate --format json --project {}/sluice.yaml", manifests.display()));
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(json, serde_json::json!({"format": "1.0", "errors": 0, "warnings": 0, "findings": []}));
}

#[test]
fn findings_are_the_result_of_validate_and_a_message_of_plan() {
    let place = Place::project(&project(", colour: red"));
    let ended = place.run("validate");
    assert_eq!((ended.code, ended.err.as_str()), (1, ""));
    assert!(ended.out.contains("sluice.yaml:7:") && ended.out.contains("1 error"), "{}", ended.out);
    for line in ["plan", "apply --yes"] {
        let ended = place.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{line}");
        assert!(ended.err.contains("sluice.yaml:7:") && ended.err.contains("the manifests have 1 error"));
    }
    assert!(place.run("--color always validate").out.contains('\u{1b}'));
    assert!(!place.run("validate").out.contains('\u{1b}'));
}

#[test]
fn the_environment_comes_from_the_flag_or_the_variable() {
    let place = Place::project(&project(""));
    for ended in [place.run("--env prod validate"), place.run_with("validate", &[("SLUICE_ENV", "prod")])] {
        assert_eq!(ended.code, 1);
        assert!(ended.out.contains("no environment `prod`"), "{}", ended.out);
    }
    assert_eq!(place.run_with("validate", &[("SLUICE_ENV", "")]).code, 0);
}

#[test]
fn without_a_project_it_is_a_matter_of_usage() {
    let place = Place::empty();
    let ended = place.run("plan");
    assert_eq!(ended.code, 64);
    assert!(ended.err.starts_with("error: no sluice.yaml in "), "{}", ended.err);
    assert_eq!(place.run("--project . plan").code, 64);
}

#[test]
fn a_misspelt_resource_is_no_empty_plan() {
    let place = Place::project(&project(""));
    for line in ["plan --only Topic/oders", "plan --recreate Topic/oders", "apply --allow deletes-data:Topic/oders"] {
        let ended = place.run(line);
        assert_eq!(ended.code, 64, "{line}");
        assert!(ended.err.contains("hint: did you mean Topic/orders?"), "{}", ended.err);
    }
}

#[test]
fn a_secret_without_a_value_is_named_with_who_needs_it() {
    let place = Place::project(&project(", password: {fromEnv: CH_PASSWORD}"));
    let ended = place.run_with("plan", &[("CH_PASSWORT", "hunter2")]);
    assert_eq!(ended.code, 1);
    let expected = "error: <secret fromEnv CH_PASSWORD>: the environment variable is not set";
    assert!(ended.err.starts_with(expected), "{}", ended.err);
    assert!(ended.err.contains("needed by spec.clickhouse.password") && !ended.err.contains("hunter2"));
}

#[test]
fn a_server_that_is_away_is_a_failure_told_once_without_secrets() {
    let place = Place::project(&project(", password: {fromEnv: CH_PASSWORD}"));
    for line in ["plan --detailed-exitcode", "plan -vvv", "apply --yes"] {
        let ended = place.run_with(line, &[("CH_PASSWORD", "hunter2")]);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{line}");
        assert_eq!(ended.err.matches("error: ").count(), 1, "{}", ended.err);
        assert!(ended.err.contains("127.0.0.1:") && !ended.err.contains("hunter2"), "{}", ended.err);
    }
}

#[test]
fn an_import_says_what_it_wants_and_writes_nothing_of_servers_that_are_away() {
    let place = Place::project(&project(""));
    place.write("topics.yaml", TOPIC);
    for line in ["import", "import --all orders", "import --all --database d", "import --all --stdout -o x"] {
        assert_eq!(place.run(line).code, 64, "{line}");
    }
    let ended = place.run("import --all -o found");
    assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{}", ended.err);
    assert!(!place.0.path().join("found").exists());
}

#[test]
fn a_sandbox_that_is_not_there_is_said_so() {
    let place = Place::empty();
    for line in ["sandbox status", "sandbox down", "sandbox status --dir elsewhere"] {
        let ended = place.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{line}");
        assert!(ended.err.contains("there is no sandbox in "), "{}", ended.err);
    }
    let ended = place.run_with("sandbox up --password-env NONE", &[("HOME", "/nonexistent")]);
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("the environment variable NONE is not set"), "{}", ended.err);
}

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/manifest.schema.json");
    let ended = Place::empty().run("schema manifest");
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!((ended.code, json(&ended.out)), (0, json(&fs::read_to_string(recorded).unwrap())));
}
