//! The front that plays distributed DDL, asked directly, and the program behind it.

mod front;
mod project;
