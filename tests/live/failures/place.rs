//! The statements of a plan, in the order in which a host is sent them when one step runs at a time.

use sluice::plan::{Action, Plan, TableAction};

/// What a copy of one partition sends to a host: merges of two tables are stopped, an old copy is ended, partitions are
/// read, room is asked for, partitions of the copy are read, rows are copied, twice counted, and merges go on.
const COPY: usize = 11;
/// The one of them that copies.
pub const INSERT: usize = 6;
/// What a copy sends whose rows go to other hosts: old copies are ended twice, and the copy is emptied.
const SPREAD: usize = 12;
/// What a table that is filled from another one sends: merges of both are stopped, an old statement is ended, the table is
/// emptied, rows are counted for all and for the host, written, counted again, and merges go on.
const FILL: usize = 10;

/// A statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The step that sends it.
    pub step: usize,
    /// Its number in the step.
    pub part: usize,
}

/// All of them: their index is the number that a trap has.
pub fn places(plan: &Plan) -> Vec<Place> {
    let steps = plan.steps.iter().enumerate();
    steps.flat_map(|(step, s)| (0..statements(&s.action)).map(move |part| Place { step, part })).collect()
}

fn statements(action: &Action) -> usize {
    match action {
        Action::Kafka(_) => 0,
        Action::Table(TableAction::Copy(copy)) => copy.through.as_ref().map_or(COPY, |_| SPREAD),
        Action::Table(TableAction::Fill(_)) => FILL,
        Action::Table(_) => 1,
    }
}

/// What the failure of a step has to say: its host, its number and how its statement begins.
pub fn expected(plan: &Plan, place: Place, host: &str) -> (String, String) {
    let step = &plan.steps[place.step];
    let statement = step.statement().expect("a step on hosts has a statement").shown();
    let first = statement.lines().next().expect("a statement has a line").trim().to_owned();
    (format!("step {} failed on {host}: ", place.step + 1), first)
}

/// Whether it writes rows: its statements have no time of their own, one waits for days.
pub fn is_copy(action: &Action) -> bool {
    matches!(action, Action::Table(TableAction::Copy(_) | TableAction::Fill(_)))
}

/// Whether a statement makes or moves something, so that it must not be sent to a host that has done it.
pub fn lasts(action: &Action) -> bool {
    match action {
        Action::Kafka(_) => false,
        Action::Table(action) => match action {
            TableAction::CreateDatabase { .. }
            | TableAction::Create(_)
            | TableAction::CreateFillingView(_)
            | TableAction::Comment { .. }
            | TableAction::Alter { .. }
            | TableAction::ModifyQuery { .. }
            | TableAction::Exchange { .. }
            | TableAction::Rename { .. }
            | TableAction::Drop { .. } => true,
            TableAction::Fill(_)
            | TableAction::Flush { .. }
            | TableAction::Copy(_)
            | TableAction::StartMerges { .. } => false,
        },
    }
}

/// Whether one step makes what the other one drops: what rows pass through is made and dropped anew by every plan.
pub fn undoes(one: &Action, other: &Action) -> bool {
    let pair = |drop: &Action, create: &Action| {
        let (Action::Table(TableAction::Drop { name, .. }), Action::Table(TableAction::Create(made))) = (drop, create)
        else {
            return false;
        };
        *name == made.name
    };
    pair(one, other) || pair(other, one)
}
