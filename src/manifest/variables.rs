//! `${NAME}`, `${NAME:-default}` and `$$` in values.

use super::check::MAX_FINDINGS;
use super::finding::{FileId, Finding, Place};
use super::node::{Node, NodeKind, Origin, Style};
use super::spans::value_range;
use super::suggest::nearest;
use std::collections::{BTreeMap, BTreeSet};

/// Values by name, from the layer that wins to the one that loses.
#[derive(Debug, Clone, Default)]
pub struct Variables<'a> {
    layers: Vec<&'a BTreeMap<String, String>>,
}

impl<'a> Variables<'a> {
    /// Variables of several layers; the first layer that has a name decides.
    pub fn new(layers: Vec<&'a BTreeMap<String, String>>) -> Self {
        Self { layers }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.layers.iter().find_map(|layer| layer.get(name)).map(String::as_str)
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        self.layers.iter().flat_map(|layer| layer.keys()).map(String::as_str)
    }
}

/// What happens to a variable that is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// It is an error.
    Report,
    /// The value is left unknown: an environment that is not selected may need variables that are not here.
    LeaveUnknown,
}

/// Faults of one value, and findings of one document: more of them help nobody, and each costs a search.
const MAX_FAULTS: usize = 20;

/// Puts variables into every value of a tree, and reports what it cannot.
pub struct Substitution<'a> {
    /// What is known.
    pub variables: &'a Variables<'a>,
    /// What to do with the rest.
    pub unset: Unset,
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'a str,
    /// Names that are set, but not for this part of the file.
    pub out_of_reach: &'a BTreeSet<String>,
}

impl Substitution<'_> {
    /// Replaces in place; values with a fault become unknown.
    pub fn apply(&self, node: &mut Node, findings: &mut Vec<Finding>) {
        let place = (node.start, node.end);
        match &mut node.kind {
            NodeKind::Sequence(items) => items.iter_mut().for_each(|n| self.apply(n, findings)),
            NodeKind::Mapping(entries) => entries.iter_mut().for_each(|e| self.apply(&mut e.value, findings)),
            NodeKind::Scalar(scalar) => {
                if scalar.origin != Origin::Written || !scalar.text.contains('$') {
                    return;
                }
                let written = Node { start: place.0, end: place.1, kind: NodeKind::Scalar(scalar.clone()) };
                let (text, faults) = replace(&scalar.text, self.variables);
                let quiet = |f: &Fault| matches!(f.what, What::Unset(_)) && self.unset == Unset::LeaveUnknown;
                let room = MAX_FINDINGS.saturating_sub(findings.len());
                let loud = faults.iter().filter(|f| !quiet(f)).take(room);
                findings.extend(loud.map(|f| self.finding(f, &written)).collect::<Vec<_>>());
                let origin = if scalar.text == text { Origin::Written } else { Origin::Substituted };
                scalar.origin = if faults.is_empty() { origin } else { Origin::Unknown };
                scalar.text = text;
            }
        }
    }

    fn finding(&self, fault: &Fault, node: &Node) -> Finding {
        let (start, end) = value_range(self.text, node, fault.start, fault.end).unwrap_or_else(|| {
            let shown = node.shown(self.text, None, self.file);
            (shown.start, shown.end)
        });
        let place = Place { file: self.file, start, end };
        match &fault.what {
            What::Unset(name) => {
                let finding = Finding::error("variable/unset", format!("the variable `{name}` is not set"), place);
                let finding = finding.label("no value and no default");
                if self.out_of_reach.contains(name) {
                    return finding.help("`vars` see `--var` and the process environment, not each other");
                }
                let near = match nearest(name, self.variables.names()) {
                    Some(near) => format!("did you mean `{near}`? "),
                    None => String::new(),
                };
                finding.help(format!(
                    "{near}set it with `--var {name}=…`, in `vars` of the project or in the environment, or write `${{{name}:-default}}`"
                ))
            }
            What::Open => Finding::error("variable/syntax", "`${` is never closed", place)
                .label("no `}` in the rest of the value")
                .help("write `${NAME}` or `${NAME:-default}`; `$$` is a plain `$`"),
            What::Name => Finding::error("variable/syntax", "this is not a variable", place)
                .label("expected `${NAME}` or `${NAME:-default}`")
                .help("names have letters, digits and `_` and start with no digit; `$$` is a plain `$`"),
        }
    }
}

struct Fault {
    start: usize,
    end: usize,
    what: What,
}

enum What {
    Unset(String),
    Open,
    Name,
}

/// The text with its variables replaced, and what is wrong with it.
fn replace(text: &str, variables: &Variables<'_>) -> (String, Vec<Fault>) {
    let (mut out, mut faults) = (String::with_capacity(text.len()), Vec::new());
    let mut at = 0;
    while let Some(found) = text[at..].find('$').map(|n| at + n) {
        if faults.len() >= MAX_FAULTS {
            break;
        }
        out.push_str(&text[at..found]);
        let rest = &text[found + 1..];
        if rest.starts_with('$') {
            out.push('$');
            at = found + 2;
        } else if let Some(inner) = rest.strip_prefix('{') {
            let Some(length) = inner.find('}') else {
                faults.push(Fault { start: found, end: text.len(), what: What::Open });
                return (out, faults);
            };
            at = found + 2 + length + 1;
            let (name, default) = match inner[..length].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&inner[..length], None),
            };
            // As in a shell, the default also stands in for an empty value.
            let value = variables.get(name).filter(|v| default.is_none() || !v.is_empty());
            match (is_name(name), value, default) {
                (false, _, _) => faults.push(Fault { start: found, end: at, what: What::Name }),
                (true, Some(value), _) => out.push_str(value),
                (true, None, Some(default)) => out.push_str(default),
                (true, None, None) => faults.push(Fault { start: found, end: at, what: What::Unset(name.to_owned()) }),
            }
        } else {
            out.push('$');
            at = found + 1;
        }
    }
    out.push_str(&text[at..]);
    (out, faults)
}

fn is_name(name: &str) -> bool {
    let start = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    start && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The scalars of `vars` by name, as text. Others are left out: the type check reports them.
pub fn texts_of(vars: Option<&Node>) -> BTreeMap<String, String> {
    let entries = vars.map_or(&[][..], Node::entries);
    let text = |node: &Node| {
        let scalar = node.scalar().filter(|s| s.origin != Origin::Unknown)?;
        let null = scalar.style == Style::Plain && matches!(scalar.text.as_str(), "~" | "null");
        Some(if null { String::new() } else { scalar.text.clone() })
    };
    entries.iter().filter_map(|e| Some((e.name.clone(), text(&e.value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> (String, usize) {
        let first = BTreeMap::from([("A".to_owned(), "1".to_owned()), ("EMPTY".to_owned(), String::new())]);
        let second = BTreeMap::from([("A".to_owned(), "2".to_owned()), ("B_2".to_owned(), "${A}".to_owned())]);
        let (text, faults) = replace(text, &Variables::new(vec![&first, &second]));
        (text, faults.len())
    }

    #[test]
    fn values_defaults_and_dollars() {
        let cases = [
            ("${A}", "1"),
            ("a${A}b${A}", "a1b1"),
            ("${B_2}", "${A}"),
            ("${C:-x y}", "x y"),
            ("${C:-}", ""),
            ("${A:-x}", "1"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("$1 $ a$", "$1 $ a$"),
            ("${C:-${A}}", "${A}"),
        ];
        for (written, expected) in cases {
            assert_eq!(replaced(written), (expected.to_owned(), 0), "{written}");
        }
    }

    #[test]
    fn every_fault_is_found() {
        for (written, faults) in [("${C}${D}", 2), ("${", 1), ("${A", 1), ("${1A}${}${a-b}", 3), ("${A:?x}", 1)] {
            assert_eq!(replaced(written).1, faults, "{written}");
        }
    }
}
