//! The text exposition format of Prometheus.

use std::fmt::Write as _;

/// A family of gauges: its name, what it is, and its samples.
pub(super) struct Family {
    pub name: &'static str,
    pub help: &'static str,
    pub samples: Vec<(Vec<(&'static str, String)>, u64)>,
}

/// A family with its samples; nothing where it has none.
pub(super) fn written(family: &Family) -> String {
    let mut out = String::new();
    if family.samples.is_empty() {
        return out;
    }
    let _ = writeln!(out, "# HELP {} {}\n# TYPE {} gauge", family.name, family.help, family.name);
    for (labels, value) in &family.samples {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", label(value))).collect();
        let _ = writeln!(out, "{}{{{}}} {value}", family.name, labels.join(","));
    }
    out
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
