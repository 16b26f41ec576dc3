//! The only place that writes ClickHouse statements: typed values -> text, through `model::quote`.
//!
//! Pure. What is shown and what is sent come from one [`Statement`].

mod create;
mod statement;

pub mod change;
pub mod read;

pub use create::{create, create_temporary};
pub use statement::Statement;
