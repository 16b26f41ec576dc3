//! Documents that follow from the code: made here, compared with the files, written anew with `SLUICE_BLESS=1`.

mod errors;
mod evolutions;
mod field_effects;
mod fields;
mod findings;
mod reviewing;
mod status;

use std::fs;
use std::path::Path;

/// Compares a document with its file; with `SLUICE_BLESS` writes the file.
pub fn compare(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("SLUICE_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, made).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let first = written.lines().zip(made.lines()).position(|(a, b)| a != b);
    let line = first.unwrap_or_else(|| written.lines().count().min(made.lines().count())) + 1;
    assert!(written == made, "{file} is not what the code says, from line {line} on: SLUICE_BLESS=1 writes it anew");
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
