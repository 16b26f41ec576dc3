use super::*;

fn node(number: usize, name: &str, what: NodeKind) -> Node {
    Node { number, name: name.into(), what }
}

/// Every kind of node, a loop, and names that want to be something else.
fn graph() -> Graph {
    let hostile = "a\"]; b --> c <b>&amp;%%{init}`x` \\n #1\u{1b}[1m\nend";
    let nodes = vec![
        node(1, "raw.kafka", NodeKind::Kafka),
        node(2, "raw.view", NodeKind::View),
        node(3, "raw.hub", NodeKind::Hub),
        node(4, "raw.local", NodeKind::Table),
        node(5, "raw.all", NodeKind::Distributed),
        node(6, "group", NodeKind::Consumer),
    ];
    let edge = |from, to, spread| Edge { from, to, spread };
    Graph {
        groups: vec![
            Group { title: "Topic/orders".into(), nodes: vec![node(0, "orders", NodeKind::Topic)] },
            Group { title: "KafkaPipeline/orders".into(), nodes },
            Group { title: "declared elsewhere".into(), nodes: vec![node(7, hostile, NodeKind::Foreign)] },
        ],
        edges: vec![
            edge(0, 1, false),
            edge(0, 6, false),
            edge(1, 2, false),
            edge(2, 3, false),
            edge(2, 5, false),
            edge(2, 7, false),
            edge(5, 4, true),
            edge(6, 0, false),
        ],
    }
}

#[test]
fn mermaid_of_everything() {
    insta::assert_snapshot!(mermaid(&graph()));
    assert_eq!(mermaid(&Graph::default()), "flowchart LR\n");
}

#[test]
fn dot_of_everything_can_be_parsed() {
    let text = dot(&graph());
    insta::assert_snapshot!(text);
    for text in [text, dot(&Graph::default())] {
        let mut parser = layout::gv::DotParser::new(&text);
        let parsed = parser.process();
        assert!(parsed.is_ok(), "{:?}\n{text}", parsed.err());
    }
}

#[test]
fn svg_has_every_node_and_arrow_and_no_markup_of_names() {
    let text = svg(&graph());
    assert_eq!(text.matches("<rect x=").count(), 8, "{text}");
    assert_eq!(text.matches("marker-end").count() + text.matches("marker-start").count(), 8, "{text}");
    assert_eq!(text.matches("stroke-dasharray").count(), 1);
    assert!(text.contains("&lt;b&gt;&amp;amp;") && !text.contains("<b>") && !text.contains('\u{1b}'));
    assert_eq!(text, svg(&graph()), "the same graph is the same picture");
    assert!(svg(&Graph::default()).ends_with("</svg>\n"));
}
