//! Sorting, primary and sampling key against each other.

use super::super::target::Target;
use super::scene::Scene;
use crate::manifest::{Finding, MaybeSecret};
use crate::model::Fragment;
use crate::model::data_type::usual;
use crate::model::token::{Token, closing, split_at_commas, text_of, tokenize, unwrapped};

/// One element of a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Its text, without a direction.
    pub text: &'a str,
    /// Where it begins in the key.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The column, where it is nothing but one.
    pub column: Option<String>,
}

impl Element<'_> {
    fn same(&self, other: &Element<'_>) -> bool {
        Fragment::new(self.text).same_key(&Fragment::new(other.text))
    }
}

/// The elements of a key; `None` when it is no SQL. `tuple()` has none.
pub(super) fn elements_of(text: &str) -> Option<Vec<Element<'_>>> {
    let tokens = tokenize(text).ok()?;
    let mut inner = unwrapped(&tokens);
    if inner.len() > 2 && inner[0].is_word("tuple") && inner[1].is("(") && closing(inner, 1) == Some(inner.len() - 1) {
        inner = &inner[2..inner.len() - 1];
    }
    if inner.len() == 2 && inner[0].is("(") {
        inner = &[];
    }
    Some(split_at_commas(inner).into_iter().filter_map(|part| element(text, part)).collect())
}

fn element<'a>(text: &'a str, part: &[Token]) -> Option<Element<'a>> {
    let directed = part.len() > 1 && part.last().is_some_and(|t| t.is_word("ASC") || t.is_word("DESC"));
    let part = if directed { &part[..part.len() - 1] } else { part };
    let column = match unwrapped(part) {
        [name] => name.name().map(str::to_owned),
        _ => None,
    };
    Some(Element { text: text_of(text, part), start: part.first()?.start, end: part.last()?.end, column })
}

/// The primary key is the beginning of the sorting key.
pub(super) fn primary_key(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made() {
        let Some(primary) = &target.spec.primary_key else { continue };
        let path = format!("{}.primaryKey", target.path);
        let Some(sorting) = &target.spec.order_by else {
            let message = "a primary key needs a sorting key that begins with it";
            let finding =
                Finding::error("pipeline/primary-key", message, scene.at(&path)).label("no `orderBy` beside it");
            findings.push(finding.help("write it as `orderBy`, and leave `primaryKey` out"));
            continue;
        };
        let (Some(primary), Some(sorting)) = (elements_of(primary), elements_of(sorting)) else { continue };
        let wrong = primary.iter().enumerate().find(|(i, p)| !sorting.get(*i).is_some_and(|s| s.same(p)));
        if let Some((i, element)) = wrong {
            let message = "the primary key is not the beginning of the sorting key";
            let label = match sorting.get(i) {
                Some(expected) => format!("the sorting key has `{}` here", expected.text),
                None => "the sorting key is shorter".to_owned(),
            };
            let place = scene.within(&path, element.start, element.end);
            let finding = Finding::error("pipeline/primary-key", message, place).label(label);
            findings.push(finding.also(scene.at(&format!("{}.orderBy", target.path)), "the sorting key"));
        }
    }
}

/// Types that no sampling key has.
const UNSAMPLED: [&str; 17] = [
    "String",
    "FixedString",
    "LowCardinality(String)",
    "Date",
    "Date32",
    "DateTime",
    "DateTime64",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "Float32",
    "Float64",
    "Decimal",
    "UUID",
    "Nullable",
    "Array",
];

/// The sampling key is an element of the primary key.
pub(super) fn sampling_key(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made() {
        let spec = target.spec;
        let Some(sampling) = &spec.sample_by else { continue };
        let (field, key) = match (&spec.primary_key, &spec.order_by) {
            (Some(key), _) => ("primaryKey", Some(key)),
            (None, key) => ("orderBy", key.as_ref()),
        };
        let Some(keys) = elements_of(key.map_or("", |k| k)) else { continue };
        let Some([sampled]) = elements_of(sampling).and_then(|e| <[Element<'_>; 1]>::try_from(e).ok()) else {
            continue;
        };
        let path = format!("{}.sampleBy", target.path);
        let column = target.columns.iter().find(|c| Some(&c.column.name) == sampled.column.as_ref());
        let data_type = column.map_or_else(String::new, |c| usual(c.column.data_type.as_str()));
        if UNSAMPLED.iter().any(|t| data_type == *t || data_type.starts_with(&format!("{t}("))) {
            let message = format!("the sampling key `{}` is {data_type}, not an unsigned number", sampled.text);
            let finding =
                Finding::error("pipeline/sampling-key", message, scene.at(&path)).label("cannot be sampled by");
            findings.push(finding.help(format!("hash it, here and in the key: `cityHash64({})`", sampled.text)));
            continue;
        }
        // An operator may stand for a function: only what the letters decide is told.
        let plain =
            sampled.column.is_some() || sampled.text.ends_with(')') && !sampled.text.contains(['%', '+', '*', '/']);
        if plain && !keys.iter().any(|k| k.same(&sampled)) {
            let message = format!("the sampling key `{}` is no element of the primary key", sampled.text);
            let finding = Finding::error("pipeline/sampling-key", message, scene.at(&path)).label("not in the key");
            let finding = finding.also(scene.at(&format!("{}.{field}", target.path)), "the primary key");
            findings.push(finding.help(format!("add `{}` to `{field}`", sampled.text)));
        }
    }
}

/// A sorting key is there, names nothing twice, and holds no Nullable column.
pub(super) fn elements(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for target in scene.made().filter(|t| t.engine.is_merge_tree()) {
        missing(scene, target, findings);
        for (text, field, sorts) in
            [(&target.spec.order_by, "orderBy", true), (&target.spec.partition_by, "partitionBy", false)]
        {
            let Some(elements) = text.as_ref().and_then(|t| elements_of(t)) else { continue };
            let path = format!("{}.{field}", target.path);
            for (i, element) in elements.iter().enumerate() {
                let place = || scene.within(&path, element.start, element.end);
                if sorts && elements[..i].iter().any(|e| e.same(element)) {
                    let message = format!("the sorting key names `{}` twice", element.text);
                    findings.push(Finding::error("pipeline/key-twice", message, place()).label("named again"));
                }
                let Some(column) = target.columns.iter().find(|c| Some(&c.column.name) == element.column.as_ref())
                else {
                    continue;
                };
                if is_nullable(column.column.data_type.as_str()) && !allows_nullable(target) {
                    let what = if sorts { "sorting" } else { "partition" };
                    let message = format!(
                        "`{}` is {}: a {what} key takes no Nullable column",
                        element.text, column.column.data_type
                    );
                    let finding = Finding::error("pipeline/nullable-key", message, place()).label("may be NULL");
                    findings.push(finding.help("use a type without Nullable, or `settings: {allow_nullable_key: 1}`"));
                }
            }
        }
    }
}

fn missing(scene: &Scene<'_>, target: &Target<'_>, findings: &mut Vec<Finding>) {
    let spec = target.spec;
    if spec.order_by.is_none() && spec.primary_key.is_none() && !target.columns.is_empty() {
        let message = format!("{} has no sorting key: every query reads all of it", target.table);
        let place = scene.at(&format!("{}.table", target.path));
        let finding = Finding::warning("pipeline/no-sorting-key", message, place).label("no `orderBy`");
        findings.push(finding.help("set `orderBy`; `tuple()` says that none is wanted"));
    }
}

fn is_nullable(data_type: &str) -> bool {
    let data_type = usual(data_type);
    data_type.starts_with("Nullable(") || data_type.starts_with("LowCardinality(Nullable(")
}

fn allows_nullable(target: &Target<'_>) -> bool {
    target.spec.settings.get("allow_nullable_key").is_some_and(|value| match value {
        MaybeSecret::Plain(scalar) => !matches!(scalar.text.as_str(), "0" | "false"),
        MaybeSecret::Secret(_) => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fall_into_elements() {
        let texts = |key| elements_of(key).map(|e| e.into_iter().map(|e| e.text).collect::<Vec<_>>());
        assert_eq!(texts("a, f(b, c) DESC"), Some(vec!["a", "f(b, c)"]));
        assert_eq!(texts("(a, `b c`)"), Some(vec!["a", "`b c`"]));
        assert_eq!(texts("tuple(a, b)"), Some(vec!["a", "b"]));
        assert_eq!(texts("tuple()"), Some(vec![]));
        assert_eq!(texts("()"), Some(vec![]));
        assert_eq!(texts("(a, b), c"), Some(vec!["(a, b)", "c"]));
        assert_eq!(texts("'"), None);
    }
}
