//! A graph as Mermaid, as GitHub and GitLab draw it in a fenced block of Markdown.

use super::{Graph, Node, NodeKind};
use crate::render::escape;
use std::fmt::Write as _;

/// The graph as a Mermaid flowchart, without a fence.
pub fn mermaid(graph: &Graph) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, group) in graph.groups.iter().enumerate() {
        let _ = writeln!(out, "  subgraph g{number}[\"{}\"]", quoted(&group.title));
        for node in &group.nodes {
            let _ = writeln!(out, "    n{}{}", node.number, shape(node));
        }
        out.push_str("  end\n");
    }
    for edge in &graph.edges {
        let arrow = if edge.spread { "-.->" } else { "-->" };
        let _ = writeln!(out, "  n{} {arrow} n{}", edge.from, edge.to);
    }
    out
}

fn shape(node: &Node) -> String {
    let (open, close) = match node.what {
        NodeKind::Topic => ("([", "])"),
        NodeKind::Kafka => ("[/", "/]"),
        NodeKind::View => ("{{", "}}"),
        NodeKind::Hub => (">", "]"),
        NodeKind::Table => ("[(", ")]"),
        NodeKind::Distributed => ("[[", "]]"),
        NodeKind::Consumer => ("(", ")"),
        NodeKind::Foreign => ("[", "]"),
    };
    format!("{open}\"{}<br/>{}\"{close}", quoted(&node.name), node.what.as_str())
}

/// Text between double quotes: Mermaid's own entities for what would end it, be HTML, Markdown or a directive.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for c in escape(text).chars() {
        match c {
            '"' | '#' | '&' | '<' | '>' | '`' | '%' | '\\' | '*' => {
                let _ = write!(out, "#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
