//! `graph` over the manifests and the examples of this repository.

use crate::docs::compare;
use sluice::compile::compile;
use sluice::manifest::{LoadOptions, load};
use sluice::render::graph::{Graph, dot, mermaid, svg};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn graph(project: &str) -> Graph {
    let project_file = Path::new(env!("CARGO_MANIFEST_DIR")).join(project);
    let loaded = load(&LoadOptions { project_file, ..LoadOptions::default() });
    let (compiled, findings) = compile(&loaded);
    Graph::of(&compiled.unwrap_or_else(|| panic!("{project}: {findings:?}")).desired)
}

fn examples() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let folders = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.join("sluice.yaml").is_file());
    let mut found: Vec<String> =
        folders.map(|p| format!("examples/{}/sluice.yaml", p.file_name().unwrap().to_string_lossy())).collect();
    found.push("manifests/sluice.yaml".into());
    found.sort();
    found
}

#[test]
fn every_project_here_is_one_picture_where_nothing_stands_alone() {
    let projects = examples();
    assert!(projects.len() > 5, "{projects:?}");
    for project in projects {
        let graph = graph(&project);
        let nodes: BTreeSet<usize> = graph.groups.iter().flat_map(|g| &g.nodes).map(|n| n.number).collect();
        assert_eq!(nodes, (0..nodes.len()).collect(), "{project}");
        let joined: BTreeSet<usize> = graph.edges.iter().flat_map(|e| [e.from, e.to]).collect();
        let topics =
            |n: &&usize| graph.groups.iter().any(|g| g.title.starts_with("Topic/") && g.nodes[0].number == **n);
        // A topic that nobody reads here is no mistake; an object that nothing flows through would be one of the graph.
        let alone: Vec<&usize> = nodes.difference(&joined).filter(|n| !topics(n)).collect();
        assert!(alone.is_empty(), "{project}: {alone:?}\n{graph:#?}");
        assert_eq!(mermaid(&graph).matches("-->").count() + mermaid(&graph).matches("-.->").count(), graph.edges.len());
        let text = dot(&graph);
        assert!(layout::gv::DotParser::new(&text).process().is_ok(), "{project}: {text}");
        let picture = svg(&graph);
        assert_eq!(picture.matches("text-anchor=\"middle\" font-size=\"13\"").count(), nodes.len(), "{project}");
    }
}

#[test]
fn the_graph_of_the_covid_project_is_the_one_in_the_document() {
    let made = format!("{INTRODUCTION}```mermaid\n{}```\n", mermaid(&graph("manifests/sluice.yaml")));
    compare("docs/graph.md", &made);
}

const INTRODUCTION: &str = "\
# Graph

`sluice graph` draws what the manifests describe: topics, Kafka tables, views, Distributed tables, the tables below them,
sinks and consumers, each inside the resource it belongs to. It reads the manifests alone; no server is needed.

| Command | Gives |
|---|---|
| `sluice graph` | Mermaid, which GitHub and GitLab draw in a fenced block of Markdown |
| `sluice graph --format dot` | Graphviz's language, each resource a cluster: `sluice graph --format dot \\| dot -Tpng` |
| `sluice graph --format svg` | A picture, made without any other program |
| `sluice graph --only KafkaPipeline/orders` | That resource with what it reads and writes; what others declare stands apart |

A solid arrow says who hands rows to whom. A dashed one goes from a Distributed table to the tables below it, on every host:
rows are written through it and read through it. In Mermaid and Graphviz a topic is a pill, a view a hexagon, a table with
rows a cylinder; in the picture colours tell them apart, and the last line of a box names its resource. Not drawn: tables of
others that a view joins, and copies that exist only while something is being rebuilt.

The Markdown of a plan (`sluice plan --format markdown`) has the resources that change as a graph behind a fold.

The project in `manifests/` as a picture:

![The graph of the project in manifests](graph.png)

The same in Mermaid:

";
