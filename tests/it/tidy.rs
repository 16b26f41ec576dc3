//! The rules of ARCHITECTURE.md that no compiler checks: who imports whom, and what may stand in no file.

mod imports;
mod source;

use imports::{Room, imports, table};
use source::{Token, tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file. A file of data may be longer.
const LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rooms() -> Vec<Room> {
    table(&fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap())
}

/// Files below a folder of the repository, as paths from its root with `/`, sorted.
fn files_below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            match path.is_dir() {
                // What is built, what Git keeps, and the sandbox of whoever works here.
                true if ["target", ".git", ".sluice"].contains(&name.as_str()) => {}
                true => folders.push(path),
                false if name == ".git" => {}
                false => found.push(name),
            }
        }
    }
    found.sort();
    found
}

fn rust_files(folder: &str) -> Vec<(String, String)> {
    let named = files_below(folder).into_iter().filter(|f| f.ends_with(".rs"));
    named.map(|f| (f.clone(), fs::read_to_string(root().join(&f)).unwrap())).collect()
}

/// Names of the modules that lead to a file of `src`: `src/a/b.rs` and `src/a/b/mod.rs` are `[a, b]`.
fn modules(file: &str) -> Vec<&str> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/').filter(|part| *part != "mod").collect()
}

/// What is wrong with the imports of a file.
fn forbidden_imports(file: &str, source: &[Token], rooms: &[Room]) -> Vec<String> {
    let modules = modules(file);
    let known: BTreeSet<&str> = rooms.iter().map(|r| r.name.as_str()).collect();
    let own = modules[0];
    if own == "lib" {
        // The map of the crate names every room and uses none.
        return imports(source, 0).into_iter().map(|(name, line)| format!("{file}:{line}: uses `{name}`")).collect();
    }
    let Some(room) = rooms.iter().find(|r| r.name == own) else {
        return vec![format!("{file}: the import table has no row for `{own}`")];
    };
    let depth = if own == "main" { 0 } else { modules.len() };
    let mut wrong = Vec::new();
    for (name, line) in imports(source, depth) {
        let whole = ["*", "self"].contains(&name.as_str());
        // What is no room is a crate of its own, or a name that the compiler would refuse.
        if name != own && (whole || known.contains(name.as_str())) && !room.imports.contains(&name) {
            wrong.push(format!("{file}:{line}: `{own}` may not import `{name}`"));
        }
    }
    wrong
}

/// What of a file no compiler refuses and a reader does not want.
fn untidy(file: &str, text: &str, source: &[Token]) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > LINES {
        wrong.push(format!("{file}: {lines} lines, more than {LINES}: split it"));
    }
    let vague = ["util", "utils", "common", "helpers", "types", "misc"];
    if let Some(name) = modules(file).into_iter().find(|m| vague.contains(m)) {
        wrong.push(format!("{file}: a module named `{name}` says nothing of what is in it"));
    }
    for (i, token) in source.iter().enumerate() {
        let after = |n: usize| source.get(i + n).map_or("", |t| t.text.as_str());
        let before = |n: usize| i.checked_sub(n).map_or("", |i| source[i].text.as_str());
        let at = format!("{file}:{}", token.line);
        match token.text.as_str() {
            "mod" if vague.contains(&after(1)) => wrong.push(format!("{at}: `mod {}` says nothing", after(1))),
            "allow" | "expect" if after(1) == "(" && ["[", ","].contains(&before(1)) => {
                let inside = source[i..].iter().take_while(|t| t.text != "]");
                if attribute(source, i) && !inside.clone().any(|t| t.text == "reason") {
                    wrong.push(format!("{at}: a lint is switched off without a reason"));
                }
            }
            "ignore" if before(1) == "[" && before(2) == "#" => wrong.push(format!("{at}: a test that nobody runs")),
            "path" if before(1) == "[" && after(1) == "=" => {
                wrong.push(format!("{at}: a module that lies elsewhere hides what it imports"));
            }
            _ => {}
        }
    }
    wrong
}

/// Whether a token stands in an attribute: `#[` is nearer than any end of a statement.
fn attribute(source: &[Token], i: usize) -> bool {
    let mut near = source[..i].iter().rev().map(|t| t.text.as_str()).take_while(|t| ![";", "{", "}"].contains(t));
    near.any(|t| t == "#")
}

/// What only the rooms that touch the world may use.
const WORLDLY: [&str; 7] = ["async", "await", "tokio", "reqwest", "rdkafka", "futures_util", "rustix"];

fn impure(file: &str, source: &[Token], rooms: &[Room]) -> Vec<String> {
    let own = modules(file)[0];
    if !rooms.iter().any(|r| r.name == own && r.pure) {
        return Vec::new();
    }
    let found = source.iter().filter(|t| WORLDLY.contains(&t.text.as_str()));
    found.map(|t| format!("{file}:{}: `{own}` is pure and has no use for `{}`", t.line, t.text)).collect()
}

/// Folders that exist on somebody's machine only.
fn machine_paths(file: &str) -> Vec<String> {
    let everywhere = ["home", "root", "work", "Users"];
    // Tests may make up paths; temporary folders they ask the system for.
    let shipped = ["tmp"].into_iter().filter(|_| !file.starts_with("tests/"));
    everywhere.into_iter().chain(shipped).map(|folder| format!("/{folder}/")).collect()
}

/// Package registries: their clients know where they are, and a mirror may stand in for them.
const REGISTRIES: [&str; 8] =
    ["crates.io", "pypi.", "pythonhosted.", "repo1.maven", "repo.maven", "npmjs.", "docker.io", "proxy.golang"];

fn words_out_of_place(file: &str, text: &str) -> Vec<String> {
    let paths = machine_paths(file);
    let mut wrong = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let host = |after: &str| REGISTRIES.iter().any(|r| after.split('/').next().is_some_and(|h| h.contains(r)));
        if line.split("://").skip(1).any(host) {
            wrong.push(format!("{file}:{}: the address of a package registry", i + 1));
        }
        // A path begins where no other path goes on: `target/work/x` is none of the machine's.
        let begins = |at: usize| at == 0 || line[..at].ends_with(|c: char| !c.is_alphanumeric() && !"_.-}".contains(c));
        if let Some(path) = paths.iter().find(|p| line.match_indices(p.as_str()).any(|(at, _)| begins(at))) {
            wrong.push(format!("{file}:{}: a path of one machine: {path}", i + 1));
        }
    }
    wrong
}

fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_import_what_the_table_allows() {
    let rooms = rooms();
    let of_file = |(file, text): &(String, String)| forbidden_imports(file, &tokens(text), &rooms);
    assert_none(rust_files("src").iter().flat_map(of_file).collect());
}

#[test]
fn the_table_names_every_room_and_stands_in_build_order() {
    let rooms = rooms();
    let mut seen: BTreeMap<&str, &Room> = BTreeMap::new();
    for room in &rooms {
        for import in &room.imports {
            assert!(seen.contains_key(import.as_str()), "`{}` imports `{import}`, which is no row above it", room.name);
            let worldly = room.pure && !seen[import.as_str()].pure;
            assert!(!worldly, "`{}` is pure and imports `{import}`, which is not", room.name);
        }
        seen.insert(&room.name, room);
    }
    let written: BTreeSet<String> =
        rust_files("src").iter().map(|(file, _)| modules(file)[0].to_owned()).filter(|m| m != "lib").collect();
    assert_eq!(written, rooms.iter().map(|r| r.name.clone()).collect());
}

#[test]
fn pure_rooms_are_synchronous_and_know_no_client() {
    let rooms = rooms();
    assert!(rooms.iter().filter(|r| r.pure).count() >= 7, "the table lost its pure rooms");
    assert_none(rust_files("src").iter().flat_map(|(f, text)| impure(f, &tokens(text), &rooms)).collect());
}

#[test]
fn source_files_are_tidy() {
    let files: Vec<_> = rust_files("src").into_iter().chain(rust_files("tests")).collect();
    assert!(files.len() > 100, "only {} files were found", files.len());
    assert_none(files.iter().flat_map(|(file, text)| untidy(file, text, &tokens(text))).collect());
}

#[test]
fn no_file_names_a_machine_s_folder_or_a_registry() {
    let text = |file: String| String::from_utf8(fs::read(root().join(&file)).unwrap()).ok().map(|text| (file, text));
    // Cargo writes the registry into its lock file by itself.
    let files = files_below("").into_iter().filter(|f| f != "Cargo.lock").filter_map(text);
    assert_none(files.flat_map(|(file, text)| words_out_of_place(&file, &text)).collect());
}

mod proof {
    //! Each rule over a text that breaks it: a rule that finds nothing may be blind.

    use super::*;

    fn row(name: &str, imports: &[&str], pure: bool) -> Room {
        Room { name: name.into(), imports: imports.iter().map(|i| (*i).to_owned()).collect(), pure }
    }

    fn made_up() -> Vec<Room> {
        vec![row("model", &[], true), row("client", &["model"], false), row("plan", &["model"], true)]
    }

    #[test]
    fn an_import_that_the_table_does_not_allow_is_found() {
        let wrong = |file: &str, text: &str| forbidden_imports(file, &tokens(text), &made_up());
        assert_eq!(wrong("src/plan/step.rs", "use crate::model::Kind;\nuse crate::plan::Plan;"), [""; 0]);
        assert_eq!(
            wrong("src/plan/step.rs", "//\nuse crate::client::Servers;"),
            ["src/plan/step.rs:2: `plan` may not import `client`"]
        );
        assert_eq!(wrong("src/plan/step.rs", "use super::super::client;").len(), 1);
        assert_eq!(wrong("src/plan/mod.rs", "mod tests { use super::super::client; }").len(), 1);
        assert_eq!(wrong("src/model/mod.rs", "use crate::*;").len(), 1);
        assert_eq!(wrong("src/other.rs", ""), ["src/other.rs: the import table has no row for `other`"]);
    }

    #[test]
    fn the_table_is_read_with_its_words() {
        let text = "<!-- import table -->\n| Room | May import | Touches |\n|---|---|---|\n| `model` | nothing | pure | x |\n\
                    | `client` | model | the servers | x |\n| `cli` | all above | the terminal | x |\n\
                    <!-- end of import table -->";
        assert_eq!(
            table(text),
            [row("model", &[], true), row("client", &["model"], false), row("cli", &["model", "client"], false)]
        );
    }

    #[test]
    fn async_in_a_pure_room_is_found() {
        let wrong = |file: &str, text: &str| impure(file, &tokens(text), &made_up()).len();
        assert_eq!(wrong("src/plan/mod.rs", "async fn f() { g().await }"), 2);
        assert_eq!(wrong("src/plan/mod.rs", "use tokio::time;"), 1);
        assert_eq!(wrong("src/plan/mod.rs", "// async\nconst A: &str = \"await\";"), 0);
        assert_eq!(wrong("src/client/mod.rs", "async fn f() {}"), 0);
    }

    #[test]
    fn untidy_sources_are_found() {
        let wrong = |file: &str, text: &str| untidy(file, text, &tokens(text)).len();
        assert_eq!(wrong("src/plan/util.rs", ""), 1);
        assert_eq!(wrong("src/plan/mod.rs", "mod helpers;"), 1);
        assert_eq!(wrong("src/a.rs", "#[allow(dead_code)] fn f() {}"), 1);
        assert_eq!(wrong("src/a.rs", "#![cfg_attr(test, allow(dead_code))]"), 1);
        assert_eq!(wrong("src/a.rs", "#[expect(dead_code, reason = \"because\")] fn f() {}"), 0);
        assert_eq!(wrong("src/a.rs", "fn f() { a.expect(\"b\"); g(x, expect(y)) }"), 0);
        assert_eq!(wrong("src/a.rs", "#[test]\n#[ignore = \"slow\"] fn f() {}"), 1);
        assert_eq!(wrong("src/a.rs", "#[path = \"b.rs\"] mod c;"), 1);
        assert_eq!(wrong("src/a.rs", &"\n".repeat(LINES + 1)), 1);
        assert_eq!(wrong("src/a.rs", &"\n".repeat(LINES)), 0);
    }

    #[test]
    fn folders_of_a_machine_and_registries_are_found() {
        let wrong = |file: &str, text: &str| words_out_of_place(file, text).len();
        let path = |folder: &str| format!("see `/{folder}/somebody/x`");
        assert_eq!(wrong("README.md", &path("home")), 1);
        assert_eq!(wrong("tests/it/a.rs", &path("root")), 1);
        assert_eq!(wrong("src/a.rs", &path("tmp")), 1);
        assert_eq!(wrong("tests/it/a.rs", &path("tmp")), 0);
        assert_eq!(wrong("src/a.rs", "target/work/x and ${DIR}/tmp/x"), 0);
        assert_eq!(wrong("docs/a.md", &format!("https://static.{}/x", REGISTRIES[0])), 1);
        assert_eq!(wrong("docs/a.md", "https://kafka.apache.org/documentation"), 0);
    }
}
