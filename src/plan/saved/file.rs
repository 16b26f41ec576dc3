//! The file of a saved plan.

use super::SavedPlan;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Files of this first number are read; those of a higher second one hold what this version does not know.
const FORMAT: (u64, u64) = (1, 0);
const WHAT: &str = "sluice plan";

/// The file. Strict: what is not understood is not run.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    what: String,
    id: String,
    saved: SavedPlan,
}

/// Why a file is no plan that can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedPlanError {
    /// It is YAML.
    #[error("it is a manifest, and a saved plan is wanted")]
    Manifest,
    /// It is something else.
    #[error("it is no saved plan")]
    NotAPlan,
    /// Another version wrote it.
    #[error("it is a plan of format {found}, and this version of sluice reads {}.{} and older", FORMAT.0, FORMAT.1)]
    Newer {
        /// Its format.
        found: String,
    },
    /// Its id is not that of its content.
    #[error("it was edited after it was saved")]
    Edited,
    /// It cannot be read although it says that it is a plan.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl SavedPlan {
    /// The text of its file. The same plan gives the same bytes.
    pub fn to_text(&self) -> String {
        let (format, what) = (format!("{}.{}", FORMAT.0, FORMAT.1), WHAT.to_owned());
        let file = File { format, what, id: self.id(), saved: self.clone() };
        let text = serde_json::to_string_pretty(&file).unwrap_or_default();
        format!("{text}\n")
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// It is not a plan, or not one that was written by this version or an older one and left as it was.
    pub fn read(text: &str) -> Result<Self, SavedPlanError> {
        let value: Value = serde_json::from_str(text).map_err(|error| unreadable(text, &error))?;
        if value.get("what").and_then(Value::as_str) != Some(WHAT) {
            return Err(if value.get("apiVersion").is_some() {
                SavedPlanError::Manifest
            } else {
                SavedPlanError::NotAPlan
            });
        }
        let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
        match numbers(format) {
            None => return Err(SavedPlanError::Damaged(format!("`{format}` is no format"))),
            Some(found) if found > FORMAT => return Err(SavedPlanError::Newer { found: format.to_owned() }),
            Some(_) => {}
        }
        let file: File = serde_json::from_value(value).map_err(|e| SavedPlanError::Damaged(e.to_string()))?;
        if file.saved.id() != file.id {
            return Err(SavedPlanError::Edited);
        }
        Ok(file.saved)
    }
}

fn numbers(format: &str) -> Option<(u64, u64)> {
    let (major, minor) = format.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn unreadable(text: &str, error: &serde_json::Error) -> SavedPlanError {
    if text.lines().any(|line| line.starts_with("apiVersion:")) {
        SavedPlanError::Manifest
    } else if text.trim_start().starts_with('{') && text.contains(WHAT) {
        SavedPlanError::Damaged(error.to_string())
    } else {
        SavedPlanError::NotAPlan
    }
}
