//! A graph in Graphviz's language.

use super::{Graph, NodeKind};
use crate::render::escape;
use std::fmt::Write as _;

/// The graph as a `digraph`, each resource a cluster.
pub fn dot(graph: &Graph) -> String {
    let mut out = String::from("digraph sluice {\n  rankdir=LR;\n  node [fontname=\"Helvetica\"];\n");
    for (number, group) in graph.groups.iter().enumerate() {
        let _ = writeln!(out, "  subgraph cluster_{number} {{\n    label=\"{}\";", quoted(&group.title));
        for node in &group.nodes {
            let (name, what) = (quoted(&node.name), node.what.as_str());
            let _ = writeln!(out, "    n{} [label=\"{name}\\n{what}\", shape={}];", node.number, shape(node.what));
        }
        out.push_str("  }\n");
    }
    for edge in &graph.edges {
        let style = if edge.spread { " [style=dashed]" } else { "" };
        let _ = writeln!(out, "  n{} -> n{}{style};", edge.from, edge.to);
    }
    out.push_str("}\n");
    out
}

fn shape(what: NodeKind) -> &'static str {
    match what {
        NodeKind::Topic => "oval",
        NodeKind::Kafka => "parallelogram",
        NodeKind::View => "hexagon",
        NodeKind::Hub => "cds",
        NodeKind::Table => "cylinder",
        NodeKind::Distributed => "box3d",
        NodeKind::Consumer => "component",
        NodeKind::Foreign => "box",
    }
}

/// Text between double quotes, where a backslash begins an escape and `&` an entity.
fn quoted(text: &str) -> String {
    escape(text).replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
}
