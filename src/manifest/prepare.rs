//! The project document: environment chosen, variables known, everything checked.

use super::decode::{Decoded, Origins, decode};
use super::environment::merged;
use super::finding::{Finding, Place};
use super::load::LoadOptions;
use super::node::{Node, NodeKind};
use super::suggest::listed;
use super::variables::{Substitution, Unset, Variables, texts_of};
use std::collections::{BTreeMap, BTreeSet};

/// A project ready for the rest of loading.
pub struct Prepared {
    /// The document.
    pub decoded: Decoded,
    /// The environment that was asked for, if it exists.
    pub environment: Option<String>,
    /// `vars` of the project with those of the environment over them.
    pub vars: BTreeMap<String, String>,
    /// `spec.manifests`.
    pub manifests: Option<Node>,
}

/// Prepares a project document.
pub fn prepare(project: &Node, origins: Origins<'_>, options: &LoadOptions) -> Prepared {
    let environments = project.get("spec").and_then(|s| s.entry("environments"));
    let names: Vec<&str> =
        environments.map_or(&[][..], |e| e.value.entries()).iter().map(|e| e.name.as_str()).collect();
    let selected = options.environment.as_deref().filter(|name| names.contains(name));
    let mut findings = Vec::new();
    if let (Some(name), None) = (&options.environment, selected) {
        findings.push(unknown_environment(name, &names, environments.map(|e| e.place(origins.file))));
    }
    let put = Put { options, origins };

    let mut node = selected.map_or_else(|| project.clone(), |name| merged(project, name));
    // `vars` see only what comes from outside, so that their order means nothing.
    if let Some(vars) = part(&mut node, &["spec", "vars"]) {
        let own = vars.entries().iter().map(|e| e.name.clone()).collect();
        put.apply(vars, &BTreeMap::new(), &own, Unset::Report, &mut findings);
    }
    let vars = texts_of(node.get("spec").and_then(|s| s.get("vars")));
    put.environments(&mut node, &vars, &mut findings);
    put.apply(&mut node, &vars, &BTreeSet::new(), Unset::Report, &mut findings);

    let manifests = node.get("spec").and_then(|s| s.get("manifests")).cloned();
    let mut decoded = decode(node, origins);
    if selected.is_some() {
        // What the environment hides is checked too, and its own values under their own names.
        let mut plain = project.clone();
        put.environments(&mut plain, &vars, &mut findings);
        put.apply(&mut plain, &vars, &BTreeSet::new(), Unset::LeaveUnknown, &mut findings);
        findings.append(&mut decode(plain, origins).findings);
    }
    findings.append(&mut decoded.findings);
    decoded.findings = once(findings);
    Prepared { decoded, environment: selected.map(str::to_owned), vars, manifests }
}

/// The same fault seen on two ways is one finding.
fn once(findings: Vec<Finding>) -> Vec<Finding> {
    let same = |a: &Finding, b: &Finding| a.place.is_some() && (a.place, a.code) == (b.place, b.code);
    let mut out: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !out.iter().any(|f| same(f, &finding)) {
            out.push(finding);
        }
    }
    out
}

struct Put<'a> {
    options: &'a LoadOptions,
    origins: Origins<'a>,
}

impl Put<'_> {
    fn apply(
        &self,
        node: &mut Node,
        vars: &BTreeMap<String, String>,
        out_of_reach: &BTreeSet<String>,
        unset: Unset,
        findings: &mut Vec<Finding>,
    ) {
        let variables = &Variables::new(vec![&self.options.vars, vars, &self.options.process_env]);
        let Origins { file, text, .. } = self.origins;
        Substitution { variables, unset, file, text, out_of_reach }.apply(node, findings);
    }

    /// Puts variables into `spec.environments`, each with its own `vars`. What is not set stays unknown there: an
    /// environment that is not selected may need variables of another machine.
    fn environments(&self, project: &mut Node, vars: &BTreeMap<String, String>, findings: &mut Vec<Finding>) {
        let Some(Node { kind: NodeKind::Mapping(environments), .. }) = part(project, &["spec", "environments"]) else {
            return;
        };
        let (nothing, leave) = (BTreeSet::new(), Unset::LeaveUnknown);
        for environment in environments {
            let mut own = vars.clone();
            if let Some(node) = part(&mut environment.value, &["vars"]) {
                self.apply(node, &BTreeMap::new(), &nothing, leave, findings);
                own.extend(texts_of(Some(node)));
            }
            self.apply(&mut environment.value, &own, &nothing, leave, findings);
        }
    }
}

/// The part of a tree under some names.
fn part<'a>(node: &'a mut Node, names: &[&str]) -> Option<&'a mut Node> {
    let Some((name, rest)) = names.split_first() else { return Some(node) };
    match &mut node.kind {
        NodeKind::Mapping(entries) => part(&mut entries.iter_mut().find(|e| e.name == *name)?.value, rest),
        NodeKind::Scalar(_) | NodeKind::Sequence(_) => None,
    }
}

fn unknown_environment(name: &str, known: &[&str], place: Option<Place>) -> Finding {
    let finding =
        Finding::error("project/unknown-environment", format!("the project has no environment `{name}`"), place);
    let help = match known {
        [] => "the project has no `spec.environments`".to_owned(),
        known => format!("known environments: {}", listed(known.iter().copied())),
    };
    finding.label("declared here").help(help).did_you_mean(name, known.iter().copied())
}
