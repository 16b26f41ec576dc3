//! What the reviewed steps of a resource work on and pass through: all that an apply of them may leave when it is cut.

use crate::diff::{Attribute, AttributeChange};
use crate::model::{ObjectName, ResourceId, backfill, owner, quote, scratch};
use crate::plan::{Action, Change, Hazard, KafkaAction, Plan, Step, TableAction};
use crate::sql::AlterCommand;
use std::collections::{BTreeMap, BTreeSet};

/// What a step works on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Noun {
    Object(ObjectName),
    /// A replaced table, by its dated name without the number that tells several of a day apart: which is free is only
    /// known when it is planned.
    Kept(ObjectName),
    Database(String),
    Group(String),
}

/// The reviewed steps of a resource.
pub(super) struct Work<'a> {
    steps: Vec<&'a Step>,
    essences: Vec<Action>,
    /// The differences that they were made for.
    pub changes: Vec<&'a Change>,
    /// What they work on, with the hosts.
    on: BTreeMap<Noun, BTreeSet<usize>>,
    /// What they make or take away, with the hosts: it may be missing, or be there still.
    passing: BTreeMap<&'a ObjectName, BTreeSet<usize>>,
}

impl<'a> Work<'a> {
    pub fn of(plan: &'a Plan, id: &ResourceId) -> Self {
        let steps: Vec<&Step> = plan.steps.iter().filter(|s| s.resource == *id).collect();
        let (mut on, mut passing) = (BTreeMap::<_, BTreeSet<usize>>::new(), BTreeMap::<_, BTreeSet<usize>>::new());
        for step in &steps {
            touched(&step.action).into_iter().for_each(|noun| on.entry(noun).or_default().extend(&step.hosts));
            come_and_go(&step.action).into_iter().for_each(|name| passing.entry(name).or_default().extend(&step.hosts));
        }
        let changes = plan.resources.iter().filter(|r| r.id == *id).flat_map(|r| &r.changes).collect();
        Self { essences: steps.iter().map(|s| essence(&s.action)).collect(), steps, changes, on, passing }
    }

    /// The steps of now, by place, that are neither reviewed ones nor go on with them.
    pub fn unseen<'s>(&self, now: impl Iterator<Item = (usize, &'s Step)>) -> Vec<usize> {
        let mut used = BTreeSet::new();
        now.filter(|(_, step)| !self.has(step, &mut used) && !self.goes_on(step)).map(|(place, _)| place).collect()
    }

    /// Whether a step is one of these, each of which counts once.
    fn has(&self, step: &Step, used: &mut BTreeSet<usize>) -> bool {
        let action = essence(&step.action);
        let same = |i: &usize| {
            let reviewed = self.steps[*i];
            is_part(&action, &self.essences[*i])
                && step.hosts.is_subset(&reviewed.hosts)
                && step.hazards.iter().all(|h| reviewed.hazards.contains(h))
        };
        let found = (0..self.steps.len()).find(|i| !used.contains(i) && same(i));
        found.is_some_and(|i| used.insert(i))
    }

    /// Whether a step tidies up after these or takes up what was begun: on the very objects, where they are worked on. What
    /// wants consent was reviewed of the same object.
    fn goes_on(&self, step: &Step) -> bool {
        if is_as_reviewed(&step.action) {
            return false;
        }
        let about = touched(&step.action);
        let on = |noun: &Noun| self.on.get(noun).is_some_and(|hosts| step.hosts.is_subset(hosts));
        let makes = |name: &&ObjectName| self.passing.get(*name).is_some_and(|hosts| step.hosts.is_subset(hosts));
        let known = |hazard: &Hazard| {
            let mut with = self.steps.iter().filter(|s| s.hazards.contains(hazard));
            with.any(|s| !hazard.needs_consent() || !touched(&s.action).is_disjoint(&about))
        };
        about.iter().all(on) && made(&step.action).iter().all(makes) && step.hazards.iter().all(known)
    }

    /// Whether a difference of now is one that these steps make on their way.
    pub fn passes(&self, change: &Change) -> bool {
        match change {
            // What they take away is missing in between, and what they make beside it is too much.
            Change::Make { object, hosts, .. } | Change::Unmake { object, hosts, .. } => {
                self.passing.get(object).is_some_and(|on| hosts.iter().all(|h| on.contains(h)))
            }
            Change::Attribute { object, change, hosts } => {
                let on = self.on.get(&Noun::Object(object.clone()));
                on.is_some_and(|on| hosts.iter().all(|h| on.contains(h)))
                    && hosts.iter().all(|host| self.is_between(object, *host, change))
            }
            Change::Topic { .. } | Change::Adopt { .. } => false,
        }
    }

    /// Whether a value is one that an object has on a host between two of the steps.
    fn is_between(&self, object: &ObjectName, host: usize, change: &AttributeChange) -> bool {
        let altered = |holds: &dyn Fn(&AlterCommand) -> bool| self.commands(object, host).any(holds);
        match &change.attribute {
            // A table that is being filled or copied carries a mark of that, and so does one whose rows have moved.
            Attribute::Comment => change.old.as_deref().is_some_and(is_mark),
            // What is made otherwise goes first and comes in another statement. Constraints come last to a table that is
            // built anew.
            Attribute::Index(name) => {
                change.old.is_none() && altered(&|c| matches!(c, AlterCommand::AddIndex(i) if i.name == *name))
            }
            Attribute::Projection(name) => {
                change.old.is_none() && altered(&|c| matches!(c, AlterCommand::AddProjection(p) if p.name == *name))
            }
            Attribute::Constraint(name) => {
                change.old.is_none() && altered(&|c| matches!(c, AlterCommand::AddConstraint(k) if k.name == *name))
            }
            // A column gets its name in one statement and the rest in the next.
            Attribute::Column(name) => self.commands(object, host).any(|command| {
                let AlterCommand::RenameColumn { from, to } = command else { return false };
                let was = change.old.as_ref().map(|old| format!("{} {old}", quote::backquoted(from)));
                let mut then = self.differed(object, host).filter(|c| c.attribute == change.attribute);
                to == name && was.is_some() && then.any(|c| c.old == was && c.new == change.new)
            }),
            // It is told only where nothing else of the columns differs: when the rest is done, what is left shows.
            Attribute::ColumnOrder => {
                let told = self.differed(object, host).any(|c| c.attribute == Attribute::ColumnOrder);
                !told && altered(&places)
            }
            Attribute::Kind
            | Attribute::Engine
            | Attribute::PartitionBy
            | Attribute::OrderBy
            | Attribute::PrimaryKey
            | Attribute::SampleBy
            | Attribute::Ttl
            | Attribute::Setting(_)
            | Attribute::Query
            | Attribute::Target => false,
        }
    }

    fn commands(&self, object: &ObjectName, host: usize) -> impl Iterator<Item = &AlterCommand> {
        let steps = self.steps.iter().filter(move |s| s.hosts.contains(&host));
        let altering = steps.filter_map(move |step| match &step.action {
            Action::Table(TableAction::Alter { name, commands }) if name == object => Some(commands),
            Action::Table(_) | Action::Kafka(_) => None,
        });
        altering.flatten()
    }

    fn differed(&self, of: &ObjectName, on: usize) -> impl Iterator<Item = &AttributeChange> {
        self.changes.iter().filter_map(move |change| match change {
            Change::Attribute { object, change, hosts } if object == of && hosts.contains(&on) => Some(change),
            Change::Attribute { .. }
            | Change::Topic { .. }
            | Change::Make { .. }
            | Change::Unmake { .. }
            | Change::Adopt { .. } => None,
        })
    }
}

/// Whether a comment is a mark that steps leave for those that come after them.
fn is_mark(comment: &str) -> bool {
    comment == backfill::PENDING || scratch::copy_form(comment).is_some() || scratch::placed_key(comment).is_some()
}

/// Whether a command may put columns elsewhere.
fn places(command: &AlterCommand) -> bool {
    match command {
        AlterCommand::AddColumn { .. } | AlterCommand::RenameColumn { .. } | AlterCommand::DropColumn(_) => true,
        AlterCommand::ModifyColumn { place, .. } => place.is_some(),
        AlterCommand::Remove { .. }
        | AlterCommand::ModifyOrderBy(_)
        | AlterCommand::ModifySampleBy(_)
        | AlterCommand::ModifyTtl(_)
        | AlterCommand::ModifySettings(_)
        | AlterCommand::ResetSettings(_)
        | AlterCommand::AddIndex(_)
        | AlterCommand::DropIndex(_)
        | AlterCommand::MaterializeIndex(_)
        | AlterCommand::AddProjection(_)
        | AlterCommand::DropProjection(_)
        | AlterCommand::MaterializeProjection(_)
        | AlterCommand::AddConstraint(_)
        | AlterCommand::DropConstraint(_) => false,
    }
}

/// Whether an action of now does what a reviewed one does, or a part of it.
fn is_part(now: &Action, reviewed: &Action) -> bool {
    let mut now = now.clone();
    // Of several topics one may have been made anew already.
    if let (Some(topics), Some(all)) = (forgotten(&mut now), forgotten(&mut reviewed.clone()))
        && topics.iter().all(|t| all.contains(t))
    {
        *topics = all.clone();
    }
    now == *reviewed
}

/// The topics whose offsets a step deletes.
fn forgotten(action: &mut Action) -> Option<&mut Vec<String>> {
    match action {
        Action::Kafka(KafkaAction::ForgetOffsets { topics, .. }) => Some(topics),
        Action::Kafka(_) | Action::Table(_) => None,
    }
}

/// What a step does, without what is only counted or sealed when it is planned.
fn essence(action: &Action) -> Action {
    let mut action = action.clone();
    match &mut action {
        Action::Kafka(KafkaAction::RemoveMembers { consumers, .. }) => consumers.clear(),
        Action::Kafka(_) => {}
        Action::Table(table) => match table {
            TableAction::Create(definition) => definition.comment = owner::sealed(&definition.comment, None),
            TableAction::CreateFillingView(filling) => {
                filling.view.comment = owner::sealed(&filling.view.comment, None);
                filling.up_to = None;
            }
            TableAction::Comment { comment, .. } => *comment = owner::sealed(comment, None),
            TableAction::Copy(copy) => copy.rows = None,
            TableAction::CreateDatabase { .. }
            | TableAction::Fill(_)
            | TableAction::Alter { .. }
            | TableAction::ModifyQuery { .. }
            | TableAction::Flush { .. }
            | TableAction::StartMerges { .. }
            | TableAction::Exchange { .. }
            | TableAction::Rename { .. }
            | TableAction::Drop { .. } => {}
        },
    }
    action
}

/// Whether it is done as it was reviewed or not at all: a topic, and where a group stands.
fn is_as_reviewed(action: &Action) -> bool {
    match action {
        Action::Kafka(action) => match action {
            KafkaAction::CreateTopic { .. }
            | KafkaAction::GrowTopic { .. }
            | KafkaAction::AlterTopic { .. }
            | KafkaAction::DeleteTopic { .. }
            | KafkaAction::SetOffsets { .. }
            | KafkaAction::ForgetOffsets { .. }
            | KafkaAction::DeleteGroup { .. } => true,
            KafkaAction::RemoveMembers { .. } | KafkaAction::AwaitBackfill(_) => false,
        },
        Action::Table(_) => false,
    }
}

/// What a step works on, of what may be worked on further when an apply was cut.
fn touched(action: &Action) -> BTreeSet<Noun> {
    let object = |name: &ObjectName| Noun::Object(name.clone());
    match action {
        Action::Kafka(action) => match action {
            KafkaAction::CreateTopic { .. }
            | KafkaAction::GrowTopic { .. }
            | KafkaAction::AlterTopic { .. }
            | KafkaAction::DeleteTopic { .. } => BTreeSet::new(),
            // Whom its own table left behind, in whatever group.
            KafkaAction::RemoveMembers { table, .. } => [object(table)].into(),
            KafkaAction::SetOffsets { group, .. }
            | KafkaAction::ForgetOffsets { group, .. }
            | KafkaAction::DeleteGroup { group, .. } => [Noun::Group(group.clone())].into(),
            KafkaAction::AwaitBackfill(awaited) => [Noun::Group(awaited.group.clone())].into(),
        },
        Action::Table(action) => match action {
            TableAction::CreateDatabase { name } => [Noun::Database(name.clone())].into(),
            TableAction::Create(definition) => [object(&definition.name)].into(),
            TableAction::CreateFillingView(filling) => [object(&filling.view.name)].into(),
            TableAction::Fill(fill) => [object(&fill.to)].into(),
            TableAction::Comment { name, .. }
            | TableAction::Alter { name, .. }
            | TableAction::ModifyQuery { name, .. }
            | TableAction::Flush { name }
            | TableAction::StartMerges { name }
            | TableAction::Drop { name, .. } => [object(name)].into(),
            TableAction::Copy(copy) => [object(&copy.to)].into(),
            TableAction::Exchange { left, right } => [object(left), object(right)].into(),
            TableAction::Rename { pairs } => {
                let taken = |name: &ObjectName| scratch::kept_first(name).map_or_else(|| object(name), Noun::Kept);
                pairs.iter().flat_map(|(from, to)| [object(from), taken(to)]).collect()
            }
        },
    }
}

/// What a step makes that was not there.
fn made(action: &Action) -> Vec<&ObjectName> {
    match action {
        Action::Kafka(_) => Vec::new(),
        Action::Table(action) => match action {
            TableAction::Create(definition) => vec![&definition.name],
            TableAction::CreateFillingView(filling) => vec![&filling.view.name],
            TableAction::CreateDatabase { .. }
            | TableAction::Fill(_)
            | TableAction::Comment { .. }
            | TableAction::Alter { .. }
            | TableAction::ModifyQuery { .. }
            | TableAction::Flush { .. }
            | TableAction::Copy(_)
            | TableAction::StartMerges { .. }
            | TableAction::Exchange { .. }
            | TableAction::Rename { .. }
            | TableAction::Drop { .. } => Vec::new(),
        },
    }
}

/// What is there on one side of a step and not on the other.
fn come_and_go(action: &Action) -> Vec<&ObjectName> {
    match action {
        Action::Table(TableAction::Drop { name, .. }) => vec![name],
        Action::Table(TableAction::Rename { pairs }) => pairs.iter().flat_map(|(from, to)| [from, to]).collect(),
        Action::Table(_) | Action::Kafka(_) => made(action),
    }
}
