//! What a server's answers say against the manifests' definitions. Pure: the questions were asked before.

use super::narrowing::narrows;
use crate::model::token::{TokenKind, tokenize};
use crate::model::{Column, Complaint, ComplaintKind, Definition, EngineArg, Fragment, Part, SettingValue};
use std::collections::BTreeSet;

/// CLUSTER_DOESNT_EXIST.
const NO_CLUSTER: i32 = 701;

/// The complaint of a server that does not accept a definition.
pub fn refused(definition: &Definition, code: i32, message: &str) -> Complaint {
    let (part, word) = place(definition, code, message);
    let what = if definition.is_view() { "the view" } else { "the table" };
    Complaint {
        object: definition.name.clone(),
        part,
        word,
        fatal: true,
        kind: ComplaintKind::Refused,
        message: format!("ClickHouse refuses {what} {}: {} (code {code})", definition.name, shortened(message)),
        label: "refused".into(),
        help: None,
    }
}

/// The complaint about a message format that the server does not have. The server makes such a table all the same, and
/// another build of it may have the format.
pub fn unknown_format(definition: &Definition, format: &str) -> Complaint {
    Complaint {
        object: definition.name.clone(),
        part: Part::Setting("kafka_format".into()),
        word: None,
        fatal: false,
        kind: ComplaintKind::UnknownFormat,
        message: format!("ClickHouse has no format `{format}` for the table {}", definition.name),
        label: "the table is made and reads nothing".into(),
        help: Some("SELECT name FROM system.formats lists what this server knows".into()),
    }
}

/// Outputs of a view and columns of its target that meet with different types: `(column, from, to)`.
pub fn conversions<'a>(output: &'a [Column], target: &'a [Column]) -> Vec<(&'a str, &'a str, &'a str)> {
    let pairs = output.iter().filter_map(|o| {
        let column = target.iter().find(|t| t.name == o.name)?;
        let (from, to) = (o.data_type.as_str(), column.data_type.as_str());
        (!o.data_type.same(&column.data_type)).then_some((o.name.as_str(), from, to))
    });
    pairs.collect()
}

/// A view's outputs against the columns of the table it fills. `impossible` are the conversions that the server knows
/// no way for.
pub fn view(
    view: &Definition,
    output: &[Column],
    target: &[Column],
    impossible: &BTreeSet<(String, String)>,
) -> Vec<Complaint> {
    let into = view.target.as_ref().map(ToString::to_string).unwrap_or_default();
    let complaint = |part: Part, fatal, kind, message: String, label: &str, help: &str| Complaint {
        object: view.name.clone(),
        word: None,
        part,
        fatal,
        kind,
        message,
        label: label.into(),
        help: Some(help.into()),
    };
    let mut found = Vec::new();
    for column in output.iter().filter(|o| !target.iter().any(|t| t.name == o.name)) {
        let name = &column.name;
        found.push(complaint(
            Part::Column(name.clone()),
            true,
            ComplaintKind::Exceeds,
            format!("the view {} gives `{name}`, which {into} does not have", view.name),
            "no such column in the target",
            "leave it out, rename it with AS, or add the column to the target",
        ));
    }
    let empty = target.iter().filter(|t| t.default.is_none() && !output.iter().any(|o| o.name == t.name));
    let lacking: Vec<String> = empty.map(|t| format!("`{}`", t.name)).collect();
    if !lacking.is_empty() {
        found.push(complaint(
            Part::Query,
            false,
            ComplaintKind::Lacks,
            format!("the view {} does not give {} of {into}", view.name, lacking.join(", ")),
            "left empty in every row",
            "add it to the SELECT, or give the column a `default`",
        ));
    }
    for (name, from, to) in conversions(output, target) {
        if impossible.contains(&(from.to_owned(), to.to_owned())) {
            found.push(complaint(
                Part::Column(name.to_owned()),
                true,
                ComplaintKind::CannotConvert,
                format!("the view {} gives `{name}` as {from}, which cannot become {to} in {into}", view.name),
                "cannot be converted",
                "convert it in the view, or change the type of the column",
            ));
        } else if let Some(loss) = narrows(from, to) {
            found.push(complaint(
                Part::Column(name.to_owned()),
                false,
                ComplaintKind::Narrows,
                format!("the view {} gives `{name}` as {from}, and {into} keeps {to}: {loss}", view.name),
                &format!("{from} becomes {to}"),
                "convert it in the view in the way you mean, or widen the column",
            ));
        }
    }
    found
}

/// A server's words without what only it cares for: where in its own text it was, and what it was executing.
fn shortened(message: &str) -> &str {
    let cuts = [" In scope ", ". In scope", ": In scope ", ": while executing ", ": While processing ", ". In query "];
    let end = cuts.iter().filter_map(|cut| message.find(cut)).min().unwrap_or(message.len());
    message[..end].trim_end_matches(['.', ' '])
}

/// The part that the server's words are about, and the name in it that they name.
fn place(definition: &Definition, code: i32, message: &str) -> (Part, Option<String>) {
    if code == NO_CLUSTER {
        return (Part::Cluster, None);
    }
    let named = quoted(message);
    for (setting, value) in &definition.settings {
        let value = match value {
            SettingValue::Text(text) => Some(text),
            SettingValue::Number(_) | SettingValue::Secret(_) => None,
        };
        if named.iter().any(|n| n == setting || Some(n) == value) {
            return (Part::Setting(setting.clone()), None);
        }
    }
    let short = shortened(message);
    if definition.engine.name == "Kafka" {
        let known = [("number of consumers", "kafka_num_consumers"), ("expressions for columns", "")];
        return match known.iter().find(|(words, _)| short.contains(words)) {
            Some((_, setting)) if !setting.is_empty() => (Part::Setting((*setting).into()), None),
            Some(_) | None => most_named(definition, short, &named),
        };
    }
    if let Some(query) = &definition.query {
        let word = named.iter().chain(&words(short)).find(|n| names(query).contains(*n)).cloned();
        return (Part::Query, word);
    }
    if short.starts_with("Sharding expression") {
        return (Part::ShardingKey, None);
    }
    if short.starts_with("TTL expression") {
        return (Part::Ttl, None);
    }
    most_named(definition, short, &named)
}

/// The part with the most names that the server's words name; keys before columns, whose types are named so often.
fn most_named(definition: &Definition, message: &str, named: &[String]) -> (Part, Option<String>) {
    let mut wanted: Vec<String> = named.to_vec();
    wanted.extend(words(message));
    let mut best: (usize, Part, Option<String>) = (0, Part::Whole, None);
    for (part, fragments) in parts(definition) {
        let here: BTreeSet<String> = fragments.iter().flat_map(names).collect();
        let hits: BTreeSet<&String> = wanted.iter().filter(|w| here.contains(*w)).collect();
        if hits.len() > best.0 {
            let word = wanted.iter().find(|w| here.contains(*w)).cloned();
            best = (hits.len(), part, word);
        }
    }
    (best.1, best.2)
}

fn parts(definition: &Definition) -> Vec<(Part, Vec<Fragment>)> {
    let mut parts = Vec::new();
    let keys = [
        (Part::PartitionBy, &definition.partition_by),
        (Part::OrderBy, &definition.order_by),
        (Part::PrimaryKey, &definition.primary_key),
        (Part::SampleBy, &definition.sample_by),
        (Part::Ttl, &definition.ttl),
    ];
    parts.extend(keys.into_iter().filter_map(|(part, key)| Some((part, vec![key.clone()?]))));
    let named = |name: &str| Fragment::new(crate::model::quote::identifier(name));
    parts.extend(
        definition
            .indexes
            .iter()
            .map(|i| (Part::Index(i.name.clone()), vec![named(&i.name), i.index_type.clone(), i.expression.clone()])),
    );
    parts.extend(
        definition
            .projections
            .iter()
            .map(|p| (Part::Projection(p.name.clone()), vec![named(&p.name), p.query.clone()])),
    );
    parts.extend(
        definition
            .constraints
            .iter()
            .map(|c| (Part::Constraint(c.name.clone()), vec![named(&c.name), c.expression.clone()])),
    );
    let args = definition.engine.args.iter().filter_map(|a| match a {
        EngineArg::Expression(e) => Some(e.clone()),
        EngineArg::Text(_) | EngineArg::Named(..) => None,
    });
    let engine = if definition.engine.name == "Distributed" { Part::ShardingKey } else { Part::Engine };
    parts.push((engine, args.collect()));
    parts.extend(definition.columns.iter().map(|c| {
        let default = c.default.as_ref().and_then(|(_, e)| e.clone());
        let all = [Some(c.data_type.clone()), default, c.codec.clone(), c.ttl.clone(), Some(named(&c.name))];
        (Part::Column(c.name.clone()), all.into_iter().flatten().collect())
    }));
    parts
}

fn names(fragment: &Fragment) -> Vec<String> {
    let tokens = tokenize(fragment.as_str()).unwrap_or_default();
    tokens.iter().filter_map(|t| t.name().map(str::to_owned)).collect()
}

/// What stands in quotes of any kind, of a dotted name its last part.
fn quoted(message: &str) -> Vec<String> {
    let mut found = Vec::new();
    for quote in ['`', '\''] {
        let pieces = message.split(quote).skip(1).step_by(2);
        found.extend(pieces.filter(|p| !p.is_empty() && p.len() < 200).map(|p| {
            let last = p.rsplit('.').next().unwrap_or(p);
            last.to_owned()
        }));
    }
    found
}

/// Words that may be names.
fn words(message: &str) -> Vec<String> {
    let Ok(tokens) = tokenize(message) else {
        let plain = |c: char| !(c.is_alphanumeric() || c == '_');
        return message.split(plain).filter(|w| w.len() > 2).map(str::to_owned).collect();
    };
    let word = |kind: &TokenKind| match kind {
        TokenKind::Word(word) if word.len() > 2 => Some(word.clone()),
        TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Text(_) | TokenKind::Mark(_) => {
            None
        }
    };
    tokens.iter().filter_map(|t| word(&t.kind)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Engine, Index, ObjectName};

    fn table() -> Definition {
        let mut codec = Column::new("s", "String");
        codec.codec = Some(Fragment::new("Gorilla"));
        let index_type = Fragment::new("minmx");
        Definition {
            columns: vec![Column::new("id", "UInt64"), codec],
            partition_by: Some(Fragment::new("toYYYYMM(s)")),
            order_by: Some(Fragment::new("idd")),
            ttl: Some(Fragment::new("s")),
            indexes: vec![Index { name: "ix".into(), expression: Fragment::new("s"), index_type, granularity: None }],
            settings: [("foo".to_owned(), SettingValue::Number("1".into()))].into(),
            ..Definition::new(ObjectName::new("d", "t"), Engine::plain("MergeTree"))
        }
    }

    /// Words of ClickHouse 26.9.
    #[test]
    fn the_part_is_found_in_the_servers_words() {
        let column = |n: &str| Part::Column(n.into());
        for (code, words, part) in [
            (36, "Codec Gorilla is not applicable for String because the data type is not of fixed size.", column("s")),
            (
                47,
                "Missing columns: 'idd' while processing: 'idd', required columns: 'idd', maybe you meant: 'id'.",
                Part::OrderBy,
            ),
            (
                43,
                "Illegal type String of argument of function toYYYYMM. Should be Date, Date32, DateTime or DateTime64: While processing toYYYYMM(s).",
                Part::PartitionBy,
            ),
            (
                450,
                "TTL expression result column should have Date, Date32, DateTime or DateTime64 type, but has String.",
                Part::Ttl,
            ),
            (115, "Unknown setting 'foo': for storage MergeTree.", Part::Setting("foo".into())),
            (
                80,
                "Unknown Index type 'minmx'. Available index types: set, minmax: When validating secondary index `ix`.",
                Part::Index("ix".into()),
            ),
            (478, "Something nobody has heard of", Part::Whole),
        ] {
            assert_eq!(refused(&table(), code, words).part, part, "{words}");
        }
        let over = Definition {
            engine: Engine { name: "Distributed".into(), args: vec![EngineArg::Expression(Fragment::new("nocol"))] },
            ..Definition::new(ObjectName::new("d", "x"), Engine::plain(""))
        };
        let sharding = "Sharding expression has type String, but should be one of integer type.";
        assert_eq!(refused(&over, 53, sharding).part, Part::ShardingKey);
        assert_eq!(refused(&over, 47, "Missing columns: 'nocol' while processing").part, Part::ShardingKey);
        assert_eq!(refused(&over, 701, "Requested cluster 'nocluster' not found.").part, Part::Cluster);
    }

    #[test]
    fn a_view_is_told_by_the_name_the_server_does_not_know() {
        let view = Definition {
            query: Some(Fragment::new("SELECT id, foo FROM d.k")),
            ..Definition::new(ObjectName::new("d", "v"), Engine::plain(Engine::VIEW))
        };
        let found = refused(&view, 47, "Unknown expression identifier `foo`. In scope SELECT id, foo FROM k.");
        assert_eq!((found.part, found.word.as_deref()), (Part::Query, Some("foo")));
        assert_eq!(found.message, "ClickHouse refuses the view d.v: Unknown expression identifier `foo` (code 47)");
    }

    #[test]
    fn outputs_are_compared_with_the_target() {
        let view = Definition {
            target: Some(ObjectName::new("d", "t")),
            ..Definition::new(ObjectName::new("d", "v"), Engine::plain(Engine::VIEW))
        };
        let of = |columns: &[(&str, &str)]| columns.iter().map(|(n, t)| Column::new(*n, t)).collect::<Vec<_>>();
        let target = of(&[("a", "Int32"), ("b", "String"), ("c", "UInt8")]);
        let output = of(&[("a", "Int64"), ("x", "String"), ("c", "Array(String)")]);
        let impossible = BTreeSet::from([("Array(String)".to_owned(), "UInt8".to_owned())]);
        let found: Vec<_> =
            super::view(&view, &output, &target, &impossible).into_iter().map(|c| (c.kind, c.fatal, c.part)).collect();
        let column = |n: &str| Part::Column(n.into());
        assert_eq!(
            found,
            [
                (ComplaintKind::Exceeds, true, column("x")),
                (ComplaintKind::Lacks, false, Part::Query),
                (ComplaintKind::Narrows, false, column("a")),
                (ComplaintKind::CannotConvert, true, column("c")),
            ]
        );
        assert_eq!(super::view(&view, &target, &target, &impossible), []);
    }
}
