//! Why a reviewed plan is not run: what has moved since.

use super::action::action;
use super::difference::{self, Fact};
use super::hosts::Hosts;
use super::paper::escape;
use super::reason;
use super::words::ARROW;
use crate::plan::Plan;
use crate::plan::saved::{MovedResource, Parted};

/// In words, a line a fact. `now` is the plan that was made to compare.
pub fn text(parted: &Parted, now: &Plan) -> String {
    let named = |environment: &Option<String>| match environment {
        Some(name) => format!("the environment {}", escape(name)),
        None => "no environment".to_owned(),
    };
    match parted {
        Parted::Project(project) => format!("the plan was made for the project {}", escape(project)),
        Parted::Environment(environment) => format!("the plan was made for {}", named(environment)),
        Parted::Cluster(id) => {
            let (then, now) = (escape(id), escape(&now.header.cluster_id));
            format!("the plan was made for the Kafka cluster {then}, and the brokers are those of {now}")
        }
        Parted::Hosts { gone, new } => {
            let told = |names: &[String], what: &str| match names {
                [] => None,
                names => Some(format!("{} {what}", escape(&names.join(", ")))),
            };
            let parts: Vec<String> = [told(gone, "was read then and is not now"), told(new, "was not read then")]
                .into_iter()
                .flatten()
                .collect();
            let parts = if parts.is_empty() { "their order is another one".to_owned() } else { parts.join("; ") };
            format!("the plan was made for other ClickHouse hosts: {parts}")
        }
        Parted::Manifests => "the manifests are not those that the plan was made from".into(),
        Parted::Moved(resources) => {
            let lines: Vec<String> = resources.iter().flat_map(|r| moved(r, now)).collect();
            format!(
                "the servers moved since the plan was made:\n{}\nthe plan is no longer what was reviewed",
                lines.join("\n")
            )
        }
    }
}

fn moved(resource: &MovedResource, now: &Plan) -> Vec<String> {
    let hosts = Hosts::new(&now.header);
    let mut lines = vec![format!("  {}", escape(&resource.id.to_string()))];
    let reviewed = difference::facts(difference::rows(&resource.reviewed, &[], &hosts));
    for fact in difference::facts(difference::rows(&resource.now, &[], &hosts)) {
        let then = reviewed.iter().find(|old| (&old.object, &old.what) == (&fact.object, &fact.what));
        let then =
            then.map_or_else(|| "as declared when it was reviewed".into(), |old| format!("reviewed as {}", sides(old)));
        let on = fact.hosts.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
        let object = fact.object.as_ref().map(|o| format!("{o} ")).unwrap_or_default();
        lines.push(format!("    {}", escape(&format!("{object}{}{on}: {}; {then}", fact.what, sides(&fact)))));
    }
    lines.extend(
        resource.blocked.iter().map(|why| format!("    ! {}", escape(&reason::blocked(why, &resource.id, &hosts)))),
    );
    // The differences say it where there are any.
    if resource.now.is_empty() && resource.blocked.is_empty() {
        for step in resource.steps.iter().filter_map(|i| now.steps.get(*i)) {
            let (verb, what) = action(&step.action);
            lines.push(format!("    {}", escape(&format!("not reviewed: {verb} {what} on {}", hosts.of_step(step)))));
        }
    }
    lines
}

fn sides(fact: &Fact) -> String {
    let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| super::words::ABSENT.into());
    match (&fact.old, &fact.new) {
        (None, None) if fact.mark == super::words::DROPPED => "to be dropped".into(),
        (None, Some(new)) if fact.mark == super::words::MADE => format!("to be made ({new})"),
        (old, new) => format!("{} {ARROW} {}", shown(old), shown(new)),
    }
}
