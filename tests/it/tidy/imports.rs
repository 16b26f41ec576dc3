//! What a file of the crate imports from other rooms, and what the table in ARCHITECTURE.md lets it import.

use super::source::Token;
use std::collections::{BTreeMap, BTreeSet};

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    pub name: String,
    pub imports: BTreeSet<String>,
    /// Neither async nor any client.
    pub pure: bool,
}

const BEGIN: &str = "<!-- import table -->";
const END: &str = "<!-- end of import table -->";

/// Reads the table: room, what it imports (`nothing`, `all above`, or a list), `pure` or what it touches.
pub fn table(architecture: &str) -> Vec<Room> {
    let table = architecture.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(table, _)| table);
    let mut rooms: Vec<Room> = Vec::new();
    for line in table.expect("ARCHITECTURE.md has an import table").lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let imports = match cells[1] {
            "nothing" => BTreeSet::new(),
            "all above" => rooms.iter().map(|r| r.name.clone()).collect(),
            list => list.split(',').map(|r| r.trim().to_owned()).collect(),
        };
        rooms.push(Room { name: cells[0].trim_matches('`').to_owned(), imports, pure: cells[2] == "pure" });
    }
    rooms
}

/// Names that a file takes from the root of the crate, by line. `modules` is how deep the file's own module lies.
/// `*` and `self` stand for the root as a whole.
pub fn imports(tokens: &[Token], modules: usize) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    let mut braces: Vec<bool> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let before = |n: usize| i.checked_sub(n).map_or("", |i| tokens[i].text.as_str());
        let depth = modules + braces.iter().filter(|module| **module).count();
        match token.text.as_str() {
            "{" => braces.push(before(2) == "mod"),
            "}" => drop(braces.pop()),
            "crate" | "sluice" if before(1) != "::" => match after(tokens, i) {
                "::" => walk(tokens, i + 2, 0, &mut found),
                "as" => drop(found.insert("self".to_owned(), token.line)),
                _ => {}
            },
            "super" if before(1) != "::" && !in_group(tokens, i) => walk(tokens, i, depth, &mut found),
            _ => {}
        }
    }
    found
}

fn after(tokens: &[Token], i: usize) -> &str {
    tokens.get(i + 1).map_or("", |t| t.text.as_str())
}

/// Whether a `super` stands in the braces of a `use`, where the walk from the front of the path meets it.
fn in_group(tokens: &[Token], i: usize) -> bool {
    let front = tokens[..i].iter().rev().take_while(|t| t.text != ";" && t.text != "}").collect::<Vec<_>>();
    let opened = front.iter().position(|t| t.text == "{");
    opened.is_some_and(|at| front.get(at + 1).is_some_and(|t| t.text == "::"))
}

/// Follows a path that begins `depth` modules below the root.
fn walk(tokens: &[Token], i: usize, depth: usize, found: &mut BTreeMap<String, usize>) {
    let Some(token) = tokens.get(i) else { return };
    match token.text.as_str() {
        "super" if after(tokens, i) == "::" => walk(tokens, i + 2, depth.saturating_sub(1), found),
        "super" if depth <= 1 => drop(found.insert("self".to_owned(), token.line)),
        "super" => {}
        "{" => {
            let mut level = 0;
            for (j, inner) in tokens.iter().enumerate().skip(i) {
                match inner.text.as_str() {
                    "{" => level += 1,
                    "}" => level -= 1,
                    _ => {}
                }
                if level == 0 {
                    return;
                }
                if level == 1 && matches!(inner.text.as_str(), "{" | ",") && after(tokens, j) != "}" {
                    walk(tokens, j + 1, depth, found);
                }
            }
        }
        name if depth == 0 => drop(found.insert(name.to_owned(), token.line)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::tokens;
    use super::*;

    fn seen(source: &str, modules: usize) -> String {
        imports(&tokens(source), modules).into_keys().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_way_to_another_room_is_seen() {
        assert_eq!(seen("use crate::plan::Plan;", 2), "plan");
        assert_eq!(seen("use crate::{diff::{self, X}, model};", 2), "diff model");
        assert_eq!(seen("fn f() -> crate::apply::Outcome { crate::client::go() }", 1), "apply client");
        assert_eq!(seen("use super::super::cli::Args;", 2), "cli");
        assert_eq!(seen("use super::{inside, super::sql};", 2), "sql");
        assert_eq!(seen("mod tests { use super::super::super::cli; }", 2), "cli");
        assert_eq!(seen("use crate::*;", 1), "*");
        assert_eq!(seen("use crate as root;", 1), "self");
        assert_eq!(seen("macro_rules! m { () => { $crate::cli::go() } }", 1), "cli");
    }

    #[test]
    fn a_room_s_own_modules_are_no_imports() {
        assert_eq!(seen("use super::super::error::E; mod tests { use super::*; }", 3), "");
        assert_eq!(seen("pub(crate) fn f() { super::g(); self::h(); other::plan(); }", 2), "");
        assert_eq!(seen("// use crate::cli;\nconst S: &str = \"crate::cli\";", 1), "");
    }
}
