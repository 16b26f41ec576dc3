//! YAML text to trees, bounded in depth, number of values and expansion of aliases.

use super::finding::{FileId, Finding, Place};
use super::node::{Entry, Node, NodeKind, Origin, ScalarNode, Size, Style};
use super::positions::Positions;
use super::resolve::{Plain, resolve};
use super::syntax::syntax_error;
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::collections::BTreeMap;

/// Levels of nesting in one document. Manifests need about ten; every walk over a tree may recurse.
pub const MAX_DEPTH: usize = 64;
/// Values in one file, aliases written out.
pub const MAX_NODES: usize = 100_000;
/// Bytes that aliases may add to one file.
pub const MAX_ALIAS_BYTES: usize = 8 << 20;
/// Findings of the form of one file: more of them help nobody.
const MAX_FINDINGS: usize = 100;

/// What a file holds.
#[derive(Debug)]
pub struct Parsed {
    /// The documents that could be read, without empty ones.
    pub documents: Vec<Node>,
    /// What is wrong with the form.
    pub findings: Vec<Finding>,
    /// Whether the end was reached: what is missing from `documents` is not in the file.
    pub complete: bool,
}

/// Reads all documents of a file. What stands before a fault is kept.
pub fn parse(text: &str, file: FileId) -> Parsed {
    let builder = Builder {
        text,
        file,
        positions: Positions::new(text),
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        documents: Vec::new(),
        findings: Vec::new(),
        nodes: 0,
        alias_bytes: 0,
    };
    builder.run()
}

/// A collection that is being read.
struct Frame {
    start: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, names: BTreeMap<String, usize>, merges: Vec<Node>, key: Option<Key> },
}

/// A name whose value comes next.
enum Key {
    Name {
        text: String,
        start: usize,
        end: usize,
    },
    Merge,
    /// Reported already; its value is read and dropped.
    Bad,
}

struct Builder<'a> {
    text: &'a str,
    file: FileId,
    positions: Positions<'a>,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, Size)>,
    documents: Vec<Node>,
    findings: Vec<Finding>,
    nodes: usize,
    alias_bytes: usize,
}

/// What a tag says about a scalar.
enum Tagged {
    Text,
    ByLook,
    /// Nothing that is known; reported.
    Bad,
}

/// The file is not read further; its reason is among the findings.
struct Stop;

impl<'a> Builder<'a> {
    fn run(mut self) -> Parsed {
        let mut parser = Parser::new_from_str(self.text);
        let complete = loop {
            match parser.next_event() {
                None => break true,
                Some(Ok((event, span))) => {
                    if let Err(Stop) = self.event(event, span) {
                        break false;
                    }
                }
                Some(Err(error)) => {
                    let at = self.positions.byte(error.marker().index());
                    let finding = syntax_error(error.info(), self.text, at, self.file);
                    let bracket = self.open_bracket().filter(|_| error.info().contains("expected ','"));
                    self.findings.push(match bracket {
                        Some(place) => finding.also(place, "opened here"),
                        None => finding,
                    });
                    break false;
                }
            }
            if self.findings.len() > MAX_FINDINGS {
                break false;
            }
        };
        Parsed { documents: self.documents, findings: self.findings, complete }
    }

    fn event(&mut self, event: Event<'a>, span: Span) -> Result<(), Stop> {
        let (start, end) = (self.positions.byte(span.start.index()), self.positions.byte(span.end.index()));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.anchors.clear();
                Ok(())
            }
            Event::Alias(id) => self.alias(id, start, end),
            Event::Scalar(text, style, anchor, tag) => {
                // What is not written has the place of what comes next.
                let nothing = text.is_empty() && style == ScalarStyle::Plain && tag.is_none() && anchor == 0;
                let end = if nothing { start } else { end };
                let node = self.scalar(text.into_owned(), style, tag.as_deref(), (start, end))?;
                self.finish(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.tag_fits(tag.as_deref(), "seq", start, end);
                self.open(Frame { start, anchor, content: Content::Sequence(Vec::new()) }, end)
            }
            Event::MappingStart(anchor, tag) => {
                self.tag_fits(tag.as_deref(), "map", start, end);
                let (names, merges) = (BTreeMap::new(), Vec::new());
                let content = Content::Mapping { entries: Vec::new(), names, merges, key: None };
                self.open(Frame { start, anchor, content }, end)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
        }
    }

    fn open(&mut self, frame: Frame, end: usize) -> Result<(), Stop> {
        if self.stack.len() >= MAX_DEPTH {
            return self.too_deep(frame.start, end);
        }
        self.count(1, frame.start, end)?;
        self.stack.push(frame);
        Ok(())
    }

    fn too_deep(&mut self, start: usize, end: usize) -> Result<(), Stop> {
        let place = self.place(start, end);
        let finding = Finding::error("yaml/too-deep", format!("nested more than {MAX_DEPTH} levels deep"), place);
        self.findings.push(finding.label("the file is not read beyond this"));
        Err(Stop)
    }

    fn count(&mut self, nodes: usize, start: usize, end: usize) -> Result<(), Stop> {
        self.nodes += nodes;
        if self.nodes <= MAX_NODES {
            return Ok(());
        }
        let place = self.place(start, end);
        let finding = Finding::error("yaml/too-large", format!("more than {MAX_NODES} values in one file"), place);
        self.findings.push(finding.label("the file is not read beyond this").help("split the file"));
        Err(Stop)
    }

    fn scalar(
        &mut self,
        text: String,
        style: ScalarStyle,
        tag: Option<&Tag>,
        (start, end): (usize, usize),
    ) -> Result<Node, Stop> {
        self.count(1, start, end)?;
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let (typed, origin) = match tag.map(|tag| self.scalar_tag(tag, &text, start, end)) {
            None => (style == Style::Plain, Origin::Written),
            Some(Tagged::Text) => (false, Origin::Written),
            Some(Tagged::ByLook) => (true, Origin::Written),
            Some(Tagged::Bad) => (false, Origin::Unknown),
        };
        // A block text ends with the line break of its last line; nobody would point there.
        let end = start + self.text.get(start..end).map_or(0, |written| written.trim_end().len());
        Ok(Node { start, end, kind: NodeKind::Scalar(ScalarNode { text, style, typed, origin }) })
    }

    /// What a tag says about a scalar.
    fn scalar_tag(&mut self, tag: &Tag, text: &str, start: usize, end: usize) -> Tagged {
        let look = resolve(text);
        let fits = match (tag.is_yaml_core_schema(), tag.suffix.as_str()) {
            (true, "str") => return Tagged::Text,
            (true, "int") => matches!(look, Plain::Int(_)),
            (true, "float") => matches!(look, Plain::Float(_) | Plain::Int(_)),
            (true, "bool") => matches!(look, Plain::Bool(_)),
            (true, "null") => look == Plain::Null,
            (false, "") if tag.handle == "!" => return Tagged::Text,
            (_, _) => false,
        };
        if fits {
            return Tagged::ByLook;
        }
        self.bad_tag(tag, start, end);
        Tagged::Bad
    }

    fn tag_fits(&mut self, tag: Option<&Tag>, suffix: &str, start: usize, end: usize) {
        if let Some(tag) = tag.filter(|t| !(t.is_yaml_core_schema() && t.suffix == suffix)) {
            self.bad_tag(tag, start, end);
        }
    }

    fn bad_tag(&mut self, tag: &Tag, start: usize, end: usize) {
        let written = self.text.get(start..end).unwrap_or_default();
        let length = written.find(char::is_whitespace).unwrap_or(written.len());
        let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
        let finding = Finding::error(
            "yaml/tag",
            format!("the tag `{name}` has no meaning here"),
            self.place(start, start + length),
        );
        self.findings.push(finding.label("not a tag sluice knows").help("leave the tag out; quotes make a text"));
    }

    fn close(&mut self, end: usize) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let (kind, last) = match frame.content {
            Content::Sequence(items) => {
                let last = items.last().map(|n| n.end);
                (NodeKind::Sequence(items), last)
            }
            Content::Mapping { mut entries, names, merges, key: _ } => {
                let last = entries.last().map(|e| e.value.end.max(e.end));
                self.merge(&mut entries, &names, merges);
                (NodeKind::Mapping(entries), last)
            }
        };
        // A block ends where its last value ends; the parser only notices at the next line.
        let flow = self.text.get(..end).is_some_and(|t| t.ends_with([']', '}']));
        let end = if flow { end } else { last.unwrap_or(end) };
        let start = frame.start;
        self.finish(Node { start, end: end.max(start), kind }, frame.anchor)
    }

    /// Adds what `<<` brings; written fields win, then earlier maps.
    fn merge(&mut self, entries: &mut Vec<Entry>, names: &BTreeMap<String, usize>, merges: Vec<Node>) {
        let mut seen: std::collections::BTreeSet<String> = names.keys().cloned().collect();
        for node in merges {
            let (start, end) = (node.start, node.end);
            let maps = match node.kind {
                NodeKind::Mapping(_) => vec![node],
                NodeKind::Sequence(items) => items,
                NodeKind::Scalar(_) => vec![node],
            };
            for map in maps {
                match map.kind {
                    NodeKind::Mapping(brought) => {
                        entries.extend(brought.into_iter().filter(|e| seen.insert(e.name.clone())));
                    }
                    NodeKind::Scalar(_) | NodeKind::Sequence(_) => {
                        let finding = Finding::error("yaml/merge", "`<<` merges maps only", self.place(start, end));
                        self.findings.push(finding.label("neither a map nor a list of maps"));
                        break;
                    }
                }
            }
        }
    }

    fn alias(&mut self, id: usize, start: usize, end: usize) -> Result<(), Stop> {
        let name = self.text.get(start..end).unwrap_or_default().to_owned();
        let Some((node, size)) = self.anchors.get(&id) else {
            let inside = self.stack.iter().any(|frame| frame.anchor == id);
            let why = if inside { "stands inside of what it repeats" } else { "names an anchor of another document" };
            let finding = Finding::error("yaml/alias", format!("the alias `{name}` {why}"), self.place(start, end));
            self.findings.push(finding.label("cannot be written out"));
            return Err(Stop);
        };
        let (mut node, size) = (node.clone(), *size);
        self.alias_bytes += size.bytes;
        if self.alias_bytes > MAX_ALIAS_BYTES || self.nodes + size.nodes > MAX_NODES {
            return self.exploded(start, end);
        }
        self.nodes += size.nodes;
        if self.stack.len() + size.levels > MAX_DEPTH + 1 {
            return self.too_deep(start, end);
        }
        // The alias is where the value is used; what is inside keeps the place where it was written.
        (node.start, node.end) = (start, end);
        self.finish(node, 0)
    }

    fn exploded(&mut self, start: usize, end: usize) -> Result<(), Stop> {
        let limit = format!("aliases make more than {MAX_NODES} values or {} MiB", MAX_ALIAS_BYTES >> 20);
        let finding = Finding::error("yaml/alias", limit, self.place(start, end));
        self.findings
            .push(finding.label("the file is not read beyond this").help("write the values out, or split the file"));
        Err(Stop)
    }

    /// A whole value was read: it goes where it belongs.
    fn finish(&mut self, mut node: Node, anchor: usize) -> Result<(), Stop> {
        if anchor > 0 {
            let size = node.size();
            // The copy that is kept for aliases counts like an alias.
            self.alias_bytes += size.bytes;
            if self.alias_bytes > MAX_ALIAS_BYTES || self.nodes + size.nodes > MAX_NODES {
                return self.exploded(node.start, node.start + 1);
            }
            self.nodes += size.nodes;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(mut frame) = self.stack.pop() else {
            if !is_empty(&node) {
                self.documents.push(node);
            }
            return Ok(());
        };
        match &mut frame.content {
            Content::Sequence(items) => {
                if is_empty(&node) {
                    let dash = self.text.get(..node.start).and_then(|t| t.rfind('-'));
                    (node.start, node.end) = dash.map_or((node.start, node.end), |at| (at, at + 1));
                }
                items.push(node);
            }
            Content::Mapping { entries, names, merges, key } => match key.take() {
                None => *key = Some(self.key(node, entries, names)),
                Some(Key::Bad) => {}
                Some(Key::Merge) => merges.push(node),
                Some(Key::Name { text, start, end }) => {
                    if is_empty(&node) {
                        (node.start, node.end) = (start, end);
                    }
                    names.insert(text.clone(), entries.len());
                    entries.push(Entry { name: text, start, end, value: node });
                }
            },
        }
        self.stack.push(frame);
        Ok(())
    }

    fn key(&mut self, node: Node, entries: &[Entry], names: &BTreeMap<String, usize>) -> Key {
        let (start, end) = (node.start, node.end);
        let place = self.place(start, end);
        let NodeKind::Scalar(scalar) = node.kind else {
            let place = node.shown(self.text, None, self.file);
            let finding = Finding::error("yaml/key", "a name must be a text, not a list or a map", place);
            self.findings.push(finding.label("used as a name"));
            return Key::Bad;
        };
        let look = if scalar.typed { resolve(&scalar.text) } else { Plain::Text(&scalar.text) };
        let what = match look {
            Plain::Text("<<") if scalar.typed => return Key::Merge,
            Plain::Text(_) => None,
            Plain::Null => Some("empty"),
            Plain::Bool(_) => Some("a boolean"),
            Plain::Int(_) | Plain::Float(_) => Some("a number"),
        };
        if let Some(what) = what {
            let finding = Finding::error("yaml/key", format!("a name must be a text; this one is {what}"), place);
            self.findings.push(finding.label("not a text").help("put the name in quotes"));
            return Key::Bad;
        }
        if let Some(first) = names.get(&scalar.text).and_then(|at| entries.get(*at)) {
            let finding = Finding::error("yaml/duplicate-key", format!("`{}` is given twice", scalar.text), place);
            self.findings.push(finding.label("given again").also(first.place(self.file), "first given here"));
            return Key::Bad;
        }
        Key::Name { text: scalar.text, start, end }
    }

    /// The `{` or `[` that is open where reading stands.
    fn open_bracket(&self) -> Option<Place> {
        let start = self.stack.last()?.start;
        self.text.get(start..)?.starts_with(['{', '[']).then(|| self.place(start, start + 1))
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place { file: self.file, start, end: end.max(start) }
    }
}

fn is_empty(node: &Node) -> bool {
    node.scalar().is_some_and(|s| s.text.is_empty() && s.style == Style::Plain && node.start == node.end)
}
