//! Words of findings about values: what was found, and what to do about it.

use super::node::{Node, NodeKind, Origin};
use super::resolve::{Plain, resolve};
use super::shape::Shape;

/// A value in words. What came out of a variable is not repeated: it may be a secret.
pub fn found(node: &Node) -> String {
    let NodeKind::Scalar(scalar) = &node.kind else {
        return if matches!(node.kind, NodeKind::Sequence(_)) { "a list".into() } else { "a map".into() };
    };
    let look = if scalar.typed { resolve(&scalar.text) } else { Plain::Text(&scalar.text) };
    let hidden = scalar.origin != Origin::Written;
    let shown = short(&scalar.text);
    let what = match look {
        Plain::Null => return if hidden { "nothing (after variables are put in)".into() } else { "nothing".into() },
        Plain::Bool(_) => "boolean",
        Plain::Int(_) | Plain::Float(_) => "number",
        Plain::Text(_) => "text",
    };
    if hidden {
        return format!("a {what} (after variables are put in)");
    }
    match look {
        Plain::Text(_) => format!("the text {shown:?}"),
        Plain::Null | Plain::Bool(_) | Plain::Int(_) | Plain::Float(_) => format!("the {what} {shown}"),
    }
}

/// A text cut to what a message can hold.
pub fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// What to do about a wrong type, where it is plain.
pub fn hint(shape: &Shape, node: &Node) -> Option<String> {
    match (shape, &node.kind) {
        (Shape::Int { .. } | Shape::Bool, NodeKind::Scalar(s)) if !s.typed && s.origin == Origin::Substituted => {
            Some("in quotes a variable is a text: write `name: ${…}` without quotes, on a line of its own".into())
        }
        (Shape::Int { .. }, NodeKind::Scalar(s)) if !s.typed && matches!(resolve(&s.text), Plain::Int(_)) => {
            Some("remove the quotes".into())
        }
        (Shape::Bool, NodeKind::Scalar(s)) => match s.text.to_ascii_lowercase().as_str() {
            "yes" | "on" | "y" => Some("write `true`".into()),
            "no" | "off" | "n" => Some("write `false`".into()),
            "true" | "false" if !s.typed => Some("remove the quotes".into()),
            _ => None,
        },
        (Shape::Text, NodeKind::Sequence(items)) => {
            let written = |n: &Node| n.scalar().is_some_and(|s| s.origin == Origin::Written);
            let texts: Option<Vec<&str>> = items.iter().map(|n| n.text().filter(|_| written(n))).collect();
            let joined = texts.filter(|t| !t.is_empty())?.join(", ");
            (joined.len() <= 80).then(|| format!("write one text: \"{joined}\""))
        }
        (Shape::List(item), NodeKind::Scalar(s)) if matches!(**item, Shape::Text | Shape::Either(_)) => {
            let short = s.origin == Origin::Written && !s.text.is_empty() && s.text.len() <= 80;
            short.then(|| format!("write `[{}]`", s.text))
        }
        (Shape::List(_), NodeKind::Mapping(_)) => Some("write a list: items start with `- `".into()),
        (Shape::Text | Shape::Scalar, NodeKind::Scalar(_)) => Some("write \"\" for an empty text".into()),
        (
            Shape::Text
            | Shape::Scalar
            | Shape::Bool
            | Shape::Int { .. }
            | Shape::Words(_)
            | Shape::List(_)
            | Shape::Map(_)
            | Shape::Record(_)
            | Shape::OneOf(_)
            | Shape::Either(_)
            | Shape::Any,
            _,
        ) => None,
    }
}
