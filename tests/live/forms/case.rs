//! One case: what somebody writes, and what the server keeps of it.

use serde_json::json;
use sluice::model::token::{split_at_commas, text_of, tokenize};

/// Columns that every case can use, unless it brings its own.
pub const BASE: [(&str, &str); 7] = [
    ("id", "UInt64"),
    ("name", "String"),
    ("at", "DateTime"),
    ("day", "Date"),
    ("price", "Decimal(18, 2)"),
    ("tags", "Array(String)"),
    ("attrs", "Map(String, String)"),
];

/// Which part of a manifest a case writes, and where its outcome is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A type, or the fields of a column: the column in the table.
    Column,
    /// Fields of a target: the table.
    Table,
    /// `TYPE <- EXPRESSION`: the value in the view's SELECT.
    Value,
    /// A filter: the WHERE of the view.
    Where,
    /// `COLUMNS <- SELECT`: the view's whole SELECT.
    Select,
    /// Fields of `source`: the settings of the Kafka table.
    Kafka,
    /// Fields of `distributed`: the engine of the Distributed table.
    Distributed,
}

impl Kind {
    const ALL: [(&'static str, Kind); 7] = [
        ("column", Kind::Column),
        ("table", Kind::Table),
        ("value", Kind::Value),
        ("where", Kind::Where),
        ("select", Kind::Select),
        ("kafka", Kind::Kafka),
        ("distributed", Kind::Distributed),
    ];
}

/// A case of a file.
#[derive(Debug)]
pub struct Case {
    /// Line of the file where it begins, from one: also what its objects are called by.
    pub line: usize,
    /// What kind.
    pub kind: Kind,
    /// As its author writes it.
    pub written: String,
    /// What the server makes of it.
    pub server: String,
}

impl Case {
    /// All cases of a file's text: `KIND: WRITTEN`, over several lines if need be, then `=> SERVER` on one.
    pub fn all(text: &str) -> Vec<Case> {
        let mut cases = Vec::new();
        let mut open: Option<Case> = None;
        for (i, line) in text.lines().enumerate() {
            let begins =
                Kind::ALL.iter().find_map(|(word, kind)| Some((*kind, line.strip_prefix(word)?.strip_prefix(": ")?)));
            match (&mut open, begins, line.trim_start().strip_prefix("=>")) {
                (None, Some((kind, written)), _) => {
                    open = Some(Case { line: i + 1, kind, written: written.to_owned(), server: String::new() });
                }
                (Some(_), _, Some(server)) => {
                    cases.extend(open.take().map(|case| Case { server: server.trim().to_owned(), ..case }));
                }
                (Some(case), None, None) => {
                    case.written.push('\n');
                    case.written.push_str(line);
                }
                (None, None, None) if line.is_empty() || line.starts_with('#') => {}
                _ => panic!("line {}: neither a case nor its answer: {line}", i + 1),
            }
        }
        assert!(open.is_none(), "a case without `=>` at the end");
        cases
    }

    /// The column a case is about, in the manifest: no two of a file share one on the wire.
    pub fn column(&self) -> String {
        format!("c{}", self.line)
    }

    /// The target's table in its database.
    pub fn table(&self) -> String {
        format!("case{}", self.line)
    }

    /// The columns this case wants on the wire beside those of [`BASE`].
    pub fn wire(&self) -> Option<(String, String)> {
        if self.kind != Kind::Column {
            return None;
        }
        let Some(fields) = self.fields() else { return Some((self.column(), self.written.clone())) };
        let fields = keys(fields);
        let computed = ["default", "materialized", "alias", "ephemeral", "expression"];
        let text = |key: &str| fields.get(key).and_then(serde_yaml::Value::as_str).map(str::to_owned);
        let computed = computed.iter().any(|key| fields.contains_key(*key));
        text("from").or_else(|| text("type").filter(|_| !computed)).map(|wire| (self.column(), wire))
    }

    /// What stands inside of `{…}`, where that is what is written.
    fn fields(&self) -> Option<&str> {
        self.written.strip_prefix('{')?.trim_end().strip_suffix('}')
    }

    /// The target of this case in `database`.
    pub fn target(&self, database: &str) -> String {
        let base = || BASE.map(|(name, data_type)| format!("{{name: {name}, type: {}}}", quoted(data_type))).join(", ");
        let table = format!("table: {database}.{}", self.table());
        let columns = |more: &str| format!("columns: [{}{more}]", base());
        match self.kind {
            Kind::Column => {
                let fields = self.fields().map_or_else(|| format!("type: {}", quoted(&self.written)), str::to_owned);
                let column = format!(", {{name: {}, {fields}}}", self.column());
                format!("{table}, {}, orderBy: tuple()", columns(&column))
            }
            Kind::Table => {
                let fields = self.fields().expect("fields of a target");
                let given = keys(fields);
                let columns = if given.contains_key("columns") { String::new() } else { format!("{}, ", columns("")) };
                let keyless = given.contains_key("orderBy") || given.get("engine").is_some_and(|e| e == "Null");
                let order = if keyless { "" } else { "orderBy: id, " };
                format!("{table}, {columns}{order}{fields}")
            }
            Kind::Value => {
                let (data_type, value) = self.written.split_once("<-").expect("TYPE <- EXPRESSION");
                let column = format!("{{name: c, type: {}, expression: {}}}", quoted(data_type), quoted(value));
                format!("{table}, columns: [{column}], orderBy: tuple()")
            }
            Kind::Where => {
                let condition = quoted(&self.written);
                format!("{table}, columns: [{{name: id, type: UInt64}}], orderBy: id, where: {condition}")
            }
            Kind::Select => {
                let (columns, select) = self.written.split_once("<-").expect("COLUMNS <- SELECT");
                let tokens = tokenize(columns).expect("columns");
                let columns: Vec<String> = split_at_commas(&tokens)
                    .into_iter()
                    .map(|part| {
                        let (name, data_type) = (part[0].name().expect("a name"), text_of(columns, &part[1..]));
                        format!("{{name: {}, type: {}}}", quoted(name), quoted(data_type))
                    })
                    .collect();
                let select = quoted(select);
                format!("{table}, columns: [{}], orderBy: tuple(), select: {select}", columns.join(", "))
            }
            Kind::Kafka => format!("{table}, {}, orderBy: id", columns("")),
            Kind::Distributed => {
                let fields = self.fields().expect("fields of `distributed`");
                format!("{table}, {}, orderBy: id, distributed: {{{fields}}}", columns(""))
            }
        }
    }

    /// The fields of `source` of a case with a Kafka table of its own.
    pub fn source(&self) -> Option<&str> {
        (self.kind == Kind::Kafka).then(|| self.fields().expect("fields of `source`"))
    }
}

/// Fields as they are read.
fn keys(fields: &str) -> serde_yaml::Mapping {
    serde_yaml::from_str(&format!("{{{fields}}}")).unwrap_or_else(|e| panic!("{fields}: {e}"))
}

/// A text as YAML that is no variable either.
pub fn quoted(text: &str) -> String {
    json!(text.trim().replace('$', "$$")).to_string()
}
