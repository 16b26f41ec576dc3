//! A pipeline as its author thinks of it: enough of the manifest's language to vary all of it.

use super::expression::Spelled;
use crate::forms::quoted;
use std::collections::BTreeMap;

/// Columns that the targets have and expressions are made of: name, type and how its type may be spelled.
pub const ANCHORS: [(&str, &str, &[&str]); 7] = [
    ("id", "UInt64", &["UInt64", "bigint unsigned"]),
    ("name", "String", &["String", "text", "varchar(20)"]),
    ("at", "DateTime", &["DateTime", "timestamp", "datetime"]),
    ("price", "Decimal(18, 2)", &["Decimal(18, 2)", "decimal(18,2)", "Decimal64(2)"]),
    ("tags", "Array(String)", &["Array(String)", "Array( text )"]),
    ("ver", "UInt64", &["UInt64", "BIGINT UNSIGNED"]),
    ("sign", "Int8", &["Int8", "tinyint"]),
];

/// A pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Also the name of its database.
    pub name: String,
    /// Whether its project has a cluster.
    pub cluster: bool,
    pub description: String,
    pub group: Option<String>,
    pub format: &'static str,
    pub consumers: usize,
    pub errors: Errors,
    pub settings: BTreeMap<&'static str, Spelled>,
    pub targets: Vec<Target>,
    /// How many names were given: none is given twice.
    pub names: usize,
}

/// What happens to broken messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errors {
    Stop,
    Skip(usize),
    /// With the TTL of the error table.
    Stream(Option<usize>),
}

/// A target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    /// The name of another target.
    pub reads: Option<String>,
    pub local_writes: bool,
    pub columns: Vec<Column>,
    pub filter: Option<Spelled>,
    pub engine: &'static str,
    pub partition_by: Option<Spelled>,
    pub order_by: Vec<Spelled>,
    /// How the sorting key is written.
    pub bracketed: bool,
    /// How many elements of the sorting key are the primary key.
    pub primary: Option<usize>,
    pub sampled: bool,
    pub ttl: Option<Spelled>,
    pub settings: BTreeMap<&'static str, Spelled>,
    pub indexes: BTreeMap<String, Index>,
    pub projections: BTreeMap<String, Projection>,
    pub constraints: BTreeMap<String, Spelled>,
    /// The sharding key; `None` is no Distributed table.
    pub sharding: Option<Spelled>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub expression: Spelled,
    pub index_type: Spelled,
    pub granularity: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Projection {
    OrderBy(Spelled),
    Query(Spelled),
}

/// A column of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub data_type: Spelled,
    pub value: Value,
    pub codec: Option<Spelled>,
    pub ttl: Option<Spelled>,
    pub comment: String,
    /// Whether expressions and keys rely on it.
    pub anchor: bool,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A column of the same name and type.
    Read,
    /// A String of the same name.
    FromText,
    /// An expression of the view.
    Expression(Spelled),
    /// The table itself: `default`, `materialized` or `alias`.
    Computed(&'static str, Spelled),
}

impl Manifest {
    /// A name that nothing else of the pipeline has or had.
    pub fn new_name(&mut self, stem: &str) -> String {
        self.names += 1;
        format!("{stem}{}", self.names)
    }

    /// The document, without its `apiVersion`.
    pub fn yaml(&self) -> String {
        let mut text = format!(
            "kind: KafkaPipeline\nmetadata: {{name: {}, description: {}}}\n",
            self.name,
            quoted(&self.description)
        );
        text.push_str(&format!(
            "spec:\n  topic: {{external: {}}}\n  source:\n    table: {}.kafka\n",
            self.name, self.name
        ));
        text.push_str(&format!("    format: {}\n", self.format));
        if let Some(group) = &self.group {
            text.push_str(&format!("    group: {}\n", quoted(group)));
        }
        if self.consumers > 1 {
            text.push_str(&format!("    consumers: {}\n", self.consumers));
        }
        text.push_str(&match self.errors {
            Errors::Stop => String::new(),
            Errors::Skip(max) => format!("    errors: {{mode: skip, max: {max}}}\n"),
            Errors::Stream(None) => "    errors: {mode: stream}\n".to_owned(),
            Errors::Stream(Some(days)) => format!("    errors: {{mode: stream, ttl: time + interval {days} day}}\n"),
        });
        text.push_str(&settings(&self.settings, "    "));
        text.push_str("  targets:\n");
        for target in &self.targets {
            text.push_str(&self.target(target));
        }
        text
    }

    fn target(&self, target: &Target) -> String {
        let mut text = format!("    - table: {}.{}\n", self.name, target.name);
        let mut field = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                text.push_str(&format!("      {name}: {}\n", quoted(value)));
            }
        };
        field("reads", target.reads.as_ref().map(|r| format!("{}.{r}", self.name)).as_deref());
        field("writes", target.local_writes.then_some("local"));
        field("where", target.filter.as_ref().map(|f| f.written.as_str()));
        field("engine", Some(target.engine));
        field("partitionBy", target.partition_by.as_ref().map(|p| p.written.as_str()));
        let key = |elements: &[Spelled]| {
            let list = elements.iter().map(|e| e.written.as_str()).collect::<Vec<_>>().join(", ");
            if elements.is_empty() {
                "tuple()".to_owned()
            } else if target.bracketed {
                format!("({list})")
            } else {
                list
            }
        };
        field("orderBy", Some(&key(&target.order_by)));
        field("primaryKey", target.primary.map(|n| key(&target.order_by[..n])).as_deref());
        field("sampleBy", target.sampled.then_some("id"));
        field("ttl", target.ttl.as_ref().map(|t| t.written.as_str()));
        text.push_str(&settings(&target.settings, "      "));
        let mut list = |name: &str, items: Vec<String>| {
            if !items.is_empty() {
                text.push_str(&format!("      {name}: [{}]\n", items.join(", ")));
            }
        };
        list("columns", target.columns.iter().map(Column::yaml).collect());
        list("indexes", target.indexes.iter().map(|(name, index)| index.yaml(name)).collect());
        list("projections", target.projections.iter().map(|(name, p)| p.yaml(name)).collect());
        let constraint =
            |(name, check): (&String, &Spelled)| format!("{{name: {name}, check: {}}}", quoted(&check.written));
        list("constraints", target.constraints.iter().map(constraint).collect());
        if self.cluster {
            text.push_str(&match &target.sharding {
                Some(key) => format!("      distributed: {{shardingKey: {}}}\n", quoted(&key.written)),
                None => "      distributed: none\n".to_owned(),
            });
        }
        text
    }
}

fn settings(settings: &BTreeMap<&'static str, Spelled>, indent: &str) -> String {
    if settings.is_empty() {
        return String::new();
    }
    let settings: Vec<String> = settings.iter().map(|(key, value)| format!("{key}: {}", value.written)).collect();
    format!("{indent}settings: {{{}}}\n", settings.join(", "))
}

impl Index {
    fn yaml(&self, name: &str) -> String {
        let granularity = self.granularity.map(|g| format!(", granularity: {g}")).unwrap_or_default();
        let (expression, index_type) = (quoted(&self.expression.written), quoted(&self.index_type.written));
        format!("{{name: {name}, expression: {expression}, type: {index_type}{granularity}}}")
    }
}

impl Projection {
    fn yaml(&self, name: &str) -> String {
        match self {
            Projection::OrderBy(key) => format!("{{name: {name}, orderBy: {}}}", quoted(&key.written)),
            Projection::Query(query) => format!("{{name: {name}, query: {}}}", quoted(&query.written)),
        }
    }
}

impl Column {
    fn yaml(&self) -> String {
        let mut text = format!("{{name: {}, type: {}", self.name, quoted(&self.data_type.written));
        let mut field = |name: &str, value: &str| text.push_str(&format!(", {name}: {}", quoted(value)));
        match &self.value {
            Value::Read => {}
            Value::FromText => field("from", "String"),
            Value::Expression(expression) => field("expression", &expression.written),
            Value::Computed(kind, expression) => field(kind, &expression.written),
        }
        if let Some(codec) = &self.codec {
            field("codec", &codec.written);
        }
        if let Some(ttl) = &self.ttl {
            field("ttl", &ttl.written);
        }
        if !self.comment.is_empty() {
            field("comment", &self.comment);
        }
        text.push('}');
        text
    }
}
