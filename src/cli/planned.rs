//! Plans in files, and plans as they are printed.

use super::args::PlanFormat;
use super::report::{Exit, Failure};
use super::settings::Settings;
use crate::model::Desired;
use crate::plan::Policy;
use crate::plan::saved::{SavedPlan, SavedPlanError};
use crate::reconcile::Prepared;
use crate::render;
use std::fs;
use std::path::Path;

/// The plan in a format. The same for a plan that was just made and for one that was saved.
pub(super) fn text(saved: &SavedPlan, format: PlanFormat, sql: bool, budget: usize, settings: &Settings) -> String {
    match format {
        PlanFormat::Text => render::plan(&saved.plan, &saved.policy, settings.out.style(sql)),
        PlanFormat::Markdown => render::markdown::plan(saved, sql, budget),
        PlanFormat::Json => render::json::plan(saved),
        PlanFormat::Sql => render::sql(&saved.plan),
    }
}

/// Names a plan that is not saved as if it were: its first digits.
pub(super) fn id(desired: &Desired, policy: &Policy, prepared: &Prepared) -> String {
    let (remade, plan) = (prepared.remade.clone(), prepared.plan.clone());
    short(&SavedPlan::new(desired, policy.clone(), remade, plan, String::new()))
}

/// The first digits of the id of a plan: enough to tell one from another.
pub(super) fn short(saved: &SavedPlan) -> String {
    saved.id().chars().take(12).collect()
}

/// Reads the file of a saved plan.
///
/// # Errors
/// It cannot be read, or is no plan that this version runs.
#[expect(clippy::disallowed_methods, reason = "the plan is a file that the user names")]
pub(super) fn read(path: &Path) -> Result<SavedPlan, Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Failed, format!("the plan {shown} cannot be read: {error}")))?;
    SavedPlan::read(&text).map_err(|error| {
        let exit = match error {
            SavedPlanError::Manifest | SavedPlanError::NotAPlan => Exit::Usage,
            SavedPlanError::Newer { .. } | SavedPlanError::Edited | SavedPlanError::Damaged(_) => Exit::Blocked,
        };
        let hint = match error {
            SavedPlanError::Manifest => {
                "`sluice apply` without a file applies the manifests of the project; `sluice plan -o FILE` saves a plan"
            }
            SavedPlanError::Newer { .. } => "apply it with the version of sluice that made it",
            SavedPlanError::NotAPlan | SavedPlanError::Edited | SavedPlanError::Damaged(_) => {
                "`sluice plan -o FILE` saves a plan; nothing was changed"
            }
        };
        Failure::new(exit, format!("{shown}: {error}")).hint(hint)
    })
}

/// Writes a file as a whole: who reads it meanwhile sees the old one.
///
/// # Errors
/// The file system's.
#[expect(clippy::disallowed_methods, reason = "the plan goes where the user says")]
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| Failure::new(Exit::Failed, format!("{} cannot be written: {error}", path.display())))
}
