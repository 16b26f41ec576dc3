//! A graph as a picture: `layout` places nodes and arrows, and what it asks to draw is written as SVG here. Its own
//! writer leaves the height of the longest name in pixels empty below the picture.

use super::{Graph, Node, NodeKind};
use crate::render::escape;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use std::fmt::Write as _;

const FONT: usize = 13;
/// A character of the font is seldom wider.
const CHARACTER: f64 = 8.4;
const LINE: f64 = 17.0;
const MARGIN: f64 = 16.0;

/// The graph as an SVG document.
pub fn svg(graph: &Graph) -> String {
    let mut canvas = Canvas::default();
    let mut picture = VisualGraph::new(Orientation::LeftToRight);
    let mut handles = Vec::new();
    let mut nodes: Vec<(&str, &Node)> =
        graph.groups.iter().flat_map(|g| g.nodes.iter().map(|n| (g.title.as_str(), n))).collect();
    nodes.sort_by_key(|(_, node)| node.number);
    for (title, node) in &nodes {
        let text = format!("{}\n{}\n{}", escape(&node.name), node.what.as_str(), escape(title));
        let longest = text.lines().map(|l| l.chars().count()).max().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "no name is so long that it matters")]
        let size = Point::new(longest as f64 * CHARACTER + 20.0, 3.0 * LINE + 14.0);
        let look = StyleAttr::new(Color::new(0x3344_55ff), 1, Some(Color::new(fill(node.what))), 6, FONT);
        let element = Element::create(ShapeKind::new_box(&text), look, Orientation::LeftToRight, size);
        handles.push(picture.add_node(element));
    }
    for edge in &graph.edges {
        // Numbers are those of nodes: a graph that is made by hand may err, and one arrow less is no harm.
        let (Some(from), Some(to)) = (handles.get(edge.from), handles.get(edge.to)) else { continue };
        let style = if edge.spread { LineStyleKind::Dashed } else { LineStyleKind::Normal };
        let look = StyleAttr::new(Color::new(0x3344_55ff), 1, None, 0, FONT);
        let arrow = Arrow::new(LineEndKind::None, LineEndKind::Arrow, style, "", &look, &None, &None);
        picture.add_edge(arrow, *from, *to);
    }
    // The library has no picture of nothing.
    if !handles.is_empty() {
        picture.do_it(false, false, false, &mut canvas);
    }
    canvas.document()
}

fn fill(what: NodeKind) -> u32 {
    match what {
        NodeKind::Topic => 0xffe8_b8ff,
        NodeKind::Kafka => 0xffd9_ccff,
        NodeKind::View => 0xe3e0_f7ff,
        NodeKind::Hub => 0xeeee_eeff,
        NodeKind::Table => 0xcfe8_cfff,
        NodeKind::Distributed => 0xcfe4_f5ff,
        NodeKind::Consumer => 0xf7d9_eaff,
        NodeKind::Foreign => 0xffff_ffff,
    }
}

/// What was drawn so far, and how far it reaches.
#[derive(Default)]
struct Canvas {
    body: String,
    reach: (f64, f64),
}

impl Canvas {
    fn reaches(&mut self, x: f64, y: f64) {
        self.reach = (self.reach.0.max(x), self.reach.1.max(y));
    }

    fn document(&self) -> String {
        let (width, height) = ((self.reach.0 + MARGIN).ceil(), (self.reach.1 + MARGIN).ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"Helvetica, Arial, sans-serif\">\n\
             <defs><marker id=\"head\" markerWidth=\"10\" markerHeight=\"8\" refX=\"9\" refY=\"4\" orient=\"auto\">\
             <path d=\"M0 0 L10 4 L0 8 Z\" fill=\"#334455\"/></marker></defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.body
        )
    }
}

impl RenderBackend for Canvas {
    fn draw_rect(&mut self, xy: Point, size: Point, look: &StyleAttr, _: Option<String>, _: Option<ClipHandle>) {
        self.reaches(xy.x + size.x, xy.y + size.y);
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{}\" fill=\"{}\" stroke=\"{}\"/>",
            xy.x,
            xy.y,
            size.x,
            size.y,
            look.rounded,
            look.fill_color.map_or_else(|| "none".into(), |c| rgb(&c)),
            rgb(&look.line_color),
        );
    }

    fn draw_line(&mut self, start: Point, stop: Point, look: &StyleAttr, _: Option<String>) {
        self.reaches(start.x.max(stop.x), start.y.max(stop.y));
        let (x1, y1, x2, y2) = (start.x, start.y, stop.x, stop.y);
        let colour = rgb(&look.line_color);
        let _ = writeln!(
            self.body,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
        );
    }

    fn draw_circle(&mut self, xy: Point, size: Point, look: &StyleAttr, _: Option<String>) {
        self.reaches(xy.x + size.x, xy.y + size.y);
        let (x, y, rx, ry) = (xy.x, xy.y, size.x / 2.0, size.y / 2.0);
        let colour = rgb(&look.line_color);
        let _ = writeln!(
            self.body,
            "<ellipse cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{rx:.1}\" ry=\"{ry:.1}\" fill=\"none\" stroke=\"{colour}\"/>"
        );
    }

    fn draw_text(&mut self, xy: Point, text: &str, look: &StyleAttr) {
        let lines: Vec<&str> = text.lines().collect();
        #[expect(clippy::cast_precision_loss, reason = "a label has three lines")]
        let mut y = xy.y - (lines.len() as f64 - 1.0) * LINE / 2.0 + 4.0;
        for (i, line) in lines.into_iter().enumerate() {
            let look = if i == 0 {
                format!("font-size=\"{}\" font-weight=\"bold\"", look.font_size)
            } else {
                format!("font-size=\"{}\" fill=\"#445566\"", look.font_size.saturating_sub(1))
            };
            let words = xml(line);
            let _ = writeln!(
                self.body,
                "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" {look}>{words}</text>",
                xy.x
            );
            y += LINE;
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        head: (bool, bool),
        look: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        for (a, b) in path {
            self.reaches(a.x.max(b.x), a.y.max(b.y));
        }
        let [(start, leave), (enter, first), rest @ ..] = path else { return };
        let mut d = format!(
            "M {:.1} {:.1} C {:.1} {:.1}, {:.1} {:.1}, {:.1} {:.1}",
            start.x, start.y, leave.x, leave.y, enter.x, enter.y, first.x, first.y
        );
        for (a, b) in rest {
            let _ = write!(d, " S {:.1} {:.1}, {:.1} {:.1}", a.x, a.y, b.x, b.y);
        }
        let dash = if dashed { " stroke-dasharray=\"5,4\"" } else { "" };
        let start = if head.0 { " marker-start=\"url(#head)\"" } else { "" };
        let end = if head.1 { " marker-end=\"url(#head)\"" } else { "" };
        let colour = rgb(&look.line_color);
        let _ = writeln!(self.body, "<path d=\"{d}\" fill=\"none\" stroke=\"{colour}\"{dash}{start}{end}/>");
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

/// `#rrggbb`: not every reader knows the alpha that the library adds.
fn rgb(colour: &Color) -> String {
    colour.to_web_color().chars().take(7).collect()
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
