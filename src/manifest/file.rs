//! One file: read within a limit, decoded as UTF-8, parsed.

use super::collect::reason;
use super::finding::{FileId, Finding, Place};
use super::source::{FileSource, PathKind};
use super::yaml::{Parsed, parse};
use std::path::Path;
use std::sync::Arc;

/// Bytes of one file. The parser is linear, so this is a matter of what a reviewer can read.
pub const MAX_FILE_BYTES: usize = 8 << 20;

/// A file as read.
pub struct ReadFile {
    /// Its text without a byte order mark; as far as it is readable.
    pub text: Arc<str>,
    /// Its documents.
    pub parsed: Parsed,
}

/// Reads one file; what cannot be read is a finding and an empty file.
pub fn read(source: &dyn FileSource, path: &Path, file: FileId) -> ReadFile {
    let failed = |finding: Finding| ReadFile {
        text: "".into(),
        parsed: Parsed { documents: Vec::new(), findings: vec![finding], complete: false },
    };
    let start = Place { file, start: 0, end: 0 };
    let read = match source.kind(path) {
        Ok(PathKind::File) => source.read(path, MAX_FILE_BYTES + 1),
        Ok(PathKind::Folder | PathKind::Other) => {
            return failed(Finding::error("yaml/unreadable", "this is not a file", start).label("not a file"));
        }
        Err(error) => Err(error),
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("the file cannot be read: {}", reason(&error));
            return failed(Finding::error("yaml/unreadable", message, start).label("not read"));
        }
    };
    if bytes.len() > MAX_FILE_BYTES {
        let message = format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20);
        return failed(Finding::error("yaml/too-large", message, start).label("not read").help("split the file"));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return encoding_fault(&error, file),
    };
    let text: Arc<str> = text.strip_prefix('\u{feff}').unwrap_or(&text).into();
    if let Some(at) = text.find('\0') {
        let place = Place { file, start: at, end: at + 1 };
        let finding = Finding::error("yaml/encoding", "the file holds a NUL character", place);
        let finding = finding.label("no text goes on here").help("is this a text file? save it as UTF-8");
        return ReadFile { text, parsed: Parsed { documents: Vec::new(), findings: vec![finding], complete: false } };
    }
    let parsed = parse(&text, file);
    ReadFile { text, parsed }
}

/// A file that is no UTF-8: its readable beginning is kept, so that the place can be shown.
fn encoding_fault(error: &std::string::FromUtf8Error, file: FileId) -> ReadFile {
    let good = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let line_end = bytes[good..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| good + n);
    let text = String::from_utf8_lossy(&bytes[..line_end]).into_owned();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let at = good.saturating_sub(if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
    let place = Place { file, start: at, end: (at + char::REPLACEMENT_CHARACTER.len_utf8()).min(text.len()) };
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let message = if utf16 { "the file is UTF-16" } else { "the file is not valid UTF-8" };
    let finding = Finding::error("yaml/encoding", message, place).label("this byte is no part of a text");
    let findings = vec![finding.help("save the file as UTF-8")];
    ReadFile { text: text.into(), parsed: Parsed { documents: Vec::new(), findings, complete: false } }
}
