//! What the manifest types accept, as data: read from their JSON Schema, so that names, descriptions and types
//! are written once.

use super::schema::DocumentKind;
use serde_json::Value;
use std::sync::LazyLock;

/// What may stand at one place of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A text; numbers and booleans are taken as they were written.
    Text,
    /// A text, a number or a boolean, told apart.
    Scalar,
    /// `true` or `false`.
    Bool,
    /// A whole number from a range.
    Int {
        /// Smallest.
        min: i128,
        /// Largest.
        max: i128,
    },
    /// One of these words.
    Words(Vec<String>),
    /// A list.
    List(Box<Shape>),
    /// A map with free names.
    Map(Box<Shape>),
    /// A map with known names.
    Record(Vec<Field>),
    /// A map with exactly one of these names.
    OneOf(Vec<Field>),
    /// One of several, told apart by being a scalar, a list or a map.
    Either(Vec<Shape>),
    /// A part of the schema this reader does not know: anything goes, and decoding decides.
    Any,
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it accepts.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
    /// What it is for.
    pub about: String,
}

impl Shape {
    /// The shape of a whole document.
    pub fn of(kind: DocumentKind) -> &'static Shape {
        static PROJECT: LazyLock<Shape> = LazyLock::new(|| read(DocumentKind::Project));
        static TOPIC: LazyLock<Shape> = LazyLock::new(|| read(DocumentKind::Topic));
        static PIPELINE: LazyLock<Shape> = LazyLock::new(|| read(DocumentKind::KafkaPipeline));
        static SINK: LazyLock<Shape> = LazyLock::new(|| read(DocumentKind::OutgoingSink));
        static CONSUMER: LazyLock<Shape> = LazyLock::new(|| read(DocumentKind::ManualConsumer));
        match kind {
            DocumentKind::Project => &PROJECT,
            DocumentKind::Topic => &TOPIC,
            DocumentKind::KafkaPipeline => &PIPELINE,
            DocumentKind::OutgoingSink => &SINK,
            DocumentKind::ManualConsumer => &CONSUMER,
        }
    }

    /// What is expected, in words.
    pub fn words(&self) -> String {
        match self {
            Shape::Text => "a text".into(),
            Shape::Scalar => "a text, a number or a boolean".into(),
            Shape::Bool => "`true` or `false`".into(),
            Shape::Int { .. } => "a whole number".into(),
            Shape::Words(words) => words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" or "),
            Shape::List(item) => match **item {
                Shape::Text => "a list of texts".into(),
                Shape::Record(_) => "a list of maps".into(),
                Shape::Scalar
                | Shape::Bool
                | Shape::Int { .. }
                | Shape::Words(_)
                | Shape::List(_)
                | Shape::Map(_)
                | Shape::OneOf(_)
                | Shape::Either(_)
                | Shape::Any => "a list".into(),
            },
            Shape::Map(_) | Shape::Record(_) => "a map".into(),
            Shape::OneOf(fields) => {
                fields.iter().map(|f| format!("{{{}: …}}", f.name)).collect::<Vec<_>>().join(" or ")
            }
            Shape::Either(shapes) => shapes.iter().map(Shape::words).collect::<Vec<_>>().join(" or "),
            Shape::Any => "a value".into(),
        }
    }
}

fn read(kind: DocumentKind) -> Shape {
    let schema = kind.strict_schema();
    shape(&schema, &schema["$defs"])
}

fn shape(schema: &Value, defs: &Value) -> Shape {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return shape(&defs[name], defs);
    }
    if let Some(word) = schema["const"].as_str() {
        return Shape::Words(vec![word.to_owned()]);
    }
    if let Some(words) = schema["enum"].as_array() {
        return Shape::Words(words.iter().filter_map(|w| w.as_str().map(str::to_owned)).collect());
    }
    if let Some(alternatives) = schema["oneOf"].as_array() {
        return one_of(alternatives.iter().map(|a| shape(a, defs)).collect());
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let mut shapes: Vec<Shape> =
            alternatives.iter().filter(|a| a["type"] != "null").map(|a| shape(a, defs)).collect();
        return if shapes.len() == 1 { shapes.remove(0) } else { Shape::Either(flat(shapes)) };
    }
    let given = &schema["type"];
    let listed = given.as_array().into_iter().flatten().chain(std::iter::once(given)).filter_map(Value::as_str);
    let types: Vec<&str> = listed.filter(|t| *t != "null").collect();
    match types.as_slice() {
        ["string"] => Shape::Text,
        ["string", "number", "boolean"] => Shape::Scalar,
        ["boolean"] => Shape::Bool,
        ["integer"] => int(schema),
        ["array"] => Shape::List(Box::new(shape(&schema["items"], defs))),
        ["object"] => object(schema, defs),
        _ => Shape::Any,
    }
}

fn flat(shapes: Vec<Shape>) -> Vec<Shape> {
    let inner = |shape| if let Shape::Either(shapes) = shape { shapes } else { vec![shape] };
    shapes.into_iter().flat_map(inner).collect()
}

/// Words with a description each, or maps with one name each.
fn one_of(shapes: Vec<Shape>) -> Shape {
    let (mut words, mut fields) = (Vec::new(), Vec::new());
    for shape in shapes {
        match shape {
            Shape::Words(more) => words.extend(more),
            Shape::Record(more) | Shape::OneOf(more) => fields.extend(more),
            Shape::Text
            | Shape::Scalar
            | Shape::Bool
            | Shape::Int { .. }
            | Shape::List(_)
            | Shape::Map(_)
            | Shape::Either(_)
            | Shape::Any => return Shape::Any,
        }
    }
    match (words.is_empty(), fields.is_empty()) {
        (false, true) => Shape::Words(words),
        (true, false) => Shape::OneOf(fields),
        (true, true) | (false, false) => Shape::Any,
    }
}

fn int(schema: &Value) -> Shape {
    let widest = match schema["format"].as_str() {
        Some("uint16") => (0, i128::from(u16::MAX)),
        Some("uint32") => (0, i128::from(u32::MAX)),
        Some("uint64") => (0, i128::from(u64::MAX)),
        Some("int32") => (i128::from(i32::MIN), i128::from(i32::MAX)),
        Some(_) | None => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    let bound = |name: &str, otherwise: i128| {
        let given = &schema[name];
        given.as_i64().map(i128::from).or_else(|| given.as_u64().map(i128::from)).unwrap_or(otherwise)
    };
    Shape::Int { min: bound("minimum", widest.0), max: bound("maximum", widest.1) }
}

fn object(schema: &Value, defs: &Value) -> Shape {
    let Some(properties) = schema["properties"].as_object() else {
        return match &schema["additionalProperties"] {
            Value::Object(values) => Shape::Map(Box::new(shape(&Value::Object(values.clone()), defs))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Shape::Any,
        };
    };
    let required = |name: &str| schema["required"].as_array().is_some_and(|r| r.iter().any(|n| n == name));
    let field = |(name, value): (&String, &Value)| Field {
        name: name.clone(),
        shape: shape(value, defs),
        required: required(name),
        about: value["description"].as_str().unwrap_or_default().to_owned(),
    };
    Shape::Record(properties.iter().map(field).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::schema::KINDS;

    fn known(shape: &Shape, path: &str) {
        match shape {
            Shape::Any => panic!("{path} is not understood"),
            Shape::List(item) | Shape::Map(item) => known(item, &format!("{path}[]")),
            Shape::Record(fields) | Shape::OneOf(fields) => {
                fields.iter().for_each(|f| known(&f.shape, &format!("{path}.{}", f.name)));
            }
            Shape::Either(shapes) => shapes.iter().for_each(|s| known(s, path)),
            Shape::Text | Shape::Scalar | Shape::Bool | Shape::Int { .. } | Shape::Words(_) => {}
        }
    }

    #[test]
    fn every_part_of_every_schema_is_understood() {
        KINDS.into_iter().for_each(|kind| known(Shape::of(kind), kind.as_str()));
    }
}
