//! One environment over the rest of the project.

use super::node::{Entry, Node, NodeKind};

/// The parts of `spec` that an environment may change, and whether it replaces the whole part.
const PARTS: [(&str, bool); 5] =
    [("kafka", false), ("clickhouse", false), ("defaults", false), ("vars", false), ("state", true)];

/// The project with `spec.environments.<name>` merged over its `spec`. Every value keeps the place where it was
/// written. Without such an environment nothing changes.
pub fn merged(project: &Node, name: &str) -> Node {
    let mut out = project.clone();
    let overlay = project.get("spec").and_then(|s| s.get("environments")).and_then(|e| e.get(name)).cloned();
    let spec = match &mut out.kind {
        NodeKind::Mapping(entries) => entries.iter_mut().find(|e| e.name == "spec"),
        NodeKind::Scalar(_) | NodeKind::Sequence(_) => None,
    };
    if let (Some(Entry { value: Node { kind: NodeKind::Mapping(base), .. }, .. }), Some(overlay)) = (spec, overlay) {
        for entry in overlay.entries() {
            match PARTS.iter().find(|(part, _)| *part == entry.name) {
                Some((_, true)) => replace(base, entry.clone()),
                Some((_, false)) => merge(base, entry.clone()),
                // Reported where the environment itself is checked.
                None => {}
            }
        }
    }
    out
}

fn merge(base: &mut Vec<Entry>, over: Entry) {
    let Some(under) = base.iter_mut().find(|e| e.name == over.name) else {
        base.push(over);
        return;
    };
    match (&mut under.value.kind, over.value.kind) {
        (NodeKind::Mapping(under), NodeKind::Mapping(entries)) if !is_secret(&entries) && !is_secret(under) => {
            entries.into_iter().for_each(|entry| merge(under, entry));
        }
        (_, kind) => *under = Entry { value: Node { kind, ..over.value }, ..over },
    }
}

fn replace(base: &mut Vec<Entry>, over: Entry) {
    match base.iter_mut().find(|e| e.name == over.name) {
        Some(under) => *under = over,
        None => base.push(over),
    }
}

/// `{fromFile: …}` over `{fromEnv: …}` is one secret, not both.
fn is_secret(entries: &[Entry]) -> bool {
    entries.iter().any(|e| matches!(e.name.as_str(), "fromEnv" | "fromFile"))
}
