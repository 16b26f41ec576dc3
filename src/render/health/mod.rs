//! What `status` and `verify` print: one file a format, words in one place.

mod json;
mod markdown;
mod prometheus;
mod text;
mod verify;
mod words;

#[cfg(test)]
mod tests;

pub use json::{json, schema};
pub use markdown::markdown;
pub use prometheus::prometheus;
pub use text::text;
pub use verify::{Verified, json as verified_json, text as verified_text};
pub use words::{next, why};
