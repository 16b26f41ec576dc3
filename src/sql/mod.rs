//! The only place that writes ClickHouse statements: typed values -> text, through `model::quote`.
//!
//! Pure. What is shown and what is sent come from one [`Statement`].

mod create;
mod statement;

pub mod alter;
pub mod backfill;
pub mod change;
pub mod consume;
pub mod copy;
pub mod health;
pub mod read;
pub mod running;

pub use alter::{AlterCommand, ColumnProperty, Place};
pub use copy::{CopiedValue, Copy, CopyMethod};
pub use create::{create, create_temporary};
pub use statement::Statement;
