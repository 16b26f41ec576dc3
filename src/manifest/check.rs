//! A tree against the shape of its kind: every finding at its place, and the value that is left for decoding.

use super::finding::{FileId, Finding, Place};
use super::node::{Entry, Node, NodeKind, Origin, ScalarNode};
use super::resolve::{Plain, resolve};
use super::shape::{Field, Shape};
use super::suggest::{listed, nearest};
use super::value::AS_WRITTEN;
use super::wording::{found, hint, short};
use serde_yaml::value::{Tag, TaggedValue};
use serde_yaml::{Mapping, Value};

/// Findings of one document: more of them help nobody.
pub const MAX_FINDINGS: usize = 100;

/// Checks one document.
pub struct Checker<'a> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'a str,
    /// Kind of the document, for messages.
    pub kind: &'a str,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Whether a value was lost that the author wrote: what is decoded says less than the manifest.
    pub lossy: bool,
}

/// Where the walk is: path, and the name in front of the value.
struct Here<'p> {
    path: &'p str,
    name: Option<(usize, usize)>,
}

impl Checker<'_> {
    /// Checks a whole document. Misspelt names are corrected in the tree, so that paths lead to them.
    pub fn document(&mut self, shape: &Shape, node: &mut Node) -> Option<Value> {
        let value = self.value(shape, node, &Here { path: "", name: None });
        if self.findings.len() > MAX_FINDINGS {
            self.findings.truncate(MAX_FINDINGS);
            let place = node.get("kind").map(|n| n.shown(self.text, None, self.file));
            let finding = Finding::error(
                "manifest/too-many",
                format!("more than {MAX_FINDINGS} findings in one document"),
                place,
            );
            self.findings.push(finding.label("further findings are not shown"));
        }
        value
    }

    fn report(&mut self, finding: Finding) {
        if self.findings.len() <= MAX_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn value(&mut self, shape: &Shape, node: &mut Node, here: &Here<'_>) -> Option<Value> {
        if let Some(scalar) = node.scalar()
            && scalar.origin == Origin::Unknown
        {
            // Reported where it matters; an environment that is not selected may stay unknown.
            self.lossy |= !here.path.starts_with("spec.environments.");
            return None;
        }
        let fits = match (&mut node.kind, shape) {
            (_, Shape::Either(shapes)) => return self.either(shape, shapes, node, here),
            (NodeKind::Sequence(items), Shape::List(item)) => return self.list(item, items, here),
            (NodeKind::Mapping(entries), Shape::Map(item)) => return self.map(item, entries, here),
            (NodeKind::Mapping(_), Shape::Record(fields)) => return self.record(fields, node, here),
            (NodeKind::Mapping(_), Shape::OneOf(fields)) => return self.one_of(fields, node, here),
            (NodeKind::Scalar(scalar), shape) => scalar_value(shape, scalar),
            (NodeKind::Sequence(_) | NodeKind::Mapping(_), _) => Fit::WrongType,
        };
        match fits {
            Fit::Value(value) => return Some(value),
            Fit::WrongType => self.wrong_type(shape, node, here),
            Fit::UnknownWord(words) => self.unknown_word(&words, node, here),
            Fit::OutOfRange(min, max) => self.out_of_range(min, max, node, here),
        }
        self.lossy = true;
        None
    }

    fn either(&mut self, shape: &Shape, shapes: &[Shape], node: &mut Node, here: &Here<'_>) -> Option<Value> {
        let suits = |s: &&Shape| match (&node.kind, s) {
            (NodeKind::Scalar(_), Shape::Text | Shape::Scalar | Shape::Bool | Shape::Int { .. } | Shape::Words(_)) => {
                true
            }
            (NodeKind::Sequence(_), Shape::List(_)) => true,
            (NodeKind::Mapping(_), Shape::Map(_) | Shape::Record(_) | Shape::OneOf(_)) => true,
            (_, Shape::Any) => true,
            (NodeKind::Scalar(_) | NodeKind::Sequence(_) | NodeKind::Mapping(_), _) => false,
        };
        let Some(suiting) = shapes.iter().find(suits) else {
            self.wrong_type(shape, node, here);
            self.lossy = true;
            return None;
        };
        // A lone word such as `none` beside a map: the map is worth naming too.
        if let (Shape::Words(words), NodeKind::Scalar(scalar)) = (suiting, &node.kind)
            && !words.contains(&scalar.text)
        {
            self.wrong_type(shape, node, here);
            self.lossy = true;
            return None;
        }
        self.value(suiting, node, here)
    }

    fn list(&mut self, shape: &Shape, items: &mut [Node], here: &Here<'_>) -> Option<Value> {
        let mut out = Vec::with_capacity(items.len());
        for (number, item) in items.iter_mut().enumerate() {
            let path = format!("{}[{number}]", here.path);
            out.extend(self.value(shape, item, &Here { path: &path, name: None }));
        }
        Some(Value::Sequence(out))
    }

    fn map(&mut self, shape: &Shape, entries: &mut [Entry], here: &Here<'_>) -> Option<Value> {
        let mut out = Mapping::with_capacity(entries.len());
        for entry in entries {
            let path = join(here.path, &entry.name);
            let name = Some((entry.start, entry.end));
            if let Some(value) = self.value(shape, &mut entry.value, &Here { path: &path, name }) {
                out.insert(Value::String(entry.name.clone()), value);
            }
        }
        Some(Value::Mapping(out))
    }

    fn record(&mut self, fields: &[Field], node: &mut Node, here: &Here<'_>) -> Option<Value> {
        let place = self.owner(node, here);
        self.correct_names(fields, node, here);
        let NodeKind::Mapping(entries) = &mut node.kind else { return None };
        let (mut out, mut whole) = (Mapping::with_capacity(entries.len()), true);
        for entry in entries.iter_mut() {
            let Some(field) = fields.iter().find(|f| f.name == entry.name) else { continue };
            let path = join(here.path, &field.name);
            if is_null(&entry.value) {
                if let Some(finding) = word_as_null(field, &path, entry, self.file) {
                    self.report(finding);
                    (whole, self.lossy) = (false, true);
                } else if field.required {
                    let finding = Finding::error(
                        "manifest/missing-field",
                        format!("`{path}` has no value"),
                        entry.place(self.file),
                    );
                    self.report(with_about(finding.label(format!("expected {}", field.shape.words())), field));
                    (whole, self.lossy) = (false, true);
                }
                continue;
            }
            let name = Some((entry.start, entry.end));
            match self.value(&field.shape, &mut entry.value, &Here { path: &path, name }) {
                Some(value) => {
                    out.insert(Value::String(field.name.clone()), value);
                }
                None => whole &= !field.required,
            }
        }
        // A map with one field and another name in it: the unknown name says it all.
        let told = fields.len() == 1 && entries.iter().any(|e| e.name != fields[0].name);
        let missing: Vec<&Field> =
            fields.iter().filter(|f| f.required && !entries.iter().any(|e| e.name == f.name)).collect();
        if told && !missing.is_empty() {
            self.lossy = true;
            return None;
        }
        for field in missing {
            let finding = Finding::error("manifest/missing-field", format!("missing field `{}`", field.name), place);
            self.report(with_about(
                finding.label(format!("`{}` is needed in {}", field.name, self.named(here))),
                field,
            ));
            (whole, self.lossy) = (false, true);
        }
        whole.then_some(Value::Mapping(out))
    }

    fn one_of(&mut self, fields: &[Field], node: &mut Node, here: &Here<'_>) -> Option<Value> {
        let place = self.owner(node, here);
        self.correct_names(fields, node, here);
        let known: Vec<&Entry> = node.entries().iter().filter(|e| fields.iter().any(|f| f.name == e.name)).collect();
        if known.len() != 1 {
            // Other names were reported as unknown.
            if known.len() > 1 || node.entries().is_empty() {
                let names = listed(fields.iter().map(|f| f.name.as_str()));
                let finding = Finding::error("manifest/missing-field", format!("give exactly one of {names}"), place);
                self.report(finding.label(if known.is_empty() { "none given" } else { "both given" }));
            }
            self.lossy = true;
            return None;
        }
        let optional: Vec<Field> = fields.iter().map(|f| Field { required: false, ..f.clone() }).collect();
        let before = self.findings.len();
        let value = self.record(&optional, node, here)?;
        let empty = value.as_mapping().is_none_or(Mapping::is_empty);
        let unknown = node.entries().iter().any(|e| e.value.scalar().is_some_and(|s| s.origin == Origin::Unknown));
        if empty && !unknown && self.findings.len() == before {
            let finding = Finding::error("manifest/missing-field", "the name of the secret is empty", place);
            self.report(finding.label("no value"));
        }
        self.lossy |= empty;
        (!empty).then_some(value)
    }

    /// Reports unknown names. One that is surely a misspelt field is read as that field: a typo is one finding,
    /// not also a missing field and what follows from it.
    fn correct_names(&mut self, fields: &[Field], node: &mut Node, here: &Here<'_>) {
        let NodeKind::Mapping(entries) = &mut node.kind else { return };
        for at in 0..entries.len() {
            let (name, place) = (entries[at].name.clone(), entries[at].place(self.file));
            if fields.iter().any(|f| f.name == name) {
                continue;
            }
            let free = fields.iter().map(|f| f.name.as_str()).filter(|n| !entries.iter().any(|e| e.name == *n));
            let meant = nearest(&name, free).map(str::to_owned);
            let help = match &meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => match nearest(&name, fields.iter().map(|f| f.name.as_str())) {
                    Some(given) => format!("did you mean `{given}`? it is given already"),
                    None => format!("known fields: {}", listed(fields.iter().map(|f| f.name.as_str()))),
                },
            };
            let finding = Finding::error("manifest/unknown-field", format!("unknown field `{name}`"), place);
            self.report(finding.label(format!("no such field in {}", self.named(here))).help(help));
            if let Some(meant) = meant {
                entries[at].name = meant;
            }
        }
    }

    fn wrong_type(&mut self, shape: &Shape, node: &Node, here: &Here<'_>) {
        let message = format!("{} expects {}, not {}", self.subject(here), shape.words(), found(node));
        let finding = Finding::error("manifest/wrong-type", message, node.shown(self.text, here.name, self.file));
        let finding = finding.label(format!("expected {}", shape.words()));
        self.report(match hint(shape, node) {
            Some(help) => finding.help(help),
            None => finding,
        });
    }

    fn unknown_word(&mut self, words: &[String], node: &Node, here: &Here<'_>) {
        let place = node.shown(self.text, here.name, self.file);
        let message = match node.scalar().filter(|s| s.origin == Origin::Written) {
            Some(scalar) => format!("unknown value {:?} for {}", short(&scalar.text), self.subject(here)),
            None => format!("unknown value for {} (after variables are put in)", self.subject(here)),
        };
        let known = listed(words.iter().map(String::as_str));
        let written = node.scalar().filter(|s| s.origin == Origin::Written).map_or("", |s| s.text.as_str());
        let help = match nearest(written, words.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`? known values: {known}"),
            None => format!("known values: {known}"),
        };
        self.report(Finding::error("manifest/unknown-value", message, place).label("not a known value").help(help));
    }

    fn out_of_range(&mut self, min: i128, max: i128, node: &Node, here: &Here<'_>) {
        let message = format!("{} cannot be {}", self.subject(here), found(node));
        let small = node.text().is_some_and(|t| t.starts_with('-'));
        let bound = if small { format!("expected {min} or more") } else { format!("expected {max} or less") };
        let finding = Finding::error("manifest/out-of-range", message, node.shown(self.text, here.name, self.file));
        self.report(finding.label(bound));
    }

    /// The place that stands for a whole map: the name in front of it, or its first name.
    fn owner(&self, node: &Node, here: &Here<'_>) -> Place {
        match (here.name, node.entries().first()) {
            (Some((start, end)), _) => Place { file: self.file, start, end },
            (None, Some(first)) => first.place(self.file),
            (None, None) => node.shown(self.text, None, self.file),
        }
    }

    fn named(&self, here: &Here<'_>) -> String {
        if here.path.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, here.path) }
    }

    fn subject(&self, here: &Here<'_>) -> String {
        if here.path.is_empty() { "a document".to_owned() } else { format!("`{}`", here.path) }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn with_about(finding: Finding, field: &Field) -> Finding {
    if field.about.is_empty() { finding } else { finding.help(format!("{}: {}", field.name, field.about)) }
}

/// `Null`, written as the engine is: to YAML it is no text, and the field would be left out in silence.
fn word_as_null(field: &Field, path: &str, entry: &Entry, file: FileId) -> Option<Finding> {
    let scalar = entry.value.scalar().filter(|s| s.text == "Null" && s.origin == Origin::Written)?;
    if field.shape != Shape::Text {
        return None;
    }
    let place = Place { file, start: entry.value.start, end: entry.value.end };
    let finding = Finding::error("manifest/null-word", format!("`{path}` is YAML's null here, not the word"), place);
    Some(
        finding
            .label(format!("{} without quotes means that nothing is given", scalar.text))
            .help("write \"Null\" in quotes for the word, or null for none"),
    )
}

/// Whether a value says nothing at all.
pub fn is_null(node: &Node) -> bool {
    node.scalar().is_some_and(|s| s.typed && s.origin != Origin::Unknown && resolve(&s.text) == Plain::Null)
}

enum Fit {
    Value(Value),
    WrongType,
    UnknownWord(Vec<String>),
    OutOfRange(i128, i128),
}

fn scalar_value(shape: &Shape, scalar: &ScalarNode) -> Fit {
    let look = if scalar.typed { resolve(&scalar.text) } else { Plain::Text(&scalar.text) };
    let text = || Value::String(scalar.text.clone());
    match (shape, look) {
        (Shape::Any, _) => Fit::Value(text()),
        (_, Plain::Null) => Fit::WrongType,
        (Shape::Text, _) => Fit::Value(text()),
        (Shape::Scalar, Plain::Text(_)) => Fit::Value(text()),
        (Shape::Scalar | Shape::Bool, Plain::Bool(value)) => Fit::Value(Value::Bool(value)),
        (Shape::Scalar, Plain::Int(Some(number))) => number_value(number),
        (Shape::Scalar, Plain::Int(None) | Plain::Float(_)) => {
            Fit::Value(Value::Tagged(Box::new(TaggedValue { tag: Tag::new(AS_WRITTEN), value: text() })))
        }
        (Shape::Int { min, max }, Plain::Int(number)) => match number.filter(|n| (*min..=*max).contains(n)) {
            Some(number) => number_value(number),
            None => Fit::OutOfRange(*min, *max),
        },
        (Shape::Words(words), _) if words.contains(&scalar.text) => Fit::Value(text()),
        (Shape::Words(words), _) => Fit::UnknownWord(words.clone()),
        (
            Shape::Bool
            | Shape::Int { .. }
            | Shape::List(_)
            | Shape::Map(_)
            | Shape::Record(_)
            | Shape::OneOf(_)
            | Shape::Either(_),
            _,
        ) => Fit::WrongType,
    }
}

fn number_value(number: i128) -> Fit {
    match (u64::try_from(number), i64::try_from(number)) {
        (Ok(number), _) => Fit::Value(Value::Number(number.into())),
        (Err(_), Ok(number)) => Fit::Value(Value::Number(number.into())),
        (Err(_), Err(_)) => Fit::WrongType,
    }
}
