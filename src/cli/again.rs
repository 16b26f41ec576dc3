//! The command with which a person goes on after an apply that did not end well.

use crate::apply::Outcome;
use crate::plan::{Action, KafkaAction, Plan, TableAction};

/// The command as typed. `--recreate` is left out once everything has been dropped: it would drop what was made
/// since.
pub(super) fn command(typed: &[String], plan: &Plan, outcome: &Outcome) -> String {
    let dropped =
        plan.steps.iter().enumerate().filter(|(_, s)| drops(&s.action)).all(|(i, _)| outcome.done.contains(&i));
    let mut words = vec!["sluice".to_owned()];
    let mut typed = typed.iter();
    while let Some(word) = typed.next() {
        if dropped && word == "--recreate" {
            typed.next();
        } else if !(dropped && word.starts_with("--recreate=")) {
            words.push(quoted(word));
        }
    }
    words.join(" ")
}

fn drops(action: &Action) -> bool {
    match action {
        Action::Kafka(action) => matches!(action, KafkaAction::DeleteTopic { .. }),
        Action::Table(action) => matches!(action, TableAction::Drop { .. }),
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Census, Kind, ObjectName, ResourceId, Topology};
    use crate::plan::{Header, Reach, Step};
    use std::collections::BTreeSet;

    #[test]
    fn what_is_made_anew_is_not_dropped_again() {
        let step = |action: TableAction| Step {
            resource: ResourceId::new(Kind::KafkaPipeline, "p"),
            timeout: Action::from(action.clone()).timeout(),
            action: action.into(),
            hosts: BTreeSet::from([0]),
            reach: Reach::EachHost,
            needs: BTreeSet::new(),
            hazards: vec![],
        };
        let name = ObjectName::new("d", "t");
        let drop = TableAction::Drop { name: name.clone(), is_view: false, sync: false };
        let (project, kafka, cluster_id) = ("p".into(), String::new(), String::new());
        let topology = Topology::Single;
        let (census, left_out, undeclared) = (Census::default(), BTreeSet::new(), BTreeSet::new());
        let header = Header {
            project,
            environment: None,
            kafka,
            cluster_id,
            topology,
            hosts: vec![],
            census,
            left_out,
            undeclared,
        };
        let plan = Plan { header, resources: vec![], steps: vec![step(drop), step(TableAction::Flush { name })] };
        let typed = ["--recreate", "KafkaPipeline/p", "apply", "--recreate=KafkaPipeline/p", "--var", "A=x y"];
        let typed = typed.map(str::to_owned);
        let after = |done: &[usize]| command(&typed, &plan, &Outcome { done: done.to_vec(), ..Outcome::default() });
        assert_eq!(after(&[0]), "sluice apply --var 'A=x y'");
        assert_eq!(after(&[1]), "sluice --recreate KafkaPipeline/p apply --recreate=KafkaPipeline/p --var 'A=x y'");
    }
}
